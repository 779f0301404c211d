/**
 * Group commit: calls of `process` from all partitions that are ready share one transaction with what they change in the
 * changelogs and with their positions. Bounded, so that nobody waits long for a commit.
 */
import type { BusRecord, NewRecord, Output } from "../bus.ts";
import { Batches, MAXIMUM_BATCH_BYTES, type PartitionBatch, sizeOf } from "./batches.ts";
import { POSITION_KEY } from "./changelog.ts";
import type { Connection } from "./client.ts";
import { topicNotFound, typeOf } from "./errors.ts";
import type { Closing } from "./partition-state.ts";
import type { Part } from "./quarantine.ts";
import { type Routed, route } from "./route.ts";
import { type Call, deadLetter, type WorkPartition } from "./work-partition.ts";

/** Bounds of one transaction. A single call's output goes in whole. */
const MAXIMUM_TRANSACTION_RECORDS = 1_024;
const MAXIMUM_TRANSACTION_BYTES = 4_194_304;

export interface ChangelogTopics {
  state: string;
  closed: string;
}

/** Where a batch lies: its first offset, and the one behind its last record. */
export interface Placed {
  batch: PartitionBatch;
  first: number;
  end: number;
}

/** What one transaction is made of. */
export class Commit {
  readonly batches = new Batches();
  /** One partition's own: nothing else may be added. */
  alone = false;
  readonly outputs: { partition: WorkPartition; output: Output }[] = [];
  private readonly parts = new Map<WorkPartition, { position: number; records: BusRecord[]; buried?: BusRecord }>();
  private readonly closings: { batch: PartitionBatch; index: number; closing: Closing }[] = [];
  /** How many were taken by what is in it. */
  inputs = 0;
  private readonly topics: ChangelogTopics;
  private readonly wake: () => void;
  private readonly settled = Promise.withResolvers<void>();

  constructor(topics: ChangelogTopics, wake: () => void) {
    this.topics = topics;
    this.wake = wake;
    this.settled.promise.catch(() => {});
  }

  /** Resolves when it is committed; rejects when it failed or was dropped. */
  get done(): Promise<void> {
    return this.settled.promise;
  }

  succeed(): void {
    this.settled.resolve();
  }

  fail(error: unknown): void {
    this.settled.reject(error);
  }

  get isEmpty(): boolean {
    return this.batches.all.length === 0;
  }

  get isFull(): boolean {
    return this.inputs >= MAXIMUM_TRANSACTION_RECORDS || this.batches.bytes >= MAXIMUM_TRANSACTION_BYTES;
  }

  /** By partition: what is in it. */
  contents(): Part[] {
    return [...this.parts].map(([{ partition }, { records, buried }]) => ({ partition, records, buried }));
  }

  get partitions(): IterableIterator<WorkPartition> {
    return this.parts.keys();
  }

  add(call: Call, routed: readonly Routed[]): void {
    const { partition, output, records } = call;
    for (const { topic, partition: to, message, bytes } of routed) this.batches.add(topic, to, message, bytes);
    for (const { key, value, closing } of partition.apply(call, this.wake)) {
      const topic = closing === undefined ? this.topics.state : this.topics.closed;
      const batch = this.batches.add(topic, partition.partition, { key, value, headers: {} });
      if (closing !== undefined) this.closings.push({ batch, index: batch.messages.length - 1, closing });
    }
    const known = this.parts.get(partition);
    if (known === undefined) this.parts.set(partition, { position: call.next, records });
    else {
      known.position = call.next;
      known.records = known.records.concat(records);
    }
    this.outputs.push({ partition, output });
    this.inputs += records.length;
  }

  bury(partition: WorkPartition, letter: Routed, buried: BusRecord | undefined): void {
    this.batches.add(letter.topic, letter.partition, letter.message);
    const records = this.parts.get(partition)?.records ?? [];
    this.parts.set(partition, { position: partition.position, records, buried });
    this.inputs++;
  }

  /** A tombstone for the claim or another entry that isn't state. */
  note(partition: number, key: string, value: string | null): void {
    this.batches.add(this.topics.state, partition, { key, value, headers: {} });
  }

