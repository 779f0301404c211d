import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Connection } from "../../../../engine/bus/kafka/client.ts";
import type { FetchedPartition } from "../../../../engine/bus/kafka/fetch.ts";
import { Fetcher } from "../../../../engine/bus/kafka/fetcher.ts";

/** What the broker does with the next requests. */
const broker = vi.hoisted(() => ({ isAway: false }));
/** What is known of who leads which partition. */
const leaders = new Map<number, string>();
vi.mock("../../../../engine/bus/kafka/fetch.ts", () => ({
  async fetchFrom(
    _connection: unknown,
    leader: string,
    _topic: string,
    asked: { partition: number; offset: number }[],
  ) {
    await new Promise((resolve) => setTimeout(resolve, 100)); // the long poll
    if (broker.isAway) throw new Error("connection refused");
    for (const { partition } of asked) askedOf.set(partition, leader);
    return asked.map(({ partition, offset }): FetchedPartition => {
      return { partition, records: [], next: offset, highWatermark: offset, lastStable: offset };
    });
  },
}));

const told: string[] = [];
/** By partition, the broker that it was read from last. */
const askedOf = new Map<number, string>();
/** Partitions without a leader. */
const lost = new Set<number>();
let fetcher: Fetcher;
beforeEach(() => {
  vi.useFakeTimers();
  broker.isAway = false;
  told.length = 0;
  leaders.clear();
  lost.clear();
  askedOf.clear();
  const leaderOf = (_topic: string, partition: number) =>
    lost.has(partition) ? undefined : (leaders.get(partition) ?? "1");
  const connection = { leaderOf, refresh: async () => {} };
  fetcher = new Fetcher({
    connection: connection as Pick<Connection, "leaderOf" | "refresh"> as Connection,
    topic: "input",
    maxWaitMs: 100,
    onFetched: ({ partition }) => void (told.at(-1) === `read ${partition}` || told.push(`read ${partition}`)),
    onReadAgain: (partition) => told.push(`again ${partition}`),
    onOutOfRange: () => {},
    logger: { warn: () => {}, error: () => {} },
  });
  fetcher.add(0, 0);
});
afterEach(() => {
  fetcher.close();
  vi.useRealTimers();
});

it("tells that a partition can be read again, before what was read, when nobody had answered for 2 s", async () => {
  await vi.advanceTimersByTimeAsync(5_000);
  expect([told, fetcher.isSilent(0)]).toEqual([["read 0"], false]);
  broker.isAway = true;
  await vi.advanceTimersByTimeAsync(3_000);
  expect(fetcher.isSilent(0)).toBe(true);
  broker.isAway = false;
  await vi.advanceTimersByTimeAsync(3_000);
  expect([told, fetcher.isSilent(0)]).toEqual([["read 0", "again 0", "read 0"], false]);
});

it("takes neither a moment's trouble nor a partition that isn't asked for as silence", async () => {
  await vi.advanceTimersByTimeAsync(1_000);
  broker.isAway = true;
  await vi.advanceTimersByTimeAsync(500);
  broker.isAway = false;
  await vi.advanceTimersByTimeAsync(1_000);
  fetcher.pause(0);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(fetcher.isSilent(0)).toBe(false);
  fetcher.resume(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual(["read 0"]);
});

it("goes on with partitions that others lead now, though no read of theirs has failed: the connection has learnt it", async () => {
  fetcher.add(1, 0);
  fetcher.add(2, 0);
  await vi.advanceTimersByTimeAsync(1_000);
  leaders.set(1, "2");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(Object.fromEntries(askedOf)).toEqual({ 0: "1", 1: "2", 2: "1" });
  expect([0, 1, 2].filter((partition) => fetcher.isSilent(partition))).toEqual([]);
  lost.add(2);
  await vi.advanceTimersByTimeAsync(5_000);
  expect([0, 1, 2].filter((partition) => fetcher.isSilent(partition))).toEqual([2]);
  lost.clear();
  leaders.set(2, "3");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(Object.fromEntries(askedOf)).toEqual({ 0: "1", 1: "2", 2: "3" });
  expect([0, 1, 2].filter((partition) => fetcher.isSilent(partition))).toEqual([]);
});
