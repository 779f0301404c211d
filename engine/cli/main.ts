/**
 * The command line: finds the command, runs it, and turns how it ended into an exit code: 0 done, 1 failed, 2 wrong
 * use. The commands themselves are in commands/, one a file, loaded when they are asked for.
 */
import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { type CommandDef, renderUsage, runCommand } from "citty";
import { AntigraphError, ERRORS } from "../core/errors.ts";
import { ConsoleError, ConsoleUnreachable } from "../service/console-client.ts";
import { group } from "./command.ts";
import { Failure, Told, UsageError } from "./failure.ts";
import { type Io, processIo } from "./io.ts";

const root = group("antigraph", "Run journeys over microservices, and undo what failed.", {
  console: async () => (await import("./commands/console.ts")).consoleCommand,
  manager: async () => (await import("./commands/manager.ts")).managerCommand,
  services: async () => (await import("./commands/services.ts")).servicesCommand,
  check: async () => (await import("./commands/check.ts")).checkCommand,
  publish: async () => (await import("./commands/publish.ts")).publishCommand,
  start: async () => (await import("./commands/start.ts")).startCommand,
  journeys: async () => (await import("./commands/journeys.ts")).journeysCommand,
  schemas: async () => (await import("./commands/schemas.ts")).schemasCommand,
  audit: async () => (await import("./commands/audit.ts")).auditCommand,
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand,
  topics: async () => (await import("./commands/topics.ts")).topicsCommand,
  bench: async () => (await import("./commands/bench.ts")).benchCommand,
});

interface Found {
  path: string[];
  command: CommandDef;
  rest: string[];
}

/** Runs one command line. Answers the exit code. */
export async function main(args: string[], io: Io = processIo): Promise<number> {
  const json = args.includes("--json");
  let found: Found = { path: ["antigraph"], command: root, rest: args };
  try {
    if (args[0] === "--version" || args[0] === "-v") {
      io.out(packageVersion());
      return 0;
    }
    const options = args.slice(0, args.includes("--") ? args.indexOf("--") : undefined);
    const wantsHelp = options.some((arg) => arg === "--help" || arg === "-h");
    for (;;) {
      const next = await step(found, wantsHelp || args.length === 0);
      if (!next) break;
      found = next;
    }
    if (wantsHelp || args.length === 0) {
      io.out(await usage(found, io));
      return args.length === 0 ? 2 : 0;
    }
    await runCommand(found.command, { rawArgs: found.rest, data: io });
    return 0;
  } catch (error) {
    return report(error, found, json, io);
  }
}

/** One word further down the tree of commands; undefined at its end. */
async function step({ path, command, rest }: Found, lenient: boolean): Promise<Found | undefined> {
  const subCommands = await resolved(command.subCommands);
  if (!subCommands) return undefined;
  const [word, ...others] = rest;
  if (word === undefined || word.startsWith("-")) {
    if (lenient) return undefined;
    throw new UsageError("A command is missing.");
  }
  const next = Object.hasOwn(subCommands, word) ? await resolved(subCommands[word]) : undefined;
  if (!next) throw new UsageError(`There is no command "${word}".`);
  return { path: [...path, word], command: next, rest: others };
}

async function report(error: unknown, found: Found, json: boolean, io: Io): Promise<number> {
  if (error instanceof Told) return 1;
  if (isWrongUse(error)) {
    const name = found.path.join(" ");
    const line = await usageLine(found);
    io.err(`${stripVTControlCharacters(error.message)}\n${line}\n"${name} --help" says more.`);
    return 2;
  }
  const { code, message, fix, details } = problemOf(error);
  if (json) io.err(JSON.stringify({ error: { code, message, ...(fix ? { fix } : {}), ...details } }));
  else io.err(`antigraph: ${[message.trim(), fix].filter(Boolean).map(asSentence).join(" ")}`);
  // A value that only the console could judge is wrong use all the same.
  return code === "invalid_request" ? 2 : 1;
}

function problemOf(error: unknown): { code: string; message: string; fix?: string; details?: object } {
  if (error instanceof Failure) return { code: error.code, message: error.message, fix: error.fix };
  if (error instanceof AntigraphError) {
    return { code: error.code, message: error.message, fix: ERRORS[error.code].fix, details: error.details };
  }
  if (error instanceof ConsoleError) {
    const { findings, errors } = error.problem;
    return { code: error.code, message: error.message, fix: error.fix, details: { findings, errors } };
  }
  if (error instanceof ConsoleUnreachable) {
    return { code: "console_unreachable", message: error.message, fix: ERRORS.console_unreachable.fix };
  }
  return { code: "internal", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function isWrongUse(error: unknown): error is Error {
  // citty throws its own error for missing arguments and bad choices, and doesn't export it.
  return error instanceof UsageError || (error instanceof Error && error.name === "CLIError");
}

async function usage(found: Found, io: Io): Promise<string> {
  const parent = { meta: { name: found.path.slice(0, -1).join(" ") } };
  const rendered = await renderUsage(found.command, found.path.length > 1 ? parent : undefined);
  const text = rendered.replaceAll(/[ \t]+$/gm, "");
  return io.isTerminal ? text : stripVTControlCharacters(text);
}

async function usageLine(found: Found): Promise<string> {
  const text = await usage(found, { ...processIo, isTerminal: false });
  return (
    text
      .split("\n")
      .find((line) => line.startsWith("USAGE"))
      ?.trim() ?? ""
  );
}

async function resolved<Value>(value: Value | Promise<Value> | (() => Value | Promise<Value>) | undefined) {
  return value instanceof Function ? value() : value;
}

function asSentence(text: string | undefined): string {
  return /[.!?:`]$/.test(text ?? "") ? (text ?? "") : `${text}.`;
}

function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version }: { version: string } = JSON.parse(text);
  return version;
}
