/** Whole journeys: starts by this process, the manager in a second, three services (SDK) in a third, one broker. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child, until } from "./child.ts";
import { createLoad, kafkaOf, start } from "./load.ts";

const SECONDS = 15;
const WARM_UP_SECONDS = 5;
const IN_FLIGHT = 2_000;
const START_EVERY_MS = 20;

export async function benchJourneys(brokers: string[]): Promise<void> {
  console.log(`journeys end to end: three steps, up to ${IN_FLIGHT} in flight, ${SECONDS} s after a warm-up`);
  const load = await createLoad(brokers);
  const { topics, prefix } = load;
  const dataDir = mkdtempSync(join(tmpdir(), "antigraph-bench-"));
  const services = await Child.start<null>("services-process.ts", { brokers, prefix, dataDir });
  const manager = await Child.start<number>("manager-process.ts", { brokers, prefix, dataDir: join(dataDir, "m") });
  const producer = kafkaOf(brokers).producer();
  await producer.connect();
  let started = 0;
  const look = async () => ({
    ended: await manager.child.ask<number>("ended"),
    manager: await manager.child.usage(),
    services: await services.child.usage(),
    at: performance.now(),
  });
  /** Keeps the number in flight up. */
  const drive = async (seconds: number): Promise<void> => {
    const end = performance.now() + seconds * 1_000;
    while (performance.now() < end) {
      const room = IN_FLIGHT - (started - (await manager.child.ask<number>("ended")));
      if (room > 0) {
        const messages = Array.from({ length: room }, () => start(crypto.randomUUID()));
        await producer.send({ topic: topics.toManager, messages });
        started += room;
      }
      await new Promise((resolve) => setTimeout(resolve, START_EVERY_MS));
    }
  };
  await drive(WARM_UP_SECONDS);
  const first = await look();
  await drive(SECONDS);
  const last = await look();
  const journeys = last.ended - first.ended;
  const cpuMs = (of: "manager" | "services"): string => ((last[of].cpuMs - first[of].cpuMs) / journeys).toFixed(2);
  const perS = (journeys / (last.at - first.at)) * 1_000;
  console.log(
    `  ${perS.toFixed(0)} journeys/s; CPU a journey: manager ${cpuMs("manager")} ms, services ${cpuMs("services")} ms`,
  );
  await until(manager.child, started * 4);
  await producer.disconnect();
  await services.child.stop();
  await manager.child.stop();
  rmSync(dataDir, { recursive: true });
}
