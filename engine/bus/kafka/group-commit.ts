/**
 * Group commit: calls of `process` from all partitions that are ready share one transaction with what they change in the
 * changelogs and with their positions. Bounded, so that nobody waits long for a commit.
 */
import type { BusRecord, NewRecord, Output } from "../bus.ts";
import { POSITION_KEY } from "./claims.ts";
import type { Connection } from "./client.ts";
import { topicNotFound, typeOf } from "./errors.ts";
import { Batches, MAXIMUM_BATCH_BYTES, type PartitionBatch, sizeOf } from "./produce.ts";
import { type Routed, route } from "./route.ts";
import type { Call, Closing, WorkPartition } from "./work-partition.ts";

/** Bounds of one transaction. A single call's output goes in whole. */
const MAXIMUM_TRANSACTION_RECORDS = 1_024;
const MAXIMUM_TRANSACTION_BYTES = 4_194_304;

export interface Changelog {
  state: string;
  closed: string;
}

/** What one transaction is made of. */
export class Commit {
  readonly batches = new Batches();
  readonly partitions = new Set<WorkPartition>();
  readonly outputs: { partition: WorkPartition; output: Output }[] = [];
  private readonly positions = new Map<WorkPartition, number>();
  private readonly closings: { batch: PartitionBatch; index: number; closing: Closing }[] = [];
  private inputs = 0;
  private readonly changelog: Changelog;
  private readonly wake: () => void;

  constructor(changelog: Changelog, wake: () => void) {
    this.changelog = changelog;
    this.wake = wake;
  }

  get isEmpty(): boolean {
    return this.partitions.size === 0;
  }

  get isFull(): boolean {
    return this.inputs >= MAXIMUM_TRANSACTION_RECORDS || this.batches.bytes >= MAXIMUM_TRANSACTION_BYTES;
  }

  add(call: Call, routed: readonly Routed[]): void {
    const { partition, output, records } = call;
    for (const { topic, partition: to, message } of routed) this.batches.add(topic, to, message);
    for (const { key, value, closing } of partition.apply(call, this.wake)) {
      const topic = closing === undefined ? this.changelog.state : this.changelog.closed;
      const batch = this.batches.add(topic, partition.partition, { key, value, headers: {} });
      if (closing !== undefined) this.closings.push({ batch, index: batch.messages.length - 1, closing });
    }
    this.positions.set(partition, call.next);
    this.partitions.add(partition);
    this.outputs.push({ partition, output });
    this.inputs += records.length;
  }

  bury(partition: WorkPartition, letter: Routed): void {
    this.batches.add(letter.topic, letter.partition, letter.message);
    this.positions.set(partition, partition.position);
    this.partitions.add(partition);
    this.inputs++;
  }

  /** A tombstone for the claim or another entry that isn't state. */
  note(partition: number, key: string, value: string | null): void {
    this.batches.add(this.changelog.state, partition, { key, value, headers: {} });
  }

  /** Before it is sent. */
  seal(): void {
    for (const [{ partition }, position] of this.positions) this.note(partition, POSITION_KEY, String(position));
  }

  /** After the commit: the first offset of each batch. Answers the ends that readers have to reach to see all of it. */
  placed(offsets: readonly number[]): { topic: string; partition: number; end: number }[] {
    const firsts = new Map(this.batches.all.map((batch, index) => [batch, offsets[index] ?? 0]));
    for (const { batch, index, closing } of this.closings) closing.end = (firsts.get(batch) ?? 0) + index + 1;
    return this.batches.all.map((batch) => ({
      topic: batch.topic,
      partition: batch.partition,
      end: (firsts.get(batch) ?? 0) + batch.messages.length,
    }));
  }
}

/** Calls a partition's worker once, if there is a reason, and adds what comes of it. */
export async function gather(
  partition: WorkPartition,
  commit: Commit,
  connection: Connection,
  now: number,
): Promise<void> {
  const records = partition.nextBatch(now);
  if (records === undefined) return;
  try {
    const call = partition.process(records, now);
    checkSizes(call);
    const unknown = call.output.records.filter(({ topic }) => connection.partitionsOf(topic) === 0);
    if (unknown.length > 0) await know(connection, unknown);
    commit.add(
      call,
      call.output.records.map((record) => route(connection, record)),
    );
  } catch (error) {
    const letter = partition.fail(records, error, now);
    if (letter !== undefined) commit.bury(partition, await routeLetter(connection, letter, records));
  }
}

async function know(connection: Connection, records: readonly NewRecord[]): Promise<void> {
  for (const topic of new Set(records.map((record) => record.topic))) {
    try {
      await connection.know(topic);
    } catch (error) {
      if (typeOf(error) === "UNKNOWN_TOPIC_OR_PARTITION") throw topicNotFound(topic);
      throw error;
    }
  }
}

/** A state entry that is larger than a request would hang its partition for ever. */
function checkSizes({ output }: Call): void {
  for (const { key, value } of output.state) {
    if (value === null || sizeOf({ key, value, headers: {} }) <= MAXIMUM_BATCH_BYTES) continue;
    throw new Error(`the state of ${key} is larger than ${MAXIMUM_BATCH_BYTES} bytes`);
  }
}

/** A record that is too large for its dead letter goes there without its value: where it lies stands in the headers. */
async function routeLetter(connection: Connection, letter: NewRecord, records: BusRecord[]): Promise<Routed> {
  await connection.know(letter.topic);
  try {
    return route(connection, letter);
  } catch {
    const [record] = records;
    const headers = { ...letter.headers, "value-bytes": String(Buffer.byteLength(record?.value ?? "")) };
    return route(connection, { ...letter, value: null, headers });
  }
}
