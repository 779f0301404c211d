import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { expect, inject, it, onTestFinished } from "vitest";
import { openKafkaBus } from "../../engine/bus/kafka/bus.ts";
import { CountingWorker } from "../support/bus-worker.ts";
import { KafkaTopics } from "../support/kafka-topics.ts";

const brokers = inject("kafkaBrokers");

it("stops and says so when input was deleted before it was read, and never jumps", async () => {
  const id = crypto.randomUUID().slice(0, 8);
  const [topic, out, state] = [`input-${id}`, `output-${id}`, `state-${id}`];
  const topics = new KafkaTopics(brokers);
  await topics.connect();
  await topics.create([
    { name: topic, partitions: 1 },
    { name: out, partitions: 1 },
    { name: state, partitions: 1, compacted: true },
    { name: `${state}.closed`, partitions: 1, compacted: true },
  ]);
  await topics.close();
  const dataDir = mkdtempSync(join(tmpdir(), "antigraph-lost-"));
  const bus = await openKafkaBus({ brokers, dataDir, changelogOf: () => state });
  onTestFinished(async () => {
    await bus.close();
    rmSync(dataDir, { recursive: true });
  });
  const worker = () => new CountingWorker({ topic, out, group: `group-${id}` });
  const first = worker();
  const handle = await bus.work(first);
  await bus.append([{ topic, key: "a", value: "x" }]);
  await first.calls.until((calls) => calls.some(({ call }) => call === "committed"));
  await handle.stop();
  await bus.append(["y", "z"].map((value) => ({ topic, key: "a", value })));
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  // kafkajs knows the topic's leaders only after this.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "2" }] });
  await admin.disconnect();
  await expect(bus.work(worker())).rejects.toMatchObject({
    code: "offset_out_of_range",
    details: { topic, partition: 0, start: 2, end: 3 },
  });
});
