/**
 * The journeys in flight of one partition. Their state lies encoded with the bus; decoded are only those that were used
 * last, for a decoded journey takes several times the room. A journey that has been idle is decoded when its next input
 * comes.
 */
import type { Journey } from "../core/journey.ts";
import { decodeOpen } from "./state-codec.ts";

/** For each partition. */
const MAXIMUM_DECODED_JOURNEYS = 250;

export class JourneyMemory {
  private readonly uuids = new Set<string>();
  /** The one used last is the last one. */
  private readonly decoded = new Map<string, Journey>();
  private readonly lookup: (key: string) => string | undefined;
  private readonly maximum: number;

  /** @param lookup reads what the bus holds: what earlier calls of `process` returned */
  constructor(lookup: (key: string) => string | undefined, maximum = MAXIMUM_DECODED_JOURNEYS) {
    this.lookup = lookup;
    this.maximum = maximum;
  }

  /** In flight. */
  get size(): number {
    return this.uuids.size;
  }

  get(uuid: string): Journey | undefined {
    const known = this.decoded.get(uuid);
    if (known !== undefined) {
      this.decoded.delete(uuid);
      this.decoded.set(uuid, known);
      return known;
    }
    if (!this.uuids.has(uuid)) return undefined;
    const record = this.lookup(uuid);
    if (record === undefined) throw new Error(`the state of journey ${uuid} is missing`);
    const journey = decodeOpen(uuid, record, (name) => this.lookup(`${uuid}/${name}`));
    this.decoded.set(uuid, journey);
    return journey;
  }

  set(uuid: string, journey: Journey): void {
    this.uuids.add(uuid);
    this.decoded.delete(uuid);
    this.decoded.set(uuid, journey);
  }

  delete(uuid: string): void {
    this.uuids.delete(uuid);
    this.decoded.delete(uuid);
  }

  /** Forgets the decoded form, which wasn't all of it; the next `get` reads it. */
  forget(uuid: string): void {
    this.decoded.delete(uuid);
  }

  /** Forgets the decoded form of what was used least. Only when the bus has all of it: between two calls of `process`. */
  trim(): void {
    if (this.decoded.size <= this.maximum) return;
    for (const uuid of this.decoded.keys()) {
      if (this.decoded.size <= this.maximum) return;
      this.decoded.delete(uuid);
    }
  }
}
