/**
 * Bare kafkajs, no engine, as a measure for the manager.
 *
 *   throughput  the manager's shape: inputs are read by kafkajs's fetch loops from all partitions, and up to 1,024 of
 *               them, whatever partition they are from, answered in one transaction: for each a command of 300 B, two
 *               audit records of 350 B and a state record of 700 B. While one commits, the next fills up.
 *   latency     consume, produce one record for each, `sendOffsets`: one transaction for a batch
 */
import type { Batch, Consumer, Producer } from "kafkajs";
import { optionsOf, serve, usage } from "./child.ts";
import { kafkaOf } from "./load.ts";

const TRANSACTION_INPUTS = 1_024;
/** Of one partition: a batch above the broker's message size would be refused. */
const PARTITION_INPUTS = 512;
/** Fetching waits while so many inputs do. */
const WAITING_INPUTS = 4_096;

export interface RawOptions {
  brokers: string[];
  mode: "throughput" | "latency";
  group: string;
  input: string;
  command: string;
  audit: string;
  state: string;
}

const options = optionsOf<RawOptions>();
const kafka = kafkaOf(options.brokers);
const producer = kafka.producer({ transactionalId: options.group, maxInFlightRequests: 1 });
const consumer = kafka.consumer({ groupId: options.group, maxWaitTimeInMs: 100 });
await Promise.all([producer.connect(), consumer.connect()]);
await consumer.subscribe({ topic: options.input, fromBeginning: true });
let processed = 0;

async function runThroughput(from: Consumer, to: Producer): Promise<void> {
  const [command, event, record] = ["c".repeat(300), "a".repeat(350), "s".repeat(700)];
  const queues = new Map<number, (Buffer | null)[]>();
  let waiting = 0;
  let wake: () => void = () => {};
  let room = Promise.withResolvers<void>();
  await from.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 12,
    eachBatch: async ({ batch }: { batch: Batch }) => {
      queues.set(batch.partition, [...(queues.get(batch.partition) ?? []), ...batch.messages.map(({ key }) => key)]);
      waiting += batch.messages.length;
      wake();
      while (waiting >= WAITING_INPUTS) await room.promise;
    },
  });
  for (;;) {
    if (waiting === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const share = Math.ceil(
      TRANSACTION_INPUTS / Math.min(12, [...queues.values()].filter((it) => it.length > 0).length),
    );
    const keys = [...queues.values()].flatMap((queue) => queue.splice(0, Math.min(share, PARTITION_INPUTS)));
    waiting -= keys.length;
    room.resolve();
    room = Promise.withResolvers();
    const transaction = await to.transaction();
    await transaction.sendBatch({
      topicMessages: [
        { topic: options.command, messages: keys.map((key) => ({ key, value: command })) },
        { topic: options.audit, messages: keys.flatMap((key) => [event, event].map((value) => ({ key, value }))) },
        { topic: options.state, messages: keys.map((key) => ({ key, value: record })) },
      ],
    });
    await transaction.commit();
    processed += keys.length;
  }
}

async function runLatency(from: Consumer, to: Producer): Promise<void> {
  await from.run({
    autoCommit: false,
    eachBatch: async ({ batch: { topic, partition, messages } }: { batch: Batch }) => {
      const transaction = await to.transaction();
      await transaction.send({
        topic: options.command,
        messages: messages.map(({ key, value }) => ({ key, value })),
      });
      const offset = String(Number(messages.at(-1)?.offset ?? 0) + 1);
      await transaction.sendOffsets({
        consumerGroupId: options.group,
        topics: [{ topic, partitions: [{ partition, offset }] }],
      });
      await transaction.commit();
      processed += messages.length;
    },
  });
}

const running = options.mode === "throughput" ? runThroughput(consumer, producer) : runLatency(consumer, producer);
running.catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
serve({ usage: () => usage(processed) }, async () => {});
process.send?.(null);
