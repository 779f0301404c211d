/**
 * The services of the simulation: they take committed commands, drop repeats by id, have effects that can be counted,
 * and answer late, twice, in any order, with failures, or never.
 */
import type { BusRecord } from "../../engine/bus/bus.ts";
import { type FromManager, TOPICS } from "../../engine/core/protocol.ts";
import type { Random } from "./random.ts";
import type { SimBus } from "./sim-bus.ts";

interface Pending {
  at: number;
  record: { key: string; value: string };
}

export class SimServices {
  /** uuid/step -> ids of the forward commands that took effect. */
  readonly effects = new Map<string, string[]>();
  /** uuid/step/negation -> ids of the negation commands that worked. */
  readonly undone = new Map<string, string[]>();
  /** Ids of the commands seen; a second one with the same id must be the same command. */
  private readonly seen = new Map<string, string>();
  private readonly read: number[];
  private pending: Pending[] = [];
  private readonly bus: SimBus;
  private readonly random: Random;
  /** When set, everything succeeds at once: the end of the run. */
  calm = false;

  constructor(bus: SimBus, random: Random) {
    this.bus = bus;
    this.random = random;
    this.read = bus.log(TOPICS.fromManager).map(() => 0);
  }

  /** When the next answer is due. */
  nextAt(): number | undefined {
    return this.pending.reduce<number | undefined>(
      (min, p) => (min === undefined || p.at < min ? p.at : min),
      undefined,
    );
  }

  /** Takes new commands, and sends the answers whose time has come. */
  async run(): Promise<void> {
    for (const [partition, log] of this.bus.log(TOPICS.fromManager).entries()) {
      for (; this.read[partition]! < log.length; this.read[partition]!++) this.take(log[this.read[partition]!]!);
    }
    const due = this.pending.filter((p) => p.at <= this.bus.now);
    this.pending = this.pending.filter((p) => p.at > this.bus.now);
    while (due.length > 0) {
      const [answer] = due.splice(this.random.below(due.length), 1);
      await this.bus.append([{ topic: TOPICS.toManager, ...answer!.record }]);
    }
  }

  private take(record: BusRecord): void {
    const id = record.headers.id!;
    const known = this.seen.get(id);
    if (known !== undefined) {
      if (known !== record.value) throw new Error(`promise 3: id ${id} came with another command`);
      return;
    }
    this.seen.set(id, record.value!);
    const command: FromManager = JSON.parse(record.value!);
    if (command.undo) this.undo(command, id);
    else this.forward(command, id);
  }

  private forward(command: FromManager, id: string): void {
    const { random } = this;
    const outcome = this.calm ? 0 : random.next();
    if (random.chance(0.1) && !this.calm) this.answer(command, "inprogress", 1 + random.below(20_000));
    if (outcome < 0.8) {
      this.note(this.effects, `${command.uuid}/${command.step}`, id);
      this.answer(command, "success", this.delay());
    } else if (outcome < 0.9) {
      this.answer(command, "failure", this.delay(), random.chance(0.8));
    } else if (outcome < 0.95) {
      // It worked, and the answer comes long after the engine has given up.
      this.note(this.effects, `${command.uuid}/${command.step}`, id);
      this.answer(command, "success", 30_000 + random.below(200_000));
    }
  }

  private undo(command: FromManager, id: string): void {
    if (!this.calm && this.random.chance(0.15)) {
      if (this.random.chance(0.7)) this.answer(command, "failure", this.delay());
      return;
    }
    this.note(this.undone, `${command.uuid}/${command.step}/${command.function}`, id);
    this.answer(command, "success", this.delay());
  }

  private delay(): number {
    return this.random.chance(0.9) ? 1 + this.random.below(500) : this.random.below(29_000);
  }

  private note(where: Map<string, string[]>, key: string, id: string): void {
    where.set(key, [...(where.get(key) ?? []), id]);
  }

  private answer(command: FromManager, status: string, afterMs: number, retryable = true): void {
    const { uuid, name, version, service, function: fn, step, attempt } = command;
    const error = status === "failure" ? { message: "broke", retryable } : undefined;
    const value = JSON.stringify({
      uuid,
      name,
      version,
      service,
      function: fn,
      step,
      attempt,
      status,
      data: { of: fn, attempt },
      error,
    });
    const copies = !this.calm && this.random.chance(0.1) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.pending.push({
        at: this.bus.now + afterMs + copy * this.random.below(5_000),
        record: { key: uuid, value },
      });
    }
  }
}
