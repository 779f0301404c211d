/**
 * The one port to the outside. Two adapters stand behind it, `embedded` (a SQLite file) and `kafka`; one contract suite
 * (test/contract) runs against both. Words follow Kafka: topics, partitions, offsets, keys, consumer groups.
 *
 * Values, keys and headers are strings (UTF-8). Times are milliseconds since 1970 unless a name says otherwise.
 */

export interface NewRecord {
  topic: string;
  /** Chooses the partition (murmur2, Java's default). Without a key the partition must be given, or 0 is taken. */
  key: string | null;
  /** null is a tombstone on compacted topics. */
  value: string | null;
  headers?: Record<string, string>;
  partition?: number;
}

export interface BusRecord {
  topic: string;
  partition: number;
  offset: number;
  timestamp: number;
  key: string | null;
  value: string | null;
  headers: Record<string, string>;
}

export interface TopicInfo {
  name: string;
  partitions: number;
  compacted: boolean;
  /** Per partition: first offset still there, and the offset the next record gets. */
  offsets: { partition: number; start: number; end: number }[];
}

export interface ReadQuery {
  topic: string;
  /**
   * Where to read from: partition -> offset. Offsets below the log's start or behind its end answer with code
   * `offset_out_of_range` and details {topic, partition, start, end}.
   */
  from: Record<number, number>;
  limit: number;
  /** Long poll: how long to wait for the first record, 0 for not at all. */
  waitMs?: number;
  /** Ends the wait early, with no records. */
  signal?: AbortSignal;
}

export interface ReadResult {
  /** By timestamp across partitions, by offset within one. */
  records: BusRecord[];
  /** Where to read on: every partition of the query. */
  next: Record<number, number>;
}

/**
 * What a manager hands to the bus. The bus calls it for the partitions it owns, one call at a time, and commits what a
 * call returns in one transaction with the position behind the batch. `process` is synchronous: it must be pure
 * computation over memory. If a commit fails, the bus revokes and restores the partition before it goes on. So it does
 * when `process` throws or sends a record that can't be sent; it then finds the one record that makes it throw and puts
 * that into the dead letters, with reason `processing_failed`.
 */
export interface Worker {
  /** The consumer group's topic (tomanager) whose partitions are shared. */
  topic: string;
  group: string;
  /**
   * Rebuilds the memory of a partition from its state entries; called before the first `process`. `lookup` reads one
   * state entry, closed ones too, as long as the partition is owned; it sees what earlier calls of `process` put, not
   * what the running call will.
   */
  restore(partition: number, state: Iterable<StateEntry>, lookup: (key: string) => string | undefined): void;
  /** Decides on a batch (may be empty: a timer is due). `now` is the bus's clock at the call. */
  process(partition: number, records: BusRecord[], now: number): Output;
  /** When the partition wants to be called without input: the earliest timer, or null. Asked after each `process`. */
  nextDue(partition: number): number | null;
  /** The partition went elsewhere (or is to be restored): drop its memory. */
  revoke(partition: number): void;
  /** After the commit: the batch is durable. For waiters and gauges; must not throw. */
  committed?(partition: number, output: Output): void;
}

/** An entry of the keyed state changelog of one partition. Keys are `uuid` or `uuid/step`. */
export interface StateEntry {
  key: string;
  value: string;
}

export interface Output {
  records: NewRecord[];
  /**
   * Changes of the state changelog; null deletes. Entries that are `closed` (of journeys that have ended) are kept for
   * `lookup` and not given to `restore`, so that a restart reads only what is in flight.
   */
  state: { key: string; value: string | null; closed?: boolean }[];
  /**
   * How many records of the batch were taken, when not all: the next one can't be decided on before `resume` resolves
   * (for instance: the flows are being read). The rest is offered again then; the partition waits meanwhile.
   */
  taken?: number;
  resume?: Promise<void>;
}

export interface WorkHandle {
  /** Partitions owned right now. */
  partitions(): number[];
  /** Makes the bus call `process` with an empty batch for this partition soon (for instance: a service came back). */
  wake(partition: number): void;
  /** Reads one state entry of an owned partition that the worker does not keep in memory (closed journeys). */
  lookup(partition: number, key: string): string | undefined;
  /** Finishes the running batch, hands the partitions over. */
  stop(): Promise<void>;
}

export interface Subscription {
  /** Resolves when everything that was there at the call has been delivered. */
  caughtUp: Promise<void>;
  /**
   * Resolves when everything that is there now has been delivered. The log's end doesn't tell: behind the last record
   * there may be markers of transactions.
   */
  upToDate(): Promise<void>;
  close(): Promise<void>;
}

export interface ConsumeOptions {
  group: string;
  topic: string;
  /** Where a group without committed offsets begins. */
  fromBeginning: boolean;
  maximumBatch?: number;
  /** The offset behind the batch is committed after it resolves; a rejection delivers the same batch again. */
  onRecords(records: BusRecord[]): Promise<void> | void;
}

export interface GroupInfo {
  group: string;
  members: number;
  topics: { topic: string; partition: number; committed: number; end: number; lag: number }[];
}

export interface Bus {
  readonly kind: "embedded" | "kafka";
  topics(): Promise<TopicInfo[]>;
  groups(): Promise<GroupInfo[]>;
  /** Appends all records or none; when it resolves they are durable. Answers in the order given. */
  append(records: NewRecord[]): Promise<{ topic: string; partition: number; offset: number }[]>;
  read(query: ReadQuery): Promise<ReadResult>;
  /**
   * Reads a topic from its beginning and goes on, without a consumer group. `from`: offsets by partition, the others
   * begin at their start. One call of `onRecords` at a time; after a rejection the same records come again.
   */
  subscribe(
    topic: string,
    onRecords: (records: BusRecord[]) => void | Promise<void>,
    from?: Record<number, number> | "end",
  ): Promise<Subscription>;
  consume(options: ConsumeOptions): Promise<Subscription>;
  work(worker: Worker): Promise<WorkHandle>;
  close(): Promise<void>;
}

/** What adapters report to; pino's loggers fit. */
export interface BusLogger {
  warn(details: Record<string, unknown>, message: string): void;
  error(details: Record<string, unknown>, message: string): void;
}
