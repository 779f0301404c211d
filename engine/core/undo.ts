/**
 * What is undone next. A rollback has a set of steps; a step of the set that took effect is undone once everything
 * after it in the set is settled: that is the walk over the anti-graph. `undoNext` is the whole of it.
 */
import { builtinNegations, elementToUndo } from "./builtin.ts";
import { commandError } from "./command-record.ts";
import type { CompiledFlow, FlowStep } from "./flow.ts";
import { descendants } from "./graph.ts";
import { iso } from "./iso.ts";
import type { Journey, Negation, Rollback, Step } from "./journey.ts";
import { MANAGER } from "./protocol.ts";
import { activeRollback, isOut, stepOf, stepsInOrder, type Turn } from "./turn.ts";

/** Sends the negations of every step whose turn it is, and the retries of negations that are due. */
export function undoNext(turn: Turn): void {
  const rollback = activeRollback(turn.journey);
  if (!rollback || turn.journey.status === "held") return;
  for (const [step, state] of stepsInOrder(turn.flow, turn.journey)) {
    if (!isMember(rollback, step.id)) continue;
    const due = dueNegations(turn, state);
    const owes = owesUndo(rollback, step, state);
    // A retry waits too: a late success behind the step may have come meanwhile.
    if ((!owes && due.length === 0) || !descendantsSettled(turn, rollback, step)) continue;
    if (owes) beginUndo(turn, step, state);
    else for (const name of due) dispatchNegation(turn, step, name, {});
  }
}

/** Whether the rollback may undo the step: one of its set, or of an earlier rollback of the journey. */
export function isMember(rollback: Rollback, stepId: string): boolean {
  let members = membersOf.get(rollback);
  if (!members) {
    const { set, former, again } = rollback;
    members = new Set([...set, ...former].filter((id) => !again.includes(id)));
    membersOf.set(rollback, members);
  }
  return members.has(stepId);
}

/** Whether the journey went back `to` a step and has gone on from there since. */
export const wasResumed = ({ scope, reset, again }: Rollback): boolean =>
  scope === "to" && reset.length === 0 && again.length > 0;

/** Remembered, since it is asked of every step and of all that follows it, again and again. */
const membersOf = new WeakMap<Rollback, ReadonlySet<string>>();

/** The functions that undo a step: of the version that executed it. */
export function negationsOf(step: FlowStep, state: Step): string[] {
  if (step.service === MANAGER) return builtinNegations(step, state);
  return state.negations ?? (step.settings.irreversible ? [] : step.negations);
}

/** A step that was given up on without a reply may have worked. */
export function isUnknown(state: Step): boolean {
  const gaveUp = state.status === "timed_out" || state.status === "failed";
  return gaveUp && hasUnanswered(state);
}

/** So may one between two attempts, which a rollback ends. */
export function mayHaveWorked(state: Step): boolean {
  return isUnknown(state) || (state.status === "waiting" && state.retryAt !== undefined && hasUnanswered(state));
}

const hasUnanswered = (state: Step): boolean => state.open.some((attempt) => !attempt.former);

/** What to do about a step whose outcome is unknown. A pivot's is never guessed. */
export function onTimeoutOf(step: FlowStep): "undo" | "ignore" | "hold" {
  return step.settings.pivot ? "hold" : step.settings.onTimeout;
}

/** The same in a rollback, where an operator may have said to undo it all the same. */
function onUnknown(rollback: Rollback, step: FlowStep): "undo" | "ignore" | "hold" {
  return rollback.blind.includes(step.id) ? "undo" : onTimeoutOf(step);
}

/** Whether a step took effect, or has to be treated as if it had. */
export function tookEffect(rollback: Rollback, step: FlowStep, state: Step): boolean {
  switch (state.status) {
    case "succeeded":
      return true;
    case "failed":
    case "timed_out": {
      if (state.tookEffect) return true;
      const unknown = isUnknown(state) ? onUnknown(rollback, step) : "ignore";
      // `include` speaks of what was sent in this run; a word that is waited for it doesn't replace.
      return unknown === "undo" || (unknown === "ignore" && rollback.include === "attempted" && wasSent(state));
    }
    case "waiting":
    case "skipped":
      // Of a run before the step was set back.
      return state.tookEffect === true;
    default:
      return false;
  }
}

/** Sent and not answered, or to be sent again. */
const hasNegationOut = (state: Step): boolean =>
  Object.values({ ...state.undo }).some((negation) => isOut(negation) || negation.status === "waiting");

const wasSent = (state: Step): boolean => state.startedAt !== undefined;

