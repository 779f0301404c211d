/** The host's end of the worker thread: calls with answers, and the thread's life. */
import { Worker } from "node:worker_threads";
import type { AuditCache } from "./cache.ts";
import type { AuditLogger } from "./logger.ts";
import {
  CacheError,
  type CacheMethod,
  type PlainError,
  threadGone,
  type WorkerMessage,
  type WorkerOptions,
  type WorkerRequest,
} from "./worker-protocol.ts";

/** Calls that wait for an answer; a caller beyond that is told to come back. */
const MAX_WAITING_CALLS = 1_000;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: CacheError): void;
}

/** Beside this module: TypeScript when run from source, `audit-worker.js` in a bundle. */
export function defaultWorkerUrl(): URL {
  const isSource = import.meta.url.endsWith(".ts");
  return new URL(isSource ? "./worker.ts" : "./audit-worker.js", import.meta.url);
}

export class WorkerClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #logger: AuditLogger;
  /** Resolves when the cache is open. Rejects with AntigraphError when it can't be opened. */
  readonly ready: Promise<void>;
  /** Resolves with why, when the thread has ended; undefined when `close` was called. */
  readonly ended: Promise<string | undefined>;
  #isClosing = false;
  #lastId = 0;

  constructor(url: URL, options: WorkerOptions, logger: AuditLogger) {
    this.#logger = logger;
    this.#worker = new Worker(url, { workerData: options, name: "audit-cache" });
    const opened = Promise.withResolvers<void>();
    this.ready = opened.promise;
    this.ready.catch(() => {});
    this.#worker.on("message", (message: WorkerMessage) => this.#onMessage(message, opened));
    let crash: string | undefined;
    this.#worker.on("error", (error) => {
      crash = error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    this.ended = new Promise((resolve) => {
      this.#worker.on("exit", (code) => {
        const why = this.#isClosing ? undefined : (crash ?? `it ended with code ${code}`);
        const error = threadGone(why ?? "it is closed");
        opened.reject(error);
        for (const waiting of this.#waiting.values()) waiting.reject(error);
        this.#waiting.clear();
        this.#isClosing = true;
        resolve(why);
      });
    });
  }

  /** `busy`: more is waiting to be ingested. Rejects with AntigraphError, `internal` when the thread is gone. */
  call<M extends CacheMethod>(
    method: M,
    args: Parameters<AuditCache[M]>,
    busy = false,
  ): Promise<ReturnType<AuditCache[M]>> {
    return new Promise((resolve, reject) => {
      if (this.#isClosing) return reject(threadGone("it is closed"));
      if (this.#waiting.size >= MAX_WAITING_CALLS) return reject(new CacheError(plain("too many calls at once")));
      this.#lastId += 1;
      const id = this.#lastId;
      this.#waiting.set(id, { resolve: (value) => resolve(value as ReturnType<AuditCache[M]>), reject });
      const request: WorkerRequest<M> = { id, method, args, busy };
      this.#worker.postMessage(request);
    });
  }

  /** Closes the file and ends the thread, after the calls made before. */
  async close(): Promise<void> {
    if (!this.#isClosing) {
      const closed = this.call("close", []);
      this.#isClosing = true;
      await closed.catch(() => {});
    }
    await this.ended;
  }

  #onMessage(message: WorkerMessage, opened: { resolve(): void; reject(error: CacheError): void }): void {
    switch (message.kind) {
      case "ready":
        opened.resolve();
        break;
      case "failed":
        this.#isClosing = true;
        opened.reject(new CacheError(message.error));
        break;
      case "answer":
        this.#take(message.id)?.resolve(message.value);
        break;
      case "refusal":
        this.#take(message.id)?.reject(new CacheError(message.error));
        break;
      case "log":
        this.#logger[message.level](message.details, message.message);
        break;
      default:
        message satisfies never;
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

const plain = (message: string): PlainError => ({ message, code: undefined, details: undefined, damaged: false });
