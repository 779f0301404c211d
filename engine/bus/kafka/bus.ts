/**
 * The Kafka bus: the port of bus.ts on a real cluster.
 *
 * The way of a record: append.ts (idempotent, or a transaction) -> fetcher.ts (one loop for each leading broker) ->
 * work.ts (partitions of this process, group commit) -> produce.ts (the transaction) -> delivery.ts and read.ts
 * (subscribers, groups, long polls). Who may work on a partition is settled by member.ts, and enforced by claims.ts.
 */

import type { Admin, default as Kafkajs } from "kafkajs";
import { AntigraphError } from "../../core/errors.ts";
import { TOPICS } from "../../core/protocol.ts";
import { closedTopic } from "../../core/topic-names.ts";
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
import { Appender, type Placement } from "./append.ts";
import { calmLogger } from "./calm-logger.ts";
import { Checkpoints } from "./checkpoint.ts";
import { type Client, type Connection, createClient, type KafkaConnection } from "./client.ts";
import { ClosedStore } from "./closed-store.ts";
import { type Consumer, consume } from "./consume.ts";
import { Delivery } from "./delivery.ts";
import { topicNotFound, typeOf, unavailable } from "./errors.ts";
import { Progress } from "./group-progress.ts";
import { describeGroups } from "./groups.ts";
import { Observer } from "./observe.ts";
import { knowTopic, outOfLog, Reader } from "./read.ts";
import { describeTopics } from "./topics.ts";
import type { WireFormat } from "./wire-format.ts";
import { WorkSession } from "./work.ts";

const SUBSCRIPTION_BATCH_RECORDS = 1_000;
const SILENT: BusLogger = { warn: () => {}, error: () => {} };

export interface KafkaBusOptions extends KafkaConnection {
  /** Milliseconds since 1970; default Date.now. */
  clock?: () => number;
  logger?: BusLogger;
  /** For what this process keeps beside the cluster: the state of ended journeys. */
  dataDir: string;
  /** Of all transactional ids; default `antigraph.`. Managers that share partitions have the same. */
  idPrefix?: string;
  /** The topic of what a worker can't take; default `antigraph.deadletter`. */
  deadLetters?: string;
  /** The state changelog of a worker's topic; default `antigraph.journeys`. Ended state goes to the same, `.closed`. */
  changelogOf?: (topic: string) => string;
  /** Where the profile has a schema registry: Confluent's wire format is read, and written where this says so. */
  wire?: WireFormat | undefined;
}

/** Loads kafkajs and reaches a broker. Throws `bus_unavailable`. */
export async function openKafkaBus(options: KafkaBusOptions): Promise<ObservableBus> {
  const logger = calmLogger(options.logger ?? SILENT);
  const client = await createClient(options, logger);
  const { AssignerProtocol } = (await import("kafkajs")).default;
  const bus = new KafkaBus(client, AssignerProtocol, options, logger);
  try {
    await bus.connect();
  } catch (error) {
    await bus.close();
    throw unavailable(options.brokers.join(", "), error);
  }
  return bus;
}

class KafkaBus implements ObservableBus {
  readonly kind = "kafka";
  private readonly client: Client;
  private readonly options: KafkaBusOptions;
  private readonly codec: typeof Kafkajs.AssignerProtocol;
  private readonly logger: BusLogger;
  private readonly admin: Admin;
  private readonly inspecting: Connection;
  private readonly producing: Connection;
  private readonly appender: Appender;
  private readonly reader: Reader;
  private readonly groupProgress: Progress;
  private readonly observer: Observer;
  private readonly consumers = new Set<Consumer>();
  private readonly subscriptions = new Set<Subscription>();
  private readonly sessions = new Set<WorkSession>();
  private readonly closedStores = new Map<string, Promise<ClosedStore>>();
  private readonly checkpoints = new Map<string, Checkpoints>();
  private readonly closing = new AbortController();

  constructor(client: Client, codec: typeof Kafkajs.AssignerProtocol, options: KafkaBusOptions, logger: BusLogger) {
    this.client = client;
    this.options = options;
    this.codec = codec;
    this.logger = logger;
    this.admin = client.kafka.admin();
    this.inspecting = client.connection("all");
    this.producing = client.connection();
    this.appender = new Appender(this.producing, `${options.idPrefix ?? "antigraph."}append-${crypto.randomUUID()}`);
    this.groupProgress = new Progress(client.connection());
    this.reader = new Reader(client, this.closing.signal);
    this.observer = new Observer(client, this.admin);
  }

  async connect(): Promise<void> {
    await Promise.all([this.admin.connect(), this.producing.connect()]);
  }

  async topics(): Promise<TopicInfo[]> {
    this.assertOpen();
    return describeTopics(this.admin, this.client);
  }

  async groups(): Promise<GroupInfo[]> {
    this.assertOpen();
    return describeGroups(this.admin, this.client, this.codec, (group, topic, partition) => {
      const session = [...this.sessions].find(({ worker }) => worker.group === group && worker.topic === topic);
      return session?.positionOf(partition);
    });
  }

  async offsets(topic: string): Promise<PartitionOffsets[]> {
    this.assertOpen();
    return this.observer.offsets(topic);
  }

  async offsetsAt(topic: string, time: number): Promise<Record<number, number>> {
    this.assertOpen();
    return this.observer.offsetsAt(topic, time);
  }

  async progress(groups: readonly string[], topic: string): Promise<GroupProgress[]> {
    this.assertOpen();
    return this.groupProgress.of(groups, topic);
  }

  async cluster(): Promise<ClusterInfo> {
    this.assertOpen();
    return this.observer.cluster();
  }

