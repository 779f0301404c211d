/**
 * Record batches (magic 2) read straight from a fetch response: what readers of committed records see of them. Key and
 * value become strings at once, so that the response can be freed.
 */
import { isUtf8 } from "node:buffer";
import type { BusRecord } from "../bus.ts";
import { decompress } from "./decompress.ts";
import type { AbortedTransaction } from "./fetch-response.ts";

const UNCOMPRESSED = 0;
const CODEC_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** Where things lie in a batch; its length counts what is behind the length. */
const LENGTH_AT = 8;
const LENGTH_END = 12;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const MAXIMUM_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const COUNT_AT = 57;
const RECORDS_AT = 61;

export interface Place {
  topic: string;
  partition: number;
  /** Earlier records aren't wanted, though their batch was read. */
  from: number;
}

export interface ReadBatches {
  records: BusRecord[];
  /** Behind the last whole batch, or `from`. */
  next: number;
}

/** Without markers, and without what was aborted. Throws when a compressed batch can't be read. */
export async function readBatches(
  bytes: Buffer,
  place: Place,
  aborted: readonly AbortedTransaction[],
): Promise<ReadBatches> {
  const records: BusRecord[] = [];
  const isAborted = abortedOf(aborted);
  let next = place.from;
  for (let begin = 0, end = 0; begin + RECORDS_AT <= bytes.length; begin = end) {
    end = begin + LENGTH_END + bytes.readInt32BE(begin + LENGTH_AT);
    // The end of an answer may be cut off.
    if (end > bytes.length) break;
    const batch = bytes.subarray(begin, end);
    const first = int64(batch, 0);
    const attributes = batch.readInt16BE(ATTRIBUTES_AT);
    const behind = first + batch.readInt32BE(LAST_OFFSET_DELTA_AT) + 1;
    if (behind > next) next = behind;
    const dropped = isAborted(batch, first, attributes);
    if (dropped || (attributes & CONTROL) !== 0 || behind <= place.from) continue;
    const codec = attributes & CODEC_MASK;
    if (codec === UNCOMPRESSED) readRecords(batch, RECORDS_AT, batch, first, place, records);
    else readRecords(await inflated(codec, batch, first, place), 0, batch, first, place, records);
  }
  return { records, next };
}

/** Says of each batch, in order, whether its transaction was aborted. */
function abortedOf(
  listed: readonly AbortedTransaction[],
): (batch: Buffer, first: number, attributes: number) => boolean {
  if (listed.length === 0) return () => false;
  const coming = listed.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<bigint>();
  return (batch, first, attributes) => {
    for (let next = coming[0]; next !== undefined && next.firstOffset <= first; next = coming[0]) {
      open.add(next.producerId);
      coming.shift();
    }
    if ((attributes & TRANSACTIONAL) === 0) return false;
    const producerId = batch.readBigInt64BE(PRODUCER_ID_AT);
    // A marker ends its producer's transaction; whatever follows belongs to its next one.
    if ((attributes & CONTROL) !== 0) open.delete(producerId);
    return open.has(producerId);
  };
}

/** `bytes` from `offset` on: the records of a batch, decompressed. */
function readRecords(
  bytes: Buffer,
  offset: number,
  batch: Buffer,
  first: number,
  { topic, partition, from }: Place,
  records: BusRecord[],
): void {
  const isLogAppendTime = (batch.readInt16BE(ATTRIBUTES_AT) & LOG_APPEND_TIME) !== 0;
  const base = int64(batch, isLogAppendTime ? MAXIMUM_TIMESTAMP_AT : FIRST_TIMESTAMP_AT);
  const reader = new Reader(bytes, offset);
  for (let left = batch.readInt32BE(COUNT_AT); left > 0; left--) {
    const end = reader.varint() + reader.offset;
    reader.offset++;
    const delta = reader.varint();
    const timestamp = isLogAppendTime ? base : base + delta;
    const at = first + reader.varint();
    // Before the position, where a batch was asked for in its middle.
    if (at >= from) records.push(readRecord(reader, topic, partition, at, timestamp));
    reader.offset = end;
  }
}

function readRecord(reader: Reader, topic: string, partition: number, offset: number, timestamp: number): BusRecord {
  const { bytes } = reader;
  const key = reader.text();
  const { begin: keyAt, offset: keyEnd } = reader;
  const value = reader.text();
  const { begin: valueAt, offset: valueEnd } = reader;
  const headers: Record<string, string> = {};
  for (let left = reader.varint(); left > 0; left--) {
    const name = reader.text() ?? "";
    const text = reader.text();
    // The last one of a name counts.
    if (text === null) delete headers[name];
    else headers[name] = text;
  }
  const record: BusRecord = { topic, partition, offset, timestamp, key, value, headers };
  if (isMangled(key, bytes, keyAt, keyEnd) || isMangled(value, bytes, valueAt, valueEnd)) {
    // Apart from the answer they came in, which would stay in memory with them.
    record.bytes = {
      key: key === null ? null : Buffer.from(bytes.subarray(keyAt, keyEnd)),
      value: value === null ? null : Buffer.from(bytes.subarray(valueAt, valueEnd)),
    };
  }
  return record;
}

/** Bytes that are no UTF-8 become U+FFFD; looking for that first costs next to nothing. */
function isMangled(text: string | null, bytes: Buffer, begin: number, end: number): boolean {
  return text?.includes("\uFFFD") === true && !isUtf8(bytes.subarray(begin, end));
}

async function inflated(codec: number, batch: Buffer, offset: number, { topic, partition }: Place): Promise<Buffer> {
  try {
    return await decompress(codec, batch.subarray(RECORDS_AT));
  } catch (error) {
    throw new Error(`${topic}/${partition}: what was written at offset ${offset} can't be decompressed`, {
      cause: error,
    });
  }
}

const TWO_TO_32 = 4_294_967_296;

/** Up to 2^53. */
function int64(bytes: Buffer, offset: number): number {
  return bytes.readInt32BE(offset) * TWO_TO_32 + bytes.readUInt32BE(offset + 4);
}

class Reader {
  readonly bytes: Buffer;
  offset: number;
  /** Where the last text began; it ended at `offset`. */
  begin = 0;

  constructor(bytes: Buffer, offset: number) {
    this.bytes = bytes;
    this.offset = offset;
  }

  /** Zigzag: small numbers of either sign are short. Up to 2^52; behind the end it is wrong, and `text` throws. */
  varint(): number {
    const { bytes } = this;
    let byte = bytes[this.offset++] ?? 0;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    for (let weight = 0x80; byte >= 0x80; weight *= 0x80) {
      byte = bytes[this.offset++] ?? 0;
      value += (byte & 0x7f) * weight;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  text(): string | null {
    const length = this.varint();
    if (length < 0) return null;
    this.begin = this.offset;
    this.offset += length;
    if (this.offset > this.bytes.length) throw new RangeError("a record reaches beyond its batch");
    return this.bytes.toString("utf8", this.begin, this.offset);
  }
}
