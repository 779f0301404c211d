/** How a step and the edges around it look at a moment: what the graph, the outline and the details show of it. */
import type { CompiledFlow, FlowStep } from "../../engine/core/flow.ts";
import type { Journey, Step } from "../../engine/core/journey.ts";
import type { StepStatus } from "../../engine/core/view.ts";
import { builtInNote, stepName } from "./step-name.ts";

export interface StepLook {
  id: string;
  /** What it is called on the page. */
  title: string;
  service: string;
  function: string;
  status: StepStatus;
  attempts: number;
  /** Milliseconds since 1970; from the first dispatch to the end of the last attempt. */
  startedAt?: number;
  endedAt?: number;
  /** When the next attempt goes out. */
  retryAt?: number;
  /** The third line of its box: what became or becomes of it. */
  note: string;
  /** The negations, once their commands went out. */
  negations: { name: string; status: StepStatus; attempts: number }[];
  /** It began or joined the rollback. */
  isCause: boolean;
}

/** An edge of the anti-graph, read from its forward edge: has the rollback walked it? */
export type UndoWalk = "none" | "planned" | "active" | "walked" | "stuck";

/** The functions that undo a step: those of the version that executed it. */
export function negationsOf(drawn: FlowStep | undefined, state: Step | undefined): string[] {
  if (drawn?.settings.irreversible) return [];
  const sent = Object.keys(state?.undo ?? {});
  return state?.negations ?? (drawn === undefined || drawn.negations.length === 0 ? sent : drawn.negations);
}

/** It took effect, as far as is known. */
export function tookEffect(state: Step | undefined): boolean {
  return state?.status === "succeeded" || state?.tookEffect === true;
}

export function isRollingBack(journey: Journey): boolean {
  return journey.rollback !== undefined && journey.rollback.endedAt === undefined;
}

export function hasEnded(journey: Journey): boolean {
  return journey.status === "completed" || journey.status === "rolled_back" || journey.status === "terminated";
}

/** Something is called, or will be by itself. A journey that waits for a person stands still. */
export function isUnderWay(journey: Journey): boolean {
  if (hasEnded(journey) || journey.status === "paused") return false;
  const isOpen = ({ status, retryAt }: { status: StepStatus; retryAt?: number }): boolean =>
    status === "dispatched" || status === "inprogress" || retryAt !== undefined;
  return Object.values(journey.steps).some((step) => isOpen(step) || Object.values(step.undo ?? {}).some(isOpen));
}

export function stepLook(id: string, drawn: FlowStep | undefined, journey: Journey): StepLook {
  const state = Object.hasOwn(journey.steps, id) ? journey.steps[id] : undefined;
  return {
    id,
    title: stepName(id, drawn ?? state),
    service: drawn?.service ?? state?.service ?? "",
    function: drawn?.function ?? state?.function ?? "",
    status: state?.status ?? "waiting",
    attempts: state?.attempts ?? 0,
    startedAt: state?.startedAt,
    endedAt: state?.endedAt,
    retryAt: state?.retryAt,
    note: noteOf(id, drawn, state, journey) || (builtInNote(drawn, state) ?? ""),
    negations: Object.entries(state?.undo ?? {}).map(([name, { status, attempts }]) => ({ name, status, attempts })),
    isCause: journey.rollback?.causes.includes(id) === true,
  };
}

function noteOf(id: string, drawn: FlowStep | undefined, state: Step | undefined, journey: Journey): string {
  const status = state?.status ?? "waiting";
  switch (status) {
    case "waiting":
      return waitingNote(state, journey);
    case "dispatched":
    case "inprogress":
      return state?.waitingFor === "service" ? "waits for its service" : "";
    case "succeeded":
      return standingNote(id, drawn, state, journey);
    case "failed":
    case "timed_out": {
      if (state?.tookEffect) return "took effect all the same";
      const { error } = state ?? {};
      return error === undefined ? "" : error.message === "" ? (error.code ?? "") : error.message;
    }
    case "skipped":
      return "not on the way taken";
    case "undoing":
    case "undone":
    case "undo_failed":
      return "";
    default:
      return status satisfies never;
  }
}

function waitingNote(state: Step | undefined, journey: Journey): string {
  if (state?.waitingFor === "service") return `waits until ${state.service} is up`;
  if (state?.retryAt !== undefined) return "waits for its next attempt";
  if (hasEnded(journey)) return state !== undefined && state.attempts > 0 ? "set back" : "never ran";
  return "";
}

function standingNote(id: string, drawn: FlowStep | undefined, state: Step | undefined, journey: Journey): string {
  const { rollback } = journey;
  if (rollback === undefined) return "";
  const nothing = drawn?.settings.irreversible ? "can't be undone" : "nothing to undo";
  if (!rollback.set.includes(id)) return rollback.scope === "journey" ? "" : "stays: outside the rollback";
  if (negationsOf(drawn, state).length === 0) return nothing;
  return isRollingBack(journey) ? "waits to be undone" : "stands";
}

/** Of the edge from `from` to `to`: the rollback walks it from `to` back to `from`. */
export function undoWalk(from: string, to: string, journey: Journey): UndoWalk {
  const { rollback } = journey;
  if (rollback === undefined || !rollback.set.includes(from)) return "none";
  const [before, after] = [journey.steps[from], journey.steps[to]];
  const behind = rollback.set.includes(to) || rollback.causes.includes(to);
  if (before === undefined || after === undefined || after.status === "waiting" || !behind) return "none";
  switch (before.status) {
    case "undoing":
      return "active";
    case "undone":
      return "walked";
    case "undo_failed":
      return "stuck";
    case "succeeded":
      return isRollingBack(journey) ? "planned" : "none";
    default:
      return "none";
  }
}

/** The edge was taken on the way forward. */
export function wasTaken(from: string | undefined, to: string, journey: Journey): boolean {
  const after = journey.steps[to];
  if (after === undefined || after.status === "skipped" || after.attempts === 0) return false;
  return from === undefined || journey.steps[from]?.status !== "skipped";
}

/**
 * The step to look at first: one whose undo failed, else what the journey is held for, else what began the rollback,
 * else what failed. Undefined when nothing is wrong.
 */
export function troubledStep(journey: Journey, flow: CompiledFlow | undefined): string | undefined {
  const order = flow?.order ?? Object.keys(journey.steps);
  const first = (is: (step: Step) => boolean): string | undefined =>
    order.find((id) => {
      const step = journey.steps[id];
      return step !== undefined && is(step);
    });
  return (
    first(({ status }) => status === "undo_failed") ??
    journey.held?.steps[0] ??
    (journey.status === "completed" ? undefined : journey.rollback?.causes[0]) ??
    first(({ status }) => status === "failed" || status === "timed_out")
  );
}

/** Where the graph opens: the troubled step, else one under way, else the last that something happened to. */
export function stepToShow(journey: Journey, flow: CompiledFlow): string | undefined {
  const troubled = troubledStep(journey, flow);
  if (troubled !== undefined && flow.steps[troubled] !== undefined) return troubled;
  const live = flow.order.find((id) => {
    const status = journey.steps[id]?.status;
    return status === "dispatched" || status === "inprogress" || status === "undoing";
  });
  if (live !== undefined) return live;
  return journey.status === "completed"
    ? flow.order[0]
    : flow.order.findLast((id) => journey.steps[id] !== undefined);
}
