/** A command as a record of `fromanager`, and what keeps it from being sent. */
import type { Journey, Step } from "./journey.ts";
import { type FromManager, MANAGER, SCHEMA_VERSION, type StepError } from "./protocol.ts";
import { finalError } from "./step-errors.ts";
import type { Turn } from "./turn.ts";

export type Call = Pick<FromManager, "step" | "attempt" | "service" | "function" | "data">;

/** @param undone the state of the step that the command undoes; undefined for a step's own command */
export function commandRecord(
  { uuid, name, version }: Pick<Journey, "uuid" | "name" | "version">,
  { step, attempt, service, function: called, data }: Call,
  undone: Step | undefined,
): FromManager {
  const value: FromManager = {
    uuid,
    name,
    version,
    service,
    function: called,
    schema_version: SCHEMA_VERSION,
    data,
    step,
    attempt,
  };
  if (undone) {
    const { input = null, output = null, error = null } = undone;
    value.undo = { step, function: undone.function, input, output, error };
  }
  return value;
}

/** What the schemas say against sending it. Built-in steps are not called by records of `fromanager`. */
export function commandError(turn: Turn, call: Call, undone?: Step): StepError | undefined {
  if (call.service === MANAGER) return undefined;
  return schemaError(turn.ctx.schemas.command(commandRecord(turn.journey, call, undone)));
}

/** The same of the data of a reply, or of what an operator puts in its place. */
export function outputError(
  turn: Turn,
  { service, function: called }: { service: string; function: string },
  data: unknown,
): StepError | undefined {
  return service === MANAGER ? undefined : schemaError(turn.ctx.schemas.reply(service, called, data));
}

const schemaError = (message: string | undefined): StepError | undefined =>
  message === undefined ? undefined : finalError("schema_invalid", message);
