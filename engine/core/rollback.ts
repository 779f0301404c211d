/**
 * How a rollback begins: which steps are its set (`scope`), what joins it, and when a failure holds the journey instead
 * of undoing it. What is then undone in which order is decided in undo.ts.
 */
import type { CompiledFlow, FlowStep } from "./flow.ts";
import { ancestors, branchAncestors, descendants } from "./graph.ts";
import { goesOnAfter, type Journey, type Rollback, type Scope, type Step } from "./journey.ts";
import type { StepError } from "./protocol.ts";
import { transientError } from "./step-errors.ts";
import { activeRollback, hasEnded, isLive, passedPivot, stepsInOrder, type Turn } from "./turn.ts";
import { isUnknown, mayHaveWorked, onTimeoutOf, wasResumed } from "./undo.ts";

/** Answers every failed or timed-out step that nobody has answered yet: by a rollback, or by holding the journey. */
export function answerFailures(turn: Turn): void {
  if (hasEnded(turn.journey)) return;
  for (const [step, state] of stepsInOrder(turn.flow, turn.journey)) {
    if (state.status !== "failed" && state.status !== "timed_out") continue;
    if (isAnswered(turn.journey, step.id)) continue;
    answer(turn, step, state);
  }
}

/** A failure has been answered by a rollback it caused or joined, or by holding the journey for it. */
function isAnswered(journey: Journey, stepId: string): boolean {
  return journey.held?.steps.includes(stepId) === true || journey.rollback?.causes.includes(stepId) === true;
}

function answer(turn: Turn, step: FlowStep, state: Step): void {
  const where = `${step.service}.${step.function}`;
  const reason = `${where} ${state.status === "timed_out" ? "timed out" : "failed"}`;
  const active = activeRollback(turn.journey);
  const pivot = passedPivot(turn.journey, turn.flow);
  const isIn = active?.set.includes(step.id) === true && !active.again.includes(step.id);
  if (active && (isIn || (pivot && !goesOnAfter(active.scope)))) {
    // One cause more, and nothing more to undo: it is in the set already, or only force may undo it.
    const detail = { trigger: "failure", scope: active.scope, set: [] };
    turn.emit("rollback.joined", { step: step.id, reason, error: state.error, detail });
    return;
  }
  const mustHold = pivot || (isUnknown(state) && onTimeoutOf(step) === "hold");
  // What has to hold the journey does so once the rollback that somebody asked for is over.
  const later = active ? goesOnAfter(active.scope) : turn.journey.held?.kind === "rolled_back_to";
  if (mustHold && later) return;
  if (mustHold && !active) {
    const why = pivot
      ? `${reason}, and the point of no return is behind`
      : `${where} gave no answer: whether it worked is not known`;
    hold(turn, pivot ? "failure" : "unknown", step.id, why, state.error);
    return;
  }
  beginRollback(turn, {
    trigger: "failure",
    scope: turn.flow.policy.scope,
    step: step.id,
    include: turn.flow.policy.include,
    reason,
    error: state.error,
  });
}

/** The journey's own clock ran out. */
export function answerDeadline(turn: Turn): void {
  const error = transientError("deadline_exceeded", "the journey's deadline has passed");
  if (passedPivot(turn.journey, turn.flow)) {
    // While a branch is being undone nothing holds the journey; the timer comes again after that.
    if (activeRollback(turn.journey)) return;
    hold(turn, "deadline", undefined, "the deadline has passed, and the point of no return is behind", error);
    return;
  }
  beginRollback(turn, {
    trigger: "deadline",
    scope: "journey",
    include: turn.flow.policy.include,
    reason: "deadline exceeded",
    error,
  });
}

function hold(
  turn: Turn,
  kind: "failure" | "unknown" | "deadline",
  step: string | undefined,
  why: string,
  error: StepError | undefined,
): void {
  turn.emit("journey.held", { step, reason: why, error, detail: { kind } });
}

export interface RollbackRequest {
  trigger: Rollback["trigger"];
  scope: Scope;
  /** The failed step, or the one that stands for it; with scope `to` the step to go back to. */
  step?: string;
  include?: "attempted";
  reason: string;
  error?: StepError;
  /** Steps of unknown outcome that an operator's word says to undo. */
  blind?: string[];
  rerun?: Rollback["rerun"];
  /** Of an operator's action. */
  actor?: string;
  id?: string;
}

/** Starts a rollback; while one is going on the request joins it and its set grows. */
export function beginRollback(turn: Turn, request: RollbackRequest): void {
  const active = activeRollback(turn.journey);
  const { scope, set } = rollbackSet(turn.flow, turn.journey, request);
  const cause = request.scope === "to" ? undefined : request.step;
  const common = {
    step: cause,
    actor: request.actor,
    id: request.id,
    reason: request.reason,
    error: request.error,
  };
  if (active) {
    // One that the journey has gone on from undoes what came to light late: where it went back to says nothing any more.
    const wider = wasResumed(active) ? scope : widerScope(active.scope, scope);
    const wide = wider === "journey" ? [...turn.flow.order] : set;
    turn.emit("rollback.joined", {
      ...common,
      detail: {
        trigger: request.trigger,
        scope: wider,
        set: wide,
        blind: request.blind,
        include: request.include,
        reset: wider === "to" ? set : undefined,
      },
    });
    return;
  }
  turn.emit("rollback.started", {
    ...common,
    detail: {
      trigger: request.trigger,
      scope,
      set,
      blind: request.blind,
      include: request.include,
      reset: scope === "to" ? set : undefined,
      rerun: request.rerun,
    },
  });
}

/** Two partial rollbacks of the same kind stay partial; anything else together is one of the whole kind. */
function widerScope(one: Scope, other: Scope): Scope {
  if (one === other) return one;
  if (one === "journey" || other === "journey" || one === "to" || other === "to") return "journey";
  return "path";
}

/**
 * The set of a rollback, in the flow's order. `branch` without a fork that dominates the step is the whole journey, and
 * so are scopes that need a failed step where there is none.
 */
export function rollbackSet(
  flow: CompiledFlow,
  journey: Journey,
  request: Pick<RollbackRequest, "scope" | "step" | "include" | "rerun">,
): { scope: Scope; set: string[] } {
  const step = request.step === undefined ? undefined : flow.steps[request.step];
  const all = { scope: "journey" as const, set: [...flow.order] };
  if (request.scope === "journey" || !step) return all;
  const members = membersOf(flow, request.scope, step.id);
  if (!members) return all;
  const state = journey.steps[step.id];
  const itself =
    request.scope === "to"
      ? request.rerun !== undefined
      : state !== undefined && (mayHaveEffect(state) || request.include === "attempted");
  return {
    scope: request.scope,
    set: flow.order.filter((id) => members.has(id) || (itself && id === step.id)),
  };
}

/** Of the step that failed, or stands for it: whether its outcome is not known (yet), or it failed after it had worked. */
function mayHaveEffect(state: Step): boolean {
  return isLive(state) || mayHaveWorked(state) || (state.status !== "succeeded" && state.tookEffect === true);
}

function membersOf(
  flow: CompiledFlow,
  scope: "path" | "branch" | "to",
  stepId: string,
): ReadonlySet<string> | undefined {
  if (scope === "to") return descendants(flow, stepId);
  if (scope === "path") return ancestors(flow, stepId);
  return branchAncestors(flow, stepId);
}
