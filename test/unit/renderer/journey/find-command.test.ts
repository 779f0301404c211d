import { describe, expect, it } from "vitest";
import type { TopicRecord } from "../../../../engine/api/schemas/record.ts";
import { partitionFor } from "../../../../engine/core/murmur2.ts";
import { findCommand, type RecordReader } from "../../../../renderer/journey/find-command.ts";

const KEY = "6f1c2d0e-0000-4000-8000-00000000a920";
const PARTITIONS = 4;
const START_MS = Date.parse("2026-11-22T03:00:00.000Z");
const SCANNED_AT_ONCE = 20_000;

/** One record a second in the key's partition, every `each`th of the key, from `start` on; counts the reads. */
function topic(records: number, { start = 0, each = 1, everyMs = 1_000 } = {}) {
  const partition = partitionFor(KEY, PARTITIONS);
  const timeOf = (offset: number) => START_MS + offset * everyMs;
  const recordAt = (offset: number): TopicRecord => ({
    partition,
    offset,
    timestamp: new Date(timeOf(offset)).toISOString(),
    key: offset % each === 0 ? KEY : "another",
    headers: { id: `command ${offset}` },
    value: "{}",
  });
  let reads = 0;
  const reader: RecordReader = {
    partitions: async (name) => (name === "fromanager" ? PARTITIONS : 0),
    async read(_, from) {
      reads += 1;
      expect(from).toMatchObject({ partition, key: KEY });
      const asked =
        from.offset === undefined
          ? Math.ceil((Date.parse(from.at ?? "") - START_MS) / everyMs)
          : Number(from.offset.split(":")[1]);
      const first = Math.max(asked, start);
      const scanned = Math.min(SCANNED_AT_ONCE, start + records - first);
      const found = Array.from({ length: scanned }, (_, index) => recordAt(first + index));
      return {
        records: found.filter(({ key }) => key === KEY).slice(0, 100),
        next: `${partition}:${first + scanned}`,
        scanned,
      };
    },
  };
  const find = (offset: number, id = `command ${offset}`, name = "fromanager") =>
    findCommand(reader, { topic: name, key: KEY, id, sentAt: timeOf(offset) + 300 }, new AbortController().signal);
  return { find, partition, reads: () => reads };
}

describe("finding a command in its topic", () => {
  it("looks in the partition of the journey's key, by the header id", async () => {
    const { find, partition } = topic(50);
    expect(await find(17)).toEqual({ topic: "fromanager", partition, offset: 17 });
  });

  it("takes one read, however long the topic is, from the time on at which it was sent", async () => {
    const { find, reads, partition } = topic(500_000, { start: 1_000 });
    expect(await find(412_345)).toEqual({ topic: "fromanager", partition, offset: 412_345 });
    expect(reads()).toBe(1);
  });

  it("finds the first and the last record", async () => {
    const { find } = topic(10_000, { start: 500 });
    expect(await find(500)).toMatchObject({ offset: 500 });
    expect(await find(10_499)).toMatchObject({ offset: 10_499 });
  });

  it("reads on where many records of others were written at that time", async () => {
    // 20 records a millisecond: within the slack for clocks lie 40,000 of others.
    const { find, reads } = topic(90_000, { each: 45_000, everyMs: 0.05 });
    expect(await find(45_000)).toMatchObject({ offset: 45_000 });
    expect(reads()).toBeGreaterThan(1);
  });

  it("says that it isn't there when the retention has taken it, and soon", async () => {
    const { find, reads } = topic(100_000, { start: 50_000 });
    expect(await find(10_000)).toBeUndefined();
    expect(await find(60_000, "another one")).toBeUndefined();
    expect(await find(60_000, "command 60000", "gone")).toBeUndefined();
    expect(reads()).toBeLessThan(4);
  });
});
