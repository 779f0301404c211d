/**
 * The way to the brokers. From kafkajs come connections, security, metadata and the wire protocol, through its `Cluster`
 * and `Broker`; producers, consumers and their retries are this adapter's own, because kafkajs's can't be made right
 * from outside:
 *
 *   - its `sendBatch` skips or repeats partitions when a leader moves while it retries            -> produce.ts
 *   - its consumer jumps silently when an offset lies below the log's start                       -> fetch.ts
 *   - it sends heartbeats only between callbacks, and works on for partitions it has lost (#1046) -> member.ts
 *   - it throws metadata away as a whole when one partition has no leader                         -> requests.ts
 *   - it takes a record with a certain key for the end of an aborted transaction           -> record-batches.ts
 *
 * kafkajs is loaded when the first bus is opened: whoever stays on the embedded one doesn't pay for it.
 */
import net from "node:net";
import tls from "node:tls";
import type { Cluster, ISocketFactory, Kafka, KafkaConfig, logLevel } from "kafkajs";
import type { TopicSettings } from "../../core/topic-names.ts";
import type { RegistryAccess } from "../../registry/access.ts";
import type { BusLogger } from "../bus.ts";
import { asKafkaBroker, type CoordinatorRequest, type KafkaBroker, type TopicPartitions } from "./broker.ts";
import { delay, isFinal, typeOf } from "./errors.ts";
import { adaptClusters } from "./requests.ts";
import type { WireFormat } from "./wire-format.ts";

const CONNECTION_TIMEOUT_MS = 3_000;
/** An answer that takes longer counts as lost: a stopped broker, a cut line. */
const REQUEST_TIMEOUT_MS = 10_000;
/** For metadata, looked up again in between when a request says that it is stale. */
const METADATA_MAX_AGE_MS = 30_000;
const TRANSACTION_COORDINATOR = 1;
const RETRY_TIMEOUT_MS = 10_000;
const RETRY_MAXIMUM_MS = 500;
const LOGS_TIMEOUT_MS = 20_000;
const UNHEARD_TIMEOUT_MS = 5_000;
const UNHEARD_CHECK_MS = 200;

export interface KafkaConnection {
  /** `host:port` each; one that can be reached is enough. */
  brokers: string[];
  clientId?: string;
  ssl?: KafkaConfig["ssl"];
  sasl?: KafkaConfig["sasl"];
}

/** A cluster, and what is called how on it by those who work together there. */
export interface KafkaInstallation extends KafkaConnection {
  /** In front of the topics' names, the groups' and the transactional ids. */
  prefix: string;
  /** Topics that have names of their own. */
  topics: TopicSettings;
  /** Where there is a schema registry. */
  registry?: RegistryAccess;
}

/** Offsets by partition. */
export interface Logs {
  starts: Map<number, number>;
  ends: Map<number, number>;
  later: number[];
}

/** Connections of their own to the brokers: whoever waits in a long poll keeps nobody else waiting. */
export class Connection {
  readonly cluster: Cluster;
  /** How values are written, and that they are unwrapped when they are read; undefined: as they are. */
  readonly wire: WireFormat | undefined;
  private connected: Promise<void> | undefined;
  private readonly known = new Set<string>();
  private readonly fetchTurns = new Map<string, Promise<void>>();

  constructor(cluster: Cluster, wire?: WireFormat) {
    this.cluster = cluster;
    this.wire = wire;
  }

  connect(): Promise<void> {
    this.connected ??= this.cluster.connect().catch((error: unknown) => {
      this.connected = undefined;
      throw error;
    });
    return this.connected;
  }

  /** Loads the topics' metadata. Rejects with type UNKNOWN_TOPIC_OR_PARTITION. */
  async know(...topics: string[]): Promise<void> {
    const unknown = topics.filter((topic) => !this.known.has(topic));
    if (unknown.length === 0) return;
    await this.connect();
    await this.cluster.addMultipleTargetTopics(unknown);
    // After a try that failed, kafkajs takes the topics for known without ever asking for them again.
    if (unknown.some((topic) => this.partitionsOf(topic) === 0)) await this.cluster.refreshMetadata();
    const missing = unknown.filter((topic) => this.partitionsOf(topic) === 0);
    if (missing.length > 0) throw new Error(`the brokers say nothing of ${missing.join(", ")} yet`);
    for (const topic of unknown) this.known.add(topic);
  }

  /**
   * The same for who needs the topics: a broker that has just come back, or has much to do, hears of a new topic late, and
   * says until then that there is none.
   */
  async meet(...topics: string[]): Promise<void> {
    for (const deadline = Date.now() + UNHEARD_TIMEOUT_MS; ; await delay(UNHEARD_CHECK_MS)) {
      try {
        await this.know(...topics);
        return;
      } catch (error) {
        if (typeOf(error) !== "UNKNOWN_TOPIC_OR_PARTITION" || Date.now() > deadline) throw error;
      }
    }
  }

  /** Partitions of a topic that is known here; 0 for one that isn't. */
  partitionsOf(topic: string): number {
    return this.cluster.findTopicPartitionMetadata(topic).length;
  }

