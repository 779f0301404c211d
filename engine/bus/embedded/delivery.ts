/** Hands new records to a callback, one call at a time: what subscriptions and members of consumer groups share. */
import type { BusLogger, BusRecord, Subscription } from "../bus.ts";
import { Backoff } from "./backoff.ts";
import { type Cursor, gather } from "./gather.ts";

const RETRY_FIRST_MS = 50;
const RETRY_MAXIMUM_MS = 10_000;
/** How long `close` waits for the callback's running call, which may be the very call that closes. */
const CLOSE_WAIT_MS = 5_000;

export interface Claim {
  cursors: readonly Cursor[];
  /** They have moved behind the batch, or stand where they stood because the callback failed. */
  release?(): void;
}

export interface DeliveryOptions {
  /** For log lines. */
  name: string;
  limit: number;
  onRecords(records: BusRecord[]): Promise<void> | void;
  /** What to read the next batch from. */
  claim(): Claim;
  onClose(): void;
  logger: BusLogger;
}

export class Delivery implements Subscription {
  readonly caughtUp: Promise<void>;
  private readonly options: DeliveryOptions;
  private readonly cursors: readonly Cursor[];
  /** Who waits for the delivery to come up to where the logs ended when they asked. */
  private readonly waiting = new Set<{ goals: { cursor: Cursor; end: number }[]; resolve: () => void }>();
  private readonly backoff = new Backoff(RETRY_FIRST_MS, RETRY_MAXIMUM_MS);
  private readonly onAppend = () => this.wake();
  private scheduled: NodeJS.Immediate | undefined;
  private retry: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  /** Woken while the callback ran. */
  private again = false;
  private closed = false;
  private draining: Promise<void> | undefined;

  /** `all`: the cursors whose appends wake it, and which count for `caughtUp`. */
  constructor(all: readonly Cursor[], options: DeliveryOptions) {
    this.options = options;
    this.cursors = all;
    this.caughtUp = this.upToDate();
    for (const { log } of all) log.waiters.add(this.onAppend);
    this.wake();
  }

  upToDate(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.add({ goals: this.cursors.map((cursor) => ({ cursor, end: cursor.log.end })), resolve });
      this.checkCaughtUp();
    });
  }

  /** There may be something to deliver. It is looked at in the event loop's next turn, so that a burst is one batch. */
  wake(): void {
    if (this.closed || this.draining !== undefined || this.retry !== undefined) return;
    if (this.running !== undefined) this.again = true;
    else this.scheduled ??= setImmediate(() => this.run());
  }

  checkCaughtUp(): void {
    for (const waiter of this.waiting) {
      if (!this.closed && waiter.goals.some(({ cursor, end }) => cursor.position < end)) continue;
      this.waiting.delete(waiter);
      waiter.resolve();
    }
  }

  async close(): Promise<void> {
    if (!this.closed) {
      this.closed = true;
      for (const cursor of this.cursors) cursor.log.waiters.delete(this.onAppend);
      this.options.onClose();
      this.checkCaughtUp();
    }
    await this.drain();
  }

  /** The callback isn't called any more; resolves when its running call has ended, or after CLOSE_WAIT_MS. */
  drain(): Promise<void> {
    this.draining ??= this.end();
    return this.draining;
  }

  private async end(): Promise<void> {
    clearImmediate(this.scheduled);
    clearTimeout(this.retry);
    if (this.running === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_WAIT_MS);
    });
    await Promise.race([this.running, timeout]);
    clearTimeout(timer);
  }

  private run(): void {
    this.scheduled = undefined;
    this.again = false;
    this.running = this.deliver().then((outcome) => {
      this.running = undefined;
      if (this.closed) return;
      this.checkCaughtUp();
      if (this.draining !== undefined) return;
      if (outcome === "failed") {
        this.retry = setTimeout(() => {
          this.retry = undefined;
          this.wake();
        }, this.backoff.next());
        return;
      }
      this.backoff.reset();
      if (outcome === "delivered" || this.again) this.wake();
    });
  }

  private async deliver(): Promise<"delivered" | "nothing" | "failed"> {
    const { limit, onRecords, name, logger } = this.options;
    const { cursors, release } = this.options.claim();
    try {
      for (const cursor of cursors) this.skipLost(cursor);
      const { records, positions } = gather(cursors, limit);
      if (records.length > 0) await onRecords(records);
      for (const [index, cursor] of cursors.entries()) cursor.position = positions[index] ?? cursor.position;
      return records.length > 0 ? "delivered" : "nothing";
    } catch (error) {
      logger.warn({ err: error, reader: name }, "a batch was not taken; it will be delivered again");
      return "failed";
    } finally {
      release?.();
    }
  }

  /** Retention has overtaken the reader: it goes on from what is left, and says so. */
  private skipLost(cursor: Cursor): void {
    const { log, position } = cursor;
    if (position >= log.start) return;
    const { topic, partition, start } = log;
    const { name, logger } = this.options;
    logger.error(
      { reader: name, topic, partition, from: position, to: start },
      "records were gone before they were read",
    );
    cursor.position = start;
  }
}
