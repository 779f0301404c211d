/**
 * The way of replies to `tomanager`: in batches, in order, again and again until they are accepted. What the ledger
 * keeps on disk is taken up here after a crash.
 */
import type { NewRecord } from "../bus/bus.ts";
import { backoffMs, type Clock, pause } from "./clock.ts";
import type { Ledger } from "./ledger.ts";
import { TransportError } from "./transport.ts";

const MAXIMUM_BATCH_RECORDS = 500;
const MAXIMUM_BATCH_CHARACTERS = 4_000_000;

interface Entry {
  /** The command's id; undefined for what isn't in the ledger (progress, dead letters). */
  id: string | undefined;
  record: NewRecord;
  accepted: () => void;
  failed: (error: Error) => void;
  promise: Promise<void>;
}

export interface RepliesOptions {
  append(records: NewRecord[]): Promise<void>;
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
  readonly #queue: Entry[] = [];
  readonly #byId = new Map<string, Entry>();
  readonly #stopping = new AbortController();
  readonly #lastCall = new AbortController();
  #pumping: Promise<void> | undefined;

  constructor(options: RepliesOptions) {
    this.#options = options;
  }

  /** How many wait to be accepted. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Resolves when the record is accepted (or given up as refused); rejects when the service ends before. */
  send(record: NewRecord, id?: string): Promise<void> {
    const waiting = id === undefined ? undefined : this.#byId.get(id);
    if (waiting) return waiting.promise;
    if (this.#stopping.signal.aborted) return Promise.reject(new Error("the service has stopped"));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {}); // with a ledger on disk nobody waits for it
    const entry: Entry = { id, record, accepted: resolve, failed: reject, promise };
    this.#queue.push(entry);
    if (id !== undefined) this.#byId.set(id, entry);
    this.#pumping ??= this.#pump();
    return promise;
  }

  /** Sends what an earlier life left unsent. */
  async resendStored(): Promise<void> {
    for (;;) {
      const entries = this.#options.ledger.unsent(MAXIMUM_BATCH_RECORDS);
      if (entries.length === 0) return;
      await Promise.all(entries.map(({ id, reply }) => this.send(reply, id)));
    }
  }

  /** Resolves when no more than `count` wait; may reject when the service ends before. */
  async room(count: number): Promise<void> {
    while (this.#queue.length > count) await Promise.race(this.#queue.slice(0, 1).map(({ promise }) => promise));
  }

  /** Resolves when nothing waits. */
  async drained(): Promise<void> {
    while (this.#pumping) await this.#pumping;
  }

  /** Sends what waits as long as that succeeds: for an end where a durable ledger keeps the rest. */
  async drainWhileAccepted(): Promise<void> {
    this.#lastCall.abort();
    await this.#pumping;
  }

  /** Gives up what still waits: a durable ledger has it for the next life. */
  close(): void {
    this.#stopping.abort();
    this.#reject(new Error("the service has stopped"));
  }

  async #pump(): Promise<void> {
    // Everything that becomes ready in this turn of the event loop shares a batch.
    await Promise.resolve();
    let failures = 0;
    while (this.#queue.length > 0 && !this.#stopping.signal.aborted) {
      const batch = this.#nextBatch();
      try {
        await this.#options.append(batch.map(({ record }) => record));
        failures = 0;
        this.#settle(batch);
      } catch (error) {
        const kind = error instanceof TransportError ? error.kind : "unavailable";
        if (kind === "denied") {
          const reason = error instanceof Error ? error : new Error(String(error));
          this.#reject(reason);
          this.#options.onFatal(reason);
        } else if (kind === "refused") {
          await this.#oneByOne(batch);
        } else {
          failures += 1;
          const { clock, random } = this.#options;
          if (this.#lastCall.signal.aborted) break;
          const hurry = AbortSignal.any([this.#stopping.signal, this.#lastCall.signal]);
          await pause(clock, backoffMs(failures, random), hurry);
        }
      }
    }
    this.#pumping = undefined;
  }

  /** One record of the batch is refused: find it, so that the others aren't held up by it. */
  async #oneByOne(batch: Entry[]): Promise<void> {
    for (const entry of batch) {
      try {
        await this.#options.append([entry.record]);
        this.#settle([entry]);
      } catch (error) {
        if (!(error instanceof TransportError && error.kind === "refused")) return; // the pump tries the rest again
        this.#options.onRefused(entry.record, error.message);
        const instead = this.#options.instead(entry.record, error.message);
        if (instead === undefined) this.#settle([entry]);
        else {
          entry.record = instead;
          if (entry.id !== undefined) this.#options.ledger.replaceReply(entry.id, instead);
        }
      }
    }
  }

  #nextBatch(): Entry[] {
    const batch: Entry[] = [];
    let characters = 0;
    for (const entry of this.#queue) {
      characters += entry.record.value?.length ?? 0;
      const full = batch.length >= MAXIMUM_BATCH_RECORDS || characters > MAXIMUM_BATCH_CHARACTERS;
      if (full && batch.length > 0) break;
      batch.push(entry);
    }
    return batch;
  }

  #settle(entries: Entry[]): void {
    const ids = entries.flatMap(({ id }) => (id === undefined ? [] : [id]));
    if (ids.length > 0) this.#options.ledger.sent(ids, this.#options.clock.now());
    const done = new Set(entries);
    const left = this.#queue.filter((entry) => !done.has(entry));
    this.#queue.splice(0, this.#queue.length, ...left);
    for (const { id, accepted } of entries) {
      if (id !== undefined) this.#byId.delete(id);
      accepted();
    }
  }

  #reject(error: Error): void {
    for (const { failed } of this.#queue.splice(0)) failed(error);
    this.#byId.clear();
  }
}
