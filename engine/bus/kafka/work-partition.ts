/**
 * One partition that this process works on: what is fetched and not yet processed, and when its worker is to be called.
 * Everything here is memory; transactions.ts makes it durable. A batch on which `process` throws, or whose outputs the
 * cluster refuses, is halved until one record is left, which goes to the dead letters: nothing blocks a partition.
 */
import type { BusLogger, BusRecord, NewRecord, Output, Worker } from "../bus.ts";
import type { FetchedPartition } from "./fetch.ts";
import type { Change, PartitionState } from "./partition-state.ts";
import type { Suspicion } from "./quarantine.ts";

const MAXIMUM_BATCH_RECORDS = 256;
/** Wait before a worker whose restore or timer call threw is asked again. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MAXIMUM_MS = 60_000;
const MAXIMUM_MESSAGE_CHARS = 1_000;
/** Fetching pauses while so many wait. */
const MAXIMUM_BUFFER_RECORDS = 512;

export interface WorkPartitionOptions {
  worker: Worker;
  topic: string;
  partition: number;
  state: PartitionState;
  position: number;
  /** What is known of transactions of this partition that failed. */
  suspicion?: Suspicion;
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

export class WorkPartition {
  readonly partition: number;
  private readonly options: WorkPartitionOptions;
  readonly state: PartitionState;

  private buffer: BusRecord[] = [];
  /** Index of the first record of the buffer that isn't processed. */
  private first = 0;
  private fetchedTo: number;
  /** A record before this offset made `process` throw, or a transaction fail. */
  private suspectUntil: number | undefined;
  private readonly condemned: Suspicion["condemned"];
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
    this.suspectUntil = options.suspicion?.suspectUntil;
    this.condemned = options.suspicion?.condemned;
    this.callAt = options.suspicion?.callAt ?? 0;
  }

  /** The offset to process next. */
  get position(): number {
    return this.head?.offset ?? this.fetchedTo;
  }

  /** The record to process next, if it is here. */
  get head(): BusRecord | undefined {
    return this.buffer[this.first];
  }

  get backlog(): number {
    return this.buffer.length - this.first;
  }

  get isFull(): boolean {
    return this.backlog >= MAXIMUM_BUFFER_RECORDS;
  }

  accept({ records, next }: FetchedPartition): void {
    if (this.first > 0) {
      this.buffer = this.buffer.slice(this.first);
      this.first = 0;
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
    worker.restore(this.partition, this.state.entries(), (key) => this.state.lookup(key));
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

  /** When it has to be looked at again though nothing comes: milliseconds since 1970. */
  nextLook(): number | undefined {
    if (!this.restored) return this.restoreAt;
    if (this.wanted) return this.callAt;
    return this.due === null ? undefined : Math.max(this.due, this.callAt);
  }

  /** There is a reason to look at it: records, a call that is due, or memory to be restored. */
  isReady(now: number): boolean {
    if (!this.restored) return now >= this.restoreAt;
    if (this.isCallDue(now) && this.callAfter !== undefined && this.position >= this.callAfter) return true;
    return this.waitingFor === undefined && this.backlog > 0;
  }

  /** A call without records is due, and it isn't known yet what has to be processed before. */
  needsEnd(now: number): boolean {
    return this.restored && this.callAfter === undefined && this.isCallDue(now);
  }

  /** What the worker is to be called with now; empty when a timer is due, undefined when there is no reason. */
  nextBatch(now: number, maximumRecords = MAXIMUM_BATCH_RECORDS): BusRecord[] | undefined {
    if (!this.isRestored(now)) return undefined;
    if (this.isCallDue(now) && this.callAfter !== undefined && this.position >= this.callAfter) {
      this.callAfter = undefined;
      return [];
    }
    if (this.waitingFor !== undefined || this.backlog === 0 || this.isCondemned) return undefined;
    return this.buffer.slice(this.first, this.first + Math.min(maximumRecords, this.batchLimit()));
  }

  /** The dead letter of the next record, if it is known that it can't be processed. */
  get condemnedLetter(): NewRecord | undefined {
    const { condemned, options, head: record } = this;
    if (record === undefined || condemned === undefined || !this.isCondemned) return undefined;
    return deadLetter(record, condemned.error, options.deadLetters, condemned.withoutValue);
  }

  /** The next record lies in the dead letters. */
  skip(): void {
    this.first++;
    this.suspectUntil = undefined;
  }

  /** Calls the worker. Throws what it throws; what it answers isn't applied yet: see `apply` and `fail`. */
  process(records: BusRecord[], now: number): Call {
    const { worker } = this.options;
    const output = worker.process(this.partition, records, now);
    this.due = worker.nextDue(this.partition);
    const behind = this.buffer[this.first + records.length]?.offset ?? this.fetchedTo;
    const next = records.length === 0 ? this.position : (records[output.taken ?? records.length]?.offset ?? behind);
    return { partition: this, records, output, next };
  }

  /** Takes what a call has done for done; answers what goes to the changelogs. */
  apply({ records, output, next }: Call, wake: () => void): Change[] {
    const changes: Change[] = [];
    for (const { key, value, closed } of output.state) this.state.change(changes, key, value, closed === true);
    this.first += output.taken ?? records.length;
    if (this.suspectUntil !== undefined && next >= this.suspectUntil) this.suspectUntil = undefined;
    if (output.resume !== undefined) this.waitFor(output.resume, wake);
    if (records.length === 0) {
      this.wanted = false;
      this.callWaitMs = RETRY_FIRST_MS;
    }
    return changes;
  }

  /** What the last call returned can't be sent now, whatever it was: the worker is restored before its next call. */
  rewind(): void {
    this.revoke();
  }

  /**
   * The worker threw, or what it returned can't be sent: its memory is built anew from the state. Answers the dead letter
   * of the record that alone makes it throw; when that is sent, `skip` it.
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
    logger.error({ err: error, ...name, offset: first.offset }, "a record goes to the dead letters");
    return deadLetter(first, error, deadLetters);
  }

  private get isCondemned(): boolean {
    return this.condemned !== undefined && this.head?.offset === this.condemned.offset;
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
    const suspects = this.buffer.slice(this.first).findIndex(({ offset }) => offset >= (this.suspectUntil ?? 0));
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

/** `withoutValue`: it is too large for the dead letters too; where it lies stands in the headers. */
export function deadLetter(record: BusRecord, error: unknown, topic: string, withoutValue = false): NewRecord {
  const message = error instanceof Error ? error.message : String(error);
  return {
    topic,
    key: record.key,
    value: withoutValue ? null : record.value,
    ...(record.bytes && !withoutValue && { bytes: record.bytes }),
    ...(record.schemaId !== undefined && { schemaId: record.schemaId }),
    headers: {
      ...record.headers,
      reason: "processing_failed",
      message: message.slice(0, MAXIMUM_MESSAGE_CHARS),
      topic: record.topic,
      partition: String(record.partition),
      offset: String(record.offset),
      ...(withoutValue && { "value-bytes": String(Buffer.byteLength(record.value ?? "")) }),
    },
  };
}
