/**
 * The way of replies to `tomanager`, in lanes (reply-lane.ts): those of one lane keep their order, and one lane waits
 * for no other. What the ledger keeps on disk is taken up here after a crash.
 */
import type { NewRecord } from "../bus/bus.ts";
import type { Clock } from "./clock.ts";
import type { Ledger } from "./ledger.ts";
import { ReplyLane } from "./reply-lane.ts";

const RESEND_AT_ONCE = 500;

export interface Entry {
  /** The command's id; undefined for what isn't in the ledger (progress, dead letters). */
  id: string | undefined;
  record: NewRecord;
  accepted: () => void;
  failed: (error: Error) => void;
  promise: Promise<void>;
}

export interface RepliesOptions {
  append(records: NewRecord[]): Promise<void>;
  /** Which records must keep their order, and wait for each other. Default: all. */
  laneOf?(record: NewRecord): string;
  ledger: Ledger;
  clock: Clock;
  random: () => number;
  /** What goes out in place of a reply that the other side refuses; undefined gives it up. */
  instead(refused: NewRecord, why: string): NewRecord | undefined;
  onRefused(record: NewRecord, why: string): void;
  onFatal(error: Error): void;
}

export class Replies {
  readonly #options: RepliesOptions;
  readonly #waiting = new Set<Entry>();
  readonly #lanes = new Map<string, ReplyLane>();
  readonly #settled: Entry[] = [];
  #change = nextChange();
  readonly #byId = new Map<string, Entry>();
  readonly #stopping = new AbortController();
  readonly #lastCall = new AbortController();

  constructor(options: RepliesOptions) {
    this.#options = options;
  }

  /** How many wait to be accepted. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves when the record is accepted (or given up as refused); rejects when the service ends before. */
  send(record: NewRecord, id?: string): Promise<void> {
    const waiting = id === undefined ? undefined : this.#byId.get(id);
    if (waiting) return waiting.promise;
    if (this.#stopping.signal.aborted) return Promise.reject(new Error("the service has stopped"));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {}); // with a ledger on disk nobody waits for it
    const entry: Entry = { id, record, accepted: resolve, failed: reject, promise };
    this.#waiting.add(entry);
    if (id !== undefined) this.#byId.set(id, entry);
    this.#laneOf(record).add(entry);
    return promise;
  }

  /** Sends what an earlier life left unsent. */
  async resendStored(): Promise<void> {
    for (;;) {
      const entries = this.#options.ledger.unsent(RESEND_AT_ONCE);
      if (entries.length === 0) return;
      await Promise.all(entries.map(({ id, reply }) => this.send(reply, id)));
    }
  }

  /** Resolves when no more than `count` wait; may reject when the service ends before. */
  async room(count: number): Promise<void> {
    while (this.#waiting.size > count) await this.#change.promise;
  }

  /** Resolves when nothing waits. */
  async drained(): Promise<void> {
    while (this.#lanes.size > 0) await this.#pumped();
  }

  /** Sends what waits as long as that succeeds: for an end where a durable ledger keeps the rest. */
  async drainWhileAccepted(): Promise<void> {
    this.#lastCall.abort();
    await this.#pumped();
  }

  /** Gives up what still waits: a durable ledger has it for the next life. */
  close(): void {
    this.#stopping.abort();
    this.#reject(new Error("the service has stopped"));
  }

  #laneOf(record: NewRecord): ReplyLane {
    const name = this.#options.laneOf?.(record) ?? "";
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const lane = new ReplyLane({
      ...this.#options,
      stopping: this.#stopping.signal,
      lastCall: this.#lastCall.signal,
      onSettled: (entries) => this.#settle(entries),
      onDenied: (error) => {
        this.#reject(error);
        this.#options.onFatal(error);
      },
      onIdle: () => this.#lanes.delete(name),
    });
    this.#lanes.set(name, lane);
    return lane;
  }

  async #pumped(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.pumping));
  }

  /** What is settled in the same turn of the event loop is noted together. */
  #settle(entries: readonly Entry[]): void {
    if (this.#settled.length === 0) queueMicrotask(() => this.#note());
    this.#settled.push(...entries);
  }

  #note(): void {
    const entries = this.#settled.splice(0);
    const ids = entries.flatMap(({ id }) => (id === undefined ? [] : [id]));
    if (ids.length > 0) this.#options.ledger.sent(ids, this.#options.clock.now());
    for (const entry of entries) {
      this.#waiting.delete(entry);
      if (entry.id !== undefined) this.#byId.delete(entry.id);
      entry.accepted();
    }
    this.#renew().resolve();
  }

  #reject(error: Error): void {
    for (const { failed } of this.#waiting) failed(error);
    this.#waiting.clear();
    this.#byId.clear();
    this.#renew().reject(error);
  }

  /** Whoever waits for a change waits for the next one from here on. */
  #renew(): PromiseWithResolvers<void> {
    const change = this.#change;
    this.#change = nextChange();
    return change;
  }
}

function nextChange(): PromiseWithResolvers<void> {
  const change = Promise.withResolvers<void>();
  change.promise.catch(() => {}); // nobody may be waiting
  return change;
}
