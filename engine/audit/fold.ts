/** Folding a journey's events with core's `evolve`, also where the topic no longer reaches back to the start. */

import type { JourneyEvent } from "../core/events.ts";
import { evolve } from "../core/evolve.ts";
import type { Journey } from "../core/journey.ts";

export type Evolve = (journey: Journey | undefined, event: JourneyEvent) => Journey;

/**
 * The state after `event`. Never throws: of a journey whose first events are gone, what can be told is told (it is taken
 * for a running one without input), and an event that can't be folded counts by its seq alone.
 */
export function fold(journey: Journey | undefined, event: JourneyEvent, apply: Evolve = evolve): Journey {
  const before = journey ?? (event.type === "journey.started" ? undefined : headless(event));
  let after: Journey;
  try {
    after = apply(before, event);
  } catch {
    after = before ?? headless(event);
  }
  return after.seq === event.seq ? after : { ...after, seq: event.seq };
}

/** The state after these events, in the order of their seq; undefined without any. */
export function foldAll(events: Iterable<JourneyEvent>, apply: Evolve = evolve): Journey | undefined {
  let journey: Journey | undefined;
  for (const event of events) journey = fold(journey, event, apply);
  return journey;
}

function headless(event: JourneyEvent): Journey {
  return {
    uuid: event.uuid,
    name: event.name,
    version: event.version,
    status: "running",
    seq: event.seq - 1,
    input: null,
    startedAt: Date.parse(event.at),
    steps: {},
    actions: [],
  };
}
