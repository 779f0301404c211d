/** Folded journeys, the most recently used ones: bounded in number and in the size of the events they came from. */
import type { Journey } from "../core/journey.ts";
import type { Facet } from "./dimensions.ts";

/** A journey as far as it is ingested. */
export interface JourneyState {
  id: number;
  journey: Journey;
  updatedMs: number;
  /** How many events up to the highest seq have not been seen. */
  missing: number;
  /** Characters of the events folded: a measure for the memory that the state takes. */
  size: number;
  /** Where its row is counted; undefined before it is first written. */
  counted: { facet: Facet; status: number } | undefined;
}

export interface StateBounds {
  maximumStates: number;
  /** Characters of folded events, all states together. */
  maximumSize: number;
}

export const DEFAULT_STATE_BOUNDS: StateBounds = { maximumStates: 20_000, maximumSize: 33_554_432 };

export class JourneyStates {
  readonly #states = new Map<string, JourneyState>();
  readonly #bounds: StateBounds;
  #size = 0;

  constructor(bounds: StateBounds) {
    this.#bounds = bounds;
  }

  get count(): number {
    return this.#states.size;
  }

  /** Looks without making it the most recently used. */
  peek(uuid: string): JourneyState | undefined {
    return this.#states.get(uuid);
  }

  use(uuid: string): JourneyState | undefined {
    const state = this.#states.get(uuid);
    if (!state) return undefined;
    this.#states.delete(uuid);
    this.#states.set(uuid, state);
    return state;
  }

  add(state: JourneyState): void {
    this.remove(state.journey.uuid);
    this.#states.set(state.journey.uuid, state);
    this.#size += state.size;
  }

  /** Another event of this size was folded into it. */
  grow(state: JourneyState, size: number): void {
    state.size += size;
    this.#size += size;
  }

  remove(uuid: string): void {
    const state = this.#states.get(uuid);
    if (!state) return;
    this.#states.delete(uuid);
    this.#size -= state.size;
  }

  /** Drops the least recently used until the bounds hold; between batches, when all rows are written. */
  trim(): void {
    for (const uuid of this.#states.keys()) {
      if (this.#states.size <= this.#bounds.maximumStates && this.#size <= this.#bounds.maximumSize) return;
      this.remove(uuid);
    }
  }

  clear(): void {
    this.#states.clear();
    this.#size = 0;
  }
}
