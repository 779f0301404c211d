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
  /** Goes out in the place of key and value, byte by byte. Kafka only. */
  bytes?: RecordBytes;
  /** Goes out before the value, in Confluent's wire format; left out: as the profile says. Kafka only. */
  schemaId?: number;
}

/** Key and value of a record that other clients wrote, where they are no UTF-8 text. */
export interface RecordBytes {
  key: Buffer | null;
  value: Buffer | null;
}

export interface BusRecord {
  topic: string;
  partition: number;
  offset: number;
  timestamp: number;
  key: string | null;
  value: string | null;
  headers: Record<string, string>;
  /** Present where key or value is no UTF-8: the texts above are then only what can be shown of them. */
  bytes?: RecordBytes;
  /** Stood before the value, in Confluent's wire format. Only where the profile has a schema registry. */
  schemaId?: number;
}

/** Per partition: first offset still there, and the offset the next record gets. */
export interface PartitionOffsets {
  partition: number;
  start: number;
  end: number;
  /** Kafka only: it has no leader now. Nobody can tell its offsets; start and end are 0. */
  away?: boolean;
}

export interface TopicInfo {
  name: string;
  partitions: number;
  compacted: boolean;
  /** On Kafka with who keeps the partition: broker ids, `leader` missing while there is none. */
  offsets: (PartitionOffsets & { leader?: number; replicas?: number[]; inSync?: number[] })[];
  /** How long records are kept, in milliseconds; -1 for ever. Missing where only the newest of each key are kept. */
  retentionMs?: number;
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
  /** By timestamp across partitions, by offset within one. Partitions without a leader are passed over. */
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
  /** The partition couldn't be read for some seconds (its brokers were away), and can be again. */
  readAgain?(partition: number): void;
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
  /**
   * Resolves when everything that was there at the call has been delivered. On Kafka without the partitions that had no
   * leader then: they are delivered as soon as they have one.
   */
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
  /**
   * For members that work on several batches at once: `onRecords` resolves when there is room for the next one, and
   * nothing is committed beyond what is not dealt with yet. By partition the first such offset; partitions where
   * everything is dealt with are left out. Asked about twice a second, when partitions are given away, and at the end.
   */
  unsettled?(): Record<number, number>;
  /**
   * The next two are called where a partition that changes hands is read again from the group's position (Kafka; the
   * embedded bus keeps it behind what its former reader has not dealt with). Partitions may go to other members: what
   * runs may be finished first. Waited for, but some seconds only.
   */
  onRebalance?(): Promise<void>;
  /** These are not this member's any more, or will be read again: what it has not dealt with of them comes again. */
  onLost?(partitions: number[]): void;
}

/** A member of a consumer group. */
export interface Consumption extends Subscription {
  /** Delivers no more; resolves when no call runs. It stays a member until it is closed. */
  drain(): Promise<void>;
}

export interface ClusterInfo {
  /** Kafka only. */
  id?: string;
  brokers: { id: number; host: string; port?: number; controller: boolean }[];
}

export interface GroupInfo {
  group: string;
  members: number;
  /** Kafka's word for what the group is doing: Stable, PreparingRebalance, Empty, ... */
  state?: string;
  /** Kafka only: who they are, and which partitions each has. */
  clients?: { member: string; client: string; host: string; partitions: { topic: string; partition: number }[] }[];
  topics: { topic: string; partition: number; committed: number; end: number; lag: number }[];
}

export interface GroupProgress {
  group: string;
  members: number;
  /** The offset to read next, by partition; without those of which the group has stored nothing. */
  positions: Record<number, number>;
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
  consume(options: ConsumeOptions): Promise<Consumption>;
  work(worker: Worker): Promise<WorkHandle>;
  close(): Promise<void>;
}

/** What a console asks beside that, to show a cluster. */
export interface ObservableBus extends Bus {
  /** What `topics` says of one, cheaply, as readers of committed records see it. Throws `topic_not_found`. */
  offsets(topic: string): Promise<PartitionOffsets[]>;
  cluster(): Promise<ClusterInfo>;
  /** Of those of these groups that there are: members, and how far they have come on a topic. Cheaper than `groups`. */
  progress(groups: readonly string[], topic: string): Promise<GroupProgress[]>;
  /**
   * By partition: the first record written at this time or later (milliseconds since 1970), else the log's end. Partitions
   * without a leader are left out.
   */
  offsetsAt(topic: string, time: number): Promise<Record<number, number>>;
}

/** What adapters report to; pino's loggers fit. */
export interface BusLogger {
  warn(details: Record<string, unknown>, message: string): void;
  error(details: Record<string, unknown>, message: string): void;
}
