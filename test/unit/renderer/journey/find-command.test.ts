import { describe, expect, it } from "vitest";
import type { TopicRecord } from "../../../../engine/api/schemas/record.ts";
import { partitionFor } from "../../../../engine/core/murmur2.ts";
import { findCommand, type RecordReader } from "../../../../renderer/journey/find-command.ts";

const KEY = "6f1c2d0e-0000-4000-8000-00000000a920";
const PARTITIONS = 4;
const START_MS = Date.parse("2026-11-22T03:00:00.000Z");

/** One record a second in the key's partition, from `start` on; counts the reads. */
function topic(records: number, start = 0) {
  const partition = partitionFor(KEY, PARTITIONS);
  let reads = 0;
  const reader: RecordReader = {
    offsets: async () =>
      Array.from({ length: PARTITIONS }, (_, index) =>
        index === partition
          ? { partition: index, start, end: start + records }
          : { partition: index, start: 0, end: 0 },
      ),
    async read(_, from) {
      reads += 1;
      expect(from.partition).toBe(partition);
      const first = Math.max(from.offset, start);
      const count = Math.min(from.limit, start + records - first);
      return Array.from({ length: Math.max(0, count) }, (_, index) => recordAt(first + index));
    },
  };
  const recordAt = (offset: number): TopicRecord => ({
    partition,
    offset,
    timestamp: new Date(START_MS + offset * 1000).toISOString(),
    key: KEY,
    headers: { id: `command ${offset}` },
    value: "{}",
  });
  const find = (offset: number, id = `command ${offset}`) =>
    findCommand(
      reader,
      { topic: "fromanager", key: KEY, id, sentAt: START_MS + offset * 1000 + 300 },
      new AbortController().signal,
    );
  return { find, partition, reads: () => reads };
}

describe("finding a command in its topic", () => {
  it("looks in the partition of the journey's key, by the header id", async () => {
    const { find, partition } = topic(50);
    expect(await find(17)).toEqual({ topic: "fromanager", partition, offset: 17 });
  });

  it("takes a few reads, however long the topic is", async () => {
    const { find, reads, partition } = topic(500_000, 1_000);
    expect(await find(412_345)).toEqual({ topic: "fromanager", partition, offset: 412_345 });
    expect(reads()).toBeLessThan(20);
  });

  it("finds the first and the last record", async () => {
    const { find } = topic(10_000, 500);
    expect(await find(500)).toMatchObject({ offset: 500 });
    expect(await find(10_499)).toMatchObject({ offset: 10_499 });
  });

  it("says that it isn't there when the retention has taken it, and soon", async () => {
    const { find, reads } = topic(100_000, 50_000);
    expect(await find(10_000)).toBeUndefined();
    expect(await find(60_000, "another one")).toBeUndefined();
    expect(reads()).toBeLessThan(60);
  });
});
