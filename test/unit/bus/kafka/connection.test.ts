import type { Cluster, PartitionMetadata } from "kafkajs";
import { expect, it, onTestFinished, vi } from "vitest";
import { Connection } from "../../../../engine/bus/kafka/client.ts";

type FakeCluster = Partial<Record<keyof Cluster, unknown>>;

/** As kafkajs does: a topic counts as a target before it was asked for, and is not asked for again. */
function clusterThatWasAway() {
  const targets = new Set<string>();
  let isAway = true;
  let loaded: string[] = [];
  const refreshMetadata = async () => {
    if (isAway) throw new Error("connect ECONNREFUSED");
    loaded = [...targets];
  };
  const cluster: FakeCluster = {
    connect: async () => {},
    refreshMetadata,
    async addMultipleTargetTopics(topics: string[]) {
      const isNew = topics.some((topic) => !targets.has(topic));
      for (const topic of topics) targets.add(topic);
      if (isNew) await refreshMetadata();
    },
    findTopicPartitionMetadata: (topic: string): Partial<PartitionMetadata>[] =>
      loaded.includes(topic) ? [{ partitionId: 0, leader: 1 }] : [],
  };
  const comeBack = () => {
    isAway = false;
  };
  return { connection: new Connection(cluster as Cluster), comeBack };
}

it("a topic that was first asked for while the brokers were away is known when they are back", async () => {
  const { connection, comeBack } = clusterThatWasAway();
  await expect(connection.know("tomanager")).rejects.toThrow("ECONNREFUSED");
  await expect(connection.know("tomanager")).rejects.toThrow("ECONNREFUSED");
  comeBack();
  await connection.know("tomanager");
  expect(connection.partitionsOf("tomanager")).toBe(1);
});

/** A broker hears of the topic, or of nothing, after so many questions. */
function brokerThatHearsLate(after: number) {
  let questions = 0;
  const cluster: FakeCluster = {
    connect: async () => {},
    async addMultipleTargetTopics() {
      questions++;
      if (questions <= after) throw Object.assign(new Error("unknown"), { type: "UNKNOWN_TOPIC_OR_PARTITION" });
    },
    findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }],
  };
  return new Connection(cluster as Cluster);
}

it("a topic that a broker has not heard of yet is waited for by who needs it, for 5 s", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const late = brokerThatHearsLate(10);
  await expect(late.know("tomanager")).rejects.toThrow("unknown");
  const met = late.meet("tomanager");
  await vi.advanceTimersByTimeAsync(3_000);
  await met;
  const refused = expect(brokerThatHearsLate(1_000).meet("tomanager")).rejects.toThrow("unknown");
  await vi.advanceTimersByTimeAsync(6_000);
  await refused;
});
