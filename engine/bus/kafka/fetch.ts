/** One fetch from one broker, and what readers of committed records see of it. */
import { isUtf8 } from "node:buffer";
import type { BusRecord, RecordBytes } from "../bus.ts";
import type { Connection } from "./client.ts";

const READ_COMMITTED = 1;
const MAXIMUM_BYTES = 16_777_216;
export const PARTITION_BYTES = 1_048_576;

/** Where to read on in a partition. */
export interface FetchPosition {
  partition: number;
  offset: number;
}

export interface FetchedPartition {
  partition: number;
  /** Committed records, in order. */
  records: BusRecord[];
  /** Where to read on: behind records, markers and what was aborted. */
  next: number;
  /** The offset behind the last record of all, and behind those whose transactions are settled. */
  highWatermark: number;
  lastStable: number;
}

interface WireRecord {
  offset: string;
  timestamp: string;
  key: Buffer | null;
  value: Buffer | null;
  headers?: Record<string, Buffer | Buffer[] | string | undefined>;
  isControlRecord?: boolean;
  batchContext?: { producerId: string; inTransaction: boolean; firstOffset: string; lastOffsetDelta: number };
}

interface WirePartition {
  partition: number;
  highWatermark: string;
  lastStableOffset: string;
  abortedTransactions: { producerId: string; firstOffset: string }[] | null;
  messages: WireRecord[];
}

interface FetchResponse {
  responses: { topicName: string; partitions: WirePartition[] }[];
}

export interface FetchOptions {
  maxWaitMs: number;
  /** Of one partition; a single larger record comes all the same. */
  partitionBytes?: number;
}

/**
 * Reads from one broker. Rejects with kafkajs's errors, also when one partition only has one: an offset outside of the
 * log is type OFFSET_OUT_OF_RANGE, a leader that has moved NOT_LEADER_FOR_PARTITION.
 */
export async function fetchFrom(
  connection: Connection,
  nodeId: string,
  topic: string,
  positions: readonly FetchPosition[],
  options: FetchOptions,
): Promise<FetchedPartition[]> {
  const { maxWaitMs, partitionBytes = PARTITION_BYTES } = options;
  const broker = await connection.broker(nodeId);
  const partitions = positions.map(({ partition, offset }) => ({
    partition,
    fetchOffset: String(offset),
    maxBytes: partitionBytes,
  }));
  const request = {
    maxWaitTime: maxWaitMs,
    minBytes: 1,
    maxBytes: MAXIMUM_BYTES,
    isolationLevel: READ_COMMITTED,
    topics: [{ topic, partitions }],
  };
  const response: FetchResponse = await connection.inFetchTurn(nodeId, () => broker.fetch(request));
  const asked = new Map(positions.map(({ partition, offset }) => [partition, offset]));
  const fetched = response.responses
    .flatMap((answer) => answer.partitions)
    .map((answer) => settle(topic, asked.get(answer.partition) ?? 0, answer));
  return Promise.all(
    fetched.map(async (found) => {
      const offset = asked.get(found.partition) ?? 0;
      if (found.next > offset || offset >= found.lastStable) return found;
      // Nothing, though something is there: the answer was full, or a batch lies there that compaction has emptied. Of
      // those kafkajs tells nothing: they are passed one offset at a time, for no record may be skipped.
      if (positions.length === 1) return { ...found, next: offset + 1 };
      const alone = { partition: found.partition, offset };
      const [again] = await fetchFrom(connection, nodeId, topic, [alone], { ...options, maxWaitMs: 0 });
      return again ?? found;
    }),
  );
}

function settle(topic: string, from: number, answer: WirePartition): FetchedPartition {
  const { partition } = answer;
  const highWatermark = Number(answer.highWatermark);
  const lastStable = Number(answer.lastStableOffset);
  const records: BusRecord[] = [];
  let next = from;
  const isAborted = abortedOf(answer);
  for (const message of answer.messages) {
    const offset = Number(message.offset);
    const aborted = isAborted(message, offset);
    if (offset < from) continue;
    const context = message.batchContext;
    // The tail of a batch may have been compacted away.
    const behind = context === undefined ? 0 : Number(context.firstOffset) + context.lastOffsetDelta + 1;
    if (message === answer.messages.at(-1)) next = Math.max(next, behind);
    next = Math.max(next, offset + 1);
    if (!aborted && message.isControlRecord !== true) records.push(toRecord(topic, partition, offset, message));
  }
  return { partition, records, next, highWatermark, lastStable };
}

/** Says of each record, in order, whether its transaction was aborted. */
function abortedOf(answer: WirePartition): (message: WireRecord, offset: number) => boolean {
  const listed = answer.abortedTransactions ?? [];
  if (listed.length === 0) return () => false;
  const coming = listed
    .map(({ producerId, firstOffset }) => ({ producerId, first: Number(firstOffset) }))
    .sort((a, b) => a.first - b.first);
  const open = new Set<string>();
  return (message, offset) => {
    for (let first = coming[0]; first !== undefined && first.first <= offset; first = coming[0]) {
      open.add(first.producerId);
      coming.shift();
    }
    const { producerId = "", inTransaction = false } = message.batchContext ?? {};
    // A marker ends its producer's transaction; whatever follows belongs to its next one.
    if (message.isControlRecord === true) open.delete(producerId);
    return inTransaction && open.has(producerId);
  };
}

function toRecord(topic: string, partition: number, offset: number, message: WireRecord): BusRecord {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined && last !== null) headers[name] = last.toString();
  }
  const key = message.key === null ? null : message.key.toString();
  const value = message.value === null ? null : message.value.toString();
  return {
    ...{ topic, partition, offset, timestamp: Number(message.timestamp), key, value, headers },
    ...((isMangled(key, message.key) || isMangled(value, message.value)) && { bytes: copyOf(message) }),
  };
}

/** Bytes that are no UTF-8 become U+FFFD; looking for that first costs next to nothing. */
function isMangled(text: string | null, bytes: Buffer | null): boolean {
  return text?.includes("\uFFFD") === true && bytes !== null && !isUtf8(bytes);
}

/** Apart from the answer they came in, which would stay in memory with them. */
function copyOf({ key, value }: WireRecord): RecordBytes {
  return { key: key && Buffer.from(key), value: value && Buffer.from(value) };
}
