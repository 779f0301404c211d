/**
 * Replies: to which attempt one belongs, and what it does. A reply settles an attempt once; a success for a step given
 * up on is an effect that is undone in its place (undo.ts).
 */

import { acceptElement, type ChildEnd, isEach } from "./builtin.ts";
import type { EventType } from "./events.ts";
import type { FlowStep } from "./flow.ts";
import type { Call, OpenAttempt, Step } from "./journey.ts";
import type { StepError, ToManager } from "./protocol.ts";
import { retryNegation, retryStep } from "./retries.ts";
import { activeRollback, type EventBody, isLive, iso, stepsInOrder, type Turn } from "./turn.ts";

/** A reply that belongs to nothing this journey has asked: it goes to the dead letters. */
export class Misfit extends Error {
  readonly code = "unmatched_reply";
}

interface Target {
  step: FlowStep;
  state: Step;
  /** The negation's name; undefined for the step itself. */
  negation?: string;
  call: Call;
  /** undefined: the attempt has been settled before. */
  attempt?: OpenAttempt;
}

export function acceptReply(turn: Turn, reply: ToManager): void {
  const target = findTarget(turn, reply);
  const { step, state, attempt } = target;
  const body: EventBody = {
    step: step.id,
    service: step.service,
    function: target.negation ?? step.function,
    attempt: attempt?.attempt ?? reply.attempt ?? target.call.attempts,
    id: attempt?.id,
  };
  if (!attempt) {
    turn.emit("step.duplicate", { ...body, ...payload(reply), detail: { status: reply.status } });
    return;
  }
  if (target.negation !== undefined) acceptNegation(turn, target, target.negation, attempt, body, reply);
  else if (isEach(step) && isLive(state)) acceptElement(turn, step, state, reply);
  else acceptForward(turn, target, attempt, body, reply);
}

function payload(reply: ToManager): EventBody {
  return reply.status === "failure" ? { error: errorOf(reply), data: reply.data } : { data: reply.data ?? null };
}

function errorOf(reply: ToManager): StepError {
  return reply.error ?? { message: typeof reply.data === "string" ? reply.data : "failed without an error" };
}

// ---- matching ----

function findTarget(turn: Turn, reply: ToManager): Target {
  const candidates = [...candidatesOf(turn, reply)];
  if (candidates.length === 0) {
    throw new Misfit(
      `no step of this journey has asked ${reply.service}.${reply.function}${reply.step ? ` as ${reply.step}` : ""}`,
    );
  }
  if (reply.attempt != null) return byAttempt(candidates, reply.attempt);
  const oldest = candidates
    .flatMap((target) => target.call.open.map((attempt) => ({ ...target, attempt })))
    .sort((a, b) => a.attempt.at - b.attempt.at)[0];
  return oldest ?? latestOf(candidates);
}

/** Calls made to this service and function; with `step` only that step's. */
function* candidatesOf(turn: Turn, reply: ToManager): Generator<Target> {
  for (const [step, state] of stepsInOrder(turn.flow, turn.journey)) {
    if (step.service !== reply.service || (reply.step != null && reply.step !== step.id)) continue;
    if (step.function === reply.function && state.attempts > 0) yield { step, state, call: state };
    const negation = state.undo?.[reply.function] ?? formerRound(state, reply.function);
    if (negation && negation.attempts > 0) yield { step, state, negation: reply.function, call: negation };
  }
}

/** Negations sent before the step was set back to run again: all settled, so what still comes is a repeat. */
function formerRound(state: Step, negation: string): Call | undefined {
  const attempts = state.undoAttempts?.[negation];
  return attempts === undefined ? undefined : { status: "succeeded", attempts, tries: 0, open: [] };
}

function byAttempt(candidates: Target[], number: number): Target {
  for (const target of candidates) {
    const attempt = target.call.open.find((open) => open.attempt === number);
    if (attempt) return { ...target, attempt };
  }
  const settled = candidates.find((target) => number <= target.call.attempts);
  if (!settled) throw new Misfit(`attempt ${number} has never been sent`);
  return settled;
}

