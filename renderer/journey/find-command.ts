/**
 * Where a command stands in its topic. Its position isn't known when its event is written, so it is looked for by its
 * header `id`: in the partition of the journey's key, from about the time it was sent. Records of a partition are in
 * the order of their times, so a search by halves finds the place in a few reads, however long the topic is.
 */
import type { TopicRecord } from "../../engine/api/schemas/record.ts";
import { partitionFor } from "../../engine/core/murmur2.ts";
import type { Position } from "../../engine/core/protocol.ts";

export interface RecordReader {
  /** The first offset and the one after the last, by partition. */
  offsets(topic: string, signal: AbortSignal): Promise<{ partition: number; start: number; end: number }[]>;
  read(
    topic: string,
    from: { partition: number; offset: number; limit: number },
    signal: AbortSignal,
  ): Promise<TopicRecord[]>;
}

/** Clocks of managers and brokers differ by no more than this. */
const CLOCK_SLACK_MS = 2_000;
const PAGE_RECORDS = 200;
/** How far behind the place it is looked for. */
const MAXIMUM_PAGES = 10;

/** Undefined when it isn't there: the topic's retention may have taken it. */
export async function findCommand(
  reader: RecordReader,
  command: { topic: string; key: string; id: string; sentAt: number },
  signal: AbortSignal,
): Promise<Position | undefined> {
  const { topic, key, id, sentAt } = command;
  const offsets = await reader.offsets(topic, signal);
  const partition = partitionFor(key, offsets.length);
  const range = offsets.find((each) => each.partition === partition);
  if (range === undefined) return undefined;
  let offset = await firstFrom(reader, { topic, ...range }, sentAt - CLOCK_SLACK_MS, signal);
  for (let page = 0; page < MAXIMUM_PAGES && offset < range.end; page += 1) {
    const records = await reader.read(topic, { partition, offset, limit: PAGE_RECORDS }, signal);
    const found = records.find(({ headers }) => headers.id === id);
    if (found !== undefined) return { topic, partition, offset: found.offset };
    const last = records.at(-1);
    if (last === undefined || Date.parse(last.timestamp) > sentAt + CLOCK_SLACK_MS) return undefined;
    offset = last.offset + 1;
  }
  return undefined;
}

/** The offset of the first record from this time on, or one shortly before. */
async function firstFrom(
  reader: RecordReader,
  { topic, partition, start, end }: { topic: string; partition: number; start: number; end: number },
  timeMs: number,
  signal: AbortSignal,
): Promise<number> {
  let [low, high] = [start, end];
  while (high - low > PAGE_RECORDS) {
    const middle = Math.floor((low + high) / 2);
    const [record] = await reader.read(topic, { partition, offset: middle, limit: 1 }, signal);
    // Nothing from here on: what is looked for lies before.
    if (record === undefined || Date.parse(record.timestamp) >= timeMs) high = middle;
    else low = record.offset + 1;
  }
  return low;
}
