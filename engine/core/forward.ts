/**
 * What is dispatched next. A step goes out when all its predecessors are settled and at least one of its incoming edges
 * is taken; with none taken it is skipped (dead-path elimination), and so on down.
 */

import {
  elementsOf,
  hasSucceededElements,
  isEach,
  isSubJourney,
  isWait,
  nextElements,
  whyNotRun,
} from "./builtin.ts";
import { commandError } from "./command-record.ts";
import { sizeError } from "./data-size.ts";
import { parseMoment } from "./duration.ts";
import { evaluate } from "./expressions.ts";
import type { FlowStep } from "./flow.ts";
import { comesFirst, START_EDGE } from "./graph.ts";
import { iso } from "./iso.ts";
import type { Journey, Step } from "./journey.ts";
import { childUuid } from "./journey-ids.ts";
import { MANAGER, type StepError } from "./protocol.ts";
import { finalError, transientError } from "./step-errors.ts";
import { activeRollback, isLive, stepOf, stepsInOrder, type Turn } from "./turn.ts";
import { isMember, isSettled } from "./undo.ts";

/** Dispatches, skips or fails every step whose turn it is, and sends the retries that are due. */
export function dispatchNext(turn: Turn): void {
  const status = turn.journey.status;
  if (status === "completed" || status === "rolled_back" || status === "terminated" || status === "paused") return;
  const rollback = activeRollback(turn.journey);
  // Beside a branch the rest goes on, unless the journey is to be held behind it, where it went back `to` a step.
  if (rollback && (status === "held" || rollback.scope !== "branch" || rollback.reset.length > 0)) return;
  const onlyRetries = status === "held";
  for (const [step, state] of stepsInOrder(turn.flow, turn.journey)) {
    if (state.status !== "waiting") continue;
    if (state.retryAt === undefined) {
      if (!onlyRetries && mayEnter(turn, step)) dispatchStep(turn, step);
    } else if (!waitsUnsent(state) || mayEnter(turn, step)) sendDueRetry(turn, step, state);
  }
}

/** Its service is to be called for the first time; the branch that leads here may have been undone meanwhile. */
const waitsUnsent = (state: Step): boolean => state.waitingFor === "service" && state.startedAt === undefined;

function sendDueRetry(turn: Turn, step: FlowStep, state: Step): void {
  const isDue = state.retryAt !== undefined && state.retryAt <= turn.ctx.now;
  const isUp = turn.ctx.health(step.service) !== "down";
  if (state.waitingFor === "service" ? isUp : isDue) retryInTime(turn, step, state);
  else if (isDue) failUnsent(turn, step, serviceDown(step));
}

/** The timer may have fired so late that nobody would wait for the answer any more. */
function retryInTime(turn: Turn, step: FlowStep, { totalDueAt }: Step): void {
  if (totalDueAt === undefined || totalDueAt > turn.ctx.now) {
    dispatchStep(turn, step);
    return;
  }
  const error = transientError("timeout", "the total timeout had passed before the next attempt could be sent");
  turn.emit("step.timed_out", { step: step.id, service: step.service, function: step.function, error });
}

/** Whether an edge into the step is taken. Where none is, or that can't be told, the step is settled here. */
function mayEnter(turn: Turn, step: FlowStep): boolean {
  const { journey, flow } = turn;
  const edges: ("taken" | "dead")[] = [];
  // `undefined` stands for the edge from the start.
  const predecessors = comesFirst(step) ? [undefined, ...step.predecessors] : step.predecessors;
  for (const id of predecessors) {
    const predecessor = id === undefined ? undefined : flow.steps[id];
    const state = predecessor && edgeState(journey, predecessor);
    if (state === "open") return false;
    edges.push(state === "dead" ? "dead" : "taken");
  }
  for (const [index, id] of predecessors.entries()) {
    if (edges[index] !== "taken") continue;
    const taken = isTaken(turn, step, id);
    if (!taken.ok) {
      failUnsent(turn, step, finalError("expression_failed", taken.message));
      return false;
    }
    if (!taken.value) edges[index] = "dead";
  }
  if (edges.includes("taken")) return true;
  turn.emit("step.skipped", { step: step.id, service: step.service, function: step.function });
  return false;
}

