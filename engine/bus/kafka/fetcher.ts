/**
 * Reads partitions of one topic on and on, with one loop for each leading broker: a broker that is gone keeps only its
 * own partitions waiting. What arrives is pushed to the owner, which pauses partitions that it has enough of.
 */
import type { BusLogger } from "../bus.ts";
import type { Connection } from "./client.ts";
import { delay, typeOf } from "./errors.ts";
import { type FetchedPartition, fetchFrom } from "./fetch.ts";

const RETRY_FIRST_MS = 20;
const RETRY_MAXIMUM_MS = 500;
/** Of a poll while a partition is paused, which will be wanted again soon. */
const PAUSED_WAIT_MS = 5;
/** How often a partition without a leader is looked for. */
const LEADER_SEARCH_MS = 250;
/** A partition that wasn't read for so long had no leader, or its broker didn't answer. */
const SILENT_MS = 2_000;

export interface FetcherOptions {
  connection: Connection;
  topic: string;
  /** Length of a long poll. A partition that is added meanwhile waits for its end; so would one that is resumed. */
  maxWaitMs: number;
  /** Of one partition in one answer, which is in memory as a whole; default 1 MiB. */
  partitionBytes?: number;
  onFetched(fetched: FetchedPartition): void;
  /** The partition was silent, and can be read again; before `onFetched`. */
  onReadAgain?(partition: number): void;
  /** The partition's offset is outside of its log: it is read no further until it is added again. */
  onOutOfRange(partition: number, offset: number): void;
  logger: BusLogger;
}

interface Cursor {
  partition: number;
  offset: number;
  paused: boolean;
  /** When a broker answered last what there is; milliseconds since 1970. */
  answeredAt: number;
}

export class Fetcher {
  private readonly options: FetcherOptions;
  private readonly cursors = new Map<number, Cursor>();
  /** Running loops by broker. */
  private readonly loops = new Set<string>();
  private readonly closing = new AbortController();
  private searching = false;

  constructor(options: FetcherOptions) {
    this.options = options;
  }

  add(partition: number, offset: number): void {
    this.cursors.set(partition, { partition, offset, paused: false, answeredAt: Date.now() });
    this.start();
  }

  remove(partition: number): void {
    this.cursors.delete(partition);
  }

  pause(partition: number): void {
    const cursor = this.cursors.get(partition);
    if (cursor !== undefined) cursor.paused = true;
  }

  resume(partition: number): void {
    const cursor = this.cursors.get(partition);
    if (cursor === undefined || !cursor.paused) return;
    cursor.paused = false;
    cursor.answeredAt = Date.now();
    this.start();
  }

  /** Nobody has answered for a while what there is in the partition. */
  isSilent(partition: number): boolean {
    const cursor = this.cursors.get(partition);
    return cursor !== undefined && !cursor.paused && Date.now() - cursor.answeredAt > SILENT_MS;
  }

  close(): void {
    this.closing.abort();
    this.cursors.clear();
  }

  private leaderOf(partition: number): string | undefined {
    return this.options.connection.leaderOf(this.options.topic, partition);
  }

  /** Starts the loops that are needed and don't run. */
  private start(): void {
    if (this.closing.signal.aborted) return;
    for (const cursor of this.cursors.values()) {
      if (cursor.paused) continue;
      const leader = this.leaderOf(cursor.partition);
      if (leader === undefined) void this.search();
      else if (!this.loops.has(leader)) {
        this.loops.add(leader);
        void this.loop(leader);
      }
    }
  }

  private async loop(leader: string): Promise<void> {
    const { signal } = this.closing;
    let waitMs = RETRY_FIRST_MS;
    // A turn of the event loop first: partitions that are added together are read together.
    await new Promise((resolve) => setImmediate(resolve));
    while (!signal.aborted) {
      const led = this.ledBy(leader);
      if (led.length === 0) break;
      try {
        await this.fetch(leader, led);
        waitMs = RETRY_FIRST_MS;
      } catch (error) {
        if (signal.aborted) break;
        if (typeOf(error) === "OFFSET_OUT_OF_RANGE" && this.drop(error, led)) continue;
        const { topic, logger, connection } = this.options;
        if (waitMs >= RETRY_MAXIMUM_MS)
          logger.warn({ err: error, topic, broker: leader }, "a topic can't be read now");
        await delay(waitMs, signal);
        waitMs = Math.min(RETRY_MAXIMUM_MS, waitMs * 2);
        await connection.refresh();
      }
    }
    this.loops.delete(leader);
    this.start();
  }

  /**
   * What the loop of a broker has to read. Whoever shares the connection may have learnt meanwhile that partitions are led by
   * others: no loop fails for that, so that each looks whether all are read by one.
   */
  private ledBy(leader: string): Cursor[] {
    const led: Cursor[] = [];
    let isAllRead = true;
    for (const cursor of this.cursors.values()) {
      if (cursor.paused) continue;
      const its = this.leaderOf(cursor.partition);
      if (its === leader) led.push(cursor);
      else if (its === undefined || !this.loops.has(its)) isAllRead = false;
    }
    if (!isAllRead) this.start();
    return led;
  }

  private async fetch(leader: string, led: Cursor[]): Promise<void> {
    const { connection, topic, partitionBytes, onFetched } = this.options;
    const isAnyPaused = [...this.cursors.values()].some(({ paused }) => paused);
    const maxWaitMs = isAnyPaused ? PAUSED_WAIT_MS : this.options.maxWaitMs;
    const asked = led.map((cursor) => ({ cursor, partition: cursor.partition, offset: cursor.offset }));
    const fetched = await fetchFrom(connection, leader, topic, asked, { maxWaitMs, partitionBytes });
    if (this.closing.signal.aborted) return;
    const byPartition = new Map(asked.map((it) => [it.partition, it]));
    for (const found of fetched) {
      const request = byPartition.get(found.partition);
      const cursor = this.cursors.get(found.partition);
      // Removed or added anew meanwhile.
      if (request === undefined || cursor !== request.cursor || cursor.offset !== request.offset) continue;
      cursor.offset = found.next;
      if (this.isSilent(found.partition)) this.options.onReadAgain?.(found.partition);
      cursor.answeredAt = Date.now();
      onFetched(found);
    }
  }

  /** Answers whether it was found out which partition is meant. */
  private drop(error: unknown, led: readonly Cursor[]): boolean {
    const partition = partitionOf(error) ?? (led.length === 1 ? led[0]?.partition : undefined);
    const cursor = partition === undefined ? undefined : this.cursors.get(partition);
    if (cursor === undefined) return false;
    this.cursors.delete(cursor.partition);
    this.options.onOutOfRange(cursor.partition, cursor.offset);
    return true;
  }

  private async search(): Promise<void> {
    if (this.searching) return;
    this.searching = true;
    await delay(LEADER_SEARCH_MS, this.closing.signal);
    if (!this.closing.signal.aborted) await this.options.connection.refresh();
    this.searching = false;
    this.start();
  }
}

/** kafkajs names the partition in its error of this kind. */
function partitionOf(error: unknown): number | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    if ("partition" in cause && typeof cause.partition === "number") return cause.partition;
  }
  return undefined;
}
