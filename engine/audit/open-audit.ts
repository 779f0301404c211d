/**
 * The audit cache as the API uses it: the cache in a worker thread, fed from the topic. The cache is disposable, so
 * whatever is wrong with it is mended by beginning anew: a damaged file is moved aside, a cache of another log is
 * emptied, a thread that died is started again.
 */
import type { Bus } from "../bus/bus.ts";
import type { AuditCache } from "./cache.ts";
import { CatchUp } from "./catch-up.ts";
import { type AuditClock, systemClock } from "./clock.ts";
import { Feed } from "./feed.ts";
import type { IngestResult } from "./ingest.ts";
import { type AuditLogger, silentLogger } from "./logger.ts";
import type { AuditStatus, AuditStore, JourneyChange } from "./store.ts";
import { defaultWorkerUrl, WorkerClient } from "./worker-client.ts";
import { CacheError, type CacheMethod } from "./worker-protocol.ts";

/** Lines of an import that are written in one transaction. */
const IMPORT_BATCH_LINES = 1_000;
const FIRST_RESTART_MS = 200;
const LONGEST_RESTART_MS = 30_000;

export interface OpenAuditOptions {
  file: string;
  bus: Bus;
  /** The audit topic's full name. */
  topic: string;
  logger?: AuditLogger;
  clock?: AuditClock;
  /** The worker thread's entry: `worker.ts` beside this module by default, `audit-worker.js` in a bundle. */
  workerUrl?: URL;
  /** The folder of migrations, by default `migrations/` beside the worker's entry. */
  migrations?: URL;
}

/** The store and what operators of the cache itself need. */
export interface AuditHost extends AuditStore {
  status(): Promise<AuditStatus>;
  /** Deletes the cache and reads the topic again; resolves when it has caught up. */
  rebuild(): Promise<void>;
  /** Takes out journeys that ended before this time (ISO 8601); resolves with how many. */
  prune(before: string): Promise<number>;
  /** All events as JSON lines without line ends, journeys in the order of their starts. */
  export(): AsyncGenerator<string>;
  /** Takes in lines of an export; what is there already changes nothing. */
  import(lines: Iterable<string> | AsyncIterable<string>): Promise<ImportResult>;
}

export interface ImportResult {
  events: number;
  duplicates: number;
  malformed: number;
}

/** Throws AntigraphError `data_folder_locked` or `data_folder_unwritable`. */
export async function openAudit(options: OpenAuditOptions): Promise<AuditHost> {
  const host = new Host(options);
  await host.open();
  return host;
}

class Host implements AuditHost {
  readonly #options: OpenAuditOptions;
  readonly #logger: AuditLogger;
  readonly #clock: AuditClock;
  readonly #catchUp: CatchUp;
  readonly #listeners = new Set<(changes: JourneyChange[]) => void>();
  #client: WorkerClient | undefined;
  #feed: Feed;
  #isClosed = false;
  #failures = 0;
  /** Starting, resetting and closing, one after the other. */
  #lifecycle: Promise<void> = Promise.resolve();

