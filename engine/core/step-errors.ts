/**
 * The codes that journey events carry in `error.code` when it was not a service that said it. docs/protocol.md lists
 * them; a test holds the two together, and another one raises each.
 */
import type { StepError } from "./protocol.ts";

export const STEP_ERRORS = {
  failed: "The service answered `failure` without an error code of its own.",
  timeout: "No reply came in time, or silence after progress was too long; whether it worked is not known.",
  service_down: "The step's service is down, and `onServiceDown` says not to call it (or it waited too long).",
  expression_failed:
    "A `when`, `input`, `items` or `until` can't be worked out, or gives something of the wrong kind.",
  data_too_large: "A command's data, or an answer, has more bytes of JSON than is allowed (256 KiB).",
  schema_invalid:
    "A command's data, or an answer's, isn't as its schema in the registry says; the message names the path.",
  deadline_exceeded: "The journey's `deadline` has passed.",
  element_failed: "Elements of an `each` failed; the message counts them and tells the first one's error.",
  cancelled: "A rollback stopped an `each` before all its elements had run.",
  too_many_elements: "The list of an `each` is longer than 1,000.",
  too_deep: "More than 20 journeys would run within each other.",
  terminated: "An operator terminated the journey (of a sub-journey: the parent's step fails with it).",
  rolled_back: "The sub-journey was rolled back without a failure of its own: by an operator, or by its parent.",
  unknown_flow: "The sub-journey's flow or version is not published.",
  flow_invalid: "The sub-journey's flow has errors.",
  unknown_journey: "The sub-journey that is to be rolled back is not known any more.",
} as const;
export type StepErrorCode = keyof typeof STEP_ERRORS;

/** `retryable: false`, since trying again in the same way gives the same. */
export const finalError = (code: StepErrorCode, message: string): StepError => ({ code, message, retryable: false });

/** Another attempt may go better. */
export const transientError = (code: StepErrorCode, message: string): StepError => ({ code, message });
