/**
 * Read your writes: waiting until everything that is in the topic now is in the cache too. Compares the feed's positions
 * with the topic's ends. A log's tail may hold no records (markers of transactions), so that the positions never come
 * up to its end: the subscription knows when there is nothing left to read.
 */
import type { PartitionOffsets } from "../bus/bus.ts";
import { AntigraphError } from "../core/errors.ts";
import type { AuditClock } from "./clock.ts";
import type { Feed } from "./feed.ts";

/** Before a feed that has just taken another one's place is looked at. */
const NEXT_FEED_MS = 100;

type Ends = Pick<PartitionOffsets, "partition" | "end" | "away">[];

interface Waiter {
  ends: Ends;
  isDone: boolean;
  done(reached: boolean): void;
}

export interface CatchUpOptions {
  bus: { offsets(topic: string): Promise<PartitionOffsets[]> };
  topic: string;
  clock: AuditClock;
  /** The feed at work; another one after a rebuild. */
  feed(): Feed;
}

export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #waiters = new Set<Waiter>();
  #isClosed = false;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /**
   * True when caught up, false after `timeoutMs` (infinity: never), when closed meanwhile, or when the topic can't be
   * reached.
   */
  async wait(timeoutMs: number): Promise<boolean> {
    const ends = await this.#ends().catch((error: unknown) => {
      if (error instanceof AntigraphError && error.code === "bus_unavailable") return undefined;
      throw error;
    });
    if (ends === undefined) return false;
    if (this.#lag(ends).length === 0) return true;
    if (this.#isClosed || timeoutMs <= 0) return false;
    return new Promise((resolve) => {
      const cancel = Number.isFinite(timeoutMs) ? this.#options.clock.after(timeoutMs, () => done(false)) : () => {};
      const done = (reached: boolean): void => {
        cancel();
        waiter.isDone = true;
        this.#waiters.delete(waiter);
        resolve(reached);
      };
      const waiter: Waiter = { ends, isDone: false, done };
      this.#waiters.add(waiter);
      void this.#passTail(waiter);
    });
  }

  /** Records of the topic that are not ingested yet. */
  async behind(): Promise<number> {
    return this.#lag(await this.#ends()).reduce((sum, { records }) => sum + records, 0);
  }

  /** The feed has ingested something. */
  moved(): void {
    for (const waiter of [...this.#waiters]) {
      if (this.#lag(waiter.ends).length === 0) waiter.done(true);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const waiter of [...this.#waiters]) waiter.done(false);
  }

  async #ends(): Promise<Ends> {
    const { bus, topic } = this.#options;
    try {
      return await bus.offsets(topic);
    } catch (error) {
      if (error instanceof AntigraphError && error.code === "topic_not_found") return [];
      throw error;
    }
  }

  #lag(ends: Ends): { partition: number; records: number }[] {
    const feed = this.#options.feed();
    return ends.flatMap(({ partition, end, away }) => {
      if (away) return [];
      const records = end - feed.positionOf(partition);
      return records > 0 ? [{ partition, records }] : [];
    });
  }

  /** What the positions fall short of after everything has been read are markers. */
  async #passTail(waiter: Waiter): Promise<void> {
    while (!waiter.isDone) {
      const feed = this.#options.feed();
      const isIngested = await feed.upToDate();
      if (isIngested) {
        for (const { partition, end, away } of waiter.ends) if (!away) feed.skipTo(partition, end);
        return this.moved();
      }
      await new Promise<void>((resolve) => this.#options.clock.after(NEXT_FEED_MS, resolve));
    }
  }
}
