import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openEmbeddedBus } from "../../../engine/bus/embedded/bus.ts";
import { TOPICS } from "../../../engine/core/protocol.ts";
import { createFlowRegistry } from "../../../engine/manager/flows.ts";
import { createHealthRegistry } from "../../../engine/manager/health.ts";
import { createManager } from "../../../engine/manager/manager.ts";

type TopicKey = keyof typeof TOPICS;

/** A manager on a bus whose topics have so many partitions; 0: the topic isn't there. */
async function managerOn(partitions: Partial<Record<TopicKey, number>>) {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-manager-"));
  const keys = Object.keys(TOPICS) as TopicKey[];
  const topics = keys.flatMap((key) => {
    const count = partitions[key] ?? 2;
    return count === 0 ? [] : [{ name: TOPICS[key], partitions: count }];
  });
  const bus = openEmbeddedBus({ file: join(folder, "bus.sqlite"), topics });
  const flows = await createFlowRegistry({ bus, topic: TOPICS.edits });
  const health = await createHealthRegistry({ bus, topic: TOPICS.services });
  const manager = createManager({ bus, flows, health });
  onTestFinished(async () => {
    await manager.stop();
    await Promise.all([flows.close(), health.close()]);
    await bus.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return manager;
}

test("a manager refuses topics whose partitions differ, names them and says what to do", async () => {
  const manager = await managerOn({ audit: 3 });
  await expect(manager.start()).rejects.toMatchObject({
    code: "topics_differ",
    message: expect.stringMatching(/tomanager 2, antigraph\.audit 3, antigraph\.journeys 2.*another prefix/),
  });
  expect(manager.status()).toMatchObject({ running: false, partitions: [] });
});

test("a manager refuses to start where a topic is missing, and names the command that creates it", async () => {
  const manager = await managerOn({ journeys: 0 });
  await expect(manager.start()).rejects.toMatchObject({
    code: "topic_not_found",
    message: expect.stringMatching(/antigraph\.journeys.*topics create/),
  });
});

test("a manager has its partitions from its start to its stop, and starts once", async () => {
  const manager = await managerOn({});
  let moves = 0;
  manager.onPartitions(() => {
    moves++;
  });
  await manager.start();
  await manager.start();
  expect(moves).toBe(2);
  expect(manager.status()).toEqual({ running: true, partitions: [0, 1], inFlight: 0, processed: 0, deadLettered: 0 });
  await manager.stop();
  expect(manager.status()).toMatchObject({ running: false, partitions: [] });
});
