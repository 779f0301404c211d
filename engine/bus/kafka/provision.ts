/**
 * The topics of a profile on a cluster: what is missing is created, what is there and differs is told, never changed. The
 * number of partitions is where a journey's home lies: it never changes under one prefix.
 */
import type { Admin } from "kafkajs";
import { closedTopic, type TopicNames } from "../../core/topic-names.ts";
import type { BusLogger } from "../bus.ts";
import { type Connection, createClient, type KafkaConnection } from "./client.ts";
import { delay, isFinal, typeOf, unavailable } from "./errors.ts";

const DEFAULT_PARTITIONS = 12;
const TOPIC_RESOURCE = 2;
const DEFAULT_RETENTION_MS = 7 * 86_400_000;
const KNOWN_TIMEOUT_MS = 10_000;
const KNOWN_CHECK_MS = 50;
/** The changelog of what is in flight is small; compacted soon, it is read soon at a restore. */
const CHANGELOG = {
  "cleanup.policy": "compact",
  "segment.bytes": "67108864",
  "segment.ms": "3600000",
  "min.cleanable.dirty.ratio": "0.1",
};

export interface ProvisionOptions extends KafkaConnection {
  topics: TopicNames;
  /** Of tomanager, fromanager, the audit and the journeys; default as many as those have that are there, else 12. */
  partitions?: number;
  /** Copies of each partition; default 3, or as many as there are brokers. */
  replication?: number;
  /** How long replies, commands, audit and ended journeys are kept, in milliseconds; default 7 days. */
  retentionMs?: number;
  logger?: BusLogger;
}

export interface Provisioned {
  created: string[];
  /** What is there in another form, in words: topic, what it has, what it should have. */
  differences: { topic: string; what: string; has: string; wanted: string }[];
}

interface TopicSpec {
  name: string;
  partitions: number;
  config: Record<string, string>;
}

/** What each topic should be. */
export function topicSpecs({
  topics,
  partitions = DEFAULT_PARTITIONS,
  retentionMs,
}: Pick<ProvisionOptions, "topics" | "partitions" | "retentionMs">): TopicSpec[] {
  const retention = String(retentionMs ?? DEFAULT_RETENTION_MS);
  const kept = { "cleanup.policy": "delete", "retention.ms": retention };
  return [
    { name: topics.toManager, partitions, config: kept },
    { name: topics.fromManager, partitions, config: kept },
    // Flows are kept for ever, and in the order of publishing.
    { name: topics.edits, partitions: 1, config: { "cleanup.policy": "delete", "retention.ms": "-1" } },
    { name: topics.audit, partitions, config: kept },
    { name: topics.journeys, partitions, config: CHANGELOG },
    {
      name: closedTopic(topics.journeys),
      partitions,
      config: { "cleanup.policy": "compact,delete", "retention.ms": retention },
    },
    { name: topics.services, partitions: 1, config: { "cleanup.policy": "compact" } },
    { name: topics.deadLetter, partitions: 1, config: kept },
  ];
}

/** Throws `bus_unavailable`. */
export async function provisionTopics(options: ProvisionOptions): Promise<Provisioned> {
  const logger = options.logger ?? { warn: () => {}, error: () => {} };
  const client = await createClient(options, logger);
  const admin = client.kafka.admin();
  const connection = client.connection();
  try {
    await admin.connect();
    await connection.connect();
    // Tells it which brokers there are.
    await connection.refresh();
    const existing = new Set(await admin.listTopics());
    const partitions = options.partitions ?? (await partitionsOfHomes(admin, options.topics, existing));
    const specs = topicSpecs({ ...options, partitions });
    const missing = specs.filter(({ name }) => !existing.has(name));
    const { brokers } = await admin.describeCluster();
    const replication = options.replication ?? Math.min(3, brokers.length);
    if (missing.length > 0) {
      await create(admin, missing, replication);
      const names = missing.map(({ name }) => name);
      await Promise.all(brokers.map(({ nodeId }) => untilKnown(connection, String(nodeId), names)));
    }
    const there = specs.filter(({ name }) => existing.has(name));
    return {
      created: missing.map(({ name }) => name),
      differences: await compare(admin, there, options),
    };
  } catch (error) {
    throw unavailable(options.brokers.join(", "), error);
  } finally {
    connection.close();
    await admin.disconnect().catch(() => {});
  }
}

/** Journeys have their homes in these: what is missing of them gets as many partitions as the others have. */
async function partitionsOfHomes(
  admin: Admin,
  { toManager, audit, journeys }: TopicNames,
  existing: ReadonlySet<string>,
): Promise<number | undefined> {
  const topic = [toManager, audit, journeys].find((name) => existing.has(name));
  if (topic === undefined) return undefined;
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics[0]?.partitions.length;
}

async function create(admin: Admin, specs: readonly TopicSpec[], replication: number): Promise<void> {
  await admin.createTopics({
    // kafkajs's own wait fails while the broker that it asks hasn't heard of the topics.
    waitForLeaders: false,
    topics: specs.map(({ name, partitions, config }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor: replication,
      configEntries: Object.entries(config).map(([entry, value]) => ({ name: entry, value })),
    })),
  });
}

/** Whoever comes next may ask any broker, and hears of it that a topic isn't there until the broker has learnt of it. */
export async function untilKnown(connection: Connection, nodeId: string, topics: string[]): Promise<void> {
  for (const deadline = Date.now() + KNOWN_TIMEOUT_MS; ; await delay(KNOWN_CHECK_MS)) {
    try {
      await (await connection.broker(nodeId)).metadata(topics);
      return;
    } catch (error) {
      // A broker that can't be reached from here keeps nobody waiting.
      if (typeOf(error) === undefined || isFinal(error)) return;
      if (Date.now() > deadline) throw error;
    }
  }
}

/** What nobody asked for, and the engine doesn't need, may be as it is. */
async function compare(
  admin: Admin,
  specs: readonly TopicSpec[],
  { topics, partitions: asked, replication, retentionMs }: ProvisionOptions,
): Promise<Provisioned["differences"]> {
  if (specs.length === 0) return [];
  const metadata = await admin.fetchTopicMetadata({ topics: specs.map(({ name }) => name) });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: specs.map(({ name, config }) => ({ type: TOPIC_RESOURCE, name, configNames: Object.keys(config) })),
  });
  const differences: Provisioned["differences"] = [];
  for (const { name, partitions, config } of specs) {
    const differ = (what: string, has: string, wanted: string) => {
      if (has !== wanted) differences.push({ topic: name, what, has, wanted });
    };
    const found = metadata.topics.find((topic) => topic.name === name)?.partitions ?? [];
    if (asked !== undefined || name !== topics.fromManager) {
      differ("partitions", String(found.length), String(partitions));
    }
    if (replication !== undefined) {
      const copies = Math.min(...found.map((partition) => partition.replicas.length));
      differ("replication", String(copies), String(replication));
    }
    const entries = resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? [];
    const isRetentionFixed = retentionMs !== undefined || name === topics.edits;
    for (const what of isRetentionFixed ? ["cleanup.policy", "retention.ms"] : ["cleanup.policy"]) {
      const wanted = config[what];
      const has = entries.find(({ configName }) => configName === what)?.configValue;
      if (wanted !== undefined && has !== undefined) differ(what, ordered(has), ordered(wanted));
    }
  }
  return differences;
}

/** `delete,compact` is `compact,delete`. */
const ordered = (list: string): string => list.split(",").sort().join(",");
