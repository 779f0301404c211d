import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { openKafkaBus } from "../../engine/bus/kafka/bus.ts";
import { Inbox } from "../support/bus-inbox.ts";
import { type KafkaCluster, startCluster } from "../support/kafka-cluster.ts";
import {
  countingWorker,
  createWorkerTopics,
  dataFolder,
  keyIn,
  openWorkerBus,
  workerTopics,
} from "../support/kafka-worker.ts";

const PARTITIONS = 3;

let cluster: KafkaCluster;
beforeAll(async () => {
  cluster = await startCluster({ brokers: 3 });
}, 120_000);
afterAll(() => cluster?.stop());

it("tells which broker rules the cluster, and not of another one each time", async () => {
  const bus = await openKafkaBus({ brokers: cluster.addresses, dataDir: dataFolder() });
  onTestFinished(() => bus.close());
  const told = await Promise.all(Array.from({ length: 8 }, () => bus.cluster()));
  const ruling = told.map(({ brokers }) => brokers.filter(({ controller }) => controller).map(({ id }) => id));
  expect(ruling[0]).toHaveLength(1);
  expect(ruling).toEqual(ruling.map(() => ruling[0]));
});

it("works on with the other partitions while one has no leader, and with that one when it is back", async () => {
  const { addresses: brokers } = cluster;
  const names = workerTopics();
  // Partition 2 of everything lies on the third broker alone.
  await createWorkerTopics(brokers, names, { replicas: [[1], [2], [3]] });
  const bus = await openWorkerBus(brokers, names);
  const outputs = new Inbox();
  const others = await openWorkerBus(brokers, names);
  await others.subscribe(names.out, outputs.add);
  const handle = await bus.work(countingWorker(names));
  const send = (partition: number) =>
    others.append([{ topic: names.topic, key: keyIn(partition, PARTITIONS), value: "x" }]);
  const answered = (partition: number, count: number) =>
    outputs.until((records) => records.filter((record) => record.partition === partition).length >= count);
  for (const partition of [0, 1, 2]) await send(partition);
  await outputs.atLeast(3);
  cluster.brokers[2]?.signal("SIGKILL");
  const goneAt = Date.now();
  for (let round = 2; round <= 5; round++) {
    for (const partition of [0, 1]) await send(partition);
    for (const partition of [0, 1]) await answered(partition, round);
    if (round === 2) console.log(`the other partitions went on after ${Date.now() - goneAt} ms`);
  }
  await cluster.brokers[2]?.restart();
  const backAt = Date.now();
  await send(2);
  await answered(2, 2);
  console.log(`the partition went on ${Date.now() - backAt} ms after its broker's return`);
  const values = outputs.items.filter((record) => record.partition === 2).map(({ value }) => value);
  expect(values).toEqual([`${keyIn(2, PARTITIONS)} 1`, `${keyIn(2, PARTITIONS)} 2`]);
  await handle.stop();
});
