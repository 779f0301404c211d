/**
 * Operators' actions: each is carried out, or refused with a code and a sentence; both are in the audit. An action whose
 * id was seen changes nothing.
 */
import { hasRunningJourneys, hasSucceededElements, isApproval, isEach } from "./builtin.ts";
import { commandError, outputError } from "./command-record.ts";
import { sizeError } from "./data-size.ts";
import { AntigraphError, type ErrorCode } from "./errors.ts";
import type { CompiledFlow, FlowStep } from "./flow.ts";
import { ancestors } from "./graph.ts";
import { iso } from "./iso.ts";
import { goesOnAfter, type Rollback, type Scope, type Step } from "./journey.ts";
import { replayUuid } from "./journey-ids.ts";
import { type ActionData, type ActionName, MANAGER, type StepError } from "./protocol.ts";
import { beginRollback, type RollbackRequest, rollbackSet } from "./rollback.ts";
import { transientError } from "./step-errors.ts";
import { activeRollback, clockOf, hasEnded, isLive, passedPivot, stepOf, stepsInOrder, type Turn } from "./turn.ts";
import { mayHaveWorked, negationsOf, owesUndo } from "./undo.ts";

/** The codes of refused actions. */
export type RefusalCode = Extract<
  ErrorCode,
  | "invalid_request"
  | "payload_too_large"
  | "schema_invalid"
  | "action_not_allowed"
  | "past_pivot"
  | "stale_preview"
  | "unknown_step"
  | "unknown_version"
  | "no_home_in_version"
>;

