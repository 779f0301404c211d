/** The fold of one step: its attempts, what came late, the elements of an `each`, and its negations. */
import { elementsOf } from "./builtin.ts";
import type { EventDetail, JourneyEvent } from "./events.ts";
import { callAfter } from "./fold-calls.ts";
import type { Element, Negation, OpenAttempt, Step } from "./journey.ts";

export function stepAfter(before: Step, event: JourneyEvent, at: number, detail: EventDetail): Step {
  const step = callAfter(before, event, at, detail);
  switch (event.type) {
    case "step.dispatched":
      return {
        ...step,
        service: event.service ?? step.service,
        function: event.function ?? step.function,
        input: event.data ?? null,
        forcedInput: undefined,
        waitingFor: undefined,
        child: detail.child as string | undefined,
        elements: startElements(before, event, detail),
        stopping: undefined,
      };
    case "step.progressed":
      return {
        ...step,
        elements: step.elements && elementsAfter(step.elements, event, detail),
        stopping: detail.stop === true ? true : step.stopping,
      };
    case "step.succeeded":
    case "step.settled_by_hand":
      return {
        ...step,
        output: event.data ?? null,
        waitingFor: undefined,
      };
    case "step.failed":
      return { ...step, waitingFor: undefined, tookEffect: detail.effect === true ? true : step.tookEffect };
    case "step.retry_scheduled":
      return {
        ...step,
        waitingFor: detail.waiting_for === "service" ? "service" : undefined,
        forcedInput: "data" in event ? { data: event.data } : step.forcedInput,
      };
    case "step.skipped":
      return {
        ...step,
        status: "skipped",
        open: step.open.filter((open) => open.former),
        dueAt: undefined,
        retryAt: undefined,
        waitingFor: undefined,
        endedAt: at,
      };
    case "step.late":
      return lateReply(step, event, detail);
    default:
      return step;
  }
}

/** A reply for an attempt given up on: a failure makes the outcome known, a success is an effect to be undone. */
function lateReply(step: Step, event: JourneyEvent, detail: EventDetail): Step {
  if (detail.status === "inprogress") return step;
  const without = (open: OpenAttempt[]): OpenAttempt[] => open.filter((attempt) => attempt.attempt !== event.attempt);
  const name = detail.negation as string | undefined;
  const negation = name === undefined ? undefined : step.undo?.[name];
  if (name !== undefined) {
    return negation
      ? { ...step, undo: { ...step.undo, [name]: { ...negation, open: without(negation.open) } } }
      : step;
  }
  if (detail.element !== undefined) return lateElement(step, event, detail);
  const open = without(step.open);
  if (detail.effect !== true) return { ...step, open };
  const output = event.data === undefined ? step.output : event.data;
  return { ...step, open, output, tookEffect: true, undoAgain: step.undo !== undefined };
}

type EndedElement = { index: number } & Element;

/** An element that ends after its step was given up on. */
function lateElement(step: Step, event: JourneyEvent, detail: EventDetail): Step {
  const elements = elementsAfter(step.elements ?? [], event, detail);
  const open = elements.some((element) => element.status === "running") ? step.open : [];
  return { ...step, elements, open, tookEffect: detail.effect === true || step.tookEffect };
}

function startElements(before: Step, event: JourneyEvent, detail: EventDetail): Element[] | undefined {
  const count = detail.elements as number | undefined;
  return count === undefined ? undefined : elementsAfter(elementsOf(before, count), event, detail);
}

function elementsAfter(elements: Element[], event: JourneyEvent, detail: EventDetail): Element[] {
  const ended = detail.element as EndedElement | undefined;
  const start = new Set((detail.start as number[] | undefined) ?? []);
  return elements.map((element, index) => {
    if (start.has(index)) return { status: "running", attempt: event.attempt };
    if (index !== ended?.index) return element;
    return { status: ended.status, attempt: element.attempt, output: ended.output, error: ended.error };
  });
}

// ---- negations ----

/** The step after something happened to one of its negations. */
export function stepAfterUndo(step: Step, event: JourneyEvent, at: number, detail: EventDetail): Step {
  const name = event.function ?? "";
  const fresh = { ...freshNegation, attempts: step.undoAttempts?.[name] ?? 0 };
  const negation = callAfter(step.undo?.[name] ?? fresh, event, at, detail);
  const undo = { ...step.undo, [name]: withData(negation, event, detail) };
  return { ...step, undo, ...undoStatus(step, undo, event, at, detail) };
}

const freshNegation: Negation = { status: "waiting", attempts: 0, tries: 0, open: [] };

function withData(negation: Negation, event: JourneyEvent, detail: EventDetail): Negation {
  if (event.type === "undo.dispatched" && detail.again === true) {
    // What the former round is answered with now says nothing of this one.
    return { ...negation, tries: 1, data: undefined, open: negation.open.slice(-1) };
  }
  if (event.type === "undo.failed" && detail.again === true) return { ...negation, data: undefined, open: [] };
  if (event.type === "undo.retry_scheduled" && "data" in event) return { ...negation, data: event.data };
  return negation;
}

function undoStatus(
  step: Step,
  undo: Record<string, Negation>,
  event: JourneyEvent,
  at: number,
  detail: EventDetail,
): Partial<Step> {
  const negations = Object.values(undo);
  const again = detail.again === true ? { undoAgain: undefined } : {};
  if (event.type === "undo.dispatched") {
    return { ...again, status: step.status === "undo_failed" && anyFailed(undo) ? "undo_failed" : "undoing" };
  }
  if (negations.every((negation) => negation.status === "succeeded")) return { status: "undone", endedAt: at };
  if (step.status === "undo_failed" && !anyFailed(undo)) return { status: "undoing" };
  return again;
}

/** A negation whose retries are used up; one with a retry scheduled is waiting. */
function anyFailed(undo: Record<string, Negation>): boolean {
  return Object.values(undo).some((negation) => negation.status === "failed" || negation.status === "timed_out");
}
