/**
 * Steps of the service `manager`: `wait` and `approve` need nobody else; `journey` and `each` run other journeys, whose
 * ends come back as replies. They are undone by rolling those journeys back. What they do while they are under way is
 * said in sub-journeys.ts.
 */
import type { FlowStep } from "./flow.ts";
import type { Element, Journey, Step } from "./journey.ts";
import { MANAGER } from "./manager-service.ts";
import type { StepError } from "./protocol.ts";
import { finalError } from "./step-errors.ts";

/** Journeys within journeys, at most: a flow that runs itself for ever would fill the disk. */
const MAXIMUM_DEPTH = 20;
/**
 * Elements of one `each`, at most: their outputs and undos lie in one record of the state, which is written anew at each
 * of their ends.
 */
const MAXIMUM_ELEMENTS = 1_000;
const UNDO_ELEMENT = "rollback/";

/** A step of a flow, or its state in a journey. */
type Called = Pick<FlowStep, "service" | "function">;
const isBuiltIn = (step: Called, name: string): boolean => step.service === MANAGER && step.function === name;
export const isEach = (step: Called): boolean => isBuiltIn(step, "each");
export const isApproval = (step: Called): boolean => isBuiltIn(step, "approve");
export const isWait = (step: Called): boolean => isBuiltIn(step, "wait");
export const isSubJourney = (step: Called): boolean => isBuiltIn(step, "journey");

/** Why this step can't run its journeys, as far as its parent can know. */
export function whyNotRun(journey: Journey, step: FlowStep, data: unknown): StepError | undefined {
  const depth = journey.parent?.depth ?? 0;
  if ((isSubJourney(step) || isEach(step)) && depth >= MAXIMUM_DEPTH) {
    const message = `${depth} journeys are above this one already; no more than ${MAXIMUM_DEPTH} run within each other`;
    return finalError("too_deep", message);
  }
  const items = isEach(step) && Array.isArray(data) ? data.length : 0;
  if (items <= MAXIMUM_ELEMENTS) return undefined;
  const message = `${items} elements; ${MAXIMUM_ELEMENTS} are allowed: give it lists of lists, and let its flow go through each`;
  return finalError("too_many_elements", message);
}

/** The next elements to start: those that wait, as far as `concurrency` leaves room beside those that run. */
export function nextElements(step: FlowStep, elements: readonly Element[]): number[] {
  const running = elements.filter((element) => element.status === "running").length;
  const waiting = elements.flatMap((element, index) => (element.status === "waiting" ? [index] : []));
  return waiting.slice(0, Math.max(0, (step.settings.concurrency as number) - running));
}

/** The elements as an attempt begins: those that succeeded in an earlier one are not run again. */
export function elementsOf(state: Step, count: number): Element[] {
  return Array.from({ length: count }, (_, index) => {
    const before = state.elements?.[index];
    return before?.status === "succeeded" ? before : { status: "waiting" };
  });
}

/** Elements of an earlier attempt stand: the list they are from must stay as it is. */
export const hasSucceededElements = (state: Step): boolean =>
  state.elements?.some((element) => element.status === "succeeded") === true;

/** Journeys that the step started have not told their end yet. */
export function hasRunningJourneys(state: Step): boolean {
  if (isEach(state)) return state.elements?.some((element) => element.status === "running") === true;
  return isSubJourney(state) && state.open.some((attempt) => !attempt.former);
}

/**
 * What undoes a built-in step: the rollback of the journeys that succeeded, and of those that still ran when the step was
 * given up on, or settled by hand.
 */
export function builtinNegations(step: FlowStep, state: Step): string[] {
  if (step.settings.irreversible) return [];
  if (isSubJourney(step)) return ["rollback"];
  if (!isEach(step)) return [];
  const isOver = state.status !== "dispatched" && state.status !== "inprogress";
  return (state.elements ?? []).flatMap(({ status }, index) =>
    status === "succeeded" || (isOver && status === "running") ? [undoOfElement(index)] : [],
  );
}

/** The name of the negation that rolls an element back. */
export const undoOfElement = (index: number): string => `${UNDO_ELEMENT}${index}`;

/** Of a negation's name: which element it undoes. */
export function undoneElement(negation: string): number | undefined {
  return negation.startsWith(UNDO_ELEMENT) ? Number(negation.slice(UNDO_ELEMENT.length)) : undefined;
}

/** The element that a negation of an `each` undoes. */
export function elementToUndo(state: Step, negation: string): Element | undefined {
  const index = undoneElement(negation);
  return index === undefined ? undefined : state.elements?.[index];
}
