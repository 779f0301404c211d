/** What is sent: messages by topic and partition, measured, split into requests, and numbered. */
import type { WireMessage } from "./broker.ts";

/** Above this a partition's records go in several requests; brokers take 1,048,588 bytes by default. */
export const MAXIMUM_BATCH_BYTES = 921_600;

/** What goes to one partition, in order. */
export interface PartitionBatch {
  topic: string;
  partition: number;
  messages: WireMessage[];
  /** Of all messages, roughly. */
  bytes: number;
}

/** Gathers messages by topic and partition. */
export class Batches {
  readonly all: PartitionBatch[] = [];
  bytes = 0;
  private readonly byTopic = new Map<string, (PartitionBatch | undefined)[]>();

  add(topic: string, partition: number, message: WireMessage, bytes = sizeOf(message)): PartitionBatch {
    let ofTopic = this.byTopic.get(topic);
    if (ofTopic === undefined) {
      ofTopic = [];
      this.byTopic.set(topic, ofTopic);
    }
    let batch = ofTopic[partition];
    if (batch === undefined) {
      batch = { topic, partition, messages: [], bytes: 0 };
      ofTopic[partition] = batch;
      this.all.push(batch);
    }
    batch.messages.push(message);
    batch.bytes += bytes;
    this.bytes += bytes;
    return batch;
  }
}

const RECORD_OVERHEAD_BYTES = 32;

/** The bytes that a message takes in a request, and a few more. */
export function sizeOf({ key, value, headers }: WireMessage): number {
  let bytes = RECORD_OVERHEAD_BYTES + Buffer.byteLength(key ?? "") + Buffer.byteLength(value ?? "");
  for (const name in headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? "") + 4;
  return bytes;
}

/** The sequence numbers of one producer. */
export class Sequences {
  private readonly next = new Map<string, number>();

  /** The first sequence number of so many records, which are used up by this. */
  take({ topic, partition }: PartitionBatch, count: number): number {
    const name = `${partition} ${topic}`;
    const first = this.next.get(name) ?? 0;
    this.next.set(name, (first + count) % 2_147_483_648);
    return first;
  }
}

/** A part of a batch that fits into one request, with its place in the producer's sequence. */
export interface Part extends PartitionBatch {
  firstSequence: number;
}

export function split(batch: PartitionBatch, sequences: Sequences): Part[] {
  if (batch.bytes <= MAXIMUM_BATCH_BYTES) {
    return [{ ...batch, firstSequence: sequences.take(batch, batch.messages.length) }];
  }
  const parts: Part[] = [];
  let messages: WireMessage[] = [];
  let bytes = 0;
  const close = () => {
    if (messages.length === 0) return;
    parts.push({ ...batch, messages, bytes, firstSequence: sequences.take(batch, messages.length) });
    messages = [];
    bytes = 0;
  };
  for (const message of batch.messages) {
    const size = sizeOf(message);
    if (bytes + size > MAXIMUM_BATCH_BYTES) close();
    messages.push(message);
    bytes += size;
  }
  close();
  return parts;
}
