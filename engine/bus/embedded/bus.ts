/**
 * The embedded bus: the port of bus.ts on one SQLite file in this process. What a newcomer, the demo and small
 * installations run on; as durable as the disk (`synchronous = FULL`).
 *
 * The way of a record: group-commit.ts (append, transaction) -> work-partition.ts (the worker's call within that
 * transaction) -> log.ts (offsets, the tail in memory) -> delivery.ts and read.ts (subscribers, groups, long polls).
 */
import { AntigraphError } from "../../core/errors.ts";
import { TOPICS } from "../../core/protocol.ts";
import type {
  BusLogger,
  BusRecord,
  ClusterInfo,
  ConsumeOptions,
  Consumption,
  GroupInfo,
  GroupProgress,
  NewRecord,
  ObservableBus,
  PartitionOffsets,
  ReadQuery,
  ReadResult,
  Subscription,
  TopicInfo,
  Worker,
  WorkHandle,
} from "../bus.ts";
import { Consumers } from "./consume.ts";
import { Delivery } from "./delivery.ts";
import { GroupCommit, type Placement } from "./group-commit.ts";
import { explainOpenError } from "./open-database.ts";
import { read } from "./read.ts";
import { Retention } from "./retention.ts";
import { Storage, type TopicSpec } from "./storage.ts";
import { Topics } from "./topics.ts";
import { Workers } from "./work.ts";

const DEFAULT_RETENTION_MS = 7 * 86_400_000;
const SUBSCRIPTION_BATCH_RECORDS = 1_000;
const DEAD_LETTER: TopicSpec = { name: TOPICS.deadLetter, partitions: 1 };
const KEPT_FOR_EVER: readonly string[] = [TOPICS.edits];
const SILENT: BusLogger = { warn: () => {}, error: () => {} };

/** The product's topics as the embedded profile has them. */
export const DEFAULT_TOPICS: readonly TopicSpec[] = [
  { name: TOPICS.toManager, partitions: 12 },
  { name: TOPICS.fromManager, partitions: 12 },
  { name: TOPICS.edits, partitions: 1 },
  { name: TOPICS.audit, partitions: 12 },
  { name: TOPICS.journeys, partitions: 12, compacted: true },
  { name: TOPICS.services, partitions: 1, compacted: true },
  DEAD_LETTER,
];

export interface EmbeddedBusOptions {
  /** The SQLite file; its folder is made if it is missing. */
  file: string;
  /** Milliseconds since 1970; default Date.now. */
  clock?: () => number;
  /** Topics to create where they are missing; default DEFAULT_TOPICS. The dead letters' topic is always there. */
  topics?: readonly TopicSpec[];
  /** How long records are kept, in milliseconds; default 7 days. Flows are kept for ever, compacted topics by key. */
  retentionMs?: number;
  logger?: BusLogger;
}

/**
 * Opens the file for this process alone. Throws AntigraphError `data_folder_locked`, `data_folder_unwritable`,
 * `data_folder_corrupt`, `data_folder_newer` or `topics_differ`, each naming the file.
 */
export function openEmbeddedBus(options: EmbeddedBusOptions): ObservableBus {
  const storage = new Storage(options.file);
  try {
    return new EmbeddedBus(storage, options);
  } catch (error) {
    storage.close();
    throw explainOpenError(error, options.file);
  }
}

/** The bus on a storage that is open already: tests give one that fails. */
export class EmbeddedBus implements ObservableBus {
  readonly kind = "embedded";
  private readonly storage: Storage;
  private readonly logger: BusLogger;
  private readonly registry: Topics;
  private readonly retention: Retention;
  private readonly workers: Workers;
  private readonly commits: GroupCommit;
  private readonly consumers: Consumers;
  private readonly subscriptions = new Set<Subscription>();
  private readonly closing = new AbortController();
  private readonly retentionMs: number;

