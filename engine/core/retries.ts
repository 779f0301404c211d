/** After an attempt has ended without success: is there another one, and when. Policies: design of `retry` settings. */
import type { FlowStep, RetryPolicy } from "./flow.ts";
import { iso } from "./iso.ts";
import { type Call, goesOnAfter, type Negation } from "./journey.ts";
import { activeRollback, clockOf, stepOf, type Turn } from "./turn.ts";
import { isMember } from "./undo.ts";

/** Milliseconds until the attempt after `tries` attempts: exponential, capped, `jitter` of it random. */
export function retryDelayMs(policy: RetryPolicy, tries: number, random: number): number {
  const exponential = policy.initialIntervalMs * policy.backoffCoefficient ** (tries - 1);
  const capped = Math.min(exponential, policy.maximumIntervalMs);
  return Math.round(capped * (1 - policy.jitter * random));
}

function mayRetry(policy: RetryPolicy, call: Call): boolean {
  return call.tries < policy.maximumAttempts && call.error?.retryable !== false;
}

/** Schedules the step's next attempt if its policy grants one; never in a rollback that wants the step undone. */
export function retryStep(turn: Turn, step: FlowStep): void {
  const state = stepOf(turn.journey, step);
  const rollback = activeRollback(turn.journey);
  const undoing = rollback !== undefined && (!goesOnAfter(rollback.scope) || isMember(rollback, step.id));
  if (undoing || turn.journey.status === "terminated" || !mayRetry(step.settings.retry, state)) return;
  const due = clockOf(turn) + retryDelayMs(step.settings.retry, state.tries, turn.ctx.random);
  if (state.totalDueAt !== undefined && due >= state.totalDueAt) return;
  turn.emit("step.retry_scheduled", {
    step: step.id,
    service: step.service,
    function: step.function,
    attempt: state.attempts + 1,
    detail: { due: iso(due) },
  });
}

/** The same for a negation; when its tries are used up the rollback has failed here. Nothing follows a termination. */
export function retryNegation(turn: Turn, step: FlowStep, name: string): void {
  if (turn.journey.status === "terminated") return;
  const negation = stepOf(turn.journey, step).undo?.[name] as Negation;
  const common = { step: step.id, service: step.service, function: name };
  if (!mayRetry(step.settings.negationRetry, negation)) {
    turn.emit("rollback.failed", { ...common, attempt: negation.attempts, error: negation.error });
    return;
  }
  const due = clockOf(turn) + retryDelayMs(step.settings.negationRetry, negation.tries, turn.ctx.random);
  turn.emit("undo.retry_scheduled", { ...common, attempt: negation.attempts + 1, detail: { due: iso(due) } });
}
