/** Reads a file that was picked or dropped. */
import { type ImportResult, MAXIMUM_FILE_BYTES, parseFlowFile } from "./import-flow.ts";

export async function importFile(file: File): Promise<ImportResult> {
  if (file.size > MAXIMUM_FILE_BYTES) {
    return { ok: false, problem: `${file.name} is larger than ${MAXIMUM_FILE_BYTES / 1_000_000} MB: no flow is.` };
  }
  try {
    return parseFlowFile(await file.text(), file.name);
  } catch (error) {
    return { ok: false, problem: `${file.name} can't be read: ${error instanceof Error ? error.message : error}` };
  }
}

/** Lets the operator pick a file; resolves with undefined when none was chosen. */
export function pickFile(): Promise<File | undefined> {
  return new Promise((resolve) => {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = ".json,application/json";
    input.addEventListener("change", () => resolve(input.files?.[0]));
    input.addEventListener("cancel", () => resolve(undefined));
    input.click();
  });
}
