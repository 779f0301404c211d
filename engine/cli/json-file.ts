import { readFileSync } from "node:fs";
import { Failure } from "./failure.ts";

/** What a file holds; `-` is the standard input. @throws Failure file_unusable */
export function readJsonFile(file: string): unknown {
  let content: string;
  try {
    content = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure("file_unusable", `${file} can't be read: ${why}`);
  }
  try {
    return JSON.parse(content.replace(/^\uFEFF/, ""));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure("file_unusable", `${file} isn't JSON: ${why}`);
  }
}
