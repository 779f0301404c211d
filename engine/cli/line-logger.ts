import type { Logger } from "../manager/logger.ts";
import type { Io } from "./io.ts";
import { localTime } from "./table.ts";

/** A log for people at a terminal: a line an entry on standard error, warnings and errors unless `verbose`. */
export function lineLogger(io: Io, verbose: boolean): Logger {
  const write = (level: string) => (fields: object, message: string) => {
    io.err(`${localTime(io.now())} ${level} ${message}${detailOf(fields)}`);
  };
  return { info: verbose ? write("info") : () => {}, warn: write("warn"), error: write("error") };
}

function detailOf(fields: object): string {
  const entries = Object.entries(fields).map(([name, value]) => `${name}=${textOf(value)}`);
  return entries.length > 0 ? ` (${entries.join(", ")})` : "";
}

function textOf(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === "string" ? value : JSON.stringify(value);
}
