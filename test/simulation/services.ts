/**
 * The services of the simulation: they take committed commands in order, have effects that can be counted, and answer
 * late, twice, in any order, with failures, or never; they go away, come back, and hold their records for a while.
 */
import type { BusRecord } from "../../engine/bus/bus.ts";
import { type FromManager, TOPICS } from "../../engine/core/protocol.ts";
import { keyOf, SERVICES, type SimFlow } from "./flows.ts";
import type { Random } from "./random.ts";
import type { Recording } from "./world.ts";

interface Answer {
  at: number;
  command: FromManager;
  status: "success" | "failure" | "inprogress";
  value: string;
}

/** Something a service did. `order` counts what all services did. */
export interface Effect {
  order: number;
  attempt: number;
  /** The engine was told of it. */
  answered: boolean;
}

const LARGE = "x".repeat(300_000);

export class SimServices {
  /** `uuid/step` -> what was done. */
  readonly effects = new Map<string, Effect[]>();
  /** `uuid/step/negation` -> what was undone. */
  readonly undone = new Map<string, Effect[]>();
  /** When set, everything succeeds at once: the end of the run. */
  calm = false;
  private order = 0;
  private readonly read = new Map<string, number[]>();
  private readonly bareUntil = new Map<string, number>();
  private pending: Answer[] = [];
  private readonly recording: Recording;
  private readonly random: Random;
  private readonly flows: ReadonlyMap<string, SimFlow>;

  constructor(recording: Recording, random: Random, flows: ReadonlyMap<string, SimFlow>) {
    this.recording = recording;
    this.random = random;
    this.flows = flows;
    for (const service of SERVICES)
      this.read.set(
        service,
        recording.world.bus.log(TOPICS.fromManager).map(() => 0),
      );
  }

  private get now(): number {
    return this.recording.world.bus.now;
  }

  private works(service: string): boolean {
    const { health } = this.recording.world;
    return health.isRunning(service) && !health.isHolding(service);
  }

