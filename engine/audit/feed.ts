/**
 * From the topic into the cache: records in batches, one batch at a time, and a bounded queue before them. While the
 * queue is full the bus isn't answered, so it delivers no more. A batch that fails is tried again, in its place.
 */
import type { Bus, BusRecord, Subscription } from "../bus/bus.ts";
import type { AuditRecord } from "./audit-record.ts";
import type { AuditClock } from "./clock.ts";
import type { IngestResult } from "./ingest.ts";
import type { AuditLogger } from "./logger.ts";

const MAX_QUEUED_RECORDS = 5_000;
const MAX_BATCH_RECORDS = 1_000;
/** A batch that large means that there is a backlog, also when the bus hasn't delivered the next one yet. */
const LARGE_BATCH_RECORDS = 250;
const MAX_BATCH_CHARS = 4_194_304;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 10_000;

export interface FeedOptions {
  bus: Pick<Bus, "subscribe">;
  topic: string;
  clock: AuditClock;
  logger: AuditLogger;
  /** `more`: the next batch will follow at once. */
  ingest(records: AuditRecord[], more: boolean): Promise<IngestResult>;
  /** After each ingested batch. */
  onIngested(result: IngestResult): void;
}

export class Feed {
  readonly #options: FeedOptions;
  /** Partition -> the offset behind what is ingested. */
  readonly #positions = new Map<number, number>();
  #queue: AuditRecord[] = [];
  #subscription: Subscription | undefined;
  #pumping: Promise<void> | undefined;
  #isStopped = false;
  readonly #started = Promise.withResolvers<void>();
  /** Records handed over by the bus, and ingested, since the start. */
  #accepted = 0;
  #ingested = 0;
  readonly #wakeIngested = new Set<() => void>();
  readonly #wakeProducers = new Set<() => void>();
  #cancelRetry: (() => void) | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  positions(): Record<number, number> {
    return Object.fromEntries(this.#positions);
  }

  positionOf(partition: number): number {
    return this.#positions.get(partition) ?? 0;
  }

  /** Nothing is queued or being ingested. */
  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#pumping === undefined;
  }

  /** There is nothing to ingest before this offset: the topic no longer has it, or never had records there. */
  skipTo(partition: number, offset: number): void {
    this.#positions.set(partition, Math.max(this.positionOf(partition), offset));
  }

  /** Subscribes from these positions on. */
  async start(from: Record<number, number>): Promise<void> {
    for (const [partition, offset] of Object.entries(from)) this.#positions.set(Number(partition), offset);
    const { bus, topic } = this.#options;
    this.#subscription = await bus.subscribe(topic, (records) => this.#accept(records), from);
    this.#started.resolve();
    if (this.#isStopped) await this.#subscription.close();
  }

  /** True when everything that was in the topic at the call is ingested; false when the feed was stopped before. */
  async upToDate(): Promise<boolean> {
    await this.#started.promise;
    await this.#subscription?.upToDate();
    const goal = this.#accepted;
    while (this.#ingested < goal && !this.#isStopped) {
      await new Promise<void>((resolve) => this.#wakeIngested.add(resolve));
    }
    return !this.#isStopped;
  }

  /** Ends the subscription; what is being ingested is finished, what is queued is dropped (it will be read again). */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#queue = [];
    this.#started.resolve();
    wakeAll(this.#wakeIngested);
    wakeAll(this.#wakeProducers);
    this.#cancelRetry?.();
    await this.#subscription?.close();
    await this.#pumping;
  }

  async #accept(records: BusRecord[]): Promise<void> {
    for (let start = 0; start < records.length && !this.#isStopped; start += MAX_BATCH_RECORDS) {
      for (const { partition, offset, value } of records.slice(start, start + MAX_BATCH_RECORDS)) {
        this.#queue.push({ partition, offset, value });
        this.#accepted += 1;
      }
      this.#pumping ??= this.#pump();
      while (this.#queue.length >= MAX_QUEUED_RECORDS && !this.#isStopped) {
        await new Promise<void>((resolve) => this.#wakeProducers.add(resolve));
      }
    }
  }

  async #pump(): Promise<void> {
    while (this.#queue.length > 0 && !this.#isStopped) {
      const batch = takeBatch(this.#queue);
      wakeAll(this.#wakeProducers);
      const result = await this.#ingest(batch);
      if (!result) break;
      for (const { partition, offset } of batch) this.skipTo(partition, offset + 1);
      this.#ingested += batch.length;
      wakeAll(this.#wakeIngested);
      this.#options.onIngested(result);
    }
    this.#pumping = undefined;
  }

  /** Undefined when the feed was stopped before it worked. */
  async #ingest(batch: AuditRecord[]): Promise<IngestResult | undefined> {
    const { ingest, logger } = this.#options;
    for (let failures = 0; !this.#isStopped; failures += 1) {
      try {
        return await ingest(batch, this.#queue.length > 0 || batch.length >= LARGE_BATCH_RECORDS);
      } catch (error) {
        if (this.#isStopped) break;
        const delayMs = Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
        logger.error({ err: error, delayMs }, "The audit cache couldn't take a batch; it is tried again");
        await this.#pause(delayMs);
      }
    }
    return undefined;
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(delayMs, resolve);
      this.#cancelRetry = () => {
        cancel();
        resolve();
      };
    });
  }
}

function wakeAll(waiting: Set<() => void>): void {
  for (const wake of waiting) wake();
  waiting.clear();
}

/** Takes the queue's beginning: bounded in number and size, but one record at least. */
function takeBatch(queue: AuditRecord[]): AuditRecord[] {
  let chars = 0;
  let count = 0;
  for (const record of queue) {
    chars += record.value?.length ?? 0;
    if (count === MAX_BATCH_RECORDS || (count > 0 && chars > MAX_BATCH_CHARS)) break;
    count += 1;
  }
  return queue.splice(0, count);
}
