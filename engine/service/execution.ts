/** One command run through its handler, up to the settled reply. */
import type Database from "better-sqlite3";
import type { NewRecord } from "../bus/bus.ts";
import type { StepError } from "../core/protocol.ts";
import type { Clock } from "./clock.ts";
import { type Command, makeReply } from "./command.ts";
import { type Call, type ServiceDefinition, ServiceFailure } from "./define.ts";
import type { Ledger, Settlement } from "./ledger.ts";
import type { Positions } from "./transport.ts";
import { isUnavailable } from "./unavailable.ts";

export interface ExecutionOptions {
  service: ServiceDefinition;
  command: Command;
  ledger: Ledger;
  clock: Clock;
  signal: AbortSignal;
  positions(): Positions;
  before?: ((call: Call) => void | Promise<void>) | undefined;
  progress(reply: NewRecord): void;
  log(level: "warn" | "error", message: string): void;
}

export interface Executed {
  reply: NewRecord;
  outcome: "handled" | "failed" | "repeated";
}

/** What `commit` throws when another process has settled the command meanwhile; the handler need not know. */
class SettledElsewhere extends Error {}

export class Execution {
  readonly #options: ExecutionOptions;
  #settlement: Settlement | undefined;
  #over = false;

  constructor(options: ExecutionOptions) {
    this.#options = options;
  }

  /**
   * Rejects when the reply can't be remembered, the service was stopped under the handler, or something it needs is away
   * (`isUnavailable`): then nothing is settled.
   */
  async run(): Promise<Executed> {
    const { service, command, signal, log } = this.#options;
    const handler = Object.hasOwn(service.functions, command.function)
      ? service.functions[command.function]
      : undefined;
    const name = `${service.name}.${command.function}`;
    let output: unknown;
    let error: StepError | undefined;
    try {
      if (!handler) {
        const message = `service ${service.name} has no function ${command.function}`;
        throw new ServiceFailure("unknown_function", message, { retryable: false });
      }
      const call = this.#call();
      await this.#options.before?.(call);
      output = await handler(call);
    } catch (thrown) {
      if (this.#settlement) {
        if (!(thrown instanceof SettledElsewhere)) {
          log("warn", `${name} of ${command.uuid} threw after it had committed; its success stands: ${text(thrown)}`);
        }
      } else if (signal.aborted || isUnavailable(thrown)) {
        throw thrown;
      } else {
        error = toStepError(thrown);
        if (!(thrown instanceof ServiceFailure)) log("error", `${name} of ${command.uuid}: ${stack(thrown)}`);
      }
    } finally {
      this.#over = true;
    }
    if (this.#settlement) {
      return { reply: this.#settlement.reply, outcome: this.#settlement.repeated ? "repeated" : "handled" };
    }
    return this.#settleWithout(output, error);
  }

  #settleWithout(output: unknown, error: StepError | undefined): Executed {
    const settle = (reply: NewRecord) => this.#settle(() => reply);
    if (error)
      return { reply: settle(makeReply(this.#options.command, "failure", null, error)).reply, outcome: "failed" };
    let reply: NewRecord;
    try {
      reply = makeReply(this.#options.command, "success", output);
    } catch (thrown) {
      // The output isn't JSON (a cycle, a BigInt): the handler's fault, not the store's.
      return this.#settleWithout(undefined, { code: "internal", message: `the output isn't JSON: ${text(thrown)}` });
    }
    return { reply: settle(reply).reply, outcome: "handled" };
  }

  #settle(reply: (output: unknown) => NewRecord, effect?: (db: Database.Database) => unknown): Settlement {
    const { command, ledger, clock, positions } = this.#options;
    return ledger.settle({ id: command.id, reply, at: clock.now(), positions: positions() }, effect);
  }

  #call(): Call {
    const { service, command, signal, progress } = this.#options;
    return {
      id: command.id,
      uuid: command.uuid,
      name: command.name,
      version: command.version,
      step: command.step ?? "",
      attempt: command.attempt ?? 1,
      service: service.name,
      function: command.function,
      data: command.data,
      ...(command.undo ? { undo: command.undo } : {}),
      signal,
      progress: (data) => {
        if (!this.#over && !this.#settlement) progress(makeReply(command, "inprogress", data));
      },
      commit: (effect) => this.#commit(effect),
    };
  }

  #commit<Output>(effect: (db: Database.Database) => Output): Output {
    if (this.#settlement) throw new Error("call.commit was called twice for one command");
    if (this.#over) throw new Error("call.commit was called after the handler had ended");
    this.#options.signal.throwIfAborted();
    let result: { output: Output } | undefined;
    const settlement = this.#settle(
      (output) => makeReply(this.#options.command, "success", output),
      (db) => {
        const output = effect(db);
        if (output instanceof Promise) throw new Error("the effect given to call.commit must not be async");
        result = { output };
        return output;
      },
    );
    this.#settlement = settlement;
    if (!result || settlement.repeated) throw new SettledElsewhere("this command was settled by another process");
    return result.output;
  }
}

function toStepError(thrown: unknown): StepError {
  if (!(thrown instanceof ServiceFailure)) return { code: "internal", message: text(thrown) };
  const { code, message, retryable } = thrown;
  return { code, message, ...(retryable === undefined ? {} : { retryable }) };
}

function text(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function stack(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
