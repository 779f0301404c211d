/** Where partitions lie on a test's cluster, and how they are moved. */
import { type Admin, Kafka, logLevel } from "kafkajs";
import type { TopicNames } from "../../engine/core/topic-names.ts";
import type { Random } from "../simulation/random.ts";
import type { KafkaCluster } from "../support/kafka-cluster.ts";

const RETRY_MS = 50;

async function withAdmin<T>(cluster: KafkaCluster, act: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Kafka({ brokers: cluster.directAddresses, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await act(admin);
  } finally {
    await admin.disconnect();
  }
}

/** The id of the broker that leads a partition. */
export function leaderOf(cluster: KafkaCluster, topic: string, partition: number): Promise<number> {
  return withAdmin(cluster, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const found = topics[0]?.partitions.find(({ partitionId }) => partitionId === partition);
    if (found === undefined) throw new Error(`${topic} has no partition ${partition}`);
    return found.leader;
  });
}

/** Puts the replicas of a random half of the partitions into another order: the controller makes the first one leader. */
export function moveLeaders(cluster: KafkaCluster, names: string[], random: Random): Promise<void> {
  return withAdmin(cluster, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: names });
    await admin.alterPartitionReassignments({
      topics: topics.map(({ name, partitions }) => ({
        topic: name,
        partitionAssignment: partitions
          .filter(() => random.chance(0.5))
          .map(({ partitionId, replicas }) => ({
            partition: partitionId,
            replicas: [...replicas.slice(1), ...replicas.slice(0, 1)],
          })),
      })),
    });
  });
}

/** Makes the topics whose partitions belong together so that one of these lies on one broker only. */
export function onOneBroker(
  cluster: KafkaCluster,
  names: TopicNames,
  partitions: number,
  lonely: { partition: number; broker: number },
): Promise<void> {
  const others = cluster.brokers.map(({ id }) => id).filter((id) => id !== lonely.broker);
  const replicaAssignment = Array.from({ length: partitions }, (_, partition) => ({
    partition,
    // A topic's partitions all have the same number of copies; with the broker nothing but this partition is away.
    replicas: [partition === lonely.partition ? lonely.broker : (others[partition % others.length] ?? 1)],
  }));
  return withAdmin(cluster, async (admin) => {
    await admin.createTopics({
      waitForLeaders: false,
      topics: [names.toManager, names.audit, names.journeys, `${names.journeys}.closed`].map((topic) => ({
        topic,
        replicaAssignment,
        configEntries: [
          { name: "min.insync.replicas", value: "1" },
          ...(topic.startsWith(names.journeys) ? [{ name: "cleanup.policy", value: "compact" }] : []),
        ],
      })),
    });
  });
}

/** A broker that comes back has to look through the logs of every topic. */
export function deleteTopics(cluster: KafkaCluster, prefix: string): Promise<void> {
  return withAdmin(cluster, async (admin) => {
    const topics = (await admin.listTopics()).filter((name) => name.startsWith(prefix));
    await admin.deleteTopics({ topics });
  });
}

/**
 * Resolves when a bare client can write to every partition in a transaction. It is aborted: nobody sees what was written.
 */
export async function untilWritable(cluster: KafkaCluster, topic: string): Promise<void> {
  const partitions = await withAdmin(cluster, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.map(({ partitionId }) => partitionId) ?? [];
  });
  const kafka = new Kafka({ brokers: cluster.directAddresses, logLevel: logLevel.NOTHING, retry: { retries: 1 } });
  // The same one, so that a try aborts what the one before it left open: that would hide all later records for a minute.
  const transactionalId = crypto.randomUUID();
  for (;;) {
    const producer = kafka.producer({
      transactionalId,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    try {
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: partitions.map((partition) => ({ partition, value: "probe" })) });
      await transaction.abort();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    } finally {
      await producer.disconnect().catch(() => {});
    }
  }
}
