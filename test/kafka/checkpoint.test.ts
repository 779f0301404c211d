import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import type { Bus } from "../../engine/bus/bus.ts";
import { CheckpointFile, Scratch } from "../../engine/bus/kafka/checkpoint-file.ts";
import {
  countingWorker,
  createWorkerTopics,
  dataFolder,
  deleteTopics,
  openWorkerBus,
  type WorkerTopics,
  workerTopics,
} from "../support/kafka-worker.ts";

const brokers = inject("kafkaBrokers");

/** Works on these inputs with a bus on this folder, until they are committed; answers its memory. */
async function workOn(names: WorkerTopics, folder: string, keys: string[]): Promise<Record<string, number>> {
  const bus: Bus = await openWorkerBus(brokers, names, folder);
  const worker = countingWorker(names);
  await bus.work(worker);
  if (keys.length > 0) await bus.append(keys.map((key) => ({ topic: names.topic, key, value: "x" })));
  await worker.calls.until((calls) => {
    const committed = calls.filter(({ call }) => call === "committed");
    return committed.reduce((sum, { size }) => sum + size, 0) >= keys.length;
  });
  const counts = worker.counts();
  await bus.close();
  return counts;
}

/** Changes one value in the checkpoint that has it. */
async function spoil(folder: string, key: string, value: string): Promise<void> {
  for (const name of readdirSync(folder)) {
    const file = new CheckpointFile(join(folder, name), new Scratch());
    const found = await file.load();
    if (!found?.entries.has(key)) continue;
    found.entries.set(key, value);
    await file.append({ ...found, changed: new Set([key]) });
  }
}

it("begins with the local checkpoint and reads what came later from the changelog", async () => {
  const names = workerTopics();
  await createWorkerTopics(brokers, names);
  const folder = dataFolder();
  await workOn(names, folder, ["a", "a", "b"]);
  // Only the checkpoint says so: whoever sees it hasn't read the changelog from its beginning.
  await spoil(join(folder, "kafka-checkpoint", names.state), "b", '{"count":40}');
  // Another one goes on meanwhile.
  expect(await workOn(names, dataFolder(), ["a", "c"])).toEqual({ a: 3, b: 1, c: 1 });
  const restarted = await workOn(names, folder, []);
  expect(restarted).toEqual({ a: 3, b: 40, c: 1 });
});

it("drops a checkpoint of topics that were deleted and made anew", async () => {
  const names = workerTopics();
  await createWorkerTopics(brokers, names);
  const folder = dataFolder();
  await workOn(names, folder, ["a", "b"]);
  const all = [names.topic, names.out, names.state, `${names.state}.closed`, names.deadLetters];
  await deleteTopics(brokers, all);
  await createWorkerTopics(brokers, names);
  await workOn(
    names,
    dataFolder(),
    Array.from({ length: 50 }, () => "c"),
  );
  expect(await workOn(names, folder, [])).toEqual({ c: 50 });
});