/** `open`: not settled yet. */
function edgeState(journey: Journey, predecessor: FlowStep): "open" | "taken" | "dead" {
  const state = stepOf(journey, predecessor);
  const { rollback } = journey;
  if (state.dead && rollback) {
    const open = isMember(rollback, predecessor.id)
      ? !isSettled(journey, rollback, predecessor)
      : isLive(state) || state.status === "waiting";
    return open ? "open" : "dead";
  }
  if (state.status === "succeeded") return "taken";
  return state.status === "skipped" ? "dead" : "open";
}

function isTaken(
  turn: Turn,
  step: FlowStep,
  predecessor: string | undefined,
): { ok: true; value: boolean } | { ok: false; message: string } {
  const when = step.settings.when;
  const expression = typeof when === "object" ? when[predecessor ?? START_EDGE] : when;
  if (expression === undefined) return { ok: true, value: true };
  const result = evaluate(expression, scopeOf(turn));
  if (!result.ok) return { ok: false, message: `when (${expression}): ${result.message}` };
  if (typeof result.value !== "boolean") {
    return { ok: false, message: `when (${expression}): gave ${typeOf(result.value)}, not true or false` };
  }
  return { ok: true, value: result.value };
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "an object";
  return `a ${typeof value}`;
}

/** What expressions can see: the journey's input and the outputs of the steps that succeeded. */
export function scopeOf(turn: Turn): { input: unknown; steps: Record<string, unknown> } {
  const steps: Record<string, unknown> = {};
  for (const [id, state] of Object.entries(turn.journey.steps)) {
    if (state.status === "succeeded") steps[id] = state.output ?? null;
  }
  return { input: turn.journey.input, steps };
}

/** Sends a step's next attempt, or says why it can't go out. */
function dispatchStep(turn: Turn, step: FlowStep): void {
  const state = stepOf(turn.journey, step);
  const { onServiceDown } = step.settings;
  if (onServiceDown !== "ignore" && step.service !== MANAGER && turn.ctx.health(step.service) === "down") {
    if (onServiceDown === "fail") failUnsent(turn, step, serviceDown(step));
    else waitForService(turn, step, state);
    return;
  }
  const data = dataFor(turn, step, state);
  if (!data.ok) {
    failUnsent(turn, step, data.error);
    return;
  }
  const clocks = clocksOf(turn, step, state, data.value);
  if (!clocks.ok) {
    failUnsent(turn, step, clocks.error);
    return;
  }
  const { id, service, function: called } = step;
  const call = { step: id, service, function: called, attempt: state.attempts + 1, data: data.value };
  const unfit = commandError(turn, call);
  if (unfit) {
    failUnsent(turn, step, unfit);
    return;
  }
  const commandId = `${turn.journey.uuid}/${id}/${call.attempt}`;
  turn.emit("step.dispatched", { ...call, id: commandId, detail: clocks.detail });
}

function failUnsent(turn: Turn, step: FlowStep, error: StepError): void {
  turn.emit("step.failed", { step: step.id, service: step.service, function: step.function, error });
}

const serviceDown = (step: FlowStep): StepError =>
  transientError("service_down", `${step.service} is down: no heartbeat and no member of its consumer group`);

function waitForService(turn: Turn, step: FlowStep, state: Step): void {
  turn.emit("step.retry_scheduled", {
    step: step.id,
    service: step.service,
    function: step.function,
    attempt: state.attempts + 1,
    reason: `waits until ${step.service} is up`,
    detail: { due: iso(within(state, turn.ctx.now + step.settings.queueTimeoutMs)), waiting_for: "service" },
  });
}

/** The step's total timeout bounds whatever it waits for. */
const within = (state: Step, due: number): number => Math.min(due, state.totalDueAt ?? Number.POSITIVE_INFINITY);

type DataResult = { ok: true; value: unknown } | { ok: false; error: StepError };

function dataFor(turn: Turn, step: FlowStep, state: Step): DataResult {
  const data = chosenData(turn, step, state);
  if (!data.ok) return data;
  if (isEach(step) && !Array.isArray(data.value)) {
    const message = `items (${step.settings.items}): gave ${typeOf(data.value)}, not a list`;
    return { ok: false, error: finalError("expression_failed", message) };
  }
  const error =
    whyNotRun(turn.journey, step, data.value) ??
    sizeError(`the data for ${step.id}`, data.value, turn.ctx.maximumDataBytes);
  return error ? { ok: false, error } : data;
}

