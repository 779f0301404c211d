/**
 * What becomes of the commands that a transport hands over: each is run once, many at a time, and settled behind its
 * reply. The watermark knows up to where everything is settled.
 */
import type { BusRecord, NewRecord } from "../bus/bus.ts";
import type { Clock } from "./clock.ts";
import { type Command, makeDeadLetter, parseCommand } from "./command.ts";
import type { Call, ServiceDefinition } from "./define.ts";
import { Execution } from "./execution.ts";
import type { Holding } from "./holding.ts";
import type { Ledger } from "./ledger.ts";
import { Pool } from "./pool.ts";
import type { Replies } from "./replies.ts";
import type { Delivery, Positions } from "./transport.ts";
import { Watermark } from "./watermark.ts";

/** Reading waits while more commands or replies than this wait. */
const MAXIMUM_WAITING = 1_000;

export interface IntakeOptions {
  service: ServiceDefinition;
  /** Commands running at once. */
  concurrency: number;
  ledger: Ledger;
  /** The transport remembers the positions: the ledger isn't given any. */
  isRemembered: boolean;
  replies: Replies;
  holding: Holding;
  clock: Clock;
  before?: ((call: Call) => void | Promise<void>) | undefined;
  log(level: "warn" | "error", message: string): void;
  /** The store can't be written: the service can't go on. */
  onFatal(error: Error): void;
}

/** Of a command: it is settled, or its partition went elsewhere before it began. */
type Outcome = "done" | "lost";

export class Intake {
  readonly counts = { handled: 0, failed: 0, repeated: 0 };
  readonly watermark: Watermark;
  readonly pool: Pool;
  readonly #options: IntakeOptions;
  readonly #inFlight = new Map<string, Promise<Outcome>>();
  /** How often a partition was taken away: what was read of it before is void. */
  readonly #losses = new Map<number, number>();
  readonly #aborting = new AbortController();
  #isStopping = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.pool = new Pool(options.concurrency);
    this.watermark = new Watermark(options.isRemembered ? {} : options.ledger.positions());
  }

  /** Takes records in order per partition; `next` are the positions behind them. */
  deliver(records: BusRecord[], next: Positions): Delivery {
    const { service, replies, holding } = this.#options;
    const settled: Promise<void>[] = [];
    for (const record of records) {
      const parsed = parseCommand(record, service.name);
      if (parsed.is === "another's") this.watermark.advance({ [record.partition]: record.offset + 1 });
      else {
        this.watermark.open(record.partition, record.offset);
        settled.push(parsed.is === "ours" ? this.#take(parsed.command, record) : this.#bury(record, parsed.why));
      }
    }
    this.watermark.advance(next);
    for (const one of settled) one.catch(() => {});
    const all = Promise.all(settled).then(() => {});
    all.catch(() => {}); // not every transport waits for it
    const room = [this.pool.room(MAXIMUM_WAITING), replies.room(MAXIMUM_WAITING), holding.opened];
    return { settled: all, accepted: Promise.all(room).then(() => {}) };
  }

  /** Resolves when what runs now has ended. What is held doesn't end soon; whoever has the partition then holds it too. */
  passed(): Promise<void> {
    return this.#options.holding.isHolding ? Promise.resolve() : this.pool.passed();
  }

  /** These partitions are another's, or are read again: what has not begun of them is left alone. */
  lose(partitions: number[]): void {
    this.watermark.forget(partitions);
    for (const partition of partitions) this.#losses.set(partition, this.#lossesOf(partition) + 1);
  }

  /** Begins nothing more. What waits stays unsettled, and comes again. */
  stop(reason: Error): void {
    this.#isStopping = true;
    this.pool.drop(reason);
    this.#options.holding.close(reason);
  }

  /** Cuts off what runs. */
  abort(reason: Error): void {
    this.#aborting.abort(reason);
    this.pool.abandon(reason);
  }

  #lossesOf(partition: number): number {
    return this.#losses.get(partition) ?? 0;
  }

  async #take(command: Command, record: BusRecord): Promise<void> {
    const inFlight = this.#inFlight;
    const before = this.#lossesOf(record.partition);
    for (let running = inFlight.get(command.id); running; running = inFlight.get(command.id)) {
      this.counts.repeated += 1;
      if ((await running) === "done") return this.watermark.settle(record.partition, record.offset);
    }
    const task = this.pool.run(() => this.#handle(command, record, before));
    inFlight.set(command.id, task);
    const outcome = await task.finally(() => inFlight.delete(command.id));
    if (outcome === "done") this.watermark.settle(record.partition, record.offset);
  }

  async #handle(command: Command, record: BusRecord, losses: number): Promise<Outcome> {
    const { holding, replies, ledger, onFatal } = this.#options;
    if (this.#lossesOf(record.partition) !== losses) return "lost";
    let reply: NewRecord;
    try {
      reply = await holding.run(() => this.#answer(command, record));
    } catch (error) {
      // Cut off by `stop`, or the store can't be written: the command stays unsettled and comes again.
      const reason = error instanceof Error ? error : new Error(String(error));
      if (!this.#isStopping) onFatal(reason);
      throw reason;
    }
    const accepted = replies.send(reply, command.id);
    if (!ledger.durable) await accepted;
    return "done";
  }

  async #answer(command: Command, record: BusRecord): Promise<NewRecord> {
    const { service, ledger, isRemembered, replies, clock, before, log } = this.#options;
    const known = ledger.find(command.id);
    if (known) {
      this.counts.repeated += 1;
      return known.reply;
    }
    const execution = new Execution({
      ...{ service, command, ledger, clock, before, log },
      signal: this.#aborting.signal,
      positions: () => (isRemembered ? {} : this.watermark.after(record.partition, record.offset)),
      progress: (reply) => void replies.send(reply).catch(() => {}),
    });
    const { reply, outcome } = await execution.run();
    this.counts[outcome] += 1;
    return reply;
  }

  async #bury(record: BusRecord, why: string): Promise<void> {
    const { service, replies, log } = this.#options;
    log("warn", `a command for ${service.name} can't be read (${why}); it goes to the dead letters`);
    await replies.send(makeDeadLetter(record, why));
    this.watermark.settle(record.partition, record.offset);
  }
}
