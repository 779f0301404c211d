/**
 * Operators' actions: each is carried out, or refused with a code and a sentence; both are in the audit. An action whose
 * id was seen changes nothing.
 */
import { isApproval, replayUuid } from "./builtin.ts";
import type { ErrorCode } from "./errors.ts";
import type { FlowStep } from "./flow.ts";
import type { Scope, Step } from "./journey.ts";
import type { ActionData, ActionName } from "./protocol.ts";
import { beginRollback, type RollbackRequest, rollbackSet } from "./rollback.ts";
import { activeRollback, hasEnded, isLive, iso, passedPivot, stepOf, stepsInOrder, type Turn } from "./turn.ts";
import { isUnknown, negationsOf, tookEffect } from "./undo.ts";

class Refusal extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

type Carry = (turn: Turn, data: ActionData) => void;

const CARRY: Record<ActionName, Carry> = {
  rollback,
  cancel,
  terminate,
  pause,
  resume,
  retry,
  skip,
  complete,
  replay,
  rerun,
  migrate,
};

export function acceptAction(turn: Turn, action: ActionName, data: ActionData): void {
  try {
    CARRY[action](turn, data);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refuse(turn, action, data, error.code, error.message);
  }
}

export function refuse(turn: Turn, action: ActionName, data: ActionData, code: ErrorCode, message: string): void {
  turn.emit("action.refused", { ...by(data), step: data.step, error: { code, message }, detail: { action } });
}

const by = (data: ActionData): { id: string; actor: string; reason: string } => ({
  id: data.id,
  actor: data.actor,
  reason: data.reason,
});

function notAllowed(message: string): never {
  throw new Refusal("action_not_allowed", message);
}

// ---- undoing ----

function rollback(turn: Turn, data: ActionData): void {
  const { status } = turn.journey;
  if (status === "terminated") notAllowed("the journey was terminated: nothing is undone after that");
  const scope = data.scope ?? "journey";
  const step = scope === "journey" ? undefined : standIn(turn, scope, data);
  const request = requestOf(turn, "rollback", scope, data, step);
  if (status === "rolled_back" && (scope === "to" || !wouldUndo(turn, request))) {
    notAllowed("the journey has been rolled back already; replay it to run it again");
  }
  forceOverPivot(turn, data);
  beginRollback(turn, request);
}

function cancel(turn: Turn, data: ActionData): void {
  if (hasEnded(turn.journey)) notAllowed(`the journey is ${turn.journey.status}: there is nothing to cancel`);
  forceOverPivot(turn, data);
  beginRollback(turn, requestOf(turn, "cancel", "journey", data, undefined));
}

/** Back to before the step, then on from it. */
function rerun(turn: Turn, data: ActionData): void {
  const { journey } = turn;
  const step = namedStep(turn, data.step, "step");
  if (activeRollback(journey)) notAllowed("a rollback is going on; wait for its end, or replay the journey");
  if (journey.status === "rolled_back" || journey.status === "terminated") {
    notAllowed(`the journey is ${journey.status}; replay it instead`);
  }
  if (journey.status === "paused") notAllowed("the journey is paused; resume it first");
  if (stepOf(journey, step).attempts === 0) notAllowed(`${step.id} has not run yet`);
  forceOverPivot(turn, data);
  const input = "data" in data && data.data !== undefined ? { value: data.data } : undefined;
  const request = requestOf(turn, "rerun", "to", data, step.id);
  beginRollback(turn, { ...request, rerun: { step: step.id, data: input } });
}

function requestOf(
  turn: Turn,
  trigger: RollbackRequest["trigger"],
  scope: Scope,
  data: ActionData,
  step: string | undefined,
): RollbackRequest {
  // The operator knows which outcomes are unknown now, and says to undo them all the same.
  const blind = [...stepsInOrder(turn.flow, turn.journey)].flatMap(([s, state]) => (isUnknown(state) ? [s.id] : []));
  return { ...by(data), trigger, scope, step, blind, include: data.include };
}

