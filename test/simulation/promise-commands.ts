/**
 * Promise 3: readers of committed records see each command once, under an id of its own. Promise 4: who lost a partition
 * changes nothing. Promise 6: a command can be read only when its event can be.
 */
import type { JourneyEvent } from "../../engine/core/events.ts";
import { type FromManager, MANAGER, TOPICS } from "../../engine/core/protocol.ts";
import { Broken, type Seen } from "./history.ts";
import type { Commit, SimBus } from "./sim-bus.ts";

export class CommandPromises {
  /** Events that send a command to a service, by the command's id. */
  private readonly dispatched = new Map<string, JourneyEvent>();
  private readonly sent = new Set<string>();
  private readonly read: number[];
  private readonly bus: SimBus;
  /** Whose each partition is, as it was last said. */
  private readonly owners: number[];

  constructor(bus: SimBus) {
    this.bus = bus;
    this.read = bus.log(TOPICS.fromManager).map(() => 0);
    this.owners = bus.partitions.map(({ owner }) => owner);
  }

  moved(partition: number, to: number): void {
    this.owners[partition] = to;
  }

  committed({ partition, member }: Commit): void {
    if (this.owners[partition] === member) return;
    throw new Broken("promise 4", `manager ${member} changed partition ${partition}, which it had lost`);
  }

  see({ event }: Seen): void {
    if (event.type !== "step.dispatched" && event.type !== "undo.dispatched") return;
    if (event.id === undefined || this.dispatched.has(event.id))
      throw new Broken("promise 3", `id ${event.id} was given out twice`, event.uuid);
    this.dispatched.set(event.id, event);
  }

  /** The commands that can be read since the last commit. */
  readOn(): void {
    for (const [partition, log] of this.bus.log(TOPICS.fromManager).entries()) {
      for (; this.read[partition]! < log.length; this.read[partition]!++) {
        const { headers, value } = log[this.read[partition]!]!;
        this.assertKnown(headers.id ?? "", JSON.parse(value!));
      }
    }
  }

  private assertKnown(id: string, command: FromManager): void {
    const event = this.dispatched.get(id);
    if (!event) throw new Broken("promise 6", `command ${id} can be read and is not in the audit`, command.uuid);
    if (this.sent.has(id)) throw new Broken("promise 3", `command ${id} can be read twice`, command.uuid);
    this.sent.add(id);
    const { uuid, service, function: called, step, attempt } = command;
    const same =
      [uuid, service, called, step, attempt].join() ===
      [event.uuid, event.service, event.function, event.step, event.attempt].join();
    if (!same) throw new Broken("promise 6", `command ${id} is not what the audit says`, uuid);
  }

  atTheEnd(): void {
    for (const [id, { service, uuid }] of this.dispatched) {
      if (service !== MANAGER && !this.sent.has(id))
        throw new Broken("promise 6", `command ${id} was never sent`, uuid);
    }
  }
}
