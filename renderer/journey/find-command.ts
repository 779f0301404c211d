/**
 * Where a command stands in its topic. Its position isn't known when its event is written, so it is looked for by its
 * header `id`: in the partition of the journey's key, among the records of that key, from about the time it was sent.
 * The bus finds that time by its index, so that one read does, however long the topic is.
 */
import type { RecordPage } from "../../engine/api/schemas/record.ts";
import { partitionFor } from "../../engine/core/murmur2.ts";
import type { Position } from "../../engine/core/protocol.ts";

export interface RecordReader {
  /** How many partitions the topic has; 0 when it isn't there. */
  partitions(topic: string, signal: AbortSignal): Promise<number>;
  /** Records of the key, from a time (ISO 8601) or from the `next` of the page before. */
  read(
    topic: string,
    from: { partition: number; key: string; at?: string; offset?: string },
    signal: AbortSignal,
  ): Promise<Pick<RecordPage, "records" | "next" | "scanned">>;
}

/** Clocks of managers and brokers differ by no more than this. */
const CLOCK_SLACK_MS = 2_000;
/** Each looks through 20,000 records. */
const MAXIMUM_PAGES = 5;

/** Undefined when it isn't there: the topic's retention may have taken it. */
export async function findCommand(
  reader: RecordReader,
  command: { topic: string; key: string; id: string; sentAt: number },
  signal: AbortSignal,
): Promise<Position | undefined> {
  const { topic, key, id, sentAt } = command;
  const partitions = await reader.partitions(topic, signal);
  if (partitions === 0) return undefined;
  const partition = partitionFor(key, partitions);
  let from: { at?: string; offset?: string } = { at: new Date(sentAt - CLOCK_SLACK_MS).toISOString() };
  for (let page = 0; page < MAXIMUM_PAGES; page += 1) {
    const { records, next, scanned = 0 } = await reader.read(topic, { partition, key, ...from }, signal);
    const found = records.find(({ headers }) => headers.id === id);
    if (found !== undefined) return { topic, partition, offset: found.offset };
    const last = records.at(-1);
    if (scanned === 0 || (last !== undefined && Date.parse(last.timestamp) > sentAt + CLOCK_SLACK_MS))
      return undefined;
    from = { offset: next };
  }
  return undefined;
}