  allPartitions(topic: string): number[] {
    return Array.from({ length: this.partitionsOf(topic) }, (_, partition) => partition);
  }

  /** The broker that leads a partition; undefined while none does. */
  leaderOf(topic: string, partition: number): string | undefined {
    const found = this.cluster.findTopicPartitionMetadata(topic).find((it) => it.partitionId === partition);
    return found === undefined || found.leader < 0 ? undefined : String(found.leader);
  }

  /** The broker ids that keep a partition of a topic that is known here. */
  placeOf(topic: string, partition: number): { leader?: number; replicas?: number[]; inSync?: number[] } {
    const found = this.cluster.findTopicPartitionMetadata(topic).find((it) => it.partitionId === partition);
    if (found === undefined) return {};
    return { ...(found.leader >= 0 && { leader: found.leader }), replicas: found.replicas, inSync: found.isr };
  }

  async broker(nodeId: string): Promise<KafkaBroker> {
    return asKafkaBroker(await this.cluster.findBroker({ nodeId }));
  }

  /**
   * Fetches one after the other from each broker, as Kafka answers them on one connection anyway. kafkajs opens a
   * connection for each fetch that finds none, and loses all but the last.
   */
  async inFetchTurn<T>(nodeId: string, fetch: () => Promise<T>): Promise<T> {
    const before = this.fetchTurns.get(nodeId) ?? Promise.resolve();
    const turn = before.then(fetch);
    this.fetchTurns.set(
      nodeId,
      turn.then(
        () => {},
        () => {},
      ),
    );
    return turn;
  }

  async anyBroker(): Promise<KafkaBroker> {
    return asKafkaBroker(await this.cluster.findControllerBroker());
  }

  async groupCoordinator(groupId: string): Promise<KafkaBroker> {
    return this.coordinator({ groupId });
  }

  async transactionCoordinator(transactionalId: string): Promise<KafkaBroker> {
    return this.coordinator({ groupId: transactionalId, coordinatorType: TRANSACTION_COORDINATOR });
  }

  private async coordinator(request: CoordinatorRequest): Promise<KafkaBroker> {
    await this.connect();
    try {
      return asKafkaBroker(await this.cluster.findGroupCoordinator(request));
    } catch (error) {
      // kafkajs takes a missing right for a missing coordinator: a broker, asked directly, says which it is.
      if (error instanceof Error && error.name === "KafkaJSGroupCoordinatorNotFound") {
        await (await this.anyBroker()).findGroupCoordinator(request);
      }
      throw error;
    }
  }

  /** What a request failed with may be stale metadata: the next one looks again. */
  async refresh(): Promise<void> {
    try {
      await this.cluster.refreshMetadata();
    } catch {
      // All brokers gone: the caller's next request says so, with more of a reason.
      await delay(100);
    }
  }

  /** Offsets by partition: the log's starts, or its ends as readers of committed records see them. */
  async offsets(topic: string, partitions: number[], which: "start" | "end"): Promise<Map<number, number>> {
    await this.retry(() => this.know(topic));
    return (await this.retry(() => this.askOffsets([{ topic, partitions }], which))).get(topic) ?? new Map();
  }

  /**
   * Where the logs of a topic begin and end. Of partitions that have no leader nothing can be told: they are `later`, unless
   * none has one: then it rejects.
   */
  async logs(topic: string): Promise<Logs> {
    await this.retry(() => this.know(topic));
    const { starts, ends } = await this.logsOf([topic]);
    const known = ends.get(topic) ?? new Map();
    const later = this.allPartitions(topic).filter((partition) => !known.has(partition));
    return { starts: starts.get(topic) ?? new Map(), ends: known, later };
  }

