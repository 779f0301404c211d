/** The bound of what travels and is kept: a command's data, a reply's output, what an operator writes by hand. */
import type { StepError } from "./protocol.ts";
import { finalError } from "./step-errors.ts";

/** UTF-8 needs at most so many bytes for a UTF-16 unit: texts that are short enough needn't be encoded. */
const MOST_BYTES_PER_UNIT = 3;

/** What is wrong with the size of `data` as JSON in UTF-8, with `what` as the subject; undefined when it fits. */
export function sizeError(what: string, data: unknown, maximumBytes: number): StepError | undefined {
  const text = JSON.stringify(data) ?? "";
  if (text.length * MOST_BYTES_PER_UNIT <= maximumBytes) return undefined;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= maximumBytes) return undefined;
  return finalError("data_too_large", `${what} has ${bytes} bytes; ${maximumBytes} are allowed`);
}
