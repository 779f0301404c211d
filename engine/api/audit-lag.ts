import type { PartitionOffsets } from "../bus/bus.ts";

/** How many records of the audit topic the cache has not ingested yet; markers of transactions may count as some. */
export function auditBehind(offsets: readonly PartitionOffsets[], positions: Record<number, number>): number {
  return offsets.reduce(
    (behind, { partition, start, end }) => behind + Math.max(0, end - Math.max(positions[partition] ?? 0, start)),
    0,
  );
}
