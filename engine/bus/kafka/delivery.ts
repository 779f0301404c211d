/** Hands what is fetched to a callback, one call at a time: what subscriptions and members of consumer groups share. */
import type { BusLogger, BusRecord, Subscription } from "../bus.ts";
import type { Connection } from "./client.ts";
import { delay } from "./errors.ts";
import type { FetchedPartition } from "./fetch.ts";
import { Fetcher } from "./fetcher.ts";

const LONG_POLL_MS = 200;
/** A partition is read no further while so many of its records wait for the callback. */
const MAXIMUM_BUFFER_RECORDS = 4_000;
const MAXIMUM_BUFFER_CHARS = 4_194_304;
const LEADER_SEARCH_MS = 250;
const RETRY_FIRST_MS = 50;
const RETRY_MAXIMUM_MS = 10_000;
/** How long `close` waits for the callback's running call, which may be the very call that closes. */
const CLOSE_WAIT_MS = 5_000;

export interface DeliveryOptions {
  /** For log lines. */
  name: string;
  connection: Connection;
  topic: string;
  limit: number;
  /** See the fetcher's. */
  partitionBytes?: number;
  onRecords(records: BusRecord[]): Promise<void> | void;
  /** The callback has taken everything before these offsets, by partition. A rejection is logged. */
  onTaken?(positions: Map<number, number>): Promise<void>;
  logger: BusLogger;
}

interface Buffer {
  records: BusRecord[];
  chars: number;
  /** Behind everything that was fetched. */
  next: number;
}

export class Delivery implements Subscription {
  readonly caughtUp: Promise<void>;
  private resolveCaughtUp: () => void = () => {};
  /** Who waits for the delivery to come up to these offsets, by partition. */
  private readonly waiting = new Set<{ goals: ReadonlyMap<number, number>; resolve: () => void }>();
  private readonly options: DeliveryOptions;
  private readonly fetcher: Fetcher;
  private readonly buffers = new Map<number, Buffer>();
  private running: Promise<void> | undefined;
  private readonly closing = new AbortController();
  private held = false;
  private draining: Promise<void> | undefined;
  /** Ends the wait before a batch is delivered again. */
  private retry: AbortController | undefined;

  constructor(options: DeliveryOptions) {
    this.options = options;
    this.caughtUp = new Promise((resolve) => {
      this.resolveCaughtUp = resolve;
    });
    this.fetcher = new Fetcher({
      ...options,
      maxWaitMs: LONG_POLL_MS,
      onFetched: (fetched) => this.accept(fetched),
      onOutOfRange: (partition, offset) => void this.skipLost(partition, offset),
    });
  }

  /** Where `caughtUp` is reached. */
  aim(goals: ReadonlyMap<number, number>): void {
    void this.reach(goals).then(this.resolveCaughtUp);
  }

  async upToDate(): Promise<void> {
    const { connection, topic } = this.options;
    await this.reach(await connection.offsets(topic, this.partitions(), "end"));
  }

