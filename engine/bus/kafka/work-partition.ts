/**
 * One partition that this process works on: what is fetched and not yet processed, its state, and when its worker is to
 * be called. Everything here is memory; work.ts makes it durable. A batch on which `process` throws is halved until one
 * record is left, which goes to the dead letters: nothing blocks a partition.
 */
import type { BusLogger, BusRecord, NewRecord, Output, StateEntry, Worker } from "../bus.ts";
import type { ClosedStore } from "./closed-store.ts";
import type { FetchedPartition } from "./fetch.ts";

const MAXIMUM_BATCH_RECORDS = 256;
/** Wait before a worker whose restore or timer call threw is asked again. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MAXIMUM_MS = 60_000;
const MAXIMUM_MESSAGE_CHARS = 1_000;
/** Keys that were found in the store of ended state; when one of them gets open state again, it must leave the store. */
const MAXIMUM_LOOKED_UP_KEYS = 10_000;
const MAXIMUM_BUFFER_RECORDS = 2_000;

export interface WorkPartitionOptions {
  worker: Worker;
  topic: string;
  partition: number;
  state: Map<string, string>;
  position: number;
  closed: ClosedStore;
  deadLetters: string;
  clock: () => number;
  logger: BusLogger;
}

/** One call of `process`, not yet part of state and position. */
export interface Call {
  partition: WorkPartition;
  records: BusRecord[];
  output: Output;
  /** The position behind what was taken. */
  next: number;
}

/** Ended state that the store may not have read yet; `end`: behind its record, once that is known. */
export interface Closing {
  value: string | null;
  end: number;
}

/** A change that goes to one of the two changelogs. */
export interface Change {
  key: string;
  value: string | null;
  /** For the changelog of ended state: to be told the record's end. */
  closing?: Closing;
}

export class WorkPartition {
  readonly partition: number;
  /** Processed alone in a transaction: one that it took part in has failed. */
  isolated = false;
  private readonly options: WorkPartitionOptions;
  private readonly state: Map<string, string>;
  private readonly closing = new Map<string, Closing>();
  private readonly lookedUp = new Set<string>();

  private buffer: BusRecord[] = [];
  /** Index of the first record of the buffer that isn't processed. */
  private head = 0;
  private fetchedTo: number;
  /** A record before this offset made `process` throw. */
  private suspectUntil: number | undefined;
  private waitingFor: Promise<void> | undefined;

  private due: number | null = null;
  private wanted = false;
  private callAt = 0;
  private callWaitMs = RETRY_FIRST_MS;
  /** A call without records is made once everything before this offset has been processed. */
  callAfter: number | undefined;
  private restored = false;
  private restoreAt = 0;
  private restoreWaitMs = RETRY_FIRST_MS;

  constructor(options: WorkPartitionOptions) {
    this.options = options;
    this.partition = options.partition;
    this.state = options.state;
    this.fetchedTo = options.position;
  }

  /** The offset to process next. */
  get position(): number {
    return this.buffer[this.head]?.offset ?? this.fetchedTo;
  }

  get backlog(): number {
    return this.buffer.length - this.head;
  }

  get isFull(): boolean {
    return this.backlog >= MAXIMUM_BUFFER_RECORDS;
  }

  accept({ records, next }: FetchedPartition): void {
    if (this.head > 0) {
      this.buffer = this.buffer.slice(this.head);
      this.head = 0;
    }
    for (const record of records) this.buffer.push(record);
    this.fetchedTo = next;
  }

  wake(): void {
    this.wanted = true;
  }

  /** Builds the worker's memory from the state. Throws what the worker throws. */
  restore(): void {
    const { worker } = this.options;
    worker.restore(this.partition, entriesOf(this.state), (key) => this.lookup(key));
    this.due = worker.nextDue(this.partition);
    this.restored = true;
    this.restoreWaitMs = RETRY_FIRST_MS;
  }

  revoke(): void {
    this.restored = false;
    this.guard("revoke", () => this.options.worker.revoke(this.partition));
  }

  committed(output: Output): void {
    this.guard("committed", () => this.options.worker.committed?.(this.partition, output));
  }

  lookup(key: string): string | undefined {
    const open = this.state.get(key);
    if (open !== undefined) return open;
    const closing = this.closing.get(key);
    const value = closing === undefined ? this.options.closed.get(this.partition, key) : (closing.value ?? undefined);
    if (value !== undefined && this.lookedUp.size < MAXIMUM_LOOKED_UP_KEYS) this.lookedUp.add(key);
    return value;
  }

  /** The store has read its topic up to here. */
  storeHasRead(next: number): void {
    for (const [key, { end }] of this.closing) {
      // In the order of writing.
      if (end > next) break;
      this.closing.delete(key);
    }
  }

  /** When it has to be looked at again though nothing comes: milliseconds since 1970. */
  nextLook(): number | undefined {
    if (!this.restored) return this.restoreAt;
    if (this.wanted) return this.callAt;
    return this.due === null ? undefined : Math.max(this.due, this.callAt);
  }

  /** A call without records is due, and it isn't known yet what has to be processed before. */
  needsEnd(now: number): boolean {
    return this.restored && this.callAfter === undefined && this.isCallDue(now);
  }

