/**
 * The journeys in flight of one partition. Their state lies encoded with the bus; decoded are only those that were used
 * last, for a decoded journey takes several times the room. A journey that has been idle is decoded when its next input
 * comes. Where hardly any is asked for again while it is held, as when very many are in flight, none is: what dies young
 * costs no collection of old garbage.
 */
import type { Journey } from "../core/journey.ts";
import { decodeOpen } from "./state-codec.ts";

/** For each partition. */
const MAXIMUM_HELD_JOURNEYS = 250;
/** After so many lookups it is judged whether holding has been worth it. */
const WINDOW_LOOKUPS = 1_000;
const WORTHWHILE_SHARE = 0.1;
/** So many windows later it is tried again. */
const PAUSE_WINDOWS = 9;

export class JourneyMemory {
  private readonly uuids = new Set<string>();
  /** Of the call of `process` under way: the bus may not have them yet. */
  private current = new Map<string, Journey>();
  /** Of calls before; the one used last is the last one. */
  private readonly held = new Map<string, Journey>();
  private readonly lookup: (key: string) => string | undefined;
  private readonly maximum: number;
  private lookups = 0;
  private hits = 0;
  private pause = 0;

  /** @param lookup reads what the bus holds: what earlier calls of `process` returned */
  constructor(lookup: (key: string) => string | undefined, maximum = MAXIMUM_HELD_JOURNEYS) {
    this.lookup = lookup;
    this.maximum = maximum;
  }

  /** In flight. */
  get size(): number {
    return this.uuids.size;
  }

  get(uuid: string): Journey | undefined {
    const known = this.current.get(uuid);
    if (known !== undefined) return known;
    if (!this.uuids.has(uuid)) return undefined;
    this.lookups++;
    const held = this.held.get(uuid);
    if (held !== undefined) {
      this.hits++;
      this.current.set(uuid, held);
      return held;
    }
    const record = this.lookup(uuid);
    if (record === undefined) throw new Error(`the state of journey ${uuid} is missing`);
    const journey = decodeOpen(uuid, record, (name) => this.lookup(`${uuid}/${name}`));
    this.current.set(uuid, journey);
    return journey;
  }

  set(uuid: string, journey: Journey): void {
    this.uuids.add(uuid);
    this.current.set(uuid, journey);
  }

  delete(uuid: string): void {
    this.uuids.delete(uuid);
    this.forget(uuid);
  }

  /** Forgets the decoded form, which wasn't all of it; the next `get` reads it. */
  forget(uuid: string): void {
    this.current.delete(uuid);
    this.held.delete(uuid);
  }

  /** A call of `process` has ended: before the next one the bus has all that it has set. */
  endCall(): void {
    this.judge();
    if (this.pause === 0) {
      for (const [uuid, journey] of this.current) {
        this.held.delete(uuid);
        this.held.set(uuid, journey);
      }
      for (const uuid of this.held.keys()) {
        if (this.held.size <= this.maximum) break;
        this.held.delete(uuid);
      }
    }
    this.current = new Map();
  }

  private judge(): void {
    if (this.lookups < WINDOW_LOOKUPS) return;
    const isWorthwhile = this.hits >= this.lookups * WORTHWHILE_SHARE;
    this.pause = this.pause > 0 ? this.pause - 1 : isWorthwhile ? 0 : PAUSE_WINDOWS;
    if (this.pause > 0) this.held.clear();
    this.lookups = 0;
    this.hits = 0;
  }
}
