/**
 * Replies: to which attempt one belongs, and what it does. A reply settles an attempt once; a success for a step given
 * up on is an effect that is undone in its place (undo.ts).
 */

import { isEach, isSubJourney } from "./builtin.ts";
import { outputError } from "./command-record.ts";
import { sizeError } from "./data-size.ts";
import type { EventType } from "./events.ts";
import type { FlowStep } from "./flow.ts";
import { iso } from "./iso.ts";
import type { Call, OpenAttempt, Step } from "./journey.ts";
import { MANAGER, type StepError, type ToManager } from "./protocol.ts";
import { retryNegation, retryStep } from "./retries.ts";
import { acceptElement, childEnd } from "./sub-journeys.ts";
import { activeRollback, clockOf, type EventBody, isLive, stepsInOrder, type Turn } from "./turn.ts";

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
  const { step, attempt } = target;
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
  else if (isEach(step) || isSubJourney(step)) acceptChild(turn, target, attempt, body, reply);
  else acceptForward(turn, target, attempt, body, reply);
}

/** The end of a journey that the step runs. */
function acceptChild(turn: Turn, target: Target, attempt: OpenAttempt, body: EventBody, reply: ToManager): void {
  const end = childEnd(reply);
  if (!end) throw new Misfit(`${target.step.id} runs journeys: only their ends answer it`);
  if (isEach(target.step)) acceptElement(turn, target.step, target.state, reply, end);
  else acceptForward(turn, target, attempt, body, { ...reply, data: end.output ?? null });
}

function payload(reply: ToManager): EventBody {
  return reply.status === "failure" ? { error: errorOf(reply), data: reply.data } : { data: reply.data ?? null };
}

/** A message is for people; what is longer would weigh on every record of the journey. */
const LONGEST_MESSAGE_CHARS = 4_000;

/** What the service said; one that knows the bold fields only may put its words into `data`. */
function errorOf(reply: ToManager): StepError {
  const message =
    reply.error?.message || messageIn(reply.data) || `${reply.service}.${reply.function} failed without saying why`;
  return { code: "failed", ...reply.error, message: message.slice(0, LONGEST_MESSAGE_CHARS) };
}

function messageIn(data: unknown): string {
  if (typeof data === "string") return data;
  const said = typeof data === "object" && data !== null && "message" in data ? data.message : undefined;
  return typeof said === "string" ? said : "";
}

// ---- matching ----

function findTarget(turn: Turn, reply: ToManager): Target {
  const candidates = [...candidatesOf(turn, reply)];
  if (candidates.length === 0) {
    throw new Misfit(
      `no step of this journey has asked ${reply.service}.${reply.function}${reply.step ? ` as ${reply.step}` : ""}`,
    );
  }
  const { attempt: number } = reply;
  const oldest = candidates
    .flatMap((target) => target.call.open.map((attempt) => ({ ...target, attempt })))
    .filter(({ attempt }) => number == null || attempt.attempt === number)
    .sort((a, b) => rankOf(a.attempt, reply) - rankOf(b.attempt, reply) || ageOf(a.attempt) - ageOf(b.attempt))[0];
  return oldest ?? settledBefore(candidates, number);
}

/** Progress is about what is being waited for; it says nothing about an attempt whose clock has run out. */
const rankOf = (attempt: OpenAttempt, reply: ToManager): number =>
  reply.status === "inprogress" && attempt.gaveUp ? 1 : 0;

/** Unless it is named, an attempt from before the step was set back comes after those of its new run. */
const ageOf = (attempt: OpenAttempt): number => (attempt.former ? Number.MAX_SAFE_INTEGER : attempt.at);

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

/** The call that a reply repeats: the one whose attempt it names, else the latest. */
function settledBefore(candidates: Target[], number: number | null | undefined): Target {
  const [first, ...more] = candidates.filter(({ call }) => number == null || number <= call.attempts);
  if (!first) throw new Misfit(`attempt ${number} has never been sent`);
  return more.reduce((one, other) => (startOf(other) >= startOf(one) ? other : one), first);
}

/** Calls of a former run have forgotten theirs. */
const startOf = ({ call }: Target): number => call.startedAt ?? 0;

// ---- forward ----

function acceptForward(turn: Turn, target: Target, attempt: OpenAttempt, body: EventBody, reply: ToManager): void {
  const { step, state } = target;
  if (reply.status === "success") succeed(turn, target, attempt, body, reply);
  else if (attempt.gaveUp || !isLive(state))
    turn.emit("step.late", { ...body, ...payload(reply), detail: { status: reply.status } });
  else if (reply.status === "inprogress")
    turn.emit("step.progressed", { ...body, ...payload(reply), detail: progressDue(turn, step, state) });
  else {
    turn.emit("step.failed", { ...body, ...payload(reply) });
    retryStep(turn, step);
  }
}

/** Built-in steps have no clock that a word from them could move. */
function progressDue(turn: Turn, step: FlowStep, state: Step): { due: string } | undefined {
  if (step.service === MANAGER) return undefined;
  const due = clockOf(turn) + step.settings.inprogressTimeoutMs;
  return { due: iso(Math.min(due, state.totalDueAt ?? Number.POSITIVE_INFINITY)) };
}

function succeed(turn: Turn, target: Target, attempt: OpenAttempt, body: EventBody, reply: ToManager): void {
  const { step, state } = target;
  const data = reply.data ?? null;
  const unfit = sizeError("the reply's data", data, turn.ctx.maximumDataBytes) ?? outputError(turn, step, data);
  const waitsForWord = turn.journey.held?.steps.includes(step.id) === true && !activeRollback(turn.journey);
  if (!attempt.former && (isLive(state) || state.status === "waiting" || waitsForWord)) {
    // What worked but answered what can't be kept fails the step, and counts as done for the undo.
    if (unfit) turn.emit("step.failed", { ...body, error: unfit, detail: { effect: true } });
    else turn.emit("step.succeeded", { ...body, data });
    return;
  }
  const detail = { status: "success", effect: turn.journey.status !== "terminated" };
  turn.emit("step.late", unfit ? { ...body, error: unfit, detail } : { ...body, data, detail });
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
  const called = { service: step.service, function: name };
  const unfit = reply.status === "success" ? outputError(turn, called, reply.data ?? null) : undefined;
  const said: EventBody = unfit ? { ...body, error: unfit } : { ...body, ...payload(reply) };
  if (settledBefore || (attempt.gaveUp && (reply.status !== "success" || unfit))) {
    turn.emit("step.late", { ...said, detail: { status: reply.status, negation: name } });
    return;
  }
  const failed = reply.status === "failure" || unfit !== undefined;
  const type: EventType =
    reply.status === "inprogress" ? "undo.progressed" : failed ? "undo.failed" : "undo.succeeded";
  const inTime = step.service === MANAGER ? undefined : { due: iso(clockOf(turn) + step.settings.negationTimeoutMs) };
  turn.emit(type, { ...said, detail: reply.status === "inprogress" ? inTime : undefined });
  if (type === "undo.failed") retryNegation(turn, step, name);
}
