/** The worker thread of the audit cache: answers the host's calls one by one, and indexes free text in between. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { AuditCache } from "./cache.ts";
import type { AuditLogger } from "./logger.ts";
import {
  type CacheMethod,
  type LogLevel,
  toPlainError,
  type WorkerMessage,
  type WorkerOptions,
  type WorkerRequest,
} from "./worker-protocol.ts";

/** One portion of indexing: the longest that a call waits for it. */
const INDEX_PORTION_MS = 8;
/** Running journeys are indexed when nothing has come for so long: most of them will have ended by then. */
const QUIET_MS = 500;

function serve(port: MessagePort, options: WorkerOptions): void {
  const say = (message: WorkerMessage): void => port.postMessage(message);
  const log =
    (level: LogLevel) =>
    (details: object, message: string): void =>
      say({ kind: "log", level, details, message });
  const logger: AuditLogger = { info: log("info"), warn: log("warn"), error: log("error") };
  const cache = open(options, logger, say);
  if (!cache) return;
  const indexer = new IdleIndexer(cache, logger);
  port.on("message", (request: WorkerRequest) => {
    try {
      const value = call(cache, request);
      say({ kind: "answer", id: request.id, value });
    } catch (error) {
      say({ kind: "refusal", id: request.id, error: toPlainError(error) });
    }
    if (request.method === "close") {
      indexer.stop();
      port.close();
    } else if (!request.busy) {
      indexer.wake(CHANGING.has(request.method));
    }
  });
  say({ kind: "ready" });
}

const CHANGING: ReadonlySet<CacheMethod> = new Set<CacheMethod>(["ingest", "import", "reset", "abandon"]);

function open(
  { file, migrations }: WorkerOptions,
  logger: AuditLogger,
  say: (message: WorkerMessage) => void,
): AuditCache | undefined {
  try {
    return new AuditCache({ file, logger, migrations: migrations === undefined ? undefined : new URL(migrations) });
  } catch (error) {
    say({ kind: "failed", error: toPlainError(error) });
    return undefined;
  }
}

function call<M extends CacheMethod>(cache: AuditCache, { method, args }: WorkerRequest<M>): unknown {
  return Reflect.apply(cache[method], cache, args);
}

class IdleIndexer {
  readonly #cache: AuditCache;
  readonly #logger: AuditLogger;
  #next: NodeJS.Immediate | undefined;
  #quiet: NodeJS.Timeout | undefined;
  /** Running journeys too, in the portion that is scheduled. */
  #withRunning = false;
  #isStopped = false;

  constructor(cache: AuditCache, logger: AuditLogger) {
    this.#cache = cache;
    this.#logger = logger;
    this.wake(true);
  }

  /** There is time now; `changed`: journeys may have changed. */
  wake(changed: boolean): void {
    if (this.#isStopped) return;
    if (changed) {
      clearTimeout(this.#quiet);
      this.#quiet = setTimeout(() => this.#schedule(true), QUIET_MS);
    }
    this.#schedule(false);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#quiet);
    clearImmediate(this.#next);
  }

  #schedule(withRunning: boolean): void {
    this.#withRunning ||= withRunning;
    this.#next ??= setImmediate(() => {
      const running = this.#withRunning;
      this.#next = undefined;
      this.#withRunning = false;
      this.#portion(running);
    });
  }

  #portion(withRunning: boolean): void {
    if (this.#isStopped) return;
    try {
      if (!this.#cache.indexText(INDEX_PORTION_MS, withRunning)) this.#schedule(withRunning);
    } catch (error) {
      // The next call tries again; ingestion reports what is wrong with the file, if that is it.
      this.#logger.warn({ err: toPlainError(error) }, "Indexing journeys for free text failed");
    }
  }
}

// Last, because it needs all of the above.
if (parentPort) serve(parentPort, workerData as WorkerOptions);
