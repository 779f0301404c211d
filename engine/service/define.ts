/**
 * What a microservice in TypeScript is made of: a name, and a handler for each function.
 *
 * ```ts
 * const user = defineService({
 *   name: "user",
 *   functions: {
 *     create_user: (call) => call.commit((db) => insertUser(db, call.data)),
 *     delete_user: async (call) => ({ deleted: await directory.remove(call.data) }),
 *   },
 * });
 * ```
 *
 * A handler returns the step's output, or throws: `ServiceFailure` to say why in a code of the service's own, `Unavailable` to
 * have the command kept until what it needs is back; anything else is a failure with code `internal`.
 */
import type Database from "better-sqlite3";
import type { UndoInfo } from "../core/protocol.ts";

/** One command, as a handler sees it. */
export interface Call {
  /** The command's id. A repeat has the same one; the runtime drops repeats, so a handler sees each id once. */
  id: string;
  /** The journey. */
  uuid: string;
  /** The journey's flow. */
  name: string;
  version: string;
  /** The step of the flow that this command runs, or undoes. */
  step: string;
  /** From 1. A later attempt may follow one whose outcome the manager doesn't know. */
  attempt: number;
  service: string;
  function: string;
  data: unknown;
  /** There when this is a negation: the step it undoes and how that step went. */
  undo?: UndoInfo;
  /** Aborted when the service stops and the time it grants running handlers is over. */
  signal: AbortSignal;
  /** Tells the manager that it takes longer: sends `inprogress`, which restarts the step's clock. */
  progress(data?: unknown): void;
  /**
   * Runs `effect` in one SQLite transaction together with the command's id, its reply and the read position, so that
   * the effect happens exactly once whatever crashes. What `effect` returns is the output: the reply is settled by it.
   * If it throws, nothing of it stays. Once per call at most; needs a store.
   */
  commit<Output>(effect: (db: Database.Database) => Output): Output;
}

/** Does the work of one function. The returned value (undefined counts as null) must be JSON. */
export type Handler = (call: Call) => unknown;

export interface ServiceDefinition {
  /** The first part of a node type `service.function`. */
  name: string;
  /** The service's own version, shown in the console. */
  version?: string;
  functions: Record<string, Handler>;
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/;

/** Checks a service's names once and returns it. Throws a TypeError that names what is wrong. */
export function defineService(definition: ServiceDefinition): ServiceDefinition {
  if (!NAME.test(definition.name)) {
    throw new TypeError(`"${definition.name}" is no service name: use letters, digits, "_", "-" and "."`);
  }
  const functions = Object.keys(definition.functions);
  if (functions.length === 0) throw new TypeError(`service ${definition.name} has no functions`);
  for (const name of functions) {
    // A node type is split at its last dot, so a function's name can't hold one.
    if (!NAME.test(name) || name.includes(".")) {
      throw new TypeError(`"${name}" is no function name: use letters, digits, "_" and "-"`);
    }
  }
  return definition;
}

/** A failure that the service means to report. `code` is its own word; `retryable: false` ends the retries. */
export class ServiceFailure extends Error {
  readonly code: string;
  readonly retryable: boolean | undefined;
  constructor(code: string, message: string, options: { retryable?: boolean } = {}) {
    super(message);
    this.name = "ServiceFailure";
    this.code = code;
    this.retryable = options.retryable;
  }
}
