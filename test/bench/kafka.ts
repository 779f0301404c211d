/**
 * The manager on one Kafka broker beside a bare kafkajs loop of the manager's shape, in one run: the ceiling is
 * transactions that take a batch of inputs and write for each one command of 300 B, two audit records of 350 B and one
 * state record of 1.2 kB, without an engine. Then the manager on the three-step flow: its input is prepared (starts, and
 * replies as they are asked for by a service in another loop), and what counts is inputs per second.
 */
import { performance } from "node:perf_hooks";
import { Kafka, logLevel } from "kafkajs";
import { type KafkaBusOptions, openKafkaBus } from "../../engine/bus/kafka/bus.ts";
import { MANAGER } from "../../engine/core/protocol.ts";
import { createFlowRegistry } from "../../engine/manager/flows.ts";
import { createHealthRegistry } from "../../engine/manager/health.ts";
import { createManager } from "../../engine/manager/manager.ts";
import { startCluster } from "../support/kafka-cluster.ts";
import { KafkaLoad, PARTITIONS } from "../support/kafka-load.ts";

const JOURNEYS = 5_000;
const RAW_INPUTS = 40_000;
const RAW_BATCH = 1_000;

/** Inputs per second of a bare loop: fetched, and answered with the manager's records in one transaction each. */
async function rawInputsPerSecond(brokers: string[]): Promise<number> {
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { initialRetryTime: 3 } });
  const id = crypto.randomUUID().slice(0, 8);
  const names = ["in", "commands", "audit", "state"].map((name) => `raw-${id}-${name}`);
  const [input = "", commands = "", audit = "", state = ""] = names;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: false,
    topics: names.map((topic) => ({ topic, numPartitions: PARTITIONS })),
  });
  await admin.disconnect();
  const producer = kafka.producer({ transactionalId: `raw-${id}`, maxInFlightRequests: 1 });
  const feeder = kafka.producer();
  await Promise.all([producer.connect(), feeder.connect()]);
  for (let sent = 0; sent < RAW_INPUTS; sent += RAW_BATCH) {
    const messages = Array.from({ length: RAW_BATCH }, () => ({ key: crypto.randomUUID(), value: "i".repeat(300) }));
    await feeder.send({ topic: input, messages });
  }
  const consumer = kafka.consumer({
    groupId: `raw-${id}`,
    maxBytesPerPartition: 300 * RAW_BATCH,
    maxWaitTimeInMs: 50,
  });
  await consumer.connect();
  await consumer.subscribe({ topic: input, fromBeginning: true });
  const [command, event, record] = ["c".repeat(300), "a".repeat(350), "s".repeat(1_200)];
  let taken = 0;
  let begin = 0;
  await new Promise<void>((resolve, reject) => {
    const run = consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        if (begin === 0) begin = performance.now();
        const of = (value = "", times = 1) =>
          batch.messages.flatMap(({ key }) => Array.from({ length: times }, () => ({ key, value })));
        const transaction = await producer.transaction();
        await transaction.sendBatch({
          topicMessages: [
            { topic: commands, messages: of(command) },
            { topic: audit, messages: of(event, 2) },
            { topic: state, messages: of(record) },
          ],
        });
        await transaction.commit();
        taken += batch.messages.length;
        if (taken >= RAW_INPUTS) resolve();
      },
    });
    run.catch(reject);
  });
  const seconds = (performance.now() - begin) / 1_000;
  await Promise.all([consumer.disconnect(), producer.disconnect(), feeder.disconnect()]);
  return RAW_INPUTS / seconds;
}

interface Figures {
  inputsPerSecond: number;
  journeysPerSecond: number;
}

/** The manager alone: every reply lies in its input before it begins, so that nothing else takes part. */
async function managerAlone(brokers: string[], failing: boolean): Promise<Figures> {
  const load = new KafkaLoad(brokers);
  await load.open({ service: false });
  const uuids = await load.startWithReplies(JOURNEYS, failing);
  const { options, topics } = load;
  const bus = await openKafkaBus(options satisfies KafkaBusOptions);
  const flows = await createFlowRegistry({ bus, topic: topics.edits });
  const health = await createHealthRegistry({ bus, topic: topics.services });
  const manager = createManager({ bus, flows, health, topics, group: `${load.prefix}${MANAGER}` });
  const begin = performance.now();
  const ended = new Set<string>();
  const all = new Promise<void>((resolve) => {
    manager.onEnded((uuid) => {
      ended.add(uuid);
      if (ended.size === uuids.length) resolve();
    });
  });
  await manager.start();
  const started = performance.now();
  await all;
  const seconds = (performance.now() - begin) / 1_000;
  const inputs = manager.status().processed;
  console.log(`    (${inputs} inputs; ${(started - begin).toFixed(0)} ms of it to join and claim)`);
  await manager.stop();
  await flows.close();
  await health.close();
  await bus.close();
  await load.close();
  return { inputsPerSecond: inputs / seconds, journeysPerSecond: uuids.length / seconds };
}

const given = process.env.KAFKA_BROKERS;
const cluster = given ? undefined : await startCluster({ brokers: 1 });
const brokers = given ? given.split(",") : (cluster?.addresses ?? []);
try {
  const ceiling = await rawInputsPerSecond(brokers);
  console.log(`  raw kafkajs loop of the manager's shape: ${ceiling.toFixed(0)} inputs/s`);
  for (const failing of [false, true]) {
    const { inputsPerSecond, journeysPerSecond } = await managerAlone(brokers, failing);
    const ratio = (inputsPerSecond / ceiling).toFixed(2);
    const name = failing ? "third step failing" : "all succeeding";
    console.log(
      `  manager, ${name}: ${inputsPerSecond.toFixed(0)} inputs/s, ${journeysPerSecond.toFixed(0)} journeys/s; ratio ${ratio}`,
    );
  }
} finally {
  await cluster?.stop();
}
