/** The journey's clocks: what has run out by now, and when the next one does. Paused journeys have none. */

import type { FlowStep } from "./flow.ts";
import type { Call, Journey, Step } from "./journey.ts";
import { MANAGER } from "./protocol.ts";
import { retryNegation, retryStep } from "./retries.ts";
import { answerDeadline } from "./rollback.ts";
import { activeRollback, hasEnded, isLive, isOut, stepsInOrder, type Turn } from "./turn.ts";

/** A timer fired: ends every attempt whose clock has run out, and the journey if its deadline has. */
export function acceptTimer(turn: Turn, frozen: string[] = []): void {
  if (turn.journey.paused || turn.journey.status === "terminated") return;
  const { now } = turn.ctx;
  const isDue = (call: Call): boolean => {
    const id = call.open.at(-1)?.id;
    return isPast(call, now) && !(id !== undefined && frozen.includes(id));
  };
  for (const [step, state] of stepsInOrder(turn.flow, turn.journey)) {
    if (isLive(state) && isDue(state)) endStepAttempt(turn, step, state);
    for (const [name, negation] of Object.entries(state.undo ?? {})) {
      if (isOut(negation) && isDue(negation)) endNegationAttempt(turn, step, name, negation);
    }
  }
  const { deadlineAt } = turn.journey;
  if (deadlineAt !== undefined && deadlineAt <= now && !hasEnded(turn.journey) && !activeRollback(turn.journey)) {
    answerDeadline(turn);
  }
}

const isPast = (call: Call, now: number): boolean => call.dueAt !== undefined && call.dueAt <= now;

function endStepAttempt(turn: Turn, step: FlowStep, state: Step): void {
  const common = { step: step.id, service: step.service, function: step.function, attempt: state.attempts };
  if (step.service === MANAGER) {
    turn.emit("step.succeeded", { ...common, data: state.input ?? null });
    return;
  }
  turn.emit("step.timed_out", { ...common, error: { code: "timeout", message: silence(state) } });
  retryStep(turn, step);
}

function endNegationAttempt(turn: Turn, step: FlowStep, name: string, negation: Call): void {
  turn.emit("undo.timed_out", {
    step: step.id,
    service: step.service,
    function: name,
    attempt: negation.attempts,
    error: { code: "timeout", message: silence(negation) },
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
  const active = activeRollback(journey) !== undefined;
  let next: number | undefined;
  const consider = (time: number | undefined): void => {
    if (time !== undefined && time > after && (next === undefined || time < next)) next = time;
  };
  if (!hasEnded(journey) && !active) consider(journey.deadlineAt);
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

/** An attempt whose clock has run out; `at` is when it was sent. */
export interface DueCall {
  service: string;
  id: string;
  at: number;
  dueAt: number;
  totalDueAt?: number;
}

/** The attempts whose clocks would run out at `now`: for the manager to ask what it knows of their services. */
export function dueCalls(journey: Journey, now: number): DueCall[] {
  return Object.values(journey.steps).flatMap((step) => {
    const calls: Call[] = [...(isLive(step) ? [step] : []), ...Object.values(step.undo ?? {}).filter(isOut)];
    return calls
      .filter((call) => isPast(call, now))
      .map((call) => {
        const open = call.open.at(-1);
        const times = { at: open?.at ?? 0, dueAt: call.dueAt ?? 0, totalDueAt: call.totalDueAt };
        return { service: step.service, id: open?.id ?? "", ...times };
      });
  });
}
