/**
 * Read your writes: waiting until everything that is in the topic now is in the cache too. Compares the feed's positions
 * with the topic's ends. A log's tail may hold no records (markers of transactions): when the feed has stopped short of
 * the end, the bus is asked whether there is anything left to read.
 */
import type { Bus } from "../bus/bus.ts";
import type { AuditClock } from "./clock.ts";
import type { Feed } from "./feed.ts";

/** How long the feed may stand still before its tail is looked at. */
const TAIL_CHECK_MS = 100;

type Ends = { partition: number; end: number }[];

interface Waiter {
  ends: Ends;
  done(reached: boolean): void;
}

export interface CatchUpOptions {
  bus: Bus;
  topic: string;
  clock: AuditClock;
  /** The feed at work; another one after a rebuild. */
  feed(): Feed;
}

export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #waiters = new Set<Waiter>();
  #isClosed = false;
  #isChecking = false;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /** True when caught up, false after `timeoutMs` (infinity: never) or when closed meanwhile. */
  async wait(timeoutMs: number): Promise<boolean> {
    const ends = await this.#ends();
    if (this.#lag(ends).length === 0) return true;
    if (this.#isClosed || timeoutMs <= 0) return false;
    return new Promise((resolve) => {
      const cancel = Number.isFinite(timeoutMs) ? this.#options.clock.after(timeoutMs, () => done(false)) : () => {};
      const done = (reached: boolean): void => {
        cancel();
        this.#waiters.delete(waiter);
        resolve(reached);
      };
      const waiter: Waiter = { ends, done };
      this.#waiters.add(waiter);
      this.#checkTailLater();
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
    return (await bus.topics()).find(({ name }) => name === topic)?.offsets ?? [];
  }

  #lag(ends: Ends): { partition: number; records: number }[] {
    const feed = this.#options.feed();
    return ends.flatMap(({ partition, end }) => {
      const records = end - feed.positionOf(partition);
      return records > 0 ? [{ partition, records }] : [];
    });
  }

  #checkTailLater(): void {
    if (this.#isChecking) return;
    this.#isChecking = true;
    this.#options.clock.after(TAIL_CHECK_MS, () => {
      void this.#checkTail()
        // The bus can't be reached: the next look may work.
        .catch(() => {})
        .finally(() => {
          this.#isChecking = false;
          if (this.#waiters.size > 0) this.#checkTailLater();
        });
    });
  }

  async #checkTail(): Promise<void> {
    const { bus, topic, feed } = this.#options;
    const at = feed();
    if (this.#waiters.size === 0 || !at.isIdle) return;
    const lagging = [...this.#waiters].flatMap(({ ends }) => this.#lag(ends));
    const from = Object.fromEntries(lagging.map(({ partition }) => [partition, at.positionOf(partition)]));
    if (lagging.length === 0) return this.moved();
    const { records, next } = await bus.read({ topic, from, limit: 1, waitMs: 0 });
    if (records.length > 0) return;
    for (const [partition, offset] of Object.entries(next)) at.skipTo(Number(partition), offset);
    for (const { ends } of this.#waiters) {
      for (const { partition, end } of ends) if (partition in from) at.skipTo(partition, end);
    }
    this.moved();
  }
}
