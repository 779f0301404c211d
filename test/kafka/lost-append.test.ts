import { createRequire } from "node:module";
import { expect, inject, it, onTestFinished, vi } from "vitest";
import { openKafkaBus } from "../../engine/bus/kafka/bus.ts";
import { Inbox } from "../support/bus-inbox.ts";
import { KafkaTopics } from "../support/kafka-topics.ts";
import { dataFolder } from "../support/kafka-worker.ts";

const brokers = inject("kafkaBrokers");
/** kafkajs's own, of which every connection has one for each broker. */
const { prototype: broker } = createRequire(import.meta.url)("kafkajs/src/broker/index.js");
/** Well below Kafka's timeout of such a transaction, which is 20 to 30 s. */
const AT_ONCE_MS = 10_000;

it("lets readers go on at once behind an append whose end was lost on its way", { timeout: 60_000 }, async () => {
  const topic = `lost-${crypto.randomUUID().slice(0, 8)}`;
  const topics = new KafkaTopics(brokers);
  await topics.connect();
  await topics.create([{ name: topic, partitions: 2 }]);
  await topics.close();
  const bus = await openKafkaBus({ brokers, dataDir: dataFolder() });
  onTestFinished(() => bus.close());
  const inbox = new Inbox();
  await bus.subscribe(topic, inbox.add);
  const both = (value: string) => [0, 1].map((partition) => ({ topic, key: "k", value, partition }));
  await bus.append(both("before"));
  const endTxn = vi.spyOn(broker, "endTxn").mockImplementationOnce(async () => {
    throw Object.assign(new Error("Closed connection"), { name: "KafkaJSConnectionClosedError" });
  });
  onTestFinished(() => endTxn.mockRestore());
  const since = Date.now();
  await expect(bus.append(both("lost"))).rejects.toMatchObject({ code: "bus_unavailable" });
  // By the idempotent producer: it knows nothing of the transaction.
  await bus.append([{ topic, key: "k", value: "after", partition: 1 }]);
  await inbox.until((records) => records.some(({ value }) => value === "after"));
  expect(Date.now() - since).toBeLessThan(AT_ONCE_MS);
  expect(inbox.items.map(({ value }) => value).sort()).toEqual(["after", "before", "before"]);
});
