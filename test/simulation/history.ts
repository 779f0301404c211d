/** The journeys as the audit tells them: read on after every commit, folded, and told to whoever checks promises. */
import type { BusRecord } from "../../engine/bus/bus.ts";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { evolve } from "../../engine/core/evolve.ts";
import type { Journey } from "../../engine/core/journey.ts";
import { TOPICS } from "../../engine/core/protocol.ts";
import type { SimBus } from "./sim-bus.ts";

/** A promise was broken. `uuid`: the journey whose history shows it. */
export class Broken extends Error {
  readonly uuid: string | undefined;
  constructor(promise: string, what: string, uuid?: string) {
    super(`${promise}: ${uuid === undefined ? "" : `journey ${uuid}: `}${what}`);
    this.uuid = uuid;
  }
}

/** An event with the states around it. */
export interface Seen {
  event: JourneyEvent;
  before: Journey | undefined;
  after: Journey;
}

export class History {
  private readonly read: number[];
  private readonly logs: BusRecord[][];
  private readonly told = new Map<string, JourneyEvent[]>();
  private readonly folded = new Map<string, Journey>();

  constructor(bus: SimBus) {
    this.logs = bus.log(TOPICS.audit);
    this.read = this.logs.map(() => 0);
  }

  /** The events that have come since. Promise 6: they are numbered without gaps. */
  readOn(partition: number): Seen[] {
    const seen: Seen[] = [];
    const log = this.logs[partition]!;
    for (; this.read[partition]! < log.length; this.read[partition]!++) {
      const event: JourneyEvent = JSON.parse(log[this.read[partition]!]!.value!);
      const before = this.folded.get(event.uuid);
      const events = this.told.get(event.uuid) ?? [];
      if (event.seq !== events.length + 1)
        throw new Broken("promise 6", `seq ${event.seq} comes after ${events.length}`, event.uuid);
      const after = evolve(before, event);
      events.push(event);
      this.told.set(event.uuid, events);
      this.folded.set(event.uuid, after);
      seen.push({ event, before, after });
    }
    return seen;
  }

  of = (uuid: string): Journey | undefined => this.folded.get(uuid);
  eventsOf = (uuid: string): readonly JourneyEvent[] => this.told.get(uuid) ?? [];
  journeys = (): Journey[] => [...this.folded.values()];

  get events(): number {
    return this.read.reduce((sum, count) => sum + count, 0);
  }

  statuses(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { status } of this.folded.values()) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }
}
