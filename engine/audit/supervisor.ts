/**
 * Keeps the cache's thread and its feed at work. The cache is disposable, so whatever is wrong with it is mended by
 * beginning anew: a damaged file is moved aside, a cache of another log is emptied, a thread that died is started again.
 * Starting, beginning anew and closing take their turns.
 */
import type { ObservableBus } from "../bus/bus.ts";
import type { AuditRecord } from "./audit-record.ts";
import type { AuditCache } from "./cache.ts";
import type { AuditClock } from "./clock.ts";
import { Feed } from "./feed.ts";
import type { IngestResult } from "./ingest.ts";
import type { AuditLogger } from "./logger.ts";
import { WorkerClient } from "./worker-client.ts";
import { CacheError, type CacheMethod, threadGone, type WorkerOptions } from "./worker-protocol.ts";

const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 30_000;
/** The topic's bus may be away for long, and be back at any moment. */
const LONGEST_TOPIC_RETRY_MS = 2_000;
/** How long a question waits for a thread that is being started again. */
const RESTART_WAIT_MS = 5_000;

/** What the cache needs of the bus. */
export type AuditBus = Pick<ObservableBus, "offsets" | "subscribe">;

export interface SupervisorOptions {
  bus: AuditBus;
  topic: string;
  clock: AuditClock;
  logger: AuditLogger;
  workerUrl: URL;
  worker: WorkerOptions;
  onIngested(result: IngestResult): void;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  #client: WorkerClient | undefined;
  #feed: Feed;
  #isClosed = false;
  /** In a row, of threads and of reading the topic. */
  #failures = 0;
  /** Why the topic can't be read: said once, not at each try. */
  #topicFault: string | undefined;
  #turn: Promise<void> = Promise.resolve();
  readonly #wakeAskers = new Set<() => void>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#feed = this.#newFeed();
  }

  /** The feed at work; another one after a new beginning. */
  get feed(): Feed {
    return this.#feed;
  }

  /** Throws AntigraphError when the file can't be opened; a topic that can't be read is tried again later. */
  open(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#startThread();
      await this.#startFeedOrLater();
    });
  }

  call<M extends CacheMethod>(
    method: M,
    args: Parameters<AuditCache[M]>,
    busy = false,
  ): Promise<ReturnType<AuditCache[M]>> {
    return this.#client ? this.#client.call(method, args, busy) : Promise.reject(threadGone("it is not running"));
  }

  /** As `call`, for what may be asked twice: a thread that died under the question is waited for, once. */
  async ask<M extends CacheMethod>(method: M, args: Parameters<AuditCache[M]>): Promise<ReturnType<AuditCache[M]>> {
    const asked = this.#client;
    try {
      return await this.call(method, args);
    } catch (error) {
      if (!(error instanceof CacheError) || !error.threadGone || this.#isClosed) throw error;
    }
    // Its end is told to whoever waits for an answer first.
    if (this.#client === asked) this.#client = undefined;
    await this.#running();
    return this.call(method, args);
  }

  #running(): Promise<void> {
    if (this.#client) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(RESTART_WAIT_MS, () => done());
      const done = (): void => {
        cancel();
        this.#wakeAskers.delete(done);
        resolve();
      };
      this.#wakeAskers.add(done);
    });
  }

  /** Reads the topic again from its start; `reset` deletes the file, `abandon` moves it aside. */
  beginAnew(how: "reset" | "abandon"): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isClosed) return;
      await this.#feed.stop();
      await this.call(how, []);
      await this.#startFeedOrLater();
    });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    for (const wake of [...this.#wakeAskers]) wake();
    return this.#inTurn(async () => {
      await this.#feed.stop();
      await this.#client?.close();
    });
  }

  async #startThread(): Promise<void> {
    if (this.#isClosed) return;
    const { workerUrl, worker, logger } = this.#options;
    const client = new WorkerClient(workerUrl, worker, logger);
    await client.ready;
    this.#client = client;
    for (const wake of [...this.#wakeAskers]) wake();
    void client.ended.then((why) => {
      if (why !== undefined) this.#restartThreadLater(why);
    });
  }

  #restartThreadLater(why: string): void {
    const delayMs = this.#nextDelayMs();
    this.#client = undefined;
    this.#options.logger.error({ why, delayMs }, "The audit cache's thread ended; it is started again.");
    this.#options.clock.after(delayMs, () => {
      const restarted = this.#inTurn(async () => {
        await this.#feed.stop();
        await this.#startThread();
        await this.#startFeedOrLater();
      });
      restarted.catch((error: unknown) => this.#restartThreadLater(String(error)));
    });
  }

  /** While the topic can't be read, the cache answers with what it has. */
  async #startFeedOrLater(): Promise<void> {
    try {
      if (!this.#isClosed) await this.#startFeed();
      this.#topicFault = undefined;
    } catch (error) {
      const delayMs = Math.min(this.#nextDelayMs(), LONGEST_TOPIC_RETRY_MS);
      const fault = error instanceof Error ? error.message : String(error);
      if (fault !== this.#topicFault) {
        this.#options.logger.warn({ err: error, delayMs }, "The audit topic can't be read; it is tried again");
      }
      this.#topicFault = fault;
      this.#options.clock.after(delayMs, () => void this.#inTurn(() => this.#startFeedOrLater()));
    }
  }

  async #startFeed(): Promise<void> {
    const { bus, topic, logger } = this.#options;
    const positions = await this.call("positions", []);
    const offsets = await bus.offsets(topic);
    const from: Record<number, number> = {};
    for (const { partition, start, end, away } of offsets) {
      const position = positions[partition] ?? 0;
      // Where it stands is seen when it has a leader.
      if (away) {
        if (position > 0) from[partition] = position;
        continue;
      }
      if (position > end) {
        logger.warn({ partition, position, end }, "The audit cache belongs to another log: it is emptied.");
        await this.call("reset", []);
        return this.#startFeed();
      }
      if (position < start && position > 0) {
        logger.warn({ partition, lost: start - position }, "Audit records left the topic before they were read.");
      }
      from[partition] = Math.max(position, start);
    }
    this.#feed = this.#newFeed();
    await this.#feed.start(from);
  }

  #newFeed(): Feed {
    const { bus, topic, clock, logger, onIngested } = this.#options;
    return new Feed({
      bus,
      topic,
      clock,
      logger,
      ingest: (records, more) => this.#ingest(records, more),
      onIngested: (result) => {
        this.#failures = 0;
        onIngested(result);
      },
    });
  }

  async #ingest(records: AuditRecord[], more: boolean): Promise<IngestResult> {
    try {
      return await this.call("ingest", [records], more);
    } catch (error) {
      if (error instanceof CacheError && error.damaged) {
        this.#options.logger.error({ err: error }, "The audit cache is damaged; it begins anew.");
        this.beginAnew("abandon").catch((again: unknown) => {
          this.#options.logger.error({ err: again }, "The audit cache couldn't begin anew");
        });
      }
      throw error;
    }
  }

  #nextDelayMs(): number {
    this.#failures += 1;
    return Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LONGEST_RETRY_MS);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}