/** An action that doesn't fit the journey's state. */
class Refusal extends AntigraphError {
  constructor(code: RefusalCode, message: string) {
    super(code, message);
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

/** Throws AntigraphError with the refusal's code when the action doesn't fit. */
export function carryOut(turn: Turn, action: ActionName, data: ActionData): void {
  refuseTooLarge(turn, data);
  CARRY[action](turn, data);
}

export function acceptAction(turn: Turn, action: ActionName, data: ActionData): void {
  try {
    carryOut(turn, action, data);
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

/** What an operator writes is bounded as what services answer is. */
function refuseTooLarge(turn: Turn, data: ActionData): void {
  for (const field of ["data", "output"] as const) {
    const error = sizeError(field, data[field], turn.ctx.maximumDataBytes);
    if (error) throw new Refusal("payload_too_large", error.message);
  }
}

/** Nothing is put in by hand that a service couldn't have been sent, or couldn't have said. */
function refuseUnfit(error: StepError | undefined): void {
  if (error) throw new Refusal("schema_invalid", error.message);
}

/** What the step or its negation would be sent in the place of what the flow says. */
function refuseUnfitInput(turn: Turn, step: FlowStep, state: Step, data: unknown, negation?: string): void {
  if (data === undefined) return;
  const attempts = negation === undefined ? state.attempts : state.undo?.[negation]?.attempts;
  const call = { ...of(step, negation), attempt: (attempts as number) + 1, data };
  refuseUnfit(commandError(turn, call, negation === undefined ? undefined : state));
}

// ---- undoing ----

function rollback(turn: Turn, data: ActionData): void {
  const { status } = turn.journey;
  if (status === "terminated") notAllowed("the journey was terminated: nothing is undone after that");
  const scope = data.scope ?? "journey";
  const step = scope === "journey" ? undefined : standIn(turn, scope, data);
  const request = requestOf(turn, "rollback", scope, data, step);
  if (status === "rolled_back" && (goesOnAfter(scope) || !wouldUndo(turn, request))) {
    notAllowed("the journey has been rolled back already and doesn't go on; replay it to run it again");
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
  refuseUnfitInput(turn, step, stepOf(journey, step), data.data);
  const input = data.data === undefined ? undefined : { value: data.data };
  const request = requestOf(turn, "rerun", "to", data, step.id);
  beginRollback(turn, { ...request, rerun: { step: step.id, data: input } });
}

function requestOf(
  turn: Turn,
  trigger: RollbackRequest["trigger"],
  scope: Scope,
  data: ActionData,
  step: string | undefined,
): AskedRollback {
  // The operator knows which outcomes are unknown now, and says to undo them all the same.
  const blind = stepsInOrder(turn.flow, turn.journey).flatMap(([s, state]) => (mayHaveWorked(state) ? [s.id] : []));
  return { ...by(data), trigger, scope, step, blind, include: data.include };
}

type AskedRollback = RollbackRequest & { blind: string[] };

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

function wouldUndo(turn: Turn, request: AskedRollback): boolean {
  const { scope, set } = rollbackSet(turn.flow, turn.journey, request);
  const { trigger, blind, include, reason } = request;
  const none = { causes: [], former: [], reset: [], again: [], actor: "", startedAt: 0 };
  const rollback: Rollback = { ...none, scope, set, trigger, blind, include, reason };
  return stepsInOrder(turn.flow, turn.journey).some(
    ([step, state]) => set.includes(step.id) && owesUndo(rollback, step, state),
  );
}

// ---- stopping and going on ----

function terminate(turn: Turn, data: ActionData): void {
  if (hasEnded(turn.journey)) notAllowed(`the journey is ${turn.journey.status} already`);
  const error = transientError("terminated", data.reason === "" ? "terminated by an operator" : data.reason);
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
  const given = data.data === undefined ? {} : { data: data.data };
  const detail = { due: iso(clockOf(turn)) };
  if (isStuckUndo(turn, state)) {
    const names = failedNegations(state, data);
    for (const name of names) refuseUnfitInput(turn, step, state, data.data, name);
    for (const name of names) {
      turn.emit("undo.retry_scheduled", { ...of(step, name), ...by(data), ...given, detail });
    }
    return;
  }
  if (activeRollback(turn.journey) && !hasEnded(turn.journey))
    notAllowed("a rollback is going on: nothing new is dispatched forward");
  refuseUnlessOpen(turn, step, state, "retried");
  if (!isLive(state) && hasRunningJourneys(state)) {
    notAllowed(`journeys that ${step.id} runs have not ended: settle them there, complete the step, or roll back`);
  }
  if (isEach(step) && hasSucceededElements(state) && data.data !== undefined) {
    throw new Refusal(
      "invalid_request",
      `data: elements of ${step.id} have succeeded, so its list has to stay as it is`,
    );
  }
  refuseUnfitInput(turn, step, state, data.data);
  turn.emit("step.retry_scheduled", { ...of(step), ...by(data), ...given, detail });
}

function skip(turn: Turn, data: ActionData): void {
  const step = namedStep(turn, data.step, "step");
  const state = stepOf(turn.journey, step);
  if (isStuckUndo(turn, state)) {
    for (const name of failedNegations(state, data))
      turn.emit("undo.settled_by_hand", { ...of(step, name), ...by(data) });
    return;
  }
  refuseUnlessOpen(turn, step, state, "skipped");
  if (data.output !== undefined) refuseUnfit(outputError(turn, step, data.output));
  turn.emit("step.settled_by_hand", { ...of(step), ...by(data), data: data.output ?? null });
}

function complete(turn: Turn, data: ActionData): void {
  const step = namedStep(turn, data.step, "step");
  const state = stepOf(turn.journey, step);
  // An approval passes on what it was given, unless the person says something else.
  const output = data.output === undefined && isApproval(step) ? state.input : data.output;
  if (output === undefined)
    throw new Refusal("invalid_request", "output: say what really came out (null for nothing)");
  refuseUnlessOpen(turn, step, state, "completed");
  refuseUnfit(outputError(turn, step, output));
  turn.emit("step.settled_by_hand", { ...of(step), ...by(data), data: output });
}

/** A negation of the step has used up its tries. */
const isStuckUndo = (turn: Turn, state: Step): boolean => state.status === "undo_failed" && !hasEnded(turn.journey);

function refuseUnlessOpen(turn: Turn, step: FlowStep, state: Step, what: string): void {
  if (!isOpenToWord(turn, step, state))
    notAllowed(`${step.id} is ${state.status}, the journey ${turn.journey.status}: it can't be ${what}`);
}

/** Waits for a person: an approval, a step the journey is held for, one of unknown outcome that a rollback waits for. */
function isOpenToWord(turn: Turn, step: FlowStep, state: Step): boolean {
  const { journey } = turn;
  if (hasEnded(journey)) return false;
  if (isApproval(step) && isLive(state)) return true;
  const status = journey.paused?.from ?? journey.status;
  const failed = state.status === "failed" || state.status === "timed_out";
  if (status !== "held" || !failed) return false;
  // What was rolled back `to` a step runs again when the journey is resumed; no way leads on from an undone branch.
  const runsAgain = journey.held?.kind === "rolled_back_to" && journey.rollback?.reset.includes(step.id) === true;
  return !runsAgain && (!state.dead || journey.held?.steps.includes(step.id) === true);
}

function failedNegations(state: Step, data: ActionData): string[] {
  const failed = Object.entries({ ...state.undo }).flatMap(([name, negation]) =>
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
    throw new Refusal("unknown_version", `version: ${journey.name} ${data.version ?? "itself"} is not published`);
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
  if (data.version === journey.version) notAllowed(`the journey is on version ${data.version} already`);
  const target = ctx.flowOf(journey.name, data.version);
  if (!target) throw new Refusal("unknown_version", `version: ${journey.name} ${data.version} is not published`);
  const bound = stepsInOrder(flow, journey).filter(([step, state]) => needsHome(step, state));
  const problem = whyHomeless(
    bound.map(([step]) => step),
    flow,
    target,
  );
  if (problem !== undefined) throw new Refusal("no_home_in_version", problem);
  const negations = Object.fromEntries(
    stepsInOrder(flow, journey)
      .filter(([step, state]) => step.service !== MANAGER && (state.attempts > 0 || state.status === "succeeded"))
      .map(([step, state]) => [step.id, negationsOf(step, state)]),
  );
  turn.flow = target;
  turn.emit("journey.migrated", { ...by(data), version: target.version, detail: { from: flow.version, negations } });
}

/** Live (out, or to be sent again), or undoable now or by a late success. */
function needsHome(step: FlowStep, state: Step): boolean {
  if (isLive(state) || state.retryAt !== undefined || state.open.length > 0) return true;
  if (state.status === "undoing" || state.status === "undo_failed") return true;
  return (state.status === "succeeded" || state.tookEffect === true) && negationsOf(step, state).length > 0;
}

/** Each is there with the same call, and comes after what it came after: else it would be undone in another order. */
function whyHomeless(steps: readonly FlowStep[], flow: CompiledFlow, target: CompiledFlow): string | undefined {
  for (const { id, service, function: called } of steps) {
    const home = target.steps[id];
    if (!home) return `${id}: executed, but not in version ${target.version}`;
    if (home.service !== service || home.function !== called) {
      return `${id}: executed as ${service}.${called}, but ${home.service}.${home.function} in version ${target.version}`;
    }
    const before = steps.find((other) => ancestors(flow, id).has(other.id) && !ancestors(target, id).has(other.id));
    if (before) return `${id}: executed after ${before.id}, but not after it in version ${target.version}`;
  }
  return undefined;
}
