import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, inject } from "vitest";
import { openKafkaBus } from "../../engine/bus/kafka/bus.ts";
import { busContract } from "../contract/bus-contract.ts";
import { KafkaTopics } from "../support/kafka-topics.ts";

const brokers = inject("kafkaBrokers");
const admin = new KafkaTopics(brokers);
beforeAll(() => admin.connect());
afterAll(() => admin.close());

busContract("Kafka", async (topics) => {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-bus-"));
  const deadLetters = `deadletter-${crypto.randomUUID().slice(0, 8)}`;
  const inputs = topics.filter(({ name }) => name.startsWith("input"));
  const changelogs = inputs.flatMap(({ name, partitions }) => [
    { name: `${name}.state`, partitions, compacted: true },
    { name: `${name}.state.closed`, partitions, compacted: true },
  ]);
  await admin.create([...topics, ...changelogs, { name: deadLetters, partitions: 1 }]);
  const open = () =>
    openKafkaBus({ brokers, dataDir: folder, deadLetters, changelogOf: (topic) => `${topic}.state` });
  let bus = await open();
  return {
    bus,
    deadLetters,
    async reopen() {
      await bus.close();
      bus = await open();
      return bus;
    },
    async dispose() {
      await bus.close();
      rmSync(folder, { recursive: true });
    },
  };
});
