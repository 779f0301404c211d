/** Reading only the records of one key: topics have no index of keys, so they are looked through, with a bound. */
import type { BusRecord, ObservableBus } from "../bus/bus.ts";
import type { TopicOffsets } from "./record-positions.ts";

/** Records that one call looks through at most; its answer says how far it came, and the next call goes on from there. */
export const MAXIMUM_SCANNED_RECORDS = 20_000;
/** So many are read at a time. */
const BATCH_RECORDS = 1_000;

interface Search {
  topic: TopicOffsets;
  from: Record<number, number>;
  key: string;
  /** Records of the key that are enough. */
  limit: number;
  /** How long to wait for records where there are none yet, in milliseconds. */
  waitMs: number;
  signal: AbortSignal;
}

export interface Found {
  records: BusRecord[];
  /** Where to go on: behind all that was looked through. */
  next: Record<number, number>;
  scanned: number;
}

/** Stops at enough finds, at the ends that the topic has now, or at the bound. */
export async function searchKey(bus: ObservableBus, search: Search): Promise<Found> {
  const { topic, key, limit, waitMs, signal } = search;
  const ends = new Map(topic.offsets.map(({ partition, end }) => [partition, end]));
  const records: BusRecord[] = [];
  let next = search.from;
  let scanned = 0;
  while (scanned < MAXIMUM_SCANNED_RECORDS && records.length < limit && !signal.aborted) {
    const page = await bus.read({
      topic: topic.name,
      from: next,
      limit: Math.min(BATCH_RECORDS, MAXIMUM_SCANNED_RECORDS - scanned),
      waitMs: scanned === 0 ? waitMs : 0,
      signal,
    });
    const before = next;
    next = page.next;
    for (const [index, record] of page.records.entries()) {
      if (record.key !== key) continue;
      records.push(record);
      if (records.length < limit) continue;
      // Enough: what lies behind it in this batch is left for the next call.
      next = behind(before, page.records.slice(0, index + 1));
      return { records, next, scanned: scanned + index + 1 };
    }
    scanned += page.records.length;
    const moved = Object.entries(next).some(([partition, offset]) => offset > (before[Number(partition)] ?? 0));
    const atEnd = Object.entries(next).every(([partition, offset]) => offset >= (ends.get(Number(partition)) ?? 0));
    if (atEnd || !moved) break;
  }
  return { records, next, scanned };
}

/** The positions behind some records that were read from these positions. */
function behind(from: Record<number, number>, records: readonly BusRecord[]): Record<number, number> {
  const next = { ...from };
  for (const { partition, offset } of records) next[partition] = offset + 1;
  return next;
}

/** Where a topic's partitions stand at a time, as far as they are asked for. */
export async function positionsAt(
  bus: ObservableBus,
  topic: TopicOffsets,
  partition: number | undefined,
  timeMs: number,
): Promise<Record<number, number>> {
  const offsets = await bus.offsetsAt(topic.name, timeMs);
  if (partition === undefined) return offsets;
  const own = offsets[partition];
  return own === undefined ? {} : { [partition]: own };
}
