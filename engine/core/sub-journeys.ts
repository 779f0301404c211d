/**
 * What built-in steps do by themselves while they are under way: an `each` starts its elements a few at a time and ends
 * when all have ended; and a rollback stops what only kept it waiting: waits and approvals at once, sub-journeys by
 * cancelling them (what they then answer settles their step).
 */
import { z } from "zod";
import { isApproval, isEach, isSubJourney, isWait, nextElements } from "./builtin.ts";
import { sizeError } from "./data-size.ts";
import type { FlowStep } from "./flow.ts";
import type { Element, Step } from "./journey.ts";
import { MANAGER, type StepError, type ToManager } from "./protocol.ts";
import { retryStep } from "./retries.ts";
import { finalError, transientError } from "./step-errors.ts";
import { activeRollback, isLive, stepsInOrder, type Turn } from "./turn.ts";
import { isMember } from "./undo.ts";

/** What a child's end tells its parent; travels as the data of a reply. */
export interface ChildEnd {
  child: string;
  index?: number;
  output?: unknown;
}

const childEndSchema = z.object({ child: z.string(), index: z.number().optional(), output: z.unknown().optional() });

/** Undefined when the reply is none of a child's. */
export function childEnd(reply: ToManager): ChildEnd | undefined {
  return childEndSchema.safeParse(reply.data).data;
}

/** An element has ended. A step that has been given up on only takes note: what is to be undone has grown. */
export function acceptElement(turn: Turn, step: FlowStep, state: Step, reply: ToManager, end: ChildEnd): void {
  const { index = -1, output = null } = end;
  const body = { ...of(step), attempt: reply.attempt ?? state.attempts, data: output };
  const before = state.elements?.[index];
  if (before?.status !== "running" || (reply.attempt != null && reply.attempt !== before.attempt)) {
    turn.emit("step.duplicate", { ...body, reason: `element ${index} had ended`, detail: { status: reply.status } });
    return;
  }
  const ended: Element & { index: number } =
    reply.status === "success"
      ? { index, ...succeeded(turn, state, output) }
      : { index, status: "failed", error: reply.error ?? undefined };
  const detail = { status: reply.status, element: ended };
  if (isLive(state)) turn.emit("step.progressed", { ...body, error: ended.error, detail });
  else turn.emit("step.late", { ...body, error: ended.error, detail: { ...detail, effect: hasEffect(turn, ended) } });
}

/** An output with which the list would be too large is not kept: the element carries the error that the step ends with. */
function succeeded(turn: Turn, state: Step, output: unknown): Element {
  const kept = (state.elements as Element[]).flatMap((element) =>
    element.status === "succeeded" ? [element.output ?? null] : [],
  );
  const error = sizeError("the list of outputs", [...kept, output], turn.ctx.maximumDataBytes);
  return error ? { status: "succeeded", error } : { status: "succeeded", output };
}

const hasEffect = (turn: Turn, ended: Element): boolean =>
  ended.status === "succeeded" && turn.journey.status !== "terminated";

/** Moves every built-in step under way as far as it goes by itself. */
export function runBuiltIns(turn: Turn): void {
  for (const [step, state] of stepsInOrder(turn.flow, turn.journey)) {
    if (step.service !== MANAGER || !isLive(state)) continue;
    const stop = isStopped(turn, step);
    if (stop && (isWait(step) || isApproval(step))) {
      turn.emit("step.skipped", { ...of(step), attempt: state.attempts, reason: "stopped by the rollback" });
    } else if (isEach(step)) runElements(turn, step, state, stop);
    else if (isSubJourney(step) && stop) tellToStop(turn, step, state);
  }
}

/**
 * A rollback wants the step to be over. Others of its kind may go on outside of its set; a wait or an approval only where
 * something can come after it.
 */
function isStopped(turn: Turn, step: FlowStep): boolean {
  const rollback = activeRollback(turn.journey);
  if (!rollback) return false;
  if (isMember(rollback, step.id) || rollback.causes.includes(step.id)) return true;
  const nothingFollows = rollback.scope === "journey" || rollback.scope === "path";
  return nothingFollows && (isWait(step) || isApproval(step));
}

function runElements(turn: Turn, step: FlowStep, state: Step, stop: boolean): void {
  const elements = state.elements as Element[];
  const running = elements.some((element) => element.status === "running");
  if (stop && running) {
    tellToStop(turn, step, state);
    return;
  }
  if (!stop && turn.journey.status !== "held") {
    const start = nextElements(step, elements);
    if (start.length > 0) {
      turn.emit("step.progressed", { ...of(step), attempt: state.attempts, detail: { start } });
      return;
    }
  }
  const waiting = elements.some((element) => element.status === "waiting");
  if (!running && (stop || !waiting)) endEach(turn, step, state, elements);
}

/** Once: the journeys that the step runs are cancelled (commands.ts). */
function tellToStop(turn: Turn, step: FlowStep, state: Step): void {
  if (state.stopping) return;
  const reason = "its journeys are told to stop";
  turn.emit("step.progressed", { ...of(step), attempt: state.attempts, reason, detail: { stop: true } });
}

function endEach(turn: Turn, step: FlowStep, state: Step, elements: readonly Element[]): void {
  const body = { ...of(step), attempt: state.attempts };
  const effect = elements.some((element) => element.status === "succeeded");
  const all = elements.every((element) => element.status === "succeeded");
  const tooLarge = elements.find(({ status, error }) => status === "succeeded" && error)?.error;
  const error = all ? tooLarge : failureOf(elements);
  if (!error) {
    turn.emit("step.succeeded", { ...body, data: elements.map((element) => element.output ?? null) });
    return;
  }
  turn.emit("step.failed", { ...body, error, detail: effect ? { effect } : undefined });
  retryStep(turn, step);
}

function failureOf(elements: readonly Element[]): StepError {
  const failed = elements.flatMap(({ status, error }, index) => (status === "failed" ? [{ index, error }] : []));
  const [first] = failed;
  if (!first) {
    return finalError("cancelled", "stopped by the rollback before all elements had run");
  }
  const message = `${failed.length} of ${elements.length} elements failed; element ${first.index}: ${first.error?.message ?? "without an error"}`;
  const final = failed.every(({ error }) => error?.retryable === false);
  return final ? finalError("element_failed", message) : transientError("element_failed", message);
}

const of = (step: FlowStep): { step: string; service: string; function: string } => ({
  step: step.id,
  service: step.service,
  function: step.function,
});
