import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Connection } from "../../../../engine/bus/kafka/client.ts";
import type { FetchedPartition } from "../../../../engine/bus/kafka/fetch.ts";
import { Fetcher } from "../../../../engine/bus/kafka/fetcher.ts";

/** What the broker does with the next requests. */
const broker = vi.hoisted(() => ({ isAway: false }));
vi.mock("../../../../engine/bus/kafka/fetch.ts", () => ({
  async fetchFrom(
    _connection: unknown,
    _leader: string,
    _topic: string,
    asked: { partition: number; offset: number }[],
  ) {
    await new Promise((resolve) => setTimeout(resolve, 100)); // the long poll
    if (broker.isAway) throw new Error("connection refused");
    return asked.map(({ partition, offset }): FetchedPartition => {
      return { partition, records: [], next: offset, highWatermark: offset, lastStable: offset };
    });
  },
}));

const told: string[] = [];
let fetcher: Fetcher;
beforeEach(() => {
  vi.useFakeTimers();
  broker.isAway = false;
  told.length = 0;
  const connection = { leaderOf: () => "1", refresh: async () => {} };
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
