/**
 * A journey's history, and what it was at any moment of it: the fold of its events by the engine's own `evolve`. States
 * are kept at every so many events, so that any moment is a few steps away, however long the history is.
 */
import type { JourneyEvent } from "../../engine/core/events.ts";
import { evolve } from "../../engine/core/evolve.ts";
import type { Journey } from "../../engine/core/journey.ts";

/** A state is kept after each run of this many events. */
const CHECKPOINT_EVENTS = 64;

export interface History {
  readonly uuid: string;
  /** In `seq` order, from 1. */
  readonly events: readonly JourneyEvent[];
  /** The state after the last event. */
  readonly now: Journey;
  /** The state after the event of this seq; the nearest there is when it lies outside. */
  at(seq: number): Journey;
}

/** A history that can't be folded: its beginning is gone or there is a gap in it. */
export class BrokenHistory extends Error {}

/**
 * Folds the events. `former` is a history of the same journey with fewer events: what was folded there is not folded
 * again.
 * @throws BrokenHistory when the events don't begin with the first, or one is missing
 */
export function foldHistory(events: readonly JourneyEvent[], former?: History): History {
  assertWhole(events);
  const known = former instanceof Folded && former.isBeginningOf(events) ? former : undefined;
  return new Folded(events, known);
}

function assertWhole(events: readonly JourneyEvent[]): void {
  const last = events.at(-1);
  if (last === undefined || events[0]?.type !== "journey.started") {
    throw new BrokenHistory("The beginning of this journey's history isn't there any more.");
  }
  if (last.seq !== events.length) {
    throw new BrokenHistory(`This journey's history has ${events.length} events of ${last.seq}: some are missing.`);
  }
}

class Folded implements History {
  readonly uuid: string;
  readonly events: readonly JourneyEvent[];
  readonly now: Journey;
  /** The state after (index + 1) * CHECKPOINT_EVENTS events. */
  readonly #checkpoints: readonly Journey[];

  constructor(events: readonly JourneyEvent[], former: Folded | undefined) {
    const checkpoints = [...(former?.checkpoints ?? [])];
    let state = former?.now;
    for (let index = former?.events.length ?? 0; index < events.length; index += 1) {
      const event = events[index];
      if (event === undefined) break;
      state = evolve(state, event);
      if ((index + 1) % CHECKPOINT_EVENTS === 0) checkpoints.push(state);
    }
    if (state === undefined) throw new BrokenHistory("This journey has no history.");
    this.uuid = state.uuid;
    this.events = events;
    this.now = state;
    this.#checkpoints = checkpoints;
  }

  get checkpoints(): readonly Journey[] {
    return this.#checkpoints;
  }

  isBeginningOf(events: readonly JourneyEvent[]): boolean {
    return events.length >= this.events.length && events[this.events.length - 1] === this.events.at(-1);
  }

  at(seq: number): Journey {
    const count = Math.min(Math.max(1, seq), this.events.length);
    if (count === this.events.length) return this.now;
    const kept = Math.floor(count / CHECKPOINT_EVENTS);
    let state = kept === 0 ? undefined : this.#checkpoints[kept - 1];
    for (const event of this.events.slice(kept * CHECKPOINT_EVENTS, count)) state = evolve(state, event);
    return state ?? this.now;
  }
}
