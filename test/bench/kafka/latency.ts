/**
 * A transition at 40 journeys/s: from the reply's send to the next command's arrival at a reader of committed records,
 * both in this process, by kafkajs. First through a bare loop, then through the manager; each journey is a start and three
 * replies, each sent when the command before it has come.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "./child.ts";
import { createLoad, type Input, kafkaOf, reply, STEPS, start } from "./load.ts";
import type { RawOptions } from "./raw-process.ts";
import { createRawTopics } from "./throughput.ts";

const RATE_PER_S = 40;
const WARM_UP_JOURNEYS = 200;
const JOURNEYS = 800;

export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

function percentiles(times: readonly number[]): Percentiles {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

const said = ({ p50, p95, p99 }: Percentiles): string =>
  `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;

/** Drives journeys through whatever stands between the two topics. */
async function drive(brokers: string[], input: string, command: string): Promise<Percentiles> {
  const kafka = kafkaOf(brokers);
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: `driver-${crypto.randomUUID()}`, maxWaitTimeInMs: 100 });
  await Promise.all([producer.connect(), consumer.connect()]);
  await consumer.subscribe({ topic: command, fromBeginning: true });
  const times: number[] = [];
  const journeys = new Map<string, { steps: number; sentAt: number; counted: boolean }>();
  const all = Promise.withResolvers<void>();
  let over = 0;
  const send = (journey: { sentAt: number }, message: Input): void => {
    journey.sentAt = performance.now();
    producer.send({ topic: input, messages: [message] }).catch(all.reject);
  };
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      const now = performance.now();
      for (const { key } of batch.messages) {
        const uuid = String(key);
        const journey = journeys.get(uuid);
        if (journey === undefined) continue;
        if (journey.counted) times.push(now - journey.sentAt);
        const step = STEPS[journey.steps++];
        if (step !== undefined && journey.steps < STEPS.length) send(journey, reply(uuid, step));
        else if (++over === WARM_UP_JOURNEYS + JOURNEYS) all.resolve();
      }
    },
  });
  const begin = performance.now();
  for (let index = 0; index < WARM_UP_JOURNEYS + JOURNEYS; index++) {
    const dueAt = begin + (index * 1_000) / RATE_PER_S;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueAt - performance.now())));
    const uuid = crypto.randomUUID();
    const journey = { steps: 0, sentAt: 0, counted: index >= WARM_UP_JOURNEYS };
    journeys.set(uuid, journey);
    send(journey, start(uuid));
  }
  await all.promise;
  await Promise.all([producer.disconnect(), consumer.disconnect()]);
  return percentiles(times);
}

export async function benchLatency(brokers: string[]): Promise<void> {
  console.log(`latency: ${JOURNEYS} journeys at ${RATE_PER_S}/s, reply in -> next command readable`);
  const names = await createRawTopics(brokers);
  const raw = await Child.start<null>("raw-process.ts", { ...names, mode: "latency" } satisfies RawOptions);
  const bare = await drive(brokers, names.input, names.command);
  await raw.child.kill();
  console.log(`  bare loop (consume, produce, sendOffsets): ${said(bare)}`);
  const { topics, prefix } = await createLoad(brokers);
  const dataDir = mkdtempSync(join(tmpdir(), "antigraph-bench-"));
  const manager = await Child.start<number>("manager-process.ts", { brokers, prefix, dataDir });
  const own = await drive(brokers, topics.toManager, topics.fromManager);
  await manager.child.stop();
  rmSync(dataDir, { recursive: true });
  const ratio = (a: number, b: number): string => (a / b).toFixed(2);
  const ratios = `ratio p50 ${ratio(own.p50, bare.p50)}, p99 ${ratio(own.p99, bare.p99)}`;
  console.log(`  manager: ${said(own)}; ${ratios}`);
}