  private reach(goals: ReadonlyMap<number, number>): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.add({ goals, resolve });
      this.checkCaughtUp();
    });
  }

  add(partition: number, offset: number): void {
    this.buffers.set(partition, { records: [], chars: 0, next: offset });
    this.fetcher.add(partition, offset);
  }

  /** Reads partitions that have no leader as soon as they have one; `choose` says from where. */
  async addLater(
    partitions: readonly number[],
    choose: (partition: number, start: number, end: number) => number,
  ): Promise<void> {
    const { connection, topic } = this.options;
    const { signal } = this.closing;
    const waiting = new Set(partitions);
    while (waiting.size > 0) {
      await delay(LEADER_SEARCH_MS, signal);
      if (signal.aborted) return;
      await connection.refresh();
      for (const partition of waiting) {
        if (connection.leaderOf(topic, partition) === undefined) continue;
        try {
          const start = (await connection.offsets(topic, [partition], "start")).get(partition) ?? 0;
          const end = (await connection.offsets(topic, [partition], "end")).get(partition) ?? 0;
          if (signal.aborted) return;
          this.add(partition, choose(partition, start, end));
          waiting.delete(partition);
        } catch {
          // It had a leader for a moment only.
        }
      }
    }
  }

  remove(partition: number): void {
    this.buffers.delete(partition);
    this.fetcher.remove(partition);
    this.checkCaughtUp();
  }

  partitions(): number[] {
    return [...this.buffers.keys()];
  }

  /** The callback has taken everything before this offset. */
  position(partition: number): number | undefined {
    const buffer = this.buffers.get(partition);
    return buffer === undefined ? undefined : positionOf(buffer);
  }

  /** Resolves when the callback isn't running; it isn't called again before `release`. */
  async hold(): Promise<void> {
    this.held = true;
    this.retry?.abort();
    await this.running;
  }

  release(): void {
    this.held = false;
    this.start();
  }

  /** The callback isn't called any more; resolves when its running call has ended, or after CLOSE_WAIT_MS. */
  drain(): Promise<void> {
    this.draining ??= this.end();
    return this.draining;
  }

  private async end(): Promise<void> {
    this.retry?.abort();
    const timeout = new AbortController();
    await Promise.race([this.running, delay(CLOSE_WAIT_MS, timeout.signal)]);
    timeout.abort();
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.fetcher.close();
    this.resolveCaughtUp();
    this.checkCaughtUp();
    await this.drain();
    this.buffers.clear();
  }

  private accept({ partition, records, next }: FetchedPartition): void {
    const buffer = this.buffers.get(partition);
    if (buffer === undefined) return;
    buffer.next = next;
    for (const record of records) {
      buffer.records.push(record);
      buffer.chars += record.value?.length ?? 0;
    }
    if (isFull(buffer)) this.fetcher.pause(partition);
    if (records.length === 0) this.checkCaughtUp();
    else this.start();
  }

  private start(): void {
    if (this.running !== undefined || this.stopped()) return;
    this.running = this.run().finally(() => {
      this.running = undefined;
      if ([...this.buffers.values()].some(({ records }) => records.length > 0)) this.start();
    });
  }

  private stopped(): boolean {
    return this.held || this.draining !== undefined || this.closing.signal.aborted;
  }

  private async run(): Promise<void> {
    let waitMs = RETRY_FIRST_MS;
    let batch = this.take();
    while (batch.records.length > 0 && !this.stopped()) {
      try {
        await this.options.onRecords(batch.records);
      } catch (error) {
        const { name: reader, logger } = this.options;
        logger.warn({ err: error, reader }, "a batch was not taken; it will be delivered again");
        this.retry = new AbortController();
        await delay(waitMs, AbortSignal.any([this.retry.signal, this.closing.signal]));
        waitMs = Math.min(RETRY_MAXIMUM_MS, waitMs * 2);
        continue;
      }
      waitMs = RETRY_FIRST_MS;
      await this.taken(batch.counts);
      batch = this.take();
    }
  }

  /** The oldest records of all buffers; they stay in them until the callback has taken them. */
  private take(): { records: BusRecord[]; counts: Map<Buffer, number> } {
    const records: BusRecord[] = [];
    const counts = new Map<Buffer, number>();
    const heads = [...this.buffers.values()].map((buffer) => ({ buffer, index: 0 }));
    while (records.length < this.options.limit) {
      let oldest: (typeof heads)[number] | undefined;
      for (const head of heads) {
        const record = head.buffer.records[head.index];
        const rival = oldest?.buffer.records[oldest.index];
        if (record !== undefined && (rival === undefined || record.timestamp < rival.timestamp)) oldest = head;
      }
      const record = oldest?.buffer.records[oldest.index];
      if (oldest === undefined || record === undefined) break;
      records.push(record);
      oldest.index++;
    }
    for (const { buffer, index } of heads) if (index > 0) counts.set(buffer, index);
    return { records, counts };
  }

  private async taken(counts: Map<Buffer, number>): Promise<void> {
    const positions = new Map<number, number>();
    for (const [partition, buffer] of this.buffers) {
      const count = counts.get(buffer);
      if (count === undefined) continue;
      for (const record of buffer.records.splice(0, count)) buffer.chars -= record.value?.length ?? 0;
      positions.set(partition, positionOf(buffer));
      if (!isFull(buffer)) this.fetcher.resume(partition);
    }
    try {
      if (positions.size > 0) await this.options.onTaken?.(positions);
    } catch (error) {
      const { name: reader, logger } = this.options;
      logger.warn({ err: error, reader }, "a reader's position could not be stored");
    }
    this.checkCaughtUp();
  }

  private checkCaughtUp(): void {
    for (const waiter of this.waiting) {
      if (!this.closing.signal.aborted && [...waiter.goals].some(([partition, end]) => this.isBefore(partition, end)))
        continue;
      this.waiting.delete(waiter);
      waiter.resolve();
    }
  }

  /** Partitions that are no longer read here count as read. */
  private isBefore(partition: number, end: number): boolean {
    const buffer = this.buffers.get(partition);
    return buffer !== undefined && positionOf(buffer) < end;
  }

  /** Retention has overtaken the reader: it goes on from what is left, and says so. */
  private async skipLost(partition: number, from: number): Promise<void> {
    const { connection, topic, name: reader, logger } = this.options;
    let waitMs = RETRY_FIRST_MS;
    while (!this.closing.signal.aborted && this.buffers.has(partition)) {
      try {
        const to = (await connection.offsets(topic, [partition], "start")).get(partition) ?? 0;
        const end = (await connection.offsets(topic, [partition], "end")).get(partition) ?? 0;
        if (from >= to && from <= end) return this.fetcher.add(partition, from);
        logger.error({ reader, topic, partition, from, to }, "records were gone before they were read");
        const buffer = this.buffers.get(partition);
        if (buffer !== undefined) buffer.next = to;
        return this.fetcher.add(partition, to);
      } catch {
        await delay(waitMs, this.closing.signal);
        waitMs = Math.min(RETRY_MAXIMUM_MS, waitMs * 2);
        await connection.refresh();
      }
    }
  }
}

const isFull = (buffer: Buffer): boolean =>
  buffer.records.length >= MAXIMUM_BUFFER_RECORDS || buffer.chars >= MAXIMUM_BUFFER_CHARS;

/** Everything before it has been taken. */
const positionOf = (buffer: Buffer): number => buffer.records[0]?.offset ?? buffer.next;
