/**
 * A produce request (versions 3 to 7, record batches of magic 2) written into one buffer. kafkajs makes several small
 * buffers for each record and copies them time and again: with the manager's many records that was a fifth of its work,
 * and most of its garbage.
 */
import { sizeOf } from "./batches.ts";
import type { ProduceRequest, WireMessage } from "./broker.ts";
import { crc32c } from "./crc32c.ts";

const MAGIC = 2;
const TRANSACTIONAL = 0x10;
/** From the base offset to the count of records. */
const BATCH_HEADER_BYTES = 61;
/** More than the numbers before and between a record's fields take, and those of each of its headers. */
const RECORD_NUMBERS_BYTES = 48;
const HEADER_NUMBERS_BYTES = 10;
/** Where what is counted by the batch's length begins, and what its checksum covers. */
const LENGTH_END = 12;
const CRC_AT = 17;
const CRC_END = 21;

type Partition = ProduceRequest["topicData"][number]["partitions"][number];

export function encodeProduceRequest(request: ProduceRequest): Buffer {
  const { transactionalId, acks, timeout, topicData } = request;
  const writer = new Writer(boundOf(request));
  writer.string(transactionalId ?? null);
  writer.int16(acks);
  writer.int32(timeout);
  writer.int32(topicData.length);
  const now = Date.now();
  for (const { topic, partitions } of topicData) {
    writer.string(topic);
    writer.int32(partitions.length);
    for (const partition of partitions) {
      writer.int32(partition.partition);
      const sizeAt = writer.skip(4);
      const begin = writer.offset;
      writeBatch(writer, partition, request, now);
      writer.buffer.writeInt32BE(writer.offset - begin, sizeAt);
    }
  }
  return writer.buffer.subarray(0, writer.offset);
}

function writeBatch(
  writer: Writer,
  { firstSequence, messages }: Partition,
  request: ProduceRequest,
  now: number,
): void {
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const message of messages) {
    const time = timeOf(message, now);
    if (time < first) first = time;
    if (time > last) last = time;
  }
  const begin = writer.offset;
  writer.int64(0n);
  writer.skip(4);
  writer.int32(0);
  writer.int8(MAGIC);
  writer.skip(4);
  writer.int16(request.transactionalId === undefined ? 0 : TRANSACTIONAL);
  writer.int32(messages.length - 1);
  writer.int64(BigInt(first));
  writer.int64(BigInt(last));
  writer.int64(BigInt(request.producerId));
  writer.int16(request.producerEpoch);
  writer.int32(firstSequence);
  writer.int32(messages.length);
  let index = 0;
  for (const message of messages) writeRecord(writer, message, index++, timeOf(message, now) - first);
  const { buffer, offset: end } = writer;
  buffer.writeInt32BE(end - begin - LENGTH_END, begin + 8);
  buffer.writeUInt32BE(crc32c(buffer, begin + CRC_END, end), begin + CRC_AT);
}

const timeOf = ({ timestamp }: WireMessage, now: number): number =>
  timestamp === undefined ? now : Number(timestamp);

function writeRecord(writer: Writer, { key, value, headers }: WireMessage, offset: number, time: number): void {
  const keyBytes = bytesOf(key);
  const valueBytes = bytesOf(value);
  const names = Object.keys(headers);
  let size = 1 + varintBytes(time) + varintBytes(offset) + fieldBytes(keyBytes) + fieldBytes(valueBytes);
  size += varintBytes(names.length);
  for (const name of names) size += fieldBytes(bytesOf(name)) + fieldBytes(bytesOf(headers[name] ?? ""));
  writer.varint(size);
  writer.int8(0);
  writer.varint(time);
  writer.varint(offset);
  writer.field(key, keyBytes);
  writer.field(value, valueBytes);
  writer.varint(names.length);
  for (const name of names) {
    const text = headers[name] ?? "";
    writer.field(name, bytesOf(name));
    writer.field(text, bytesOf(text));
  }
}

/** Enough for the whole request. */
function boundOf({ transactionalId = "", topicData }: ProduceRequest): number {
  let bytes = 64 + Buffer.byteLength(transactionalId);
  for (const { topic, partitions } of topicData) {
    bytes += 8 + Buffer.byteLength(topic);
    for (const { messages } of partitions) {
      bytes += 8 + BATCH_HEADER_BYTES;
      for (const message of messages) {
        bytes += sizeOf(message) + RECORD_NUMBERS_BYTES;
        for (const _ in message.headers) bytes += HEADER_NUMBERS_BYTES;
      }
    }
  }
  return bytes;
}

/** -1 for null, as on the wire. */
const bytesOf = (field: string | Buffer | null): number => (field === null ? -1 : Buffer.byteLength(field));

const fieldBytes = (bytes: number): number => varintBytes(bytes) + Math.max(0, bytes);

/** Zigzag: small numbers of either sign are short. Up to 2^52. */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = zigzag(value); rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

class Writer {
  readonly buffer: Buffer;
  offset = 0;

  constructor(bytes: number) {
    this.buffer = Buffer.allocUnsafe(bytes);
  }

  /** Leaves room; answers where. */
  skip(bytes: number): number {
    this.offset += bytes;
    return this.offset - bytes;
  }

  int8(value: number): void {
    this.offset = this.buffer.writeInt8(value, this.offset);
  }

  int16(value: number): void {
    this.offset = this.buffer.writeInt16BE(value, this.offset);
  }

  int32(value: number): void {
    this.offset = this.buffer.writeInt32BE(value, this.offset);
  }

  int64(value: bigint): void {
    this.offset = this.buffer.writeBigInt64BE(value, this.offset);
  }

  string(value: string | null): void {
    this.int16(bytesOf(value));
    if (value !== null) this.offset += this.buffer.write(value, this.offset);
  }

  varint(value: number): void {
    let rest = zigzag(value);
    while (rest >= 0x80) {
      this.buffer[this.offset++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.offset++] = rest;
  }

  field(value: string | Buffer | null, bytes: number): void {
    this.varint(bytes);
    if (value === null) return;
    if (typeof value === "string") this.buffer.write(value, this.offset);
    else value.copy(this.buffer, this.offset);
    this.offset += bytes;
  }
}