  /** When the next answer of a service that works is due. */
  nextAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { at, command } of this.pending) if (at < next && this.works(command.service)) next = at;
    return next;
  }

  /** Services read what they have not read yet, and send the answers whose time has come. */
  async run(): Promise<void> {
    const logs = this.recording.world.bus.log(TOPICS.fromManager);
    for (const service of SERVICES) {
      if (!this.works(service) || (!this.calm && this.random.chance(0.3))) continue;
      const read = this.read.get(service)!;
      for (const [partition, log] of logs.entries()) {
        for (; read[partition]! < log.length; read[partition]!++) this.take(log[read[partition]!]!, service);
      }
    }
    const isDue = ({ at, command }: Answer): boolean => at <= this.now && this.works(command.service);
    const due = this.pending.filter(isDue);
    if (due.length === 0) return;
    this.pending = this.pending.filter((answer) => !isDue(answer));
    while (due.length > 0) {
      const [answer] = due.splice(this.pickNext(due), 1);
      await this.send(answer!);
    }
  }

  /** Answers come in any order, but of those that can't be told apart the first comes first. */
  private pickNext(due: readonly Answer[]): number {
    const index = this.random.below(due.length);
    const { command } = due[index]!;
    if (!this.isBare(command)) return index;
    return due.findIndex(
      (other) => other.command.uuid === command.uuid && other.command.function === command.function,
    );
  }

  private async send({ command, status, value }: Answer): Promise<void> {
    if (status === "success" && !command.undo)
      this.note(this.effects, `${command.uuid}/${command.step}`, command, true);
    const astray = !this.calm && !this.isBare(command) && this.random.chance(0.05);
    const partition = astray ? this.random.below(3) : undefined;
    const record = { topic: TOPICS.toManager, key: command.uuid, value, partition };
    await this.recording.perform((world) => world.bus.append([record]));
  }

  private isBare = ({ name, version }: FromManager): boolean => this.flows.get(keyOf(name, version))?.bare === true;

  private take(record: BusRecord, service: string): void {
    const value = record.value!;
    if (!value.includes(`"service":"${service}"`)) return;
    const command: FromManager = JSON.parse(value);
    if (command.service !== service) return;
    if (this.calm) {
      if (command.undo) this.undoes(command);
      this.answer(command, "success", 1);
    } else if (this.isBare(command)) this.takeBare(command);
    else if (command.undo) this.takeUndo(command);
    else this.takeForward(command);
  }

  private takeForward(command: FromManager): void {
    const { random } = this;
    const outcome = random.next();
    if (random.chance(0.15)) this.answer(command, "inprogress", 1 + random.below(20_000));
    if (outcome < 0.77) this.answer(command, "success", this.delay());
    else if (outcome < 0.87) this.answer(command, "failure", this.delay());
    // It works, and the answer comes long after the engine has given up.
    else if (outcome < 0.93) this.answer(command, "success", 25_000 + random.below(200_000));
    // It works, and the answer is lost.
    else if (outcome < 0.95) this.note(this.effects, `${command.uuid}/${command.step}`, command, false);
    else if (outcome < 0.97) this.answer(command, "failure", 25_000 + random.below(200_000));
  }

  private takeUndo(command: FromManager): void {
    const { random } = this;
    const trouble = random.chance(0.15);
    if (random.chance(0.05)) this.answer(command, "inprogress", 1 + random.below(20_000));
    if (trouble && random.chance(0.6)) this.answer(command, "failure", this.delay());
    if (trouble && random.chance(0.7)) return;
    this.undoes(command);
    if (!trouble) this.answer(command, "success", this.delay());
  }

  /** Services that echo nothing answer everything, once and in order. */
  private takeBare(command: FromManager): void {
    const key = `${command.uuid}/${command.function}`;
    const delay = this.random.chance(0.1) ? this.random.below(90_000) : this.delay();
    const at = Math.max(this.bareUntil.get(key) ?? 0, this.now + delay) + 1;
    this.bareUntil.set(key, at);
    const fails = this.random.chance(command.undo ? 0.05 : 0.12);
    if (command.undo && !fails) this.undoes(command);
    this.answer(command, fails ? "failure" : "success", at - this.now);
  }

  private delay(): number {
    return this.random.chance(0.9) ? 1 + this.random.below(500) : this.random.below(29_000);
  }

  private undoes(command: FromManager): void {
    this.note(this.undone, `${command.uuid}/${command.step}/${command.function}`, command, true);
  }

  private note(where: Map<string, Effect[]>, key: string, { attempt }: FromManager, answered: boolean): void {
    const noted = where.get(key) ?? [];
    // A repeated answer tells of the same thing.
    if (where === this.effects && noted.some((effect) => effect.attempt === attempt)) return;
    noted.push({ order: this.order++, attempt, answered });
    where.set(key, noted);
  }

  private answer(command: FromManager, status: Answer["status"], afterMs: number): void {
    const { random } = this;
    const bare = this.isBare(command);
    const { uuid, name, version, service, function: called, step, attempt } = command;
    const retryable = random.chance(0.8) ? undefined : random.chance(0.3);
    const error = status === "failure" && !bare ? { message: `${called} broke`, retryable } : undefined;
    const echo = bare ? {} : { step, attempt };
    const data = status === "success" ? this.output(called, attempt) : null;
    const reply = {
      uuid,
      name,
      version,
      service,
      function: called,
      schema_version: "1",
      status,
      data,
      ...echo,
      error,
    };
    const value = JSON.stringify(reply);
    const copies = !this.calm && !bare && random.chance(0.1) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const at = this.now + afterMs + copy * random.below(40_000);
      this.pending.push({ at, command, status, value });
    }
  }

  private output(called: string, attempt: number): unknown {
    const { random } = this;
    if (random.chance(0.05)) return null;
    if (!this.calm && random.chance(0.002)) return { large: LARGE };
    const items = Array.from({ length: random.below(4) }, (_, n) => ({ n: random.below(100), of: n }));
    return { of: called, attempt, n: random.below(100), ...(random.chance(0.8) ? { items } : {}) };
  }
}
