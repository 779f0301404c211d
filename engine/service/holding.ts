/**
 * Retry that keeps the record: while something the service needs is away, its commands are kept, unanswered and in
 * order, and no more are read. What failed is tried again with growing pauses; when it succeeds the rest follows.
 *
 * ```
 * open -- a command throws Unavailable, or `ready` fails --> holding
 * holding -- pause, then `ready` passes --> one command is let through, the one that failed first
 *            -- it throws Unavailable again --> holding, a longer pause
 *            -- anything else comes of it, or none waits --> open
 * ```
 */
import { backoffMs, type Clock, pause } from "./clock.ts";
import { isUnavailable } from "./unavailable.ts";

export interface HoldingOptions {
  clock: Clock;
  random: () => number;
  /** Rejects while what the service needs is away. */
  ready?: (() => void | Promise<void>) | undefined;
  /** It began, or it is over (why is undefined). */
  onChange(why: string | undefined): void;
}

/** When it was: milliseconds since 1970; `until` is missing while it goes on. */
export interface HeldSpan {
  since: number;
  until?: number;
}

interface Waiting {
  /** @param probe whether the others wait for what becomes of this one */
  admit(probe: boolean): void;
  reject(error: Error): void;
}

export class Holding {
  readonly #options: HoldingOptions;
  readonly #stopping = new AbortController();
  readonly #waiting: Waiting[] = [];
  #span: HeldSpan | undefined;
  #why = "";
  #failures = 0;
  #trying: Promise<void> | undefined;
  #opened = Promise.withResolvers<void>();

  constructor(options: HoldingOptions) {
    this.#options = options;
    this.#opened.resolve();
  }

  /** Why it is holding; undefined while it isn't. */
  get why(): string | undefined {
    return this.isHolding ? this.#why : undefined;
  }

  get isHolding(): boolean {
    return this.#span !== undefined && this.#span.until === undefined;
  }

  /** The present time of holding, or the last one. */
  get span(): HeldSpan | undefined {
    return this.#span;
  }

  /** Resolves when it isn't holding. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Runs the task, again and again as long as it throws what `isUnavailable`. Rejects when closed meanwhile. */
  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    for (let first = false; ; first = true) {
      const isProbe = this.isHolding && (await this.#admission(first));
      try {
        const result = await task();
        if (isProbe) this.#open();
        return result;
      } catch (error) {
        if (!isUnavailable(error) || this.#stopping.signal.aborted) {
          if (isProbe) this.#open();
          throw error;
        }
        this.#hold(error, isProbe);
      }
    }
  }

  /** Asks `ready`; begins to hold when it fails. */
  async check(): Promise<void> {
    if (this.isHolding || this.#stopping.signal.aborted) return;
    try {
      await this.#options.ready?.();
    } catch (error) {
      this.#hold(error, false);
    }
  }

  /** Rejects what waits: it stays unanswered and comes again. What runs isn't touched. */
  close(reason: Error): void {
    this.#stopping.abort(reason);
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    this.#opened.resolve();
  }

  #admission(first: boolean): Promise<boolean> {
    if (this.#stopping.signal.aborted) return Promise.reject(this.#stopping.signal.reason);
    return new Promise((resolve, reject) => {
      const waiting = { admit: resolve, reject };
      if (first) this.#waiting.unshift(waiting);
      else this.#waiting.push(waiting);
    });
  }

  #hold(error: unknown, wasProbe: boolean): void {
    this.#why = error instanceof Error ? error.message : String(error);
    if (!this.isHolding) {
      this.#span = { since: this.#options.clock.now() };
      this.#opened = Promise.withResolvers<void>();
      this.#options.onChange(this.#why);
    }
    if (wasProbe) this.#trying = undefined;
    this.#trying ??= this.#try();
  }

  /** Waits, asks `ready`, and lets one through. */
  async #try(): Promise<void> {
    const { clock, random, ready } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      this.#failures += 1;
      await pause(clock, backoffMs(this.#failures, random), signal);
      if (signal.aborted) return;
      try {
        await ready?.();
      } catch (error) {
        this.#why = error instanceof Error ? error.message : String(error);
        continue;
      }
      const probe = this.#waiting.shift();
      if (probe) probe.admit(true);
      else this.#open();
      return;
    }
  }

  #open(): void {
    if (!this.isHolding || this.#span === undefined) return;
    this.#span = { ...this.#span, until: this.#options.clock.now() };
    this.#failures = 0;
    this.#trying = undefined;
    this.#opened.resolve();
    this.#options.onChange(undefined);
    for (const { admit } of this.#waiting.splice(0)) admit(false);
  }
}
