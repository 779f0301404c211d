import type { JourneyEvent } from "./events.ts";
import type { Journey } from "./journey.ts";

/** The one fold: state = events.reduce(evolve). Stub replaced below. */
export function evolve(_journey: Journey | undefined, _event: JourneyEvent): Journey {
  throw new Error("not written");
}
