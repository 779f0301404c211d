import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Backoff } from "../../../../engine/bus/embedded/backoff.ts";
import { EmbeddedBusFolder, recordsOf } from "../../../support/bus-embedded.ts";
import { Inbox, valuesOf } from "../../../support/bus-inbox.ts";

const TOPICS = [
  { name: "one", partitions: 1 },
  { name: "many", partitions: 5 },
];

describe("readers of the embedded bus", () => {
  let place: EmbeddedBusFolder;
  beforeEach(() => {
    place = new EmbeddedBusFolder();
  });
  afterEach(() => place.dispose());

  it("lets a slow reader fall behind what is in memory, and misses nothing", async () => {
    const { bus } = place.open({ topics: TOPICS });
    const slow = new Inbox();
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    await bus.append([{ topic: "one", key: "k", value: "0" }]);
    const subscription = await bus.subscribe("one", async (records) => {
      slow.add(records);
      await gate;
    });
    await slow.atLeast(1);
    for (let batch = 0; batch < 10; batch++) {
      await bus.append(
        Array.from({ length: 700 }, (_, i) => ({ topic: "one", key: "k", value: `${1 + batch * 700 + i}` })),
      );
    }
    open();
    const values = valuesOf(await slow.atLeast(7_001));
    expect(values).toEqual(Array.from({ length: 7_001 }, (_, i) => `${i}`));
    await subscription.close();
  });

  it("reads records that are large together in several batches", async () => {
    const { bus } = place.open({ topics: TOPICS });
    const value = "x".repeat(1_500_000);
    for (let i = 0; i < 8; i++) await bus.append([{ topic: "one", key: `${i}`, value }]);
    const { records, next } = await bus.read({ topic: "one", from: { 0: 0 }, limit: 100 });
    expect(records.length).toBeGreaterThan(1);
    expect(records.length).toBeLessThan(8);
    expect(next[0]).toBe(records.length);
    expect((await recordsOf(bus, "one")).map(({ key }) => key)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
  });

  it("reads any mixture of partitions, limits and times in order and exactly once", async () => {
    let now = 0;
    const { bus } = place.open({ topics: TOPICS, clock: () => now });
    const appended: string[] = [];
    const starts = await bus.topics();
    expect(starts).toHaveLength(3);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ partition: fc.nat(4), pause: fc.nat(3) }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 40 }),
        async (writes, limit) => {
          const offsets = (await bus.topics()).find(({ name }) => name === "many")?.offsets ?? [];
          let from = Object.fromEntries(offsets.map(({ partition, end }) => [partition, end]));
          for (const { partition, pause } of writes) {
            now += pause;
            appended.push(`${appended.length}`);
            await bus.append([{ topic: "many", key: null, value: `${appended.length}`, partition }]);
          }
          const seen: { timestamp: number; partition: number; offset: number }[] = [];
          for (;;) {
            const { records, next } = await bus.read({ topic: "many", from, limit });
            if (records.length === 0) break;
            seen.push(...records);
            from = next;
          }
          expect(seen).toHaveLength(writes.length);
          const times = seen.map(({ timestamp }) => timestamp);
          expect(times).toEqual([...times].sort((a, b) => a - b));
          for (const partition of [0, 1, 2, 3, 4]) {
            const mine = seen.filter((record) => record.partition === partition).map(({ offset }) => offset);
            expect(mine).toEqual([...mine].sort((a, b) => a - b));
            expect(new Set(mine).size).toBe(mine.length);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("bears many long polls, and answers all of them at once", async () => {
    const { bus } = place.open({ topics: TOPICS });
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    const from = { 0: 0, 1: 0, 2: 0, 3: 0, 4: 0 };
    const polls = Array.from({ length: 100 }, () => bus.read({ topic: "many", from, limit: 10, waitMs: 20_000 }));
    await bus.append([{ topic: "many", key: "k", value: "1" }]);
    const results = await Promise.all(polls);
    expect(results.every(({ records }) => records.length === 1)).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  it("lets a callback close its own subscription", async () => {
    const { bus } = place.open({ topics: TOPICS });
    const calls = new Inbox();
    const subscription = await bus.subscribe("one", (records) => {
      calls.add(records);
      void subscription.close();
    });
    await bus.append([{ topic: "one", key: "k", value: "1" }]);
    await calls.atLeast(1);
    await subscription.close();
    await bus.append([{ topic: "one", key: "k", value: "2" }]);
    expect(valuesOf(calls.items)).toEqual(["1"]);
  });
});

describe("backoff", () => {
  it("doubles from the first wait to the maximum, and begins anew after a success", () => {
    const backoff = new Backoff(100, 1_000);
    expect([1, 2, 3, 4, 5, 6].map(() => backoff.next())).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });
});
