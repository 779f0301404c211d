import { afterAll, beforeAll, expect, it } from "vitest";
import { dataFolder, spawnCli } from "../integration/cli-process.ts";
import { type KafkaCluster, startCluster } from "../support/kafka-cluster.ts";
import { KafkaLoad } from "../support/kafka-load.ts";

const JOURNEYS = 400;
const RESUME_LIMIT_MS = 20_000;

let cluster: KafkaCluster;
beforeAll(async () => {
  cluster = await startCluster({ brokers: 1 });
}, 90_000);
afterAll(() => cluster?.stop());

it("waits while the brokers are gone, and goes on when they are back: nothing lost, nothing doubled", async () => {
  const load = new KafkaLoad(cluster.addresses);
  await load.open();
  const brokers = cluster.addresses.join(",");
  const manager = spawnCli(["manager", "--brokers", brokers, "--prefix", load.prefix, "--data", dataFolder()]);
  await manager.printed(/works on/);
  await load.start(JOURNEYS);
  await load.ended(JOURNEYS / 8);
  const [broker] = cluster.brokers;
  broker?.signal("SIGKILL");
  await manager.printed(/warn Kafka can't be reached/);
  await broker?.restart();
  const backAt = Date.now();
  // On a slow machine the first ones may all have ended before the broker was gone.
  await load.start(JOURNEYS);
  await load.events.until((events) => (events.at(-1)?.at ?? 0) > backAt);
  const resumeMs = (load.events.items.find(({ at }) => at > backAt)?.at ?? 0) - backAt;
  await load.ended(2 * JOURNEYS);
  await manager.printed(/warn Kafka can be reached again/);
  console.log(`first event ${resumeMs} ms after the broker's return; ${2 * JOURNEYS} journeys`);
  expect(load.violations()).toEqual([]);
  expect(resumeMs).toBeLessThan(RESUME_LIMIT_MS);
  await load.close();
});