/** The step a scope starts from: named by the operator, else the one that failed. */
function standIn(turn: Turn, scope: Scope, data: ActionData): string {
  if (scope === "to") return namedStep(turn, data.to ?? data.step, "to").id;
  if (data.step !== undefined) {
    const step = namedStep(turn, data.step, "step");
    if (stepOf(turn.journey, step).attempts > 0) return step.id;
    throw new Refusal("invalid_request", `step: ${step.id} has not run, so it can't stand for a step that failed`);
  }
  for (const [step, state] of stepsInOrder(turn.flow, turn.journey)) {
    if (state.status === "failed" || state.status === "timed_out") return step.id;
  }
  throw new Refusal("invalid_request", `step: scope ${scope} needs a step, since none has failed`);
}

function forceOverPivot(turn: Turn, data: ActionData): void {
  if (data.force === true || !passedPivot(turn.journey, turn.flow)) return;
  throw new Refusal("past_pivot", "the pivot has succeeded: what follows can only be undone with force");
}

function wouldUndo(turn: Turn, request: RollbackRequest): boolean {
  const { scope, set } = rollbackSet(turn.flow, turn.journey, request);
  const common = { causes: [], former: [], reset: [], blind: request.blind ?? [], include: request.include };
  const rollback = { ...common, scope, set, trigger: request.trigger, reason: "", actor: "", startedAt: 0 };
  return [...stepsInOrder(turn.flow, turn.journey)].some(
    ([step, state]) =>
      set.includes(step.id) && negationsOf(step, state).length > 0 && tookEffect(rollback, step, state),
  );
}

// ---- stopping and going on ----

function terminate(turn: Turn, data: ActionData): void {
  if (hasEnded(turn.journey)) notAllowed(`the journey is ${turn.journey.status} already`);
  const error = { code: "terminated", message: data.reason === "" ? "terminated by an operator" : data.reason };
  turn.emit("journey.terminated", { ...by(data), error });
}

function pause(turn: Turn, data: ActionData): void {
  const { status } = turn.journey;
  if (status === "paused") notAllowed("the journey is paused already");
  if (hasEnded(turn.journey)) notAllowed(`the journey is ${status}: there is nothing to pause`);
  turn.emit("journey.paused", by(data));
}

function resume(turn: Turn, data: ActionData): void {
  const { status, held, rollback } = turn.journey;
  if (status === "paused") {
    turn.emit("journey.resumed", by(data));
    return;
  }
  if (status !== "held" || !held) notAllowed(`the journey is ${status}, neither paused nor held`);
  if (held.kind === "rolled_back_to") {
    turn.emit("journey.resumed", { ...by(data), detail: { reset: rollback?.reset } });
    return;
  }
  if (held.kind === "deadline") {
    turn.emit("journey.resumed", by(data));
    return;
  }
  const steps = held.steps.join(", ");
  notAllowed(`${held.why}; retry, complete or skip ${steps}, or roll back`);
}

// ---- settling one step ----

function retry(turn: Turn, data: ActionData): void {
  const step = namedStep(turn, data.step, "step");
  const state = stepOf(turn.journey, step);
  const given = "data" in data && data.data !== undefined ? { data: data.data } : {};
  if (state.status === "undo_failed") {
    for (const name of failedNegations(state, data)) {
      turn.emit("undo.retry_scheduled", {
        ...of(step, name),
        ...by(data),
        ...given,
        detail: { due: iso(turn.ctx.now) },
      });
    }
    return;
  }
  if (activeRollback(turn.journey)) notAllowed("a rollback is going on: nothing new is dispatched forward");
  if (!isOpenToWord(turn, step, state))
    notAllowed(`${step.id} is ${state.status}; only a failed or held step can be retried`);
  turn.emit("step.retry_scheduled", { ...of(step), ...by(data), ...given, detail: { due: iso(turn.ctx.now) } });
}