  /** The same of topics that are known here, with one request to each broker. */
  async logsOf(topics: readonly string[]): Promise<Record<"starts" | "ends", Map<string, Map<number, number>>>> {
    // A leader that is gone is known to be gone when the controller has missed it for a session.
    return this.retry(async () => {
      const all = topics.map((topic) => ({ topic, partitions: this.allPartitions(topic) }));
      const led = all.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.filter((partition) => this.leaderOf(topic, partition) !== undefined),
      }));
      const some = led.filter(({ partitions }) => partitions.length > 0);
      const wanted = some.length > 0 ? some : all;
      return { starts: await this.askOffsets(wanted, "start"), ends: await this.askOffsets(wanted, "end") };
    }, LOGS_TIMEOUT_MS);
  }

  private async askOffsets(
    wanted: TopicPartitions[],
    which: "start" | "end",
  ): Promise<Map<string, Map<number, number>>> {
    const found = await this.cluster.fetchTopicsOffset(
      wanted.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((partition) => ({ partition })),
        fromBeginning: which === "start",
      })),
    );
    const offsets = new Map(
      found.map(({ topic, partitions }) => [
        topic,
        new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)])),
      ]),
    );
    for (const { topic, partitions } of wanted) {
      if (offsets.get(topic)?.size === partitions.length) continue;
      throw new Error(`a partition of ${topic} has no leader now`);
    }
    return offsets;
  }

  /** Readers of committed records see everything before these offsets. Not sure is no. */
  async areVisible(ends: readonly { topic: string; partition: number; end: number }[]): Promise<boolean> {
    const topics = new Map<string, { partition: number }[]>();
    for (const { topic, partition } of ends) topics.set(topic, [...(topics.get(topic) ?? []), { partition }]);
    try {
      const request = [...topics].map(([topic, partitions]) => ({ topic, partitions, fromBeginning: false }));
      const answers = await this.cluster.fetchTopicsOffset(request);
      const stable = new Map(
        answers.flatMap(({ topic, partitions }) =>
          partitions.map(({ partition, offset }) => [`${partition} ${topic}`, Number(offset)]),
        ),
      );
      return ends.every(({ topic, partition, end }) => (stable.get(`${partition} ${topic}`) ?? 0) >= end);
    } catch {
      return false;
    }
  }

  /** For requests that change nothing: tried again while leaders and coordinators move, or until `signal` is aborted. */
  async retry<T>(request: () => Promise<T>, timeoutMs = RETRY_TIMEOUT_MS, signal?: AbortSignal): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (let waitMs = 10; ; waitMs = Math.min(RETRY_MAXIMUM_MS, waitMs * 2)) {
      try {
        return await request();
      } catch (error) {
        const isKnown = isFinal(error) || typeOf(error) === "UNKNOWN_TOPIC_OR_PARTITION";
        if (isKnown || signal?.aborted === true || Date.now() > deadline) throw error;
        await this.refresh();
        await delay(waitMs, signal);
      }
    }
  }

  /** Doesn't wait for what is under way: its answers are no longer wanted. */
  close(): void {
    this.connected = undefined;
    this.cluster.disconnect().catch(() => {});
  }
}

/** All that is needed to make connections. */
export class Client {
  readonly kafka: Kafka;
  private readonly wire: WireFormat | undefined;

  constructor(kafka: Kafka, wire?: WireFormat) {
    adaptClusters(kafka);
    this.kafka = kafka;
    this.wire = wire;
  }

  /** @param isolation what the ends of logs are: behind the last committed record, or behind the last of all */
  connection(isolation: "committed" | "all" = "committed"): Connection {
    let cluster: Cluster | undefined;
    // kafkajs hands its cluster to partition assigners, and to nobody else.
    this.kafka.consumer({
      groupId: "antigraph",
      readUncommitted: isolation === "all",
      allowAutoTopicCreation: false,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      partitionAssigners: [
        (config) => {
          cluster = config.cluster;
          return { name: "none", version: 0, assign: async () => [], protocol: () => NO_PROTOCOL };
        },
      ],
    });
    if (cluster === undefined) throw new Error("this version of kafkajs doesn't hand out its cluster");
    return new Connection(cluster, this.wire);
  }
}

const NO_PROTOCOL = { name: "none", metadata: Buffer.alloc(0) };

/**
 * kafkajs asks for timers of negative length (its issue #1751). They do no harm, but Node remarks on the first of a
 * process: it is made here, where nobody hears of it.
 */
function spendNegativeTimeoutWarning(): void {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    clearTimeout(setTimeout(() => {}, -1));
  } finally {
    process.emitWarning = emitWarning;
  }
}

const KEEP_ALIVE_MS = 60_000;

/** As kafkajs opens them, but for the listeners that it adds at each try while a broker is away. */
const openSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? tls.connect({ host, port, servername: net.isIP(host) === 0 ? host : "", ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect);
  socket.setMaxListeners(0);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
};

/** Loads kafkajs. Nothing is connected yet. */
export async function createClient(
  options: KafkaConnection & { wire?: WireFormat | undefined },
  logger: BusLogger,
): Promise<Client> {
  const { Kafka, logLevel } = (await import("kafkajs")).default;
  spendNegativeTimeoutWarning();
  const levels: Record<number, "warn" | "error"> = { [logLevel.WARN]: "warn", [logLevel.ERROR]: "error" };
  const logCreator = () => (entry: KafkajsEntry) => {
    const { message, timestamp: _at, logger: _who, ...details } = entry.log;
    const level = levels[entry.level];
    // What kafkajs calls an error is, for this adapter, the reason for its next try; it reports itself what it gives up.
    if (level !== undefined && !EXPECTED.test(message))
      logger.warn({ kafkajs: entry.namespace, ...details }, message);
  };
  const kafka = new Kafka({
    brokers: options.brokers,
    clientId: options.clientId ?? "antigraph",
    ssl: options.ssl,
    sasl: options.sasl,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    socketFactory: openSocket,
    retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 3 },
    logLevel: logLevel.WARN,
    logCreator,
  });
  return new Client(kafka, options.wire);
}

interface KafkajsEntry {
  level: logLevel;
  namespace: string;
  log: { message: string; timestamp?: unknown; logger?: unknown };
}

const EXPECTED =
  /Response (AddPartitionsToTxn|InitProducerId|EndTxn|Produce|Fetch|Heartbeat|JoinGroup|GroupCoordinator|DescribeGroups|SyncGroup|Metadata|OffsetCommit|ListOffsets)|Limiting retries|Connection error|Connection timeout|Failed to connect|group is rebalancing|Response without match/;
