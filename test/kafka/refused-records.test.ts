import { expect, inject, it } from "vitest";
import type { BusRecord, Output } from "../../engine/bus/bus.ts";
import { partitionFor } from "../../engine/core/murmur2.ts";
import { Inbox, valuesOf } from "../support/bus-inbox.ts";
import { CountingWorker } from "../support/bus-worker.ts";
import { createWorkerTopics, openWorkerBus, workerTopics } from "../support/kafka-worker.ts";

const brokers = inject("kafkaBrokers");
const PARTITIONS = 3;
const BROKER_LIMIT_BYTES = 20_000;

/** Answers `large` with a record that the cluster doesn't take, though it would fit into a request. */
class LargeWorker extends CountingWorker {
  readonly large: string;

  constructor(names: { topic: string; out: string; group: string }) {
    super(names);
    this.large = names.out;
  }

  override process(partition: number, records: BusRecord[], now: number): Output {
    const output = super.process(partition, records, now);
    for (const { key, value } of records) {
      if (value === "large") {
        output.records.push({ topic: this.large, key, value: "z".repeat(2 * BROKER_LIMIT_BYTES) });
      }
    }
    return output;
  }
}

const keyIn = (partition: number): string => {
  for (let index = 0; ; index++) if (partitionFor(`k${index}`, PARTITIONS) === partition) return `k${index}`;
};

it("finds the record whose output the cluster refuses, buries it, and keeps no other partition from its work", async () => {
  const names = workerTopics();
  const output = { "max.message.bytes": String(BROKER_LIMIT_BYTES) };
  await createWorkerTopics(brokers, names, { partitions: PARTITIONS, output });
  const bus = await openWorkerBus(brokers, names);
  const letters = new Inbox();
  const outputs = new Inbox();
  await bus.subscribe(names.deadLetters, letters.add);
  await bus.subscribe(names.out, outputs.add);
  const [bad, ...good] = [0, 1, 2].map(keyIn);
  const values = Array.from({ length: 30 }, (_, index) => (index === 17 ? "large" : "x"));
  await bus.append(
    [bad ?? "", ...good].flatMap((key) =>
      values.map((value) => ({ topic: names.topic, key, value: key === bad ? value : "x" })),
    ),
  );
  const handle = await bus.work(new LargeWorker(names));
  const counts = (key: string, count: number) => Array.from({ length: count }, (_, index) => `${key} ${index + 1}`);
  await outputs.until((records) => records.length >= 89);
  for (const key of good) expect(valuesOf(outputs.items.filter((it) => it.key === key))).toEqual(counts(key, 30));
  expect(valuesOf(outputs.items.filter((it) => it.key === bad))).toEqual(counts(bad ?? "", 29));
  const [letter] = await letters.atLeast(1);
  expect(letter).toMatchObject({ key: bad, value: "large" });
  expect(letter?.headers).toMatchObject({ reason: "processing_failed", topic: names.topic, partition: "0" });
  expect(letter?.headers.message).toContain("larger than the max message size");
  // And it goes on.
  await bus.append([{ topic: names.topic, key: bad ?? "", value: "x" }]);
  await outputs.until((records) => records.length >= 90);
  expect(letters.items).toHaveLength(1);
  await handle.stop();
});
