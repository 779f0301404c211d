/**
 * A partition's records as kafkajs decodes them, and what readers of committed records see of them. Only for answers that
 * have records from before Kafka 0.11 in them; all others are read by record-batches.ts, which gives the same.
 */
import { isUtf8 } from "node:buffer";
import type { BusRecord, RecordBytes } from "../bus.ts";
import type { Place, ReadBatches } from "./record-batches.ts";

interface WireRecord {
  offset: string;
  timestamp: string;
  key: Buffer | null;
  value: Buffer | null;
  headers?: Record<string, Buffer | Buffer[] | string | undefined>;
  isControlRecord?: boolean;
  batchContext?: { producerId: string; inTransaction: boolean; firstOffset: string; lastOffsetDelta: number };
}

export interface DecodedPartition {
  partition: number;
  highWatermark: string;
  lastStableOffset: string;
  abortedTransactions: { producerId: string; firstOffset: string }[] | null;
  messages: WireRecord[];
}

/** Without markers, and without what was aborted. */
export function readMessages(answer: DecodedPartition, { topic, partition, from }: Place): ReadBatches {
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
  return { records, next };
}

/** Says of each record, in order, whether its transaction was aborted. */
function abortedOf(answer: DecodedPartition): (message: WireRecord, offset: number) => boolean {
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
