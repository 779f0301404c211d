import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { openKafkaBus } from "../../engine/bus/kafka/bus.ts";
import { provisionTopics } from "../../engine/bus/kafka/provision.ts";
import { topicNames } from "../../engine/core/topic-names.ts";
import { queueClockContract } from "../contract/queue-clock-contract.ts";

const PARTITIONS = 4;
const brokers = inject("kafkaBrokers");

queueClockContract("Kafka", async () => {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-clock-"));
  const prefix = `t${crypto.randomUUID().slice(0, 8)}.`;
  const topics = topicNames(prefix);
  await provisionTopics({ brokers, topics, partitions: PARTITIONS });
  const bus = await openKafkaBus({
    ...{ brokers, dataDir: folder, deadLetters: topics.deadLetter, idPrefix: `${prefix}antigraph.` },
    changelogOf: () => topics.journeys,
  });
  return {
    ...{ bus, topics, prefix, partitions: PARTITIONS },
    async dispose() {
      await bus.close();
      rmSync(folder, { recursive: true });
    },
  };
});
