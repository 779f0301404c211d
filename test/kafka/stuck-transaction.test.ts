import { afterAll, beforeAll, expect, it } from "vitest";
import { createClient } from "../../engine/bus/kafka/client.ts";
import { TransactionalProducer } from "../../engine/bus/kafka/transactional-producer.ts";
import { Inbox } from "../support/bus-inbox.ts";
import { type KafkaCluster, startCluster } from "../support/kafka-cluster.ts";
import { countingWorker, createWorkerTopics, keyIn, openWorkerBus, workerTopics } from "../support/kafka-worker.ts";

const PARTITIONS = 3;
const LONELY = 2;

let cluster: KafkaCluster;
beforeAll(async () => {
  cluster = await startCluster({ brokers: 3 });
}, 120_000);
afterAll(() => cluster?.stop());

const silent = { warn() {}, error() {} };

it("takes over from a process that died together with the only broker of a partition in its open transaction", async () => {
  const { addresses: brokers } = cluster;
  const names = workerTopics();
  await createWorkerTopics(brokers, names, { replicas: [[1], [2], [3]] });
  const client = await createClient({ brokers }, silent);
  const connection = client.connection();
  await connection.know(names.state, names.out);
  // What a process leaves behind that dies in the middle of a transaction.
  const dead = new TransactionalProducer(connection, `antigraph.work-${crypto.randomUUID()}`);
  await dead.initialise();
  const claims = Array.from({ length: PARTITIONS }, (_, partition) => ({
    topic: names.state,
    partition,
    messages: [
      {
        key: "claim",
        value: JSON.stringify({ work: dead.transactionalId, epoch: dead.epoch, member: "dead" }),
        headers: {},
      },
    ],
    bytes: 100,
  }));
  await dead.commit(claims);
  await dead.write(
    Array.from({ length: PARTITIONS }, (_, partition) => ({
      topic: names.out,
      partition,
      messages: [{ key: keyIn(partition, PARTITIONS), value: "never committed", headers: {} }],
      bytes: 100,
    })),
  );
  cluster.brokers[LONELY]?.signal("SIGKILL");
  connection.close();

  const outputs = new Inbox();
  const others = await openWorkerBus(brokers, names);
  await others.subscribe(names.out, outputs.add);
  const bus = await openWorkerBus(brokers, names);
  const since = Date.now();
  const starting = bus.work(countingWorker(names));
  for (const partition of [0, 1])
    await others.append([{ topic: names.topic, key: keyIn(partition, PARTITIONS), value: "x" }]);
  await outputs.until((records) => [0, 1].every((partition) => records.some((it) => it.partition === partition)));
  console.log(`the partitions with a leader were taken over after ${Date.now() - since} ms`);
  // What looks at the cluster goes on, and says what is away.
  const there = await others.topics();
  const led = there.find(({ name }) => name === names.topic)?.offsets.map(({ leader, away }) => [leader, away]);
  expect(led).toEqual([
    [1, undefined],
    [2, undefined],
    [undefined, true],
  ]);
  expect(await others.groups()).toContainEqual(expect.objectContaining({ group: names.group, members: 1 }));
  const page = await others.read({ topic: names.topic, from: { 0: 0, 1: 0, [LONELY]: 0 }, limit: 10 });
  expect(page.records.map(({ partition }) => partition).sort()).toEqual([0, 1]);
  await cluster.brokers[LONELY]?.restart();
  await others.append([{ topic: names.topic, key: keyIn(LONELY, PARTITIONS), value: "x" }]);
  await outputs.until((records) => records.some(({ partition }) => partition === LONELY));
  const handle = await starting;
  expect(outputs.items.map(({ value }) => value).sort()).toEqual(
    [0, 1, LONELY].map((at) => `${keyIn(at, PARTITIONS)} 1`).sort(),
  );
  await expect(dead.end()).rejects.toThrow();
  await handle.stop();
});