function latestOf(candidates: Target[]): Target {
  return candidates.reduce((a, b) => ((b.call.startedAt ?? 0) > (a.call.startedAt ?? 0) ? b : a));
}

// ---- forward ----

function acceptForward(turn: Turn, target: Target, attempt: OpenAttempt, body: EventBody, reply: ToManager): void {
  const { step, state } = target;
  switch (reply.status) {
    case "inprogress":
      if (attempt.gaveUp || !isLive(state))
        turn.emit("step.late", { ...body, ...payload(reply), detail: { status: reply.status } });
      else
        turn.emit("step.progressed", { ...body, ...payload(reply), detail: { due: progressDue(turn, step, state) } });
      return;
    case "failure":
      if (attempt.gaveUp) {
        turn.emit("step.late", { ...body, ...payload(reply), detail: { status: reply.status } });
        return;
      }
      turn.emit("step.failed", { ...body, ...payload(reply) });
      retryStep(turn, step);
      return;
    case "success":
      succeed(turn, target, body, reply);
      return;
    default:
      reply.status satisfies never;
  }
}

function progressDue(turn: Turn, step: FlowStep, state: Step): string {
  const due = turn.ctx.now + step.settings.inprogressTimeoutMs;
  return iso(Math.min(due, state.totalDueAt ?? Number.POSITIVE_INFINITY));
}

function succeed(turn: Turn, target: Target, body: EventBody, reply: ToManager): void {
  const { step, state } = target;
  const success = successOf(step, reply);
  const tooLarge = sizeError(turn, success.data);
  if (tooLarge && isLive(state)) {
    // It worked, but what it answered can't be kept: the step fails, and counts as done for the undo.
    turn.emit("step.failed", { ...body, error: tooLarge, detail: { effect: true } });
    return;
  }
  const stillWanted = isLive(state) || state.status === "waiting";
  const waitsForWord = turn.journey.held?.steps.includes(step.id) === true && !activeRollback(turn.journey);
  if (stillWanted || waitsForWord) {
    turn.emit("step.succeeded", { ...body, ...success });
    return;
  }
  const effect = turn.journey.status !== "terminated";
  turn.emit("step.late", { ...body, ...success, detail: { ...success.detail, status: "success", effect } });
}

/** A sub-journey's end carries its uuid beside its output. */
function successOf(step: FlowStep, reply: ToManager): { data: unknown; detail?: Record<string, unknown> } {
  if (step.service !== "manager" || step.function !== "journey") return { data: reply.data ?? null };
  const end = reply.data as ChildEnd;
  return { data: end.output ?? null, detail: { child: end.child } };
}

function sizeError(turn: Turn, data: unknown): StepError | undefined {
  if (data === null || typeof data !== "object") return undefined;
  const { length } = JSON.stringify(data);
  if (length * 3 <= turn.ctx.maximumDataBytes) return undefined;
  const bytes = new TextEncoder().encode(JSON.stringify(data)).length;
  if (bytes <= turn.ctx.maximumDataBytes) return undefined;
  const message = `the reply's data has ${bytes} bytes; ${turn.ctx.maximumDataBytes} are allowed`;
  return { code: "data_too_large", message, retryable: false };
}

// ---- negations ----

function acceptNegation(
  turn: Turn,
  target: Target,
  name: string,
  attempt: OpenAttempt,
  body: EventBody,
  reply: ToManager,
): void {
  const { step, call } = target;
  const settledBefore = call.status === "succeeded";
  if (settledBefore || (attempt.gaveUp && reply.status !== "success")) {
    turn.emit("step.late", { ...body, ...payload(reply), detail: { status: reply.status, negation: name } });
    return;
  }
  const type: EventType =
    reply.status === "success" ? "undo.succeeded" : reply.status === "failure" ? "undo.failed" : "undo.progressed";
  const due = { due: iso(turn.ctx.now + step.settings.negationTimeoutMs) };
  turn.emit(type, { ...body, ...payload(reply), detail: reply.status === "inprogress" ? due : undefined });
  if (type === "undo.failed") retryNegation(turn, step, name);
}