/** Whether the step has an effect that no negation has been sent for yet. */
export function owesUndo(rollback: Rollback, step: FlowStep, state: Step): boolean {
  if (negationsOf(step, state).length === 0) return false;
  if (state.status === "undone") return state.undoAgain === true;
  // Blind negations that failed are not for an operator to mend any more once the output is known.
  if (state.status === "undo_failed") return state.undoAgain === true && !hasNegationOut(state);
  return tookEffect(rollback, step, state);
}

/** Nothing more will happen to this step in this rollback, so what lies before it may be undone. */
export function isSettled(journey: Journey, rollback: Rollback, step: FlowStep): boolean {
  const state = stepOf(journey, step);
  switch (state.status) {
    case "waiting":
      return state.retryAt === undefined && !owesUndo(rollback, step, state);
    case "dispatched":
    case "inprogress":
    case "undoing":
    case "undo_failed":
      return false;
    case "skipped":
    case "succeeded":
    case "undone":
      return !owesUndo(rollback, step, state);
    case "failed":
    case "timed_out":
      if (owesUndo(rollback, step, state)) return false;
      return !waitsForWord(rollback, step, state);
  }
}

/** Its outcome is unknown and only an operator may say what to think of it. */
export function waitsForWord(rollback: Rollback, step: FlowStep, state: Step): boolean {
  return isUnknown(state) && !tookEffect(rollback, step, state) && onUnknown(rollback, step) === "hold";
}

function descendantsSettled(turn: Turn, rollback: Rollback, step: FlowStep): boolean {
  const after = descendants(turn.flow, step.id);
  for (const id of after) {
    const other = turn.flow.steps[id];
    if (other && isMember(rollback, id) && !isSettled(turn.journey, rollback, other)) return false;
  }
  return true;
}

/** All negations of the step go out together. After a late success they go out again, now with the output. */
function beginUndo(turn: Turn, step: FlowStep, state: Step): void {
  const again = state.status === "undone" || state.status === "undo_failed";
  for (const name of negationsOf(step, state)) {
    dispatchNegation(turn, step, name, again ? { again: true } : {});
  }
}

function dueNegations(turn: Turn, state: Step): string[] {
  return Object.entries(state.undo ?? {}).flatMap(([name, negation]) =>
    negation.status === "waiting" && negation.retryAt !== undefined && negation.retryAt <= turn.ctx.now ? [name] : [],
  );
}

function dispatchNegation(turn: Turn, step: FlowStep, name: string, detail: { again?: boolean }): void {
  const { journey, ctx } = turn;
  const state = stepOf(journey, step);
  const negation = state.undo?.[name];
  const attempt = (negation?.attempts ?? state.undoAttempts?.[name] ?? 0) + 1;
  // After a late success the output counts, whatever an operator had put in its place before it was known.
  const data = undoData(state, name, detail.again ? undefined : negation);
  const called = { step: step.id, service: step.service, function: name };
  const unfit = commandError(turn, { ...called, attempt, data }, state);
  if (unfit) {
    // Nothing was sent, and the same data wouldn't fit the next time either.
    turn.emit("undo.failed", { ...called, error: unfit, detail });
    turn.emit("rollback.failed", { ...called, error: unfit });
    return;
  }
  turn.emit("undo.dispatched", {
    ...called,
    attempt,
    id: `${journey.uuid}/${step.id}/undo/${name}/${attempt}`,
    data,
    // A sub-journey's rollback takes the time it takes; when it gets stuck it is loud itself.
    detail: step.service === MANAGER ? detail : { ...detail, due: iso(ctx.now + step.settings.negationTimeoutMs) },
  });
}

/** The step's output, or its input where it has none (of an `each` the element's); or what an operator put in its place. */
export function undoData(state: Step, name: string, negation: Negation | undefined): unknown {
  if (negation?.data !== undefined) return negation.data;
  const element = elementToUndo(state, name);
  if (element) return element.output ?? null;
  return state.output === undefined ? (state.input ?? null) : state.output;
}

/** Effects of the journey that this rollback leaves in place. */
export function leftStanding(flow: CompiledFlow, journey: Journey, rollback: Rollback): string[] {
  const standing: string[] = [];
  for (const [step, state] of stepsInOrder(flow, journey)) {
    const effect = state.status === "succeeded" || state.tookEffect === true;
    const undone = state.status === "undone" || state.status === "undoing";
    if (effect && !undone && !isMember(rollback, step.id)) standing.push(step.id);
  }
  return standing;
}
