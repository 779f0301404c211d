import type { TopicInfo } from "../bus/bus.ts";

/** How many records of the audit topic the cache has not ingested yet. */
export function auditBehind(topic: TopicInfo | undefined, positions: Record<number, number>): number {
  return (topic?.offsets ?? []).reduce(
    (behind, { partition, start, end }) => behind + Math.max(0, end - Math.max(positions[partition] ?? 0, start)),
    0,
  );
}
