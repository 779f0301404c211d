/** Where to read a topic, as the API takes it: `-N` for the last N of each partition, or `partition:offset` pairs. */
import type { TopicList } from "../../engine/api/schemas/cluster.ts";

export type TopicOffsets = TopicList["topics"][number]["offsets"];

/** Records that one look at a topic shows, about: it is shared out to the partitions. */
export const SHOWN_RECORDS = 120;

function perPartition(offsets: TopicOffsets): number {
  return Math.max(1, Math.ceil(SHOWN_RECORDS / Math.max(1, offsets.length)));
}

/** The newest records. */
export function newest(offsets: TopicOffsets): string {
  return `-${perPartition(offsets)}`;
}

/** The records before the ones shown, given the lowest offset shown of each partition; undefined at the log's start. */
export function olderThan(offsets: TopicOffsets, lowest: ReadonlyMap<number, number>): string | undefined {
  const each = perPartition(offsets);
  const positions = offsets.map(({ partition, start, end }) => {
    const shown = lowest.get(partition) ?? end;
    return { partition, shown, offset: Math.max(start, shown - each) };
  });
  if (positions.every(({ shown, offset }) => offset >= shown)) return undefined;
  return positions.map(({ partition, offset }) => `${partition}:${offset}`).join(",");
}

/** Just enough before one record to see what it came after. */
export function around(offset: number, offsets: TopicOffsets): string {
  const context = 5;
  return String(Math.max(offsets[0]?.start ?? 0, offset - context));
}

/** The lowest offset of each partition among some records. */
export function lowestOffsets(records: readonly { partition: number; offset: number }[]): Map<number, number> {
  const lowest = new Map<number, number>();
  for (const { partition, offset } of records) {
    lowest.set(partition, Math.min(offset, lowest.get(partition) ?? Number.POSITIVE_INFINITY));
  }
  return lowest;
}
