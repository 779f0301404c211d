/** The audit cache as the API and the CLI use it: in a worker thread, fed from the topic. */
import type { AuditCache } from "./cache.ts";
import { CatchUp } from "./catch-up.ts";
import { type AuditClock, systemClock } from "./clock.ts";
import type { IngestResult } from "./ingest.ts";
import { type AuditLogger, silentLogger } from "./logger.ts";
import type { AuditStatus, AuditStore, JourneyChange } from "./store.ts";
import { type AuditBus, Supervisor } from "./supervisor.ts";
import { defaultWorkerUrl } from "./worker-client.ts";
import type { CacheMethod } from "./worker-protocol.ts";

/** Lines of an import that are written in one transaction. */
const IMPORT_BATCH_LINES = 1_000;

export interface OpenAuditOptions {
  file: string;
  bus: AuditBus;
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

/**
 * While the topic can't be read, the cache answers with what it has. Throws AntigraphError `data_folder_locked` or
 * `data_folder_unwritable`.
 */
export async function openAudit(options: OpenAuditOptions): Promise<AuditHost> {
  const host = new Host(options);
  await host.open();
  return host;
}

class Host implements AuditHost {
  readonly #logger: AuditLogger;
  readonly #supervisor: Supervisor;
  readonly #catchUp: CatchUp;
  readonly #listeners = new Set<(changes: JourneyChange[]) => void>();

  constructor(options: OpenAuditOptions) {
    const { file, bus, topic, migrations, logger = silentLogger, clock = systemClock } = options;
    this.#logger = logger;
    this.#supervisor = new Supervisor({
      bus,
      topic,
      clock,
      logger,
      workerUrl: options.workerUrl ?? defaultWorkerUrl(),
      worker: { file, migrations: migrations?.href },
      onIngested: (result) => {
        this.#publish(result);
        this.#catchUp.moved();
      },
    });
    this.#catchUp = new CatchUp({ bus, topic, clock, feed: () => this.#supervisor.feed });
  }

  open(): Promise<void> {
    return this.#supervisor.open();
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
    return this.#supervisor.feed.positions();
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
    await this.#supervisor.beginAnew("reset");
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
    this.#catchUp.close();
    await this.#supervisor.close();
  }

  #call<M extends CacheMethod>(method: M, ...args: Parameters<AuditCache[M]>): Promise<ReturnType<AuditCache[M]>> {
    return this.#supervisor.ask(method, args);
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