/** What an operator gave; else what the attempt before was sent, if this one follows by itself; else what the flow says. */
function chosenData(turn: Turn, step: FlowStep, state: Step): DataResult {
  if (state.forcedInput) return { ok: true, value: state.forcedInput.data };
  const sameAgain = state.tries > 0 || hasSucceededElements(state);
  return sameAgain ? { ok: true, value: state.input } : mappedData(turn, step);
}

function mappedData(turn: Turn, step: FlowStep): DataResult {
  const input = isEach(step) ? step.settings.items : step.settings.input;
  if (input === undefined) return { ok: true, value: defaultData(turn.journey, step) };
  const result = evaluate(input, scopeOf(turn));
  if (result.ok) return result;
  const message = `${isEach(step) ? "items" : "input"} (${input}): ${result.message}`;
  return { ok: false, error: finalError("expression_failed", message) };
}

/**
 * One predecessor: its output, verbatim. Several: by step id, of those that succeeded. None, or none that ran because the
 * step was entered by its edge from the start: the journey's input.
 */
export function defaultData(journey: Journey, step: FlowStep): unknown {
  const [first, ...more] = step.predecessors;
  if (first === undefined) return journey.input;
  if (more.length === 0) {
    const state = journey.steps[first];
    return state?.status === "succeeded" ? (state.output ?? null) : journey.input;
  }
  const outputs: Record<string, unknown> = {};
  for (const id of step.predecessors) {
    const state = journey.steps[id];
    if (state?.status === "succeeded") outputs[id] = state.output ?? null;
  }
  return outputs;
}

type Clocks = { ok: true; detail: Record<string, unknown> } | { ok: false; error: StepError };

/** When the attempt's clock runs out. Of the built-in steps only `wait` has one by itself; any has a total timeout. */
function clocksOf(turn: Turn, step: FlowStep, state: Step, data: unknown): Clocks {
  if (isWait(step)) return waitUntil(turn, step);
  const { totalTimeoutMs, timeoutMs } = step.settings;
  const { now } = turn.ctx;
  const total = state.totalDueAt ?? (totalTimeoutMs === undefined ? undefined : now + totalTimeoutMs);
  const total_due = total === undefined ? undefined : iso(total);
  const due =
    step.service === MANAGER ? total_due : iso(Math.min(now + timeoutMs, total ?? Number.POSITIVE_INFINITY));
  return { ok: true, detail: { due, total_due, ...journeysOf(turn, step, state, data) } };
}

/** The journeys that the attempt runs. */
function journeysOf(turn: Turn, step: FlowStep, state: Step, data: unknown): Record<string, unknown> {
  if (isSubJourney(step)) return { child: childUuid(turn.journey.uuid, step.id, state.attempts + 1) };
  if (!isEach(step) || !Array.isArray(data)) return {};
  return { elements: data.length, start: nextElements(step, elementsOf(state, data.length)) };
}

function waitUntil(turn: Turn, step: FlowStep): Clocks {
  const { until } = step.settings;
  if (until === undefined) return { ok: true, detail: { due: iso(turn.ctx.now + (step.settings.for as number)) } };
  const moment = parseMoment(until);
  if (moment !== undefined) return { ok: true, detail: { due: iso(moment), fixed: true } };
  const result = evaluate(until, scopeOf(turn));
  const time = result.ok ? timeOf(result.value) : undefined;
  if (time !== undefined) return { ok: true, detail: { due: iso(time), fixed: true } };
  const why = result.ok ? "gave no time (ISO 8601 or milliseconds)" : result.message;
  return { ok: false, error: finalError("expression_failed", `until (${until}): ${why}`) };
}

/** What a Date can hold, in milliseconds around 1970. */
const LAST_MOMENT_MS = 8.64e15;

function timeOf(value: unknown): number | undefined {
  if (typeof value === "string") return parseMoment(value);
  return typeof value === "number" && Math.abs(value) <= LAST_MOMENT_MS ? value : undefined;
}
