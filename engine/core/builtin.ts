/**
 * Steps of the service `manager`: `wait` and `approve` need nobody else; `journey` and `each` run other journeys, whose
 * ends come back as replies. They are undone by rolling those journeys back.
 */
import { v5 } from "uuid";
import type { FlowStep } from "./flow.ts";
import type { Element, Step } from "./journey.ts";
import { MANAGER, type StepError, type ToManager } from "./protocol.ts";
import { activeRollback, type Turn } from "./turn.ts";

const DEFAULT_CONCURRENCY = 10;
const UNDO_ELEMENT = "rollback/";

export const isEach = (step: FlowStep): boolean => step.service === MANAGER && step.function === "each";
export const isApproval = (step: FlowStep): boolean => step.service === MANAGER && step.function === "approve";

/** UUIDv5(parent, "step"), for an element "step/index"; later attempts make journeys of their own. */
export function childUuid(parent: string, step: string, attempt: number, index?: number): string {
  const name = index === undefined ? step : `${step}/${index}`;
  return v5(attempt === 1 ? name : `${name}#${attempt}`, parent);
}

/** UUIDv5(old uuid, action id): the same replay asked twice is one journey. */
export const replayUuid = (uuid: string, actionId: string): string => v5(actionId, uuid);

export function firstElements(step: FlowStep, items: unknown[]): Record<string, unknown> {
  const count = Math.min(items.length, step.settings.concurrency ?? DEFAULT_CONCURRENCY);
  return { elements: items.length, start: Array.from({ length: count }, (_, index) => index) };
}

/** What undoes a built-in step: the rollback of the journeys that succeeded. */
export function builtinNegations(step: FlowStep, state: Step): string[] {
  if (step.settings.irreversible) return [];
  if (step.function === "journey") return ["rollback"];
  if (step.function !== "each") return [];
  return (state.elements ?? []).flatMap((element, index) =>
    element.status === "succeeded" ? [`${UNDO_ELEMENT}${index}`] : [],
  );
}

/** Of a negation's name: which element it undoes. */
export function undoneElement(negation: string): number | undefined {
  return negation.startsWith(UNDO_ELEMENT) ? Number(negation.slice(UNDO_ELEMENT.length)) : undefined;
}

/** What a child's end tells its parent; travels as the data of a reply. */
export interface ChildEnd {
  child: string;
  index?: number;
  output?: unknown;
}

/** An element has ended: starts the next one, and ends the step when all are settled. */
export function acceptElement(turn: Turn, step: FlowStep, state: Step, reply: ToManager): void {
  const end = reply.data as ChildEnd;
  const index = end.index ?? -1;
  const before = state.elements?.[index];
  const body = {
    step: step.id,
    service: step.service,
    function: step.function,
    attempt: state.attempts,
    data: end.output ?? null,
  };
  if (!before || before.status === "succeeded" || before.status === "failed") {
    turn.emit("step.duplicate", { ...body, reason: `element ${index} had ended` });
    return;
  }
  const next = activeRollback(turn.journey) ? -1 : (state.elements ?? []).findIndex((e) => e.status === "waiting");
  const ended = {
    index,
    status: reply.status === "success" ? ("succeeded" as const) : ("failed" as const),
    output: end.output ?? null,
    error: reply.error ?? undefined,
  };
  turn.emit("step.progressed", {
    ...body,
    error: ended.error,
    detail: { element: ended, start: next === -1 ? [] : [next] },
  });
  const elements = turn.journey.steps[step.id]?.elements ?? [];
  if (!elements.some((element) => element.status === "running")) endEach(turn, step, body, elements);
}

function endEach(turn: Turn, step: FlowStep, body: { step: string; attempt: number }, elements: Element[]): void {
  const common = { ...body, service: step.service, function: step.function };
  if (elements.every((element) => element.status === "succeeded")) {
    turn.emit("step.succeeded", { ...common, data: elements.map((element) => element.output ?? null) });
    return;
  }
  const failed = elements.findIndex((element) => element.status === "failed");
  const count = elements.filter((element) => element.status === "failed").length;
  const first = elements[failed]?.error;
  const error: StepError =
    failed === -1
      ? { code: "cancelled", message: "stopped by the rollback before all elements had run", retryable: false }
      : {
          code: "element_failed",
          message: `${count} of ${elements.length} elements failed; element ${failed}: ${first?.message ?? ""}`,
          retryable: false,
        };
  const effect = elements.some((element) => element.status === "succeeded");
  turn.emit("step.failed", { ...common, data: undefined, error, detail: effect ? { effect } : undefined });
}
