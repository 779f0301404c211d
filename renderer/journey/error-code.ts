import type { StepError } from "../../engine/core/protocol.ts";

/** What the engine calls a failure whose service named no code: it tells nothing beside the word "failed". */
const UNNAMED = "failed";

/** The code, where it says more than that something failed. */
export function tellingCode(error: Pick<StepError, "code">): string | undefined {
  return error.code === UNNAMED ? undefined : error.code;
}
