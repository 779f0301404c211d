/**
 * Promise 1: each record ends in a journey's history or in the dead letters. Promise 2: it changes a journey exactly
 * once. A record that changes nothing is a known repeat: a start of a journey that there is, an action whose id was seen.
 */
import type { BusRecord } from "../../engine/bus/bus.ts";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { partitionFor } from "../../engine/core/murmur2.ts";
import { MANAGER, TOPICS } from "../../engine/core/protocol.ts";
import { Broken, type Seen } from "./history.ts";
import type { SimBus } from "./sim-bus.ts";

interface Value {
  uuid?: string;
  name?: string;
  service?: string;
  function?: string;
  step?: string;
  data?: { id?: string };
}

export class InputPromises {
  /** `partition:offset` -> the journey that it changed, and the last event of it. */
  private readonly causes = new Map<string, JourneyEvent>();
  /** `uuid/id` of actions that were decided on. */
  private readonly actions = new Set<string>();
  /** Journeys that went to another version, in which steps may be missing. */
  private readonly migrated = new Set<string>();
  private readonly bus: SimBus;
  private readonly junk: ReadonlySet<string>;

  constructor(bus: SimBus, junk: ReadonlySet<string>) {
    this.bus = bus;
    this.junk = junk;
  }

  see({ event }: Seen): void {
    const { cause, uuid } = event;
    if (!cause) return;
    if (event.type === "journey.migrated") this.migrated.add(uuid);
    const key = `${cause.partition}:${cause.offset}`;
    const before = this.causes.get(key);
    if (before && (before.uuid !== uuid || before.seq !== event.seq - 1))
      throw new Broken("promise 2", `record ${key} was decided on twice`, uuid);
    this.causes.set(key, event);
    if (event.actor === undefined || event.id === undefined || event.type === "journey.started" || before) return;
    const action = `${uuid}/${event.id}`;
    if (this.actions.has(action)) throw new Broken("promise 2", `action ${event.id} was carried out twice`, uuid);
    this.actions.add(action);
  }

  /** Everything has been read. */
  atTheEnd(): void {
    const buried = this.buried();
    const forwarded = this.forwarded();
    const homes = this.bus.log(TOPICS.toManager);
    for (const [partition, log] of homes.entries()) {
      for (const record of log) {
        const key = `${partition}:${record.offset}`;
        const fates = [this.causes.has(key), buried.has(key), forwarded.has(key)].filter((fate) => fate).length;
        if (fates > 1) throw new Broken("promise 2", `record ${key} ended in two places: ${record.value}`);
        if (fates === 0 && !this.isRepeat(record))
          throw new Broken("promise 1", `record ${key} left no trace: ${record.value}`);
      }
    }
    for (const value of this.junk) {
      const fate = [...buried.values()].filter((letter) => letter.value === value).length;
      if (fate === 0) throw new Broken("promise 1", `this should be among the dead letters: ${value}`);
    }
  }

  /** Of dead letters: where they came from. Only what belongs there is there. */
  private buried(): Map<string, BusRecord> {
    const buried = new Map<string, BusRecord>();
    for (const letter of this.bus.records(TOPICS.deadLetter)) {
      const { partition, offset, reason } = letter.headers;
      const key = `${partition}:${offset}`;
      if (buried.has(key)) throw new Broken("promise 2", `record ${key} is twice among the dead letters`);
      buried.set(key, letter);
      const original = this.bus.log(TOPICS.toManager)[Number(partition)]?.[Number(offset)];
      if (original?.value !== letter.value || original?.key !== letter.key)
        throw new Broken("promise 1", `dead letter ${key} is not what was sent: ${letter.value}`);
      if (!this.belongsThere(letter, reason))
        throw new Broken("promise 1", `dead letter (${reason}): ${letter.value}`);
    }
    return buried;
  }

  private belongsThere(letter: BusRecord, reason: string | undefined): boolean {
    if (this.junk.has(letter.value ?? "")) return true;
    const value: Value = JSON.parse(letter.value ?? "null");
    if (reason === "unmatched_reply" && this.migrated.has(value.uuid ?? "")) return true;
    if (value.service !== MANAGER || value.step !== undefined) return false;
    if (reason === "unknown_flow") return value.function === "start";
    // An action may overtake a start that was sent to the wrong partition, or speak of one that was never accepted.
    return reason === "unknown_journey" && value.function !== "start";
  }

  /** Of records that were sent home: where they came from. */
  private forwarded(): Set<string> {
    const forwarded = new Set<string>();
    for (const record of this.bus.records(TOPICS.toManager)) {
      const { "origin-partition": partition, "origin-offset": offset } = record.headers;
      if (partition === undefined) continue;
      const key = `${partition}:${offset}`;
      if (forwarded.has(key)) throw new Broken("promise 2", `record ${key} was sent home twice`);
      forwarded.add(key);
    }
    return forwarded;
  }

  private isRepeat(record: BusRecord): boolean {
    const value: Value = JSON.parse(record.value ?? "null");
    const { uuid = "" } = value;
    const log = this.bus.log(TOPICS.toManager);
    if (value.service !== MANAGER || value.step != null || partitionFor(uuid, log.length) !== record.partition)
      return false;
    if (value.function !== "start") return this.actions.has(`${uuid}/${value.data?.id}`);
    const first = log[record.partition]!.find(({ offset }) => this.startOf(record.partition, offset) === uuid);
    return first !== undefined && first.offset < record.offset;
  }

  private startOf(partition: number, offset: number): string | undefined {
    const event = this.causes.get(`${partition}:${offset}`);
    return event?.uuid;
  }
}