  constructor(storage: Storage, options: Omit<EmbeddedBusOptions, "file">) {
    const {
      topics = DEFAULT_TOPICS,
      clock = Date.now,
      retentionMs = DEFAULT_RETENTION_MS,
      logger = SILENT,
    } = options;
    this.storage = storage;
    this.logger = logger;
    this.retentionMs = retentionMs;
    const deadLetter = topics.some(({ name }) => name === DEAD_LETTER.name) ? [] : [DEAD_LETTER];
    this.registry = new Topics(storage, [...topics, ...deadLetter]);
    const deadLetters = this.registry.log(DEAD_LETTER.name, 0);
    this.workers = new Workers({ storage, topics: this.registry, deadLetters, clock, logger });
    this.commits = new GroupCommit(storage, this.registry, this.workers, clock, logger);
    this.workers.connect(this.commits);
    this.consumers = new Consumers(storage, this.registry, this.commits, logger);
    this.retention = new Retention(storage, this.registry, {
      retentionMs,
      keptForEver: KEPT_FOR_EVER,
      clock,
      logger,
    });
    this.retention.start();
  }

  async topics(): Promise<TopicInfo[]> {
    return this.registry.describe().map((topic) => {
      if (topic.compacted) return topic;
      return { ...topic, retentionMs: KEPT_FOR_EVER.includes(topic.name) ? -1 : this.retentionMs };
    });
  }

  async offsets(topic: string): Promise<PartitionOffsets[]> {
    return this.registry.get(topic).logs.map(({ partition, start, end }) => ({ partition, start, end }));
  }

  async offsetsAt(topic: string, time: number): Promise<Record<number, number>> {
    this.assertOpen();
    return Object.fromEntries(this.registry.get(topic).logs.map((log) => [log.partition, log.offsetAt(time)]));
  }

  async progress(groups: readonly string[], topic: string): Promise<GroupProgress[]> {
    return (await this.groups())
      .filter(({ group }) => groups.includes(group))
      .map(({ group, members, topics }) => {
        const positions = topics.filter((position) => position.topic === topic);
        return {
          ...{ group, members },
          positions: Object.fromEntries(positions.map(({ partition, committed }) => [partition, committed])),
        };
      });
  }

  async cluster(): Promise<ClusterInfo> {
    return { brokers: [{ id: 0, host: "this console", controller: true }] };
  }

  async groups(): Promise<GroupInfo[]> {
    this.assertOpen();
    const groups = new Map<string, GroupInfo>();
    for (const { id, group: name, topic, partition, next } of this.storage.positions()) {
      const group = groups.get(name) ?? { group: name, members: 0, topics: [] };
      groups.set(name, group);
      if (partition === 0) group.members += this.workers.members(name, topic) + this.consumers.members(name, topic);
      const { end } = this.registry.log(topic, partition);
      const committed = this.commits.pendingPosition(id) ?? next;
      group.topics.push({ topic, partition, committed, end, lag: end - committed });
    }
    return [...groups.values()];
  }

  append(records: NewRecord[]): Promise<Placement[]> {
    return this.commits.append(records);
  }

  async read(query: ReadQuery): Promise<ReadResult> {
    this.assertOpen();
    return read(this.registry, query, this.closing.signal);
  }

  async subscribe(
    topic: string,
    onRecords: (records: BusRecord[]) => void | Promise<void>,
    from: Record<number, number> | "end" = {},
  ): Promise<Subscription> {
    this.assertOpen();
    const cursors = this.registry.get(topic).logs.map((log) => {
      return { log, position: from === "end" ? log.end : (from[log.partition] ?? log.start) };
    });
    for (const { log, position } of cursors) log.check(position);
    const subscription: Delivery = new Delivery(cursors, {
      name: `a subscription to ${topic}`,
      limit: SUBSCRIPTION_BATCH_RECORDS,
      onRecords,
      claim: () => ({ cursors }),
      onClose: () => this.subscriptions.delete(subscription),
      logger: this.logger,
    });
    this.subscriptions.add(subscription);
    return subscription;
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    this.assertOpen();
    return this.consumers.join(options);
  }

  async work(worker: Worker): Promise<WorkHandle> {
    this.assertOpen();
    return this.workers.join(worker);
  }

  /** Lets running callbacks finish, commits what is pending, and lets go of the file. */
  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    await Promise.all([
      this.consumers.close(),
      ...[...this.subscriptions].map((subscription) => subscription.close()),
    ]);
    this.retention.stop();
    this.commits.close();
    this.workers.close();
    this.storage.close();
  }

  private assertOpen(): void {
    if (this.closing.signal.aborted) throw new AntigraphError("bus_unavailable", `${this.storage.file} is closed.`);
  }
}
