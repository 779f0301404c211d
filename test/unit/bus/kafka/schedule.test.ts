import { expect, it, onTestFinished } from "vitest";
import type { BusRecord, Worker } from "../../../../engine/bus/bus.ts";
import type { Connection } from "../../../../engine/bus/kafka/client.ts";
import type { ClosedStore } from "../../../../engine/bus/kafka/closed-store.ts";
import type { Commit } from "../../../../engine/bus/kafka/group-commit.ts";
import { PartitionState } from "../../../../engine/bus/kafka/partition-state.ts";
import { Quarantine } from "../../../../engine/bus/kafka/quarantine.ts";
import { Schedule, type ScheduleOptions } from "../../../../engine/bus/kafka/schedule.ts";
import { TextMap } from "../../../../engine/bus/kafka/text-map.ts";
import { WorkPartition } from "../../../../engine/bus/kafka/work-partition.ts";

const BACKLOG = 300;
const TOPIC = "input";
const turn = () => new Promise(setImmediate);

/** Writes one record for each that it reads. */
const worker: Worker = {
  topic: TOPIC,
  group: "group",
  restore: () => {},
  process: (partition, records) => ({
    records: records.map(({ key }) => ({ topic: "output", key, value: "v", partition })),
    state: [],
  }),
  nextDue: () => null,
  revoke: () => {},
};

const recordsOf = (partition: number): BusRecord[] =>
  Array.from({ length: BACKLOG }, (_, offset) => ({
    ...{ topic: TOPIC, partition, offset, timestamp: 0, key: `k${offset}`, value: "v", headers: {} },
  }));

/** Partitions with a backlog each, and what is sent of them; a test lets each transaction come to its end. */
async function given(count: number, quarantine: Quarantine) {
  const logger = { info() {}, warn() {}, error() {} };
  const working = new Map<number, WorkPartition>();
  for (let partition = 0; partition < count; partition++) {
    const state = new PartitionState(partition, new TextMap(), { get: () => undefined } as unknown as ClosedStore);
    const known = {
      worker,
      topic: TOPIC,
      partition,
      state,
      position: 0,
      deadLetters: "letters",
      clock: () => 0,
      logger,
    };
    const found = new WorkPartition(known);
    found.accept({ records: recordsOf(partition), next: BACKLOG } as Parameters<WorkPartition["accept"]>[0]);
    found.restore();
    working.set(partition, found);
  }
  const sent: { partition: number; records: number }[][] = [];
  let running: { commit: Commit; done(): void } | undefined;
  let settled = Promise.resolve();
  const transactions = {
    get isBusy() {
      return running !== undefined;
    },
    settled: () => settled,
    send(commit: Commit) {
      sent.push(commit.contents().map(({ partition, records }) => ({ partition, records: records.length })));
      settled = new Promise((done) => {
        running = { commit, done };
      });
    },
  };
  const producing = { wire: undefined, partitionsOf: () => count, leaderOf: () => "1" } as unknown as Connection;
  const closing = new AbortController();
  const schedule = new Schedule({
    ...{ topic: TOPIC, topics: { state: "state", closed: "closed" }, working, quarantine, producing, logger },
    fetcher: { resume() {} },
    transactions,
    inspecting: producing,
    clock: () => 0,
    signal: closing.signal,
  } as unknown as ScheduleOptions);
  const over = schedule.run();
  onTestFinished(async () => {
    closing.abort();
    schedule.wake();
    await over;
  });
  return {
    sent,
    async commit() {
      const { commit, done } = running ?? { commit: undefined, done: () => {} };
      running = undefined;
      if (commit?.alone) for (const it of commit.partitions) quarantine.succeeded(it.partition, it.position);
      done();
      for (let turns = 0; turns < 10; turns++) await turn();
    },
  };
}

it("puts all that is ready into one transaction", async () => {
  const { sent, commit } = await given(3, new Quarantine());
  await commit();
  await commit();
  expect(sent.flat().reduce((sum, { records }) => sum + records, 0)).toBe(3 * BACKLOG);
  expect(new Set(sent[0]?.map(({ partition }) => partition))).toEqual(new Set([0, 1, 2]));
});

it("lets each that took part in a failed transaction work alone, in small portions, before any other goes on", async () => {
  const quarantine = new Quarantine();
  const parts = [0, 1, 2].map((partition) => ({ partition, records: [] }));
  quarantine.failed(parts, new Error("lost"), 0);
  const { sent, commit } = await given(4, quarantine);
  for (let count = 0; count < 4; count++) await commit();
  const alone = sent.slice(0, 3);
  expect(alone.map((each) => each.map(({ partition }) => partition)).sort()).toEqual([[0], [1], [2]]);
  for (const [part] of alone) expect(part?.records).toBeLessThanOrEqual(64);
  expect(new Set(sent[3]?.map(({ partition }) => partition))).toEqual(new Set([0, 1, 2, 3]));
});

it("goes on with the others while one is left alone for a time", async () => {
  const quarantine = new Quarantine();
  quarantine.block(1, 0);
  const { sent, commit } = await given(3, quarantine);
  await commit();
  expect(new Set(sent.flat().map(({ partition }) => partition))).toEqual(new Set([0, 2]));
});