  /** What the worker is to be called with now; empty when a timer is due, undefined when there is no reason. */
  nextBatch(now: number): BusRecord[] | undefined {
    if (!this.isRestored(now)) return undefined;
    if (this.isCallDue(now) && this.callAfter !== undefined && this.position >= this.callAfter) {
      this.callAfter = undefined;
      return [];
    }
    if (this.waitingFor !== undefined || this.backlog === 0) return undefined;
    return this.buffer.slice(this.head, this.head + this.batchLimit());
  }

  /** Calls the worker. Throws what it throws; what it answers isn't applied yet: see `apply` and `fail`. */
  process(records: BusRecord[], now: number): Call {
    const { worker } = this.options;
    const output = worker.process(this.partition, records, now);
    this.due = worker.nextDue(this.partition);
    const behind = this.buffer[this.head + records.length]?.offset ?? this.fetchedTo;
    const next = records.length === 0 ? this.position : (records[output.taken ?? records.length]?.offset ?? behind);
    return { partition: this, records, output, next };
  }

  /** Takes what a call has done for done; answers what goes to the changelogs. */
  apply({ records, output, next }: Call, wake: () => void): Change[] {
    const changes: Change[] = [];
    for (const { key, value, closed } of output.state) this.change(changes, key, value, closed === true);
    this.head += output.taken ?? records.length;
    if (this.suspectUntil !== undefined && next >= this.suspectUntil) this.suspectUntil = undefined;
    if (output.resume !== undefined) this.waitFor(output.resume, wake);
    if (records.length === 0) {
      this.wanted = false;
      this.callWaitMs = RETRY_FIRST_MS;
    }
    return changes;
  }

  /**
   * The worker threw, or what it returned can't be sent: its memory is built anew from the state. Answers the dead letter
   * of the record that alone makes it throw.
   */
  fail(records: readonly BusRecord[], error: unknown, now: number): NewRecord | undefined {
    const { logger, topic, deadLetters } = this.options;
    const name = { topic, partition: this.partition };
    this.revoke();
    const [first, second] = records;
    if (first === undefined) {
      this.callAt = now + this.callWaitMs;
      this.callWaitMs = Math.min(RETRY_MAXIMUM_MS, this.callWaitMs * 2);
      logger.error({ err: error, ...name }, "a worker's call without records threw");
      return undefined;
    }
    if (second !== undefined) {
      this.suspectUntil = (records.at(-1) ?? first).offset + 1;
      return undefined;
    }
    logger.error({ err: error, ...name, offset: first.offset }, "a record went to the dead letters");
    this.head++;
    this.suspectUntil = undefined;
    return deadLetter(first, error, deadLetters);
  }

  private change(changes: Change[], key: string, value: string | null, closed: boolean): void {
    const wasClosed = this.lookedUp.has(key) || typeof this.closing.get(key)?.value === "string";
    if (closed && value !== null) {
      if (this.state.delete(key)) changes.push({ key, value: null });
      this.close(changes, key, value);
      return;
    }
    if (wasClosed) this.close(changes, key, null);
    this.lookedUp.delete(key);
    if (value !== null) {
      this.state.set(key, value);
      changes.push({ key, value });
    } else if (this.state.delete(key)) changes.push({ key, value });
  }

  private close(changes: Change[], key: string, value: string | null): void {
    const closing = { value, end: Number.POSITIVE_INFINITY };
    // Behind all that was closed before.
    this.closing.delete(key);
    this.closing.set(key, closing);
    changes.push({ key, value, closing });
  }

  private isCallDue(now: number): boolean {
    if (this.callAt > now) return false;
    return this.wanted || (this.due !== null && this.due <= now);
  }

  private isRestored(now: number): boolean {
    if (this.restored) return true;
    if (now < this.restoreAt) return false;
    try {
      this.restore();
    } catch (error) {
      this.revoke();
      this.restoreAt = now + this.restoreWaitMs;
      this.restoreWaitMs = Math.min(RETRY_MAXIMUM_MS, this.restoreWaitMs * 2);
      const { logger, topic } = this.options;
      logger.error({ err: error, topic, partition: this.partition }, "a worker's restore threw");
    }
    return this.restored;
  }

  private batchLimit(): number {
    if (this.suspectUntil === undefined) return MAXIMUM_BATCH_RECORDS;
    const suspects = this.buffer.slice(this.head).findIndex(({ offset }) => offset >= (this.suspectUntil ?? 0));
    return Math.max(1, Math.floor((suspects < 0 ? this.backlog : suspects) / 2));
  }

  private waitFor(resume: Promise<void>, wake: () => void): void {
    this.waitingFor = resume;
    const goOn = () => {
      if (this.waitingFor === resume) this.waitingFor = undefined;
      wake();
    };
    resume.then(goOn, goOn);
  }

  private guard(name: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      const { logger, topic } = this.options;
      logger.error({ err: error, topic, partition: this.partition }, `a worker's ${name} threw`);
    }
  }
}

function* entriesOf(state: ReadonlyMap<string, string>): Generator<StateEntry> {
  for (const [key, value] of state) yield { key, value };
}

function deadLetter(record: BusRecord, error: unknown, topic: string): NewRecord {
  const message = error instanceof Error ? error.message : String(error);
  return {
    topic,
    key: record.key,
    value: record.value,
    headers: {
      ...record.headers,
      reason: "processing_failed",
      message: message.slice(0, MAXIMUM_MESSAGE_CHARS),
      topic: record.topic,
      partition: String(record.partition),
      offset: String(record.offset),
    },
  };
}
