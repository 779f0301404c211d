/**
 * What is dispatched next. A step goes out when all its predecessors are settled and at least one of its incoming edges
 * is taken; with none taken it is skipped (dead-path elimination), and so on down.
 */

import { childUuid, firstElements, isEach } from "./builtin.ts";
import { parseMoment } from "./duration.ts";
import { evaluate } from "./expressions.ts";
import type { FlowStep } from "./flow.ts";
import { comesFirst, START_EDGE } from "./graph.ts";
import type { Journey, Step } from "./journey.ts";
import { MANAGER, type StepError } from "./protocol.ts";
import { activeRollback, isLive, iso, stepOf, stepsInOrder, type Turn } from "./turn.ts";
import { isMember, isSettled } from "./undo.ts";

/** Dispatches, skips or fails every step whose turn it is, and sends the retries that are due. */
export function dispatchNext(turn: Turn): void {
  const status = turn.journey.status;
  if (status === "completed" || status === "rolled_back" || status === "terminated" || status === "paused") return;
  const rollback = activeRollback(turn.journey);
  const onlyRetries = status === "held" || (rollback !== undefined && rollback.scope !== "branch");
  if (onlyRetries && rollback) return;
  for (const [step, state] of stepsInOrder(turn.flow, turn.journey)) {
    if (state.status !== "waiting") continue;
    if (state.retryAt !== undefined) sendDueRetry(turn, step, state);
    else if (!onlyRetries) beginIfReady(turn, step);
  }
}

function sendDueRetry(turn: Turn, step: FlowStep, state: Step): void {
  const isDue = state.retryAt !== undefined && state.retryAt <= turn.ctx.now;
  if (state.waitingFor !== "service") {
    if (isDue) dispatchStep(turn, step);
    return;
  }
  if (turn.ctx.health(step.service) !== "down") dispatchStep(turn, step);
  else if (isDue) failUnsent(turn, step, serviceDown(step));
}

