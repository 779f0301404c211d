import { Kafka, logLevel } from "kafkajs";
import { expect, inject, it, onTestFinished } from "vitest";
import { Inbox, valuesOf } from "../support/bus-inbox.ts";
import { openWorkerBus, workerTopics } from "../support/kafka-worker.ts";

it.each(["gzip", "snappy", "lz4", "zstd"])("reads what the broker compresses with %s", async (codec) => {
  const brokers = inject("kafkaBrokers");
  const topic = `compressed-${codec}-${crypto.randomUUID().slice(0, 8)}`;
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  await admin.createTopics({
    topics: [{ topic, numPartitions: 1, configEntries: [{ name: "compression.type", value: codec }] }],
  });
  const bus = await openWorkerBus(brokers, workerTopics());
  const values = Array.from({ length: 2_000 }, (_, index) =>
    JSON.stringify({ index, text: "the same again ".repeat(10) }),
  );
  const inbox = new Inbox();
  await bus.subscribe(topic, inbox.add);
  await bus.append(values.map((value) => ({ topic, key: "k", value })));
  await inbox.atLeast(values.length);
  expect(valuesOf(inbox.items)).toEqual(values);
});
