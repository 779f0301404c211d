/**
 * One partition of a worker's topic: its position, its owner, and how the owner's `process` is called on it. A batch on
 * which `process` throws is halved until one record is left, which goes to the dead letters: nothing blocks a partition.
 */
import type { BusLogger, BusRecord, NewRecord, Output, Worker } from "../bus.ts";
import { Backoff } from "./backoff.ts";
import type { Transaction } from "./group-commit.ts";
import type { Log } from "./log.ts";
import type { Storage } from "./storage.ts";
import type { Topics } from "./topics.ts";

const MAXIMUM_BATCH_RECORDS = 256;
/** Wait before an owner whose restore or timer call threw is asked again. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MAXIMUM_MS = 60_000;
const MAXIMUM_MESSAGE_CHARS = 1_000;

export interface WorkContext {
  storage: Storage;
  topics: Topics;
  deadLetters: Log;
  clock: () => number;
  logger: BusLogger;
  /** Asks for a transaction soon. */
  wake(): void;
}

export class WorkPartition {
  readonly log: Log;
  owner: Worker | undefined;
  /** Owner of the state entries in the state table, and id of the stored position. */
  private readonly id: number;
  private readonly context: WorkContext;

  /** The offset to read next, and its value in the last commit. */
  private position: number;
  private committedPosition: number;
  /** Of this transaction; the owner's memory holds them already. */
  private outputs: Output[] = [];
  /** A record before this offset made `process` throw. */
  private suspectUntil: number | undefined;

  /** The owner's memory is what the state table says. If not, it is not restored before `restoreAt`. */
  private restored = false;
  private restoreAt = 0;
  private readonly restoreBackoff = new Backoff(RETRY_FIRST_MS, RETRY_MAXIMUM_MS);

  /** Calls without records: for a timer that is due, or because one is wanted, but not before `callAt`. */
  private due: number | null = null;
  private wanted = false;
  private callAt = 0;
  private readonly callBackoff = new Backoff(RETRY_FIRST_MS, RETRY_MAXIMUM_MS);
  /** Such a call is made once everything before this offset has been read, and once in a transaction. */
  private callAfter: number | undefined;
  private calledIn: Transaction | undefined;
  /** The owner takes no more records before this has settled. */
  private waitingFor: Promise<void> | undefined;

  constructor(log: Log, stored: { id: number; next: number }, context: WorkContext) {
    this.log = log;
    this.id = stored.id;
    this.position = stored.next;
    this.committedPosition = stored.next;
    this.context = context;
  }

  /** Gives the partition to a worker, or to none. It is restored by `restore`, else by the next transaction. */
  assign(worker: Worker | undefined): void {
    if (this.owner !== undefined) this.revoke(this.owner);
    this.owner = worker;
    this.waitingFor = undefined;
    this.due = null;
    this.wanted = false;
    this.callAfter = undefined;
    this.callAt = 0;
    this.restoreAt = 0;
  }

  /** Rebuilds the owner's memory unless that is done. Throws what the owner throws. */
  restore(): void {
    if (this.restored || this.owner === undefined) return;
    const { storage } = this.context;
    this.owner.restore(this.log.partition, storage.stateOf(this.id), (key) => storage.getState(this.id, key));
    this.due = this.owner.nextDue(this.log.partition);
    this.restored = true;
    this.restoreBackoff.reset();
  }

  wake(): void {
    this.wanted = true;
  }

  lookup(key: string): string | undefined {
    return this.context.storage.getState(this.id, key);
  }

  /** When to be called again though nothing is appended: milliseconds since 1970. */
  nextCall(): number | undefined {
    if (this.owner === undefined) return undefined;
    if (!this.restored) return this.restoreAt;
    if (this.wanted) return this.callAt;
    return this.due === null ? undefined : Math.max(this.due, this.callAt);
  }

  /** The number of records read by one call of `process`; undefined when there is no reason for a call. */
  step(transaction: Transaction): number | undefined {
    const { owner, log } = this;
    if (owner === undefined || !this.isRestored(owner, transaction.now)) return undefined;
    if (this.isCallDue(transaction)) {
      if (transaction.drained) this.callAfter ??= log.next;
      if (this.callAfter !== undefined && this.position >= this.callAfter) {
        this.callAfter = undefined;
        this.calledIn = transaction;
        this.process(owner, transaction, [], this.position);
        return 0;
      }
    }
    if (this.waitingFor !== undefined || this.position >= log.next) return undefined;
    const { records, next } = log.fetch(this.position, this.batchLimit(), log.next);
    if (records.length === 0) this.position = next;
    else this.process(owner, transaction, records, next);
    return records.length;
  }