function beginIfReady(turn: Turn, step: FlowStep): void {
  const { journey, flow } = turn;
  const edges: ("taken" | "dead")[] = [];
  // `undefined` stands for the edge from the start.
  const predecessors = comesFirst(step) ? [undefined, ...step.predecessors] : step.predecessors;
  for (const id of predecessors) {
    const predecessor = id === undefined ? undefined : flow.steps[id];
    const state = predecessor && edgeState(journey, predecessor);
    if (state === "open") return;
    edges.push(state === "dead" ? "dead" : "taken");
  }
  for (const [index, id] of predecessors.entries()) {
    if (edges[index] !== "taken") continue;
    const taken = isTaken(turn, step, id);
    if (!taken.ok) {
      failUnsent(turn, step, { code: "expression_failed", message: taken.message, retryable: false });
      return;
    }
    if (!taken.value) edges[index] = "dead";
  }
  if (edges.includes("taken")) dispatchStep(turn, step);
  else turn.emit("step.skipped", { step: step.id, service: step.service, function: step.function });
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

const typeOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`;

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
    else waitForService(turn, step);
    return;
  }
  const data = dataFor(turn, step, state);
  const clocks: Clocks = data.ok ? clocksOf(turn, step, state, data.value) : data;
  if (!data.ok || !clocks.ok) {
    failUnsent(turn, step, data.ok ? (clocks as { error: StepError }).error : data.error);
    return;
  }
  const attempt = state.attempts + 1;
  const id = `${turn.journey.uuid}/${step.id}/${attempt}`;
  const body = { step: step.id, service: step.service, function: step.function, attempt, id, data: data.value };
  turn.emit("step.dispatched", { ...body, detail: clocks.detail });
  if (clocks.detail.elements === 0) turn.emit("step.succeeded", { ...body, data: [] });
}

function failUnsent(turn: Turn, step: FlowStep, error: StepError): void {
  turn.emit("step.failed", { step: step.id, service: step.service, function: step.function, error });
}

const serviceDown = (step: FlowStep): StepError => ({
  code: "service_down",
  message: `${step.service} is down: no heartbeat and no member of its consumer group`,
});

function waitForService(turn: Turn, step: FlowStep): void {
  const state = stepOf(turn.journey, step);
  if (state.waitingFor === "service") return;
  turn.emit("step.retry_scheduled", {
    step: step.id,
    service: step.service,
    function: step.function,
    attempt: state.attempts + 1,
    reason: `waits until ${step.service} is up`,
    detail: { due: iso(turn.ctx.now + step.settings.queueTimeoutMs), waiting_for: "service" },
  });
}

type DataResult = { ok: true; value: unknown } | { ok: false; error: StepError };

function dataFor(turn: Turn, step: FlowStep, state: Step): DataResult {
  const data = state.forcedInput ? { ok: true as const, value: state.forcedInput.data } : mappedData(turn, step);
  if (data.ok && isEach(step) && !Array.isArray(data.value)) {
    const message = `items (${step.settings.items}): gave ${typeOf(data.value)}, not a list`;
    return { ok: false, error: { code: "expression_failed", message, retryable: false } };
  }
  if (!data.ok) return data;
  const bytes = jsonBytes(data.value);
  if (bytes <= turn.ctx.maximumDataBytes) return data;
  const message = `the data for ${step.id} has ${bytes} bytes; ${turn.ctx.maximumDataBytes} are allowed`;
  return { ok: false, error: { code: "data_too_large", message, retryable: false } };
}

function mappedData(turn: Turn, step: FlowStep): DataResult {
  const input = isEach(step) ? step.settings.items : step.settings.input;
  if (input === undefined) return { ok: true, value: defaultData(turn.journey, step) };
  const result = evaluate(input, scopeOf(turn));
  if (result.ok) return result;
  const message = `${isEach(step) ? "items" : "input"} (${input}): ${result.message}`;
  return { ok: false, error: { code: "expression_failed", message, retryable: false } };
}

/** One predecessor: its output, verbatim. Several: by step id, of those that succeeded. None: the journey's input. */
export function defaultData(journey: Journey, step: FlowStep): unknown {
  const [first, ...more] = step.predecessors;
  if (first === undefined) return journey.input;
  if (more.length === 0) return journey.steps[first]?.output ?? null;
  const outputs: Record<string, unknown> = {};
  for (const id of step.predecessors) {
    const state = journey.steps[id];
    if (state?.status === "succeeded") outputs[id] = state.output ?? null;
  }
  return outputs;
}

/** A cheap upper bound first: only data that might be too large is measured exactly. */
function jsonBytes(value: unknown): number {
  const text = JSON.stringify(value) ?? "";
  return text.length * 3 <= DEFAULT_SMALL_BYTES ? text.length : new TextEncoder().encode(text).length;
}
const DEFAULT_SMALL_BYTES = 4096;

type Clocks = { ok: true; detail: Record<string, unknown> } | { ok: false; error: StepError };

/** When the attempt's clock runs out; built-in steps have clocks of their own kind. */
function clocksOf(turn: Turn, step: FlowStep, state: Step, data: unknown): Clocks {
  const { settings } = step;
  const { now } = turn.ctx;
  const total =
    state.totalDueAt ?? (settings.totalTimeoutMs === undefined ? undefined : now + settings.totalTimeoutMs);
  if (step.service !== MANAGER) {
    const due = Math.min(now + settings.timeoutMs, total ?? Number.POSITIVE_INFINITY);
    return { ok: true, detail: { due: iso(due), total_due: total === undefined ? undefined : iso(total) } };
  }
  switch (step.function) {
    case "wait":
      return waitUntil(turn, step);
    case "journey":
      return { ok: true, detail: { child: childUuid(turn.journey.uuid, step.id, state.attempts + 1) } };
    case "each":
      return { ok: true, detail: firstElements(step, data as unknown[]) };
    default:
      return { ok: true, detail: {} };
  }
}

function waitUntil(turn: Turn, step: FlowStep): Clocks {
  const { until } = step.settings;
  if (until === undefined) return { ok: true, detail: { due: iso(turn.ctx.now + (step.settings.for ?? 0)) } };
  const fixed = parseMoment(until);
  if (fixed !== undefined) return { ok: true, detail: { due: iso(fixed) } };
  const result = evaluate(until, scopeOf(turn));
  const time = result.ok ? timeOf(result.value) : Number.NaN;
  if (!Number.isNaN(time)) return { ok: true, detail: { due: iso(time) } };
  const why = result.ok ? "gave no time (ISO 8601 or milliseconds)" : result.message;
  return { ok: false, error: { code: "expression_failed", message: `until (${until}): ${why}`, retryable: false } };
}

function timeOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" ? (parseMoment(value) ?? Number.NaN) : Number.NaN;
}
