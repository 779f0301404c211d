/** Topics of their own for a `CountingWorker` on a real cluster, and buses on data folders that go with the test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { onTestFinished } from "vitest";
import type { Bus, BusLogger } from "../../engine/bus/bus.ts";
import { openKafkaBus } from "../../engine/bus/kafka/bus.ts";
import { partitionFor } from "../../engine/core/murmur2.ts";
import { CountingWorker } from "./bus-worker.ts";

const KNOWN_TIMEOUT_MS = 10_000;

export interface WorkerTopics {
  topic: string;
  out: string;
  state: string;
  deadLetters: string;
  group: string;
}

export function workerTopics(): WorkerTopics {
  const id = crypto.randomUUID().slice(0, 8);
  return {
    ...{ topic: `input-${id}`, out: `output-${id}`, state: `state-${id}` },
    ...{ deadLetters: `letters-${id}`, group: `group-${id}` },
  };
}

export interface TopicSettings {
  partitions?: number;
  /** Of each partition. */
  replicas?: number[][];
  /** Configuration of the output topic. */
  output?: Record<string, string>;
}

/** Makes them, and waits until they are known. */
export async function createWorkerTopics(
  brokers: string[],
  { topic, out, state, deadLetters }: WorkerTopics,
  { partitions = 1, replicas, output = {} }: TopicSettings = {},
): Promise<void> {
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const compacted = { "cleanup.policy": "compact" };
  const configs: Record<string, Record<string, string>> = {
    [topic]: {},
    [out]: output,
    [state]: compacted,
    [`${state}.closed`]: compacted,
  };
  const entries = (config: Record<string, string>) =>
    Object.entries(config).map(([name, value]) => ({ name, value }));
  const placed = replicas
    ? { replicaAssignment: replicas.map((brokers, partition) => ({ partition, replicas: brokers })) }
    : { numPartitions: partitions };
  await admin.createTopics({
    waitForLeaders: false,
    topics: [
      ...Object.entries(configs).map(([name, config]) => ({
        topic: name,
        ...placed,
        configEntries: entries(config),
      })),
      { topic: deadLetters, numPartitions: 1 },
    ],
  });
  const topics = [...Object.keys(configs), deadLetters];
  for (const deadline = Date.now() + KNOWN_TIMEOUT_MS; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    try {
      await admin.fetchTopicMetadata({ topics });
      break;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
  await admin.disconnect();
}

export async function deleteTopics(brokers: string[], topics: string[]): Promise<void> {
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.deleteTopics({ topics });
  for (;;) {
    const left = await admin.listTopics();
    if (!topics.some((topic) => left.includes(topic))) break;
  }
  await admin.disconnect();
}

export function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-worker-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function openWorkerBus(
  brokers: string[],
  { state, deadLetters }: WorkerTopics,
  dataDir = dataFolder(),
  logger?: BusLogger,
): Promise<Bus> {
  const bus = await openKafkaBus({ brokers, dataDir, deadLetters, logger, changelogOf: () => state });
  onTestFinished(() => bus.close());
  return bus;
}

/** A key that lies in this partition. */
export function keyIn(partition: number, partitions: number): string {
  for (let index = 0; ; index++) if (partitionFor(`k${index}`, partitions) === partition) return `k${index}`;
}

export const countingWorker = ({ topic, out, group }: WorkerTopics): CountingWorker =>
  new CountingWorker({ topic, out, group });
