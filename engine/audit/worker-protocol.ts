/** What the host and the worker thread of the cache say to each other. */
import { AntigraphError, ERRORS, type ErrorCode } from "../core/errors.ts";
import type { AuditCache } from "./cache.ts";
import { isDamage } from "./database.ts";

/** Methods of the cache that the host calls across the thread. */
export const CACHE_METHODS = [
  "ingest",
  "import",
  "positions",
  "list",
  "counts",
  "journey",
  "events",
  "failures",
  "functionStats",
  "flowStats",
  "activity",
  "status",
  "prune",
  "pruneAgain",
  "export",
  "reset",
  "abandon",
  "close",
] as const satisfies (keyof AuditCache)[];
export type CacheMethod = (typeof CACHE_METHODS)[number];

export interface WorkerOptions {
  file: string;
  /** The address of the folder of migrations; by default beside the cache's module. */
  migrations?: string;
}

export interface WorkerRequest<M extends CacheMethod = CacheMethod> {
  id: number;
  method: M;
  args: Parameters<AuditCache[M]>;
  /** More records are waiting: no time for free text now. */
  busy: boolean;
}

export type LogLevel = "info" | "warn" | "error";

export type WorkerMessage =
  | { kind: "ready" }
  | { kind: "failed"; error: PlainError }
  | { kind: "answer"; id: number; value: unknown }
  | { kind: "refusal"; id: number; error: PlainError }
  | { kind: "log"; level: LogLevel; details: object; message: string };

/** An error as it crosses the thread. */
export interface PlainError {
  message: string;
  /** A code of the catalogue; undefined for errors of other kinds. */
  code: ErrorCode | undefined;
  details: Record<string, unknown> | undefined;
  /** The cache's file turned out to be damaged. */
  damaged: boolean;
}

export function toPlainError(error: unknown): PlainError {
  const message = error instanceof Error ? error.message : String(error);
  const known = error instanceof AntigraphError ? error : undefined;
  return { message, code: known?.code, details: known?.details, damaged: isDamage(error) };
}

/** An error of the cache as its callers see it. */
export class CacheError extends AntigraphError {
  readonly damaged: boolean;
  /** The thread ended, or wasn't there, before it answered. */
  readonly threadGone: boolean;
  constructor(error: PlainError, isThreadGone = false) {
    const code = error.code !== undefined && error.code in ERRORS ? error.code : "internal";
    super(code, code === "internal" ? `The audit cache failed: ${error.message}` : error.message, error.details);
    this.damaged = error.damaged;
    this.threadGone = isThreadGone;
  }
}

export function threadGone(why: string): CacheError {
  return new CacheError({ message: why, code: undefined, details: undefined, damaged: false }, true);
}
