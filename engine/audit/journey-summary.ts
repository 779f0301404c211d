/** What a list shows of a journey's state: where it stands, what went wrong, which services it has called. */
import type { Journey, Step } from "../core/journey.ts";
import { MANAGER, type StepError } from "../core/protocol.ts";
import type { Failure } from "./fingerprint.ts";

export interface JourneySummary {
  /** The steps in flight, being undone, stuck, or the one that failed. */
  places: string[];
  error: StepError | undefined;
  /** Where the error comes from, for the groups of failures; operators' own words make no group. */
  failure: Failure | undefined;
  /** In the order of their steps; without the manager's built-in steps. Ends with APPROVAL while one is waited for. */
  services: string[];
}

/**
 * Stands among the services called, so that filters find it as fast as a service: a person's approval is waited for.
 * No service is called so: types are split at their dots, and this has a slash.
 */
export const APPROVAL = "manager/approve";

export function summarize(journey: Journey): JourneySummary {
  const services: string[] = [];
  let approval = false;
  for (const step of Object.values(journey.steps)) {
    if (step.attempts > 0 && step.service !== MANAGER && !services.includes(step.service))
      services.push(step.service);
    if (step.service === MANAGER && step.function === "approve" && step.status === "dispatched") approval = true;
  }
  if (approval) services.push(APPROVAL);
  const source = errorOf(journey);
  return { places: placesOf(journey), error: source?.error, failure: source && failureOf(journey, source), services };
}

/** The status that counts while a journey is paused: the one it goes back to. */
const statusBehind = (journey: Journey): Journey["status"] => journey.paused?.from ?? journey.status;

function placesOf(journey: Journey): string[] {
  const where = (accept: (step: Step) => boolean): string[] =>
    Object.entries(journey.steps).flatMap(([id, step]) => (accept(step) ? [id] : []));
  const status = statusBehind(journey);
  switch (status) {
    case "running":
      return where((step) => isInFlight(step) || step.status === "undoing");
    case "rolling_back":
      return where((step) => step.status === "undoing" || step.status === "undo_failed" || isInFlight(step));
    case "rollback_failed":
      return where((step) => step.status === "undo_failed");
    case "held":
      return journey.held?.steps ?? [];
    case "paused":
    case "completed":
      return [];
    case "rolled_back":
    case "terminated":
      return where((step) => step.status === "failed" || step.status === "timed_out");
    default:
      return status satisfies never;
  }
}

const isInFlight = (step: Step): boolean =>
  step.status === "dispatched" || step.status === "inprogress" || step.retryAt !== undefined;

interface ErrorSource {
  error: StepError;
  step?: Step;
  /** The negation that failed; else the step's own function did. */
  negation?: string;
}

/** What an operator has to look at: the undo that is stuck, else the step the journey waits for, else the first cause. */
function errorOf(journey: Journey): ErrorSource | undefined {
  const status = statusBehind(journey);
  const steps = Object.values(journey.steps);
  if (status === "rollback_failed") {
    for (const step of steps) {
      if (step.status !== "undo_failed") continue;
      for (const [negation, call] of Object.entries(step.undo ?? {})) {
        if (call.error) return { error: call.error, step, negation };
      }
    }
  }
  const heldStep = status === "held" ? stepNamed(journey, journey.held?.steps[0]) : undefined;
  if (heldStep?.error) return { error: heldStep.error, step: heldStep };
  if (!journey.error) return undefined;
  return { error: journey.error, step: stepNamed(journey, journey.rollback?.causes[0]) };
}

const stepNamed = (journey: Journey, id: string | undefined): Step | undefined =>
  id === undefined ? undefined : journey.steps[id];

function failureOf(journey: Journey, source: ErrorSource): Failure | undefined {
  const { error, step, negation } = source;
  if (journey.status === "terminated" && error.code === "terminated") return undefined;
  return {
    service: step?.service ?? MANAGER,
    function: negation ?? step?.function ?? journey.rollback?.trigger ?? "",
    code: error.code,
    message: error.message,
  };
}