  /** Before it is sent. */
  seal(): void {
    for (const [{ partition }, { position }] of this.parts) this.note(partition, POSITION_KEY, String(position));
  }

  /** After the commit; `offsets`: the first of each batch. */
  placed(offsets: readonly number[]): Placed[] {
    const firsts = new Map(this.batches.all.map((batch, index) => [batch, offsets[index] ?? 0]));
    for (const { batch, index, closing } of this.closings) closing.end = (firsts.get(batch) ?? 0) + index + 1;
    return [...firsts].map(([batch, first]) => ({ batch, first, end: first + batch.messages.length }));
  }
}

/** A topic that it writes to can't be looked up now. */
class Unreachable extends Error {}

/**
 * Calls a partition's worker once, if there is a reason, and adds what comes of it. `stranded`: what it writes can't be
 * written now, for a topic or a partition of it can't be reached.
 */
export async function gather(
  partition: WorkPartition,
  commit: Commit,
  connection: Connection,
  now: number,
  isOwned: () => boolean,
  maximumRecords?: number,
): Promise<"added" | "nothing" | "stranded"> {
  try {
    const { condemnedLetter, head } = partition;
    if (condemnedLetter !== undefined && head !== undefined) {
      return await bury(partition, commit, connection, condemnedLetter, head, isOwned);
    }
    const records = partition.nextBatch(now, maximumRecords);
    if (records === undefined) return "nothing";
    try {
      const call = partition.process(records, now);
      checkSizes(call);
      const unknown = call.output.records.filter(({ topic }) => connection.partitionsOf(topic) === 0);
      if (unknown.length > 0) await know(connection, unknown);
      const routed = call.output.records.map((record) => route(connection, record));
      if (!isOwned()) return "nothing";
      if (!haveLeaders(connection, routed)) throw new Unreachable();
      commit.add(call, routed);
      return "added";
    } catch (error) {
      if (error instanceof Unreachable) throw error;
      const letter = partition.fail(records, error, now);
      const [record] = records;
      if (letter === undefined || record === undefined) return "nothing";
      return await bury(partition, commit, connection, letter, record, isOwned);
    }
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    if (isOwned()) partition.rewind();
    return "stranded";
  }
}

async function bury(
  partition: WorkPartition,
  commit: Commit,
  connection: Connection,
  letter: NewRecord,
  record: BusRecord,
  isOwned: () => boolean,
): Promise<"added" | "nothing"> {
  await know(connection, [letter]);
  const routed = routeLetter(connection, letter, record);
  if (!haveLeaders(connection, [routed])) throw new Unreachable();
  if (!isOwned()) return "nothing";
  partition.skip();
  commit.bury(partition, routed, record);
  return "added";
}

function haveLeaders(connection: Connection, routed: readonly Routed[]): boolean {
  return routed.every(({ topic, partition }) => connection.leaderOf(topic, partition) !== undefined);
}

async function know(connection: Connection, records: readonly NewRecord[]): Promise<void> {
  for (const topic of new Set(records.map((record) => record.topic))) {
    try {
      await connection.know(topic);
    } catch (error) {
      if (typeOf(error) === "UNKNOWN_TOPIC_OR_PARTITION") throw topicNotFound(topic);
      throw new Unreachable(topic, { cause: error });
    }
  }
}

/** A state entry that is larger than a request would hang its partition for ever. */
function checkSizes({ output }: Call): void {
  for (const { key, value } of output.state) {
    // So many characters can't be more bytes than that.
    if (value === null || value.length * 3 <= MAXIMUM_BATCH_BYTES / 2) continue;
    if (sizeOf({ key, value, headers: {} }) <= MAXIMUM_BATCH_BYTES) continue;
    throw new Error(`the state of ${key} is larger than ${MAXIMUM_BATCH_BYTES} bytes`);
  }
}

/** A record that is too large for its dead letter goes there without its value. */
function routeLetter(connection: Connection, letter: NewRecord, record: BusRecord): Routed {
  try {
    return route(connection, letter);
  } catch {
    return route(connection, deadLetter(record, letter.headers?.message, letter.topic, true));
  }
}
