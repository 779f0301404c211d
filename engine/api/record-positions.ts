/** The `offset` of a read: where to begin in each partition, as text. */
import type { PartitionOffsets } from "../bus/bus.ts";
import { AntigraphError } from "../core/errors.ts";

/** A topic as far as reading it asks for. */
export interface TopicOffsets {
  name: string;
  partitions: number;
  offsets: PartitionOffsets[];
}

/**
 * Understands `start`, `end`, `-N` (the last N of each partition), `partition:offset,...` as a read's `next`, and a plain
 * offset when there is only one partition to read.
 * @throws AntigraphError invalid_request
 */
export function parseOffset(
  text: string,
  topic: TopicOffsets,
  partition: number | undefined,
): Record<number, number> {
  const asked =
    partition === undefined ? topic.offsets : topic.offsets.filter((each) => each.partition === partition);
  if (asked.length === 0) invalid("partition", `${topic.name} has partitions 0 to ${topic.partitions - 1}`);
  const each = (offset: (range: { start: number; end: number }) => number) =>
    Object.fromEntries(asked.map((range) => [range.partition, offset(range)]));

  if (text === "start") return each(({ start }) => start);
  if (text === "end") return each(({ end }) => end);
  if (/^-\d{1,9}$/.test(text)) return each(({ start, end }) => Math.max(start, end + Number(text)));
  if (/^\d{1,15}$/.test(text)) {
    if (asked.length > 1) invalid("offset", "a plain number needs `partition`; or give partition:offset pairs");
    return each(() => Number(text));
  }
  if (!/^\d{1,6}:\d{1,15}(,\d{1,6}:\d{1,15})*$/.test(text)) {
    invalid("offset", "give a number, start, end, -N, or partition:offset pairs with commas");
  }
  const from: Record<number, number> = {};
  for (const pair of text.split(",")) {
    const [index, offset] = pair.split(":").map(Number);
    if (index === undefined || offset === undefined || !asked.some((range) => range.partition === index)) {
      invalid("offset", `there is no partition ${index} to read`);
    }
    from[index] = offset;
  }
  return from;
}

/** The text that `parseOffset` reads back. */
export function formatOffset(next: Record<number, number>): string {
  return Object.entries(next)
    .map(([partition, offset]) => `${partition}:${offset}`)
    .join(",");
}

function invalid(path: string, message: string): never {
  throw new AntigraphError("invalid_request", `\`${path}\` in the query: ${message}`, {
    errors: [{ path, message }],
  });
}
