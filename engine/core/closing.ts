/** When a rollback or a journey has come to its end, and when it can only wait for a person. */
import { isApproval } from "./builtin.ts";
import type { CompiledFlow } from "./flow.ts";
import { lastSteps } from "./graph.ts";
import { goesOnAfter, type Journey, type Rollback, type Step } from "./journey.ts";
import { activeRollback, isLive, isOut, passedPivot, stepOf, stepsInOrder, type Turn } from "./turn.ts";
import { isMember, isSettled, isUnknown, leftStanding, owesUndo, waitsForWord, wasResumed } from "./undo.ts";

/** Ends what is over, one thing a call: what follows from it is for the other rules to say first. */
export function closeNext(turn: Turn): void {
  const before = turn.events.length;
  for (const rule of [reopenForLateSuccess, releaseHold, closeRollback, closeForward]) {
    rule(turn);
    if (turn.events.length > before) return;
  }
}

/** A rollback that had ended owes one more undo: a step given up on turned out to have worked. */
function reopenForLateSuccess(turn: Turn): void {
  const { journey, flow } = turn;
  const rollback = journey.rollback;
  if (!rollback || rollback.endedAt === undefined || journey.status === "terminated") return;
  for (const [step, state] of stepsInOrder(flow, journey)) {
    if (!isMember(rollback, step.id) || state.tookEffect !== true || !owesUndo(rollback, step, state)) continue;
    turn.emit("journey.reopened", {
      step: step.id,
      reason: `${step.service}.${step.function} succeeded late and is undone now`,
    });
    return;
  }
}

function closeRollback(turn: Turn): void {
  const { journey, flow } = turn;
  const rollback = activeRollback(journey);
  if (!rollback || journey.status === "held") return;
  const others = goesOnAfter(rollback.scope);
  let unsettled = false;
  for (const [step, state] of stepsInOrder(flow, journey)) {
    if (!others && isLive(state)) return;
    if (isMember(rollback, step.id) && !isSettled(journey, rollback, step)) unsettled = true;
  }
  if (unsettled) {
    if (onlyWordsAreOwed(turn)) holdForWord(turn, rollback);
    return;
  }
  turn.emit("rollback.completed", { detail: { left_standing: leftStanding(flow, journey, rollback) } });
  afterRollback(turn);
}

/**
 * Nothing but approvals is in flight, and nothing can be undone before somebody says what a step's unknown outcome was.
 */
function onlyWordsAreOwed(turn: Turn): boolean {
  return stepsInOrder(turn.flow, turn.journey).every(([step, state]) => {
    const waits = !isLive(state) || isApproval(step);
    return waits && state.status !== "undo_failed" && !undoGoesOn(state, turn.ctx.now);
  });
}

/** A negation is out, or will be tried again. One whose retry is due and was not sent waits for somebody's word too. */
function undoGoesOn(state: Step, now: number): boolean {
  return Object.values(state.undo ?? {}).some(
    (negation) => isOut(negation) || (negation.retryAt !== undefined && negation.retryAt > now),
  );
}

function holdForWord(turn: Turn, rollback: Rollback): void {
  for (const [step, state] of stepsInOrder(turn.flow, turn.journey)) {
    if (!isMember(rollback, step.id) || !waitsForWord(rollback, step, state)) continue;
    const reason = `${step.service}.${step.function} gave no answer: whether it has to be undone is not known`;
    turn.emit("journey.held", { step: step.id, reason, detail: { kind: "unknown" } });
  }
}

/**
 * A rollback `to` a step leaves the journey held there; one made for a rerun goes on at once, and so does one that was
 * reopened behind the resume.
 */
function afterRollback(turn: Turn): void {
  const rollback = turn.journey.rollback;
  if (rollback?.scope !== "to" && !(rollback?.scope === "branch" && rollback.reset.length > 0)) return;
  if (wasResumed(rollback)) {
    turn.emit("journey.resumed", { reason: "the late success is undone" });
    return;
  }
  if (!rollback.rerun) {
    turn.emit("journey.held", { reason: "rolled back to the step asked for", detail: { kind: "rolled_back_to" } });
    return;
  }
  const { step, data } = rollback.rerun;
  const forced = data ? { [step]: { data: data.value } } : undefined;
  turn.emit("journey.resumed", { reason: `runs again from ${step}`, detail: { reset: rollback.reset, forced } });
}

/** What the journey was held for has been settled meanwhile: by a late reply, by an operator. */
function releaseHold(turn: Turn): void {
  const { journey, flow } = turn;
  const { held } = journey;
  if (journey.status !== "held" || !held || held.kind === "rolled_back_to" || held.kind === "deadline") return;
  const rollback = activeRollback(journey);
  const isWaiting = (id: string): boolean => {
    const step = flow.steps[id];
    if (!step) return false;
    const state = stepOf(journey, step);
    if (rollback) return waitsForWord(rollback, step, state);
    if (held.kind === "approval") return isLive(state);
    // A late failure tells what was not known: now it is a failure like any other.
    const failed = state.status === "failed" || state.status === "timed_out";
    return failed && (isUnknown(state) || passedPivot(journey, flow));
  };
  // One approval given lets its successors go; one of several failures settled does not.
  const waiting = held.kind === "approval" ? held.steps.every(isWaiting) : held.steps.some(isWaiting);
  if (!waiting) turn.emit("journey.resumed", { reason: "settled" });
}

function closeForward(turn: Turn): void {
  const { journey, flow } = turn;
  if (journey.status !== "running") return;
  const approvals: string[] = [];
  let waiting = false;
  for (const [step, state] of stepsInOrder(flow, journey)) {
    if (isLive(state) && isApproval(step)) approvals.push(step.id);
    else if (isLive(state) || state.retryAt !== undefined) return;
    else if (state.status === "waiting") waiting = true;
  }
  for (const step of approvals) {
    turn.emit("journey.held", { step, reason: "waits for an approval", detail: { kind: "approval" } });
  }
  if (approvals.length === 0 && !waiting) turn.emit("journey.completed", { data: outputOf(flow, journey) });
}

/** The last step's output; with several last steps in the flow, by step id. */
export function outputOf(flow: CompiledFlow, journey: Journey): unknown {
  const last = lastSteps(flow);
  const outputs = last.flatMap((id) => {
    const state = journey.steps[id];
    return state?.status === "succeeded" ? [[id, state.output ?? null] as const] : [];
  });
  if (last.length === 1) return outputs[0]?.[1] ?? null;
  return Object.fromEntries(outputs);
}