  append(records: NewRecord[]): Promise<Placement[]> {
    return this.appender.append(records);
  }

  async read(query: ReadQuery): Promise<ReadResult> {
    this.assertOpen();
    return this.reader.read(query);
  }

  async subscribe(
    topic: string,
    onRecords: (records: BusRecord[]) => void | Promise<void>,
    from: Record<number, number> | "end" = {},
  ): Promise<Subscription> {
    this.assertOpen();
    const connection = this.client.connection();
    try {
      const { positions, ends, later } = await whereToBegin(connection, topic, from);
      const delivery = new Delivery({
        name: `a subscription to ${topic}`,
        connection,
        topic,
        limit: SUBSCRIPTION_BATCH_RECORDS,
        onRecords,
        logger: this.logger,
      });
      for (const [partition, offset] of positions) delivery.add(partition, offset);
      void delivery.addLater(later, (partition, start, end) => (from === "end" ? end : (from[partition] ?? start)));
      delivery.aim(ends);
      const subscription: Subscription = {
        caughtUp: delivery.caughtUp,
        upToDate: () => delivery.upToDate(),
        close: async () => {
          this.subscriptions.delete(subscription);
          await delivery.close();
          connection.close();
        },
      };
      this.subscriptions.add(subscription);
      return subscription;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    this.assertOpen();
    const consumer = await consume({ client: this.client, codec: this.codec, logger: this.logger }, options);
    this.consumers.add(consumer);
    return {
      caughtUp: consumer.caughtUp,
      upToDate: () => consumer.upToDate(),
      drain: () => consumer.drain(),
      close: async () => {
        this.consumers.delete(consumer);
        await consumer.close();
      },
    };
  }

  /** Throws `topic_not_found`, `offset_out_of_range`, `bus_unavailable`, or what the worker's `restore` throws. */
  async work(worker: Worker): Promise<WorkHandle> {
    this.assertOpen();
    const state = this.options.changelogOf?.(worker.topic) ?? TOPICS.journeys;
    const changelog = { state, closed: closedTopic(state) };
    const session = new WorkSession(worker, {
      client: this.client,
      codec: this.codec,
      inspecting: this.inspecting,
      changelog,
      closed: await this.closedStore(changelog.closed),
      checkpoints: this.checkpointsOf(changelog.state),
      deadLetters: this.options.deadLetters ?? TOPICS.deadLetter,
      idPrefix: this.options.idPrefix ?? "antigraph.",
      clock: this.options.clock ?? Date.now,
      logger: this.logger,
    });
    this.sessions.add(session);
    try {
      const handle = await session.start();
      return {
        ...handle,
        stop: async () => {
          this.sessions.delete(session);
          await handle.stop();
        },
      };
    } catch (error) {
      this.sessions.delete(session);
      await session.stop();
      // What the worker's restore throws is the caller's own; what Kafka refuses is told in this bus's words.
      throw typeOf(error) === undefined ? error : unavailable(worker.topic, error);
    }
  }

  /** Lets running callbacks finish, stores what is under way, and leaves the cluster. */
  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    await Promise.all([...this.sessions].map((session) => session.stop()));
    await Promise.all([...this.consumers, ...this.subscriptions].map((it) => it.close()));
    for (const store of this.closedStores.values()) await store.then((it) => it.close()).catch(() => {});
    for (const checkpoints of this.checkpoints.values()) await checkpoints.close();
    await this.appender.close();
    this.reader.close();
    this.groupProgress.close();
    this.observer.close();
    this.producing.close();
    this.inspecting.close();
    this.admin.disconnect().catch(() => {});
  }

  /** One for all workers of this process that share a changelog. */
  private checkpointsOf(topic: string): Checkpoints {
    const { logger } = this;
    const { dataDir } = this.options;
    const found = this.checkpoints.get(topic) ?? new Checkpoints({ dataDir, topic, clock: Date.now, logger });
    this.checkpoints.set(topic, found);
    return found;
  }

  /** One for all workers of this process that share a changelog. */
  private closedStore(topic: string): Promise<ClosedStore> {
    const known = this.closedStores.get(topic);
    if (known !== undefined) return known;
    const { dataDir, clock = Date.now } = this.options;
    const store = new ClosedStore(this.client, { dataDir, topic, clock, logger: this.logger });
    const started = store.start().then(
      () => store,
      async (error: unknown) => {
        this.closedStores.delete(topic);
        await store.close();
        throw typeOf(error) === "UNKNOWN_TOPIC_OR_PARTITION" ? topicNotFound(topic) : unavailable(topic, error);
      },
    );
    this.closedStores.set(topic, started);
    return started;
  }

  private assertOpen(): void {
    if (this.closing.signal.aborted) throw new AntigraphError("bus_unavailable", "The bus is closed.");
  }
}

/** Throws `topic_not_found`, `offset_out_of_range` or `bus_unavailable`. */
async function whereToBegin(
  connection: Connection,
  topic: string,
  from: Record<number, number> | "end",
): Promise<{ positions: Map<number, number>; ends: Map<number, number>; later: number[] }> {
  await knowTopic(connection, topic);
  const { starts, ends, later } = await connection.logs(topic);
  const positions = from === "end" ? new Map(ends) : new Map(starts);
  if (from === "end") return { positions, ends, later };
  for (const [name, offset] of Object.entries(from)) {
    const partition = Number(name);
    if (later.includes(partition)) continue;
    const start = starts.get(partition) ?? 0;
    const end = ends.get(partition) ?? 0;
    if (offset < start || offset > end) throw outOfLog({ topic, partition, offset, start, end });
    positions.set(partition, offset);
  }
  return { positions, ends, later };
}
