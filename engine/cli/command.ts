/**
 * Commands, as citty defines them, but strict: unknown options, missing values and surplus words are wrong use. citty
 * itself lets them pass, and keeps only the last of a repeated option.
 */
import { parseArgs } from "node:util";
import {
  type ArgsDef,
  type CommandContext,
  type CommandDef,
  defineCommand,
  type ParsedArgs,
  type SubCommandsDef,
} from "citty";
import { UsageError } from "./failure.ts";
import type { Io } from "./io.ts";

export interface Given<Args extends ArgsDef> {
  args: ParsedArgs<Args>;
  /** All values of a repeatable option, in order. */
  all(name: string): string[];
  io: Io;
}

export interface CliCommand<Args extends ArgsDef> {
  name: string;
  description: string;
  args: Args;
  /** Options that may be given several times. */
  repeatable?: string[];
  run(given: Given<Args>): Promise<void> | void;
}

/** A command that does something. */
export function command<const Args extends ArgsDef>(definition: CliCommand<Args>): CommandDef<Args> {
  return defineCommand<Args>({
    meta: { name: definition.name, description: definition.description },
    args: definition.args,
    run(context) {
      const values = readStrictly(definition, context.rawArgs);
      return definition.run({
        args: context.args,
        all: (name) => [values[name] ?? []].flat().filter((value) => typeof value === "string"),
        io: ioOf(context),
      });
    },
  });
}

/** A command that only has commands below it. */
export function group(name: string, description: string, subCommands: SubCommandsDef): CommandDef {
  return defineCommand({ meta: { name, description }, subCommands });
}

/** A whole number of an option. */
export function integer(
  value: string | undefined,
  option: string,
  lowest: number,
  highest: number,
): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < lowest || number > highest) {
    throw new UsageError(`${option} takes a whole number from ${lowest} to ${highest}, not "${value}".`);
  }
  return number;
}

function ioOf<Args extends ArgsDef>(context: CommandContext<Args>): Io {
  return context.data;
}

type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

function readStrictly<Args extends ArgsDef>(definition: CliCommand<Args>, rawArgs: string[]): Values {
  const { args, repeatable = [] } = definition;
  const entries = Object.entries(args);
  const options = Object.fromEntries(
    entries
      .filter(([, { type }]) => type !== "positional")
      .map(([name, { type }]) => [
        name,
        { type: type === "boolean" ? ("boolean" as const) : ("string" as const), multiple: true },
      ]),
  );
  const { values, positionals } = parsed(rawArgs, options);
  for (const [name, value] of Object.entries(values)) {
    if (Array.isArray(value) && value.length > 1 && !repeatable.includes(name)) {
      throw new UsageError(`--${name} is given ${value.length} times; it takes one value.`);
    }
  }
  const words = entries.filter(([, { type }]) => type === "positional").length;
  if (positionals.length > words) throw new UsageError(`"${positionals[words]}" is one word too many.`);
  return values;
}

function parsed(args: string[], options: Record<string, { type: "boolean" | "string"; multiple: boolean }>) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: true, allowNegative: true });
  } catch (error) {
    // "Unknown option '--x'. To specify a positional argument starting with ..." : the first sentence says it.
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${message.split(/\. |\n/)[0]?.replace(/\.$/, "")}.`);
  }
}