  /** Inside the transaction, at its end. */
  storePosition(): void {
    if (this.position !== this.committedPosition) this.context.storage.setPosition(this.id, this.position);
  }

  committed(): void {
    this.committedPosition = this.position;
    const outputs = this.outputs;
    if (outputs.length === 0) return;
    this.outputs = [];
    for (const output of outputs) {
      this.guard("committed", () => this.owner?.committed?.(this.log.partition, output));
    }
  }

  /** Memory that is ahead of what is stored is dropped, and restored by the next transaction. */
  rolledBack(): void {
    this.position = this.committedPosition;
    if (this.outputs.length > 0 && this.owner !== undefined) this.revoke(this.owner);
    this.outputs = [];
  }

  private process(owner: Worker, transaction: Transaction, records: BusRecord[], next: number): void {
    const { partition } = this.log;
    const { storage, topics } = this.context;
    let output: Output;
    let writes: { log: Log; record: NewRecord }[];
    try {
      output = owner.process(partition, records, transaction.now);
      writes = output.records.map((record) => ({ log: topics.route(record), record }));
      this.due = owner.nextDue(partition);
    } catch (error) {
      this.failed(owner, transaction, records, error);
      return;
    }
    // Its memory is ahead from here on, should one of the writes fail.
    this.outputs.push(output);
    for (const { log, record } of writes) transaction.write(log, record);
    for (const { key, value, closed } of output.state) {
      storage.setState(this.id, key, value, closed ? transaction.now : undefined);
    }
    // Not the whole batch may have been taken.
    this.position = records[output.taken ?? records.length]?.offset ?? next;
    if (output.resume !== undefined) this.waitFor(output.resume);
    if (this.suspectUntil !== undefined && this.position >= this.suspectUntil) this.suspectUntil = undefined;
    if (records.length > 0) return;
    this.wanted = false;
    this.callBackoff.reset();
  }

  private waitFor(resume: Promise<void>): void {
    this.waitingFor = resume;
    const goOn = () => {
      if (this.waitingFor === resume) this.waitingFor = undefined;
      this.context.wake();
    };
    resume.then(goOn, goOn);
  }

  private failed(owner: Worker, transaction: Transaction, records: BusRecord[], error: unknown): void {
    const { logger, deadLetters } = this.context;
    this.revoke(owner);
    const [first, second] = records;
    if (first === undefined) {
      this.callAt = transaction.now + this.callBackoff.next();
      logger.error({ err: error, ...this.name() }, "a worker's call without records threw");
    } else if (second !== undefined) {
      this.suspectUntil = (records.at(-1) ?? first).offset + 1;
    } else {
      logger.error({ err: error, ...this.name(), offset: first.offset }, "a record went to the dead letters");
      transaction.write(deadLetters, deadLetter(first, error, deadLetters.topic));
      this.position = first.offset + 1;
      this.suspectUntil = undefined;
    }
  }

  private isRestored(owner: Worker, now: number): boolean {
    if (this.restored) return true;
    if (now < this.restoreAt) return false;
    try {
      this.restore();
    } catch (error) {
      this.revoke(owner);
      this.restoreAt = now + this.restoreBackoff.next();
      this.context.logger.error({ err: error, ...this.name() }, "a worker's restore threw");
    }
    return this.restored;
  }

  private isCallDue(transaction: Transaction): boolean {
    if (this.calledIn === transaction || this.callAt > transaction.now) return false;
    return this.wanted || (this.due !== null && this.due <= transaction.now);
  }

  private batchLimit(): number {
    if (this.suspectUntil === undefined) return MAXIMUM_BATCH_RECORDS;
    return Math.max(1, Math.floor((this.suspectUntil - this.position) / 2));
  }

  private revoke(owner: Worker): void {
    this.restored = false;
    this.guard("revoke", () => owner.revoke(this.log.partition));
  }

  private guard(name: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.context.logger.error({ err: error, ...this.name() }, `a worker's ${name} threw`);
    }
  }

  private name() {
    return { topic: this.log.topic, partition: this.log.partition };
  }
}

function deadLetter(record: BusRecord, error: unknown, topic: string) {
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