  constructor(options: OpenAuditOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#clock = options.clock ?? systemClock;
    this.#feed = this.#newFeed();
    this.#catchUp = new CatchUp({
      bus: options.bus,
      topic: options.topic,
      clock: this.#clock,
      feed: () => this.#feed,
    });
  }

  async open(): Promise<void> {
    await this.#inTurn(() => this.#start());
    await this.#inTurn(() => this.#startFeedOrLater());
  }

  list: AuditStore["list"] = (query) => this.#call("list", query);
  counts: AuditStore["counts"] = (filter) => this.#call("counts", filter);
  journey: AuditStore["journey"] = (uuid, at) => this.#call("journey", uuid, at);
  events: AuditStore["events"] = (uuid) => this.#call("events", uuid);
  failures: AuditStore["failures"] = (filter) => this.#call("failures", filter);
  functionStats: AuditStore["functionStats"] = (query) => this.#call("functionStats", query);
  flowStats: AuditStore["flowStats"] = (query) => this.#call("flowStats", query);
  activity: AuditStore["activity"] = (query) => this.#call("activity", query);

  async positions(): Promise<Record<number, number>> {
    return this.#feed.positions();
  }

  caughtUp(timeoutMs: number): Promise<boolean> {
    return this.#catchUp.wait(timeoutMs);
  }

  onChange(listener: (changes: JourneyChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async status(): Promise<AuditStatus> {
    const [status, behind] = await Promise.all([this.#call("status"), this.#catchUp.behind()]);
    return { ...status, behind };
  }

  async rebuild(): Promise<void> {
    await this.#inTurn(() => this.#beginAnew("reset"));
    await this.#catchUp.wait(Number.POSITIVE_INFINITY);
    while ((await this.#call("pruneAgain")) > 0);
  }

  async prune(before: string): Promise<number> {
    let pruned = 0;
    for (;;) {
      const more = await this.#call("prune", before);
      if (more === 0) return pruned;
      pruned += more;
    }
  }

  async *export(): AsyncGenerator<string> {
    let after: number | null = null;
    do {
      const { lines, next }: ReturnType<AuditCache["export"]> = await this.#call("export", after);
      yield* lines;
      after = next;
    } while (after !== null);
  }

  async import(lines: Iterable<string> | AsyncIterable<string>): Promise<ImportResult> {
    const total: ImportResult = { events: 0, duplicates: 0, malformed: 0 };
    const take = async (batch: string[]): Promise<void> => {
      const result = await this.#call("import", batch);
      total.events += result.events;
      total.duplicates += result.duplicates;
      total.malformed += result.malformed;
      this.#publish(result);
    };
    let batch: string[] = [];
    for await (const line of lines) {
      batch.push(line);
      if (batch.length < IMPORT_BATCH_LINES) continue;
      await take(batch);
      batch = [];
    }
    await take(batch);
    return total;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#catchUp.close();
    await this.#inTurn(async () => {
      await this.#feed.stop();
      await this.#client?.close();
    });
  }

  #call<M extends CacheMethod>(method: M, ...args: Parameters<AuditCache[M]>): Promise<ReturnType<AuditCache[M]>> {
    return this.#running().call(method, args);
  }

  #running(): WorkerClient {
    if (this.#client) return this.#client;
    throw new CacheError({ message: "it is not running", code: undefined, details: undefined, damaged: false });
  }

  /** Starts the thread, then the feed from where the file ends. */
  async #start(): Promise<void> {
    if (this.#isClosed) return;
    const { file, workerUrl = defaultWorkerUrl(), migrations } = this.#options;
    const client = new WorkerClient(workerUrl, { file, migrations: migrations?.href }, this.#logger);
    await client.ready;
    this.#client = client;
    void client.ended.then((why) => {
      if (why !== undefined) this.#restartLater(why);
    });
  }

  /** While the bus can't be reached, the cache answers with what it has. */
  async #startFeedOrLater(): Promise<void> {
    try {
      if (!this.#isClosed) await this.#startFeed();
    } catch (error) {
      const delayMs = this.#nextDelayMs();
      this.#logger.warn({ err: error, delayMs }, "The audit topic can't be read; it is tried again");
      this.#clock.after(delayMs, () => void this.#inTurn(() => this.#startFeedOrLater()));
    }
  }

  async #startFeed(): Promise<void> {
    const positions = await this.#call("positions");
    const topics = await this.#options.bus.topics();
    const offsets = topics.find((topic) => topic.name === this.#options.topic)?.offsets ?? [];
    const from: Record<number, number> = {};
    for (const { partition, start, end } of offsets) {
      const position = positions[partition] ?? 0;
      if (position > end) {
        this.#logger.warn({ partition, position, end }, "The audit cache belongs to another log: it is emptied.");
        await this.#call("reset");
        return this.#startFeed();
      }
      if (position < start && position > 0) {
        this.#logger.warn(
          { partition, lost: start - position },
          "Audit records left the topic before they were read.",
        );
      }
      from[partition] = Math.max(position, start);
    }
    this.#feed = this.#newFeed();
    await this.#feed.start(from);
  }

  #newFeed(): Feed {
    const { bus, topic } = this.#options;
    return new Feed({
      bus,
      topic,
      clock: this.#clock,
      logger: this.#logger,
      ingest: (records, more) => this.#ingest(records, more),
      onIngested: (result) => {
        this.#failures = 0;
        this.#publish(result);
        this.#catchUp.moved();
      },
    });
  }

  async #ingest(...[records, more]: [Parameters<AuditCache["ingest"]>[0], boolean]): Promise<IngestResult> {
    try {
      return await this.#running().call("ingest", [records], more);
    } catch (error) {
      if (error instanceof CacheError && error.damaged) {
        this.#logger.error(
          { err: error },
          "The audit cache is damaged: it is moved aside and rebuilt from the topic.",
        );
        void this.#inTurn(() => this.#beginAnew("abandon"));
      }
      throw error;
    }
  }

  /** `reset` deletes the file, `abandon` moves it aside. */
  async #beginAnew(how: "reset" | "abandon"): Promise<void> {
    if (this.#isClosed) return;
    await this.#feed.stop();
    await this.#call(how);
    await this.#startFeedOrLater();
  }

  #restartLater(why: string): void {
    const delayMs = this.#nextDelayMs();
    this.#client = undefined;
    this.#logger.error({ why, delayMs }, "The audit cache's thread ended; it is started again.");
    this.#clock.after(delayMs, () => {
      void this.#inTurn(async () => {
        await this.#feed.stop();
        await this.#start();
        await this.#startFeedOrLater();
      }).catch((error: unknown) => this.#restartLater(String(error)));
    });
  }

  #nextDelayMs(): number {
    this.#failures += 1;
    return Math.min(FIRST_RESTART_MS * 2 ** (this.#failures - 1), LONGEST_RESTART_MS);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#lifecycle.then(work);
    this.#lifecycle = done.catch(() => {});
    return done;
  }

  #publish({ changes }: IngestResult): void {
    if (changes.length === 0) return;
    for (const listener of this.#listeners) {
      try {
        listener(changes);
      } catch (error) {
        this.#logger.error({ err: error }, "A listener to the audit cache failed");
      }
    }
  }
}
