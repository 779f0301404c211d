/** The journey's clocks: what has run out by now, and when the next one does. Paused journeys have none. */

import { isWait } from "./builtin.ts";
import type { FlowStep } from "./flow.ts";
import type { Call, Journey, Step } from "./journey.ts";
import { retryNegation, retryStep } from "./retries.ts";
import { answerDeadline } from "./rollback.ts";
import { transientError } from "./step-errors.ts";
import { activeRollback, hasEnded, isLive, isOut, stepsInOrder, type Turn } from "./turn.ts";

/** Clocks that stood still meanwhile: of commands, by their id, and the journey's deadline. */
export interface Frozen {
  calls: readonly string[];
  deadline: boolean;
}

const NOTHING_FROZEN: Frozen = { calls: [], deadline: false };

/** A timer fired: ends every attempt whose clock has run out, and the journey if its deadline has. */
export function acceptTimer(turn: Turn, frozen = NOTHING_FROZEN): void {
  if (turn.journey.paused || turn.journey.status === "terminated") return;
  const { now } = turn.ctx;
  const isDue = (call: Call): boolean => {
    const id = call.open.at(-1)?.id;
    return isPast(call, now) && !(id !== undefined && frozen.calls.includes(id));
  };
  for (const [step, state] of stepsInOrder(turn.flow, turn.journey)) {
    if (isLive(state) && isDue(state)) endStepAttempt(turn, step, state);
    for (const [name, negation] of Object.entries(state.undo ?? {})) {
      if (isOut(negation) && isDue(negation)) endNegationAttempt(turn, step, name, negation);
    }
  }
  const deadline = deadlineOf(turn.journey);
  if (deadline !== undefined && deadline <= now && !frozen.deadline) answerDeadline(turn);
}

/** The journey's deadline while it counts: not when it has ended, and not while a rollback is on the way to its end. */
function deadlineOf(journey: Journey): number | undefined {
  const active = activeRollback(journey);
  return hasEnded(journey) || (active && active.scope !== "branch") ? undefined : journey.deadlineAt;
}

const isPast = (call: Call, now: number): boolean => call.dueAt !== undefined && call.dueAt <= now;

function endStepAttempt(turn: Turn, step: FlowStep, state: Step): void {
  const common = { step: step.id, service: step.service, function: step.function, attempt: state.attempts };
  if (isWait(step)) {
    turn.emit("step.succeeded", { ...common, data: state.input });
    return;
  }
  turn.emit("step.timed_out", { ...common, error: transientError("timeout", silence(state)) });
  retryStep(turn, step);
}

function endNegationAttempt(turn: Turn, step: FlowStep, name: string, negation: Call): void {
  turn.emit("undo.timed_out", {
    step: step.id,
    service: step.service,
    function: name,
    attempt: negation.attempts,
    error: transientError("timeout", silence(negation)),
  });
  retryNegation(turn, step, name);
}

const silence = (call: Call): string =>
  call.status === "inprogress" ? "in progress, then silent for too long" : "no reply in time";

/**
 * When the journey wants its next timer after `after`, milliseconds since 1970; undefined for never. Manager-side knowledge (a moving
 * queue, a service that is holding) may fire it later, never earlier.
 */
export function nextDue(journey: Journey, after = Number.NEGATIVE_INFINITY): number | undefined {
  if (journey.paused || journey.status === "terminated") return undefined;
  let next: number | undefined;
  const consider = (time: number | undefined): void => {
    if (time !== undefined && time > after && (next === undefined || time < next)) next = time;
  };
  consider(deadlineOf(journey));
  for (const step of Object.values(journey.steps)) {
    if (isLive(step)) consider(step.dueAt);
    if (step.status === "waiting") consider(step.retryAt);
    for (const negation of Object.values(step.undo ?? {})) {
      if (isOut(negation)) consider(negation.dueAt);
      if (negation.status === "waiting") consider(negation.retryAt);
    }
  }
  return next;
}

/** Services this journey waits for (onServiceDown: wait): it wants a timer when one of them comes up. */
export function waitsFor(journey: Journey): string[] {
  return Object.values(journey.steps)
    .filter((step) => step.waitingFor === "service" && step.status === "waiting")
    .map((step) => step.service);
}

/** An attempt whose clock has run out. */
export interface DueCall {
  /** Of a negation the step that it undoes. */
  step: string;
  service: string;
  id: string;
  /** Nobody has said anything yet: it may still lie in the service's queue. */
  isUnheard: boolean;
  /** When its clock began to run. */
  clockAt: number;
  dueAt: number;
  totalDueAt?: number;
}

/** The attempts whose clocks would run out at `now`: for the manager to ask what it knows of their services. */
export function dueCalls(journey: Journey, now: number): DueCall[] {
  return Object.entries(journey.steps).flatMap(([id, { service, undo = {}, ...step }]) =>
    [step, ...Object.values(undo)].flatMap(({ status, open, clockAt, dueAt, totalDueAt }) => {
      const attempt = open.at(-1);
      const isDue = attempt && !attempt.gaveUp && clockAt !== undefined && dueAt !== undefined && dueAt <= now;
      const isUnheard = status === "dispatched";
      return isDue ? [{ step: id, service, id: attempt.id, isUnheard, clockAt, dueAt, totalDueAt }] : [];
    }),
  );
}
