import { readFileSync } from "node:fs";
import { Failure, UsageError } from "./failure.ts";

/** The value of an option that takes JSON, or @FILE with JSON in it; undefined when it isn't given. */
export function jsonArgument(value: string | undefined, option: string): unknown {
  if (value === undefined) return undefined;
  const file = value.startsWith("@") ? value.slice(1) : undefined;
  let text = value;
  try {
    if (file !== undefined) text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new Failure("file_unusable", `${file} can't be read: ${error instanceof Error ? error.message : error}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (file !== undefined) throw new Failure("file_unusable", `${file} isn't JSON: ${why}`);
    throw new UsageError(`${option} takes JSON, or @FILE with JSON in it: ${why}.`);
  }
}