function skip(turn: Turn, data: ActionData): void {
  const step = namedStep(turn, data.step, "step");
  const state = stepOf(turn.journey, step);
  if (state.status === "undo_failed") {
    for (const name of failedNegations(state, data))
      turn.emit("undo.settled_by_hand", { ...of(step, name), ...by(data) });
    return;
  }
  if (!isOpenToWord(turn, step, state))
    notAllowed(`${step.id} is ${state.status}; only a failed or held step can be skipped`);
  turn.emit("step.settled_by_hand", { ...of(step), ...by(data), data: data.output ?? null });
}

function complete(turn: Turn, data: ActionData): void {
  const step = namedStep(turn, data.step, "step");
  const state = stepOf(turn.journey, step);
  if (data.output === undefined)
    throw new Refusal("invalid_request", "output: say what really came out (null for nothing)");
  if (!isOpenToWord(turn, step, state))
    notAllowed(`${step.id} is ${state.status}; only a held step can be completed`);
  turn.emit("step.settled_by_hand", { ...of(step), ...by(data), data: data.output });
}

/** Waits for a person: an approval, a step the journey is held for, one of unknown outcome that a rollback waits for. */
function isOpenToWord(turn: Turn, step: FlowStep, state: Step): boolean {
  const { journey } = turn;
  if (hasEnded(journey)) return false;
  if (isApproval(step) && isLive(state)) return true;
  const status = journey.paused?.from ?? journey.status;
  return status === "held" && (state.status === "failed" || state.status === "timed_out");
}

function failedNegations(state: Step, data: ActionData): string[] {
  const failed = Object.entries(state.undo ?? {}).flatMap(([name, negation]) =>
    negation.status === "failed" || negation.status === "timed_out" ? [name] : [],
  );
  if (data.function === undefined) return failed;
  if (!failed.includes(data.function)) {
    throw new Refusal(
      "invalid_request",
      `function: ${data.function} is not a failed negation; those are ${failed.join(", ")}`,
    );
  }
  return [data.function];
}

const of = (step: FlowStep, negation?: string): { step: string; service: string; function: string } => ({
  step: step.id,
  service: step.service,
  function: negation ?? step.function,
});

function namedStep(turn: Turn, id: string | undefined, field: string): FlowStep {
  if (id === undefined) throw new Refusal("invalid_request", `${field}: name a step of the flow`);
  const step = turn.flow.steps[id];
  if (!step) throw new Refusal("unknown_step", `${field}: ${turn.flow.name} ${turn.flow.version} has no step ${id}`);
  return step;
}

// ---- other journeys, other versions ----

function replay(turn: Turn, data: ActionData): void {
  const { journey, ctx } = turn;
  const target = ctx.flowOf(journey.name, data.version);
  if (!target)
    throw new Refusal("unknown_version", `version: ${journey.name} ${data.version ?? ""} is not published`);
  turn.emit("journey.replayed", {
    ...by(data),
    data: data.data === undefined ? journey.input : data.data,
    detail: { uuid: replayUuid(journey.uuid, data.id), version: target.version },
  });
}

function migrate(turn: Turn, data: ActionData): void {
  const { journey, flow, ctx } = turn;
  if (data.version === undefined) throw new Refusal("invalid_request", "version: name the version to migrate to");
  if (hasEnded(journey)) notAllowed(`the journey is ${journey.status}: there is nothing to migrate`);
  const target = ctx.flowOf(journey.name, data.version);
  if (!target) throw new Refusal("unknown_version", `version: ${journey.name} ${data.version} is not published`);
  const negations: Record<string, string[]> = {};
  const homeless: string[] = [];
  for (const [step, state] of stepsInOrder(flow, journey)) {
    if (state.status === "waiting" && state.attempts === 0) continue;
    if (state.status === "skipped") continue;
    const home = target.steps[step.id];
    if (!home || home.service !== step.service || home.function !== step.function) homeless.push(step.id);
    negations[step.id] = state.negations ?? step.negations;
  }
  if (homeless.length > 0) {
    throw new Refusal("no_home_in_version", `${homeless.join(", ")}: executed, but not in version ${data.version}`);
  }
  turn.flow = target;
  turn.emit("journey.migrated", { ...by(data), version: target.version, detail: { from: flow.version, negations } });
}
