/**
 * The one fold: `state = events.reduce(evolve)`. The engine, the audit cache and the console's time travel all use this
 * function, so that what is shown is what was decided on. It reads nothing but the event: no flow, no clock.
 */
import type { EventDetail, JourneyEvent } from "./events.ts";
import {
  currentStatus,
  resetOf,
  rollbackCompleted,
  rollbackJoined,
  rollbackStarted,
  setBack,
  union,
  withStatus,
} from "./fold-rollback.ts";
import { stepAfter, stepAfterUndo } from "./fold-steps.ts";
import { ms, optionalMs } from "./iso.ts";
import type { Call, Held, Journey, Step } from "./journey.ts";

/** The state after `event`. `journey` is undefined exactly for `journey.started`. */
export function evolve(journey: Journey | undefined, event: JourneyEvent): Journey {
  if (!journey && event.type === "journey.started") return started(event);
  if (!journey) throw new Error(`journey ${event.uuid} has no journey.started before seq ${event.seq}`);
  return apply({ ...journey, seq: event.seq, actions: seenActions(journey, event) }, event);
}

/** Whatever an action caused carries its id; dispatches carry the command's id instead. */
function seenActions(journey: Journey, event: JourneyEvent): string[] {
  if (event.actor === undefined || event.id === undefined || journey.actions.includes(event.id))
    return journey.actions;
  return [...journey.actions, event.id];
}

function started(event: JourneyEvent): Journey {
  const detail = event.detail ?? {};
  return {
    uuid: event.uuid,
    name: event.name,
    version: event.version,
    status: "running",
    seq: event.seq,
    input: event.data ?? null,
    startedAt: ms(event.at),
    deadlineAt: optionalMs(detail.deadline),
    replayOf: detail.replay_of as string | undefined,
    parent: detail.parent as Journey["parent"],
    traceparent: detail.traceparent as string | undefined,
    steps: {},
    actions: [],
  };
}

function apply(journey: Journey, event: JourneyEvent): Journey {
  const at = ms(event.at);
  const detail = event.detail ?? {};
  switch (event.type) {
    case "journey.completed":
      return { ...withStatus(journey, "completed"), output: event.data ?? null, endedAt: at, deadlineAt: undefined };
    case "journey.held":
      return {
        ...withStatus(journey, "held"),
        held: addHeld(journey.held, event),
        deadlineAt: detail.kind === "deadline" ? undefined : journey.deadlineAt,
      };
    case "journey.paused":
      return { ...journey, status: "paused", paused: { at, from: journey.status } };
    case "journey.resumed":
      return resumed(journey, at, detail);
    case "journey.terminated":
      return {
        ...journey,
        status: "terminated",
        endedAt: at,
        held: undefined,
        paused: undefined,
        error: event.error,
      };
    case "journey.migrated":
      return migrated(journey, event);
    case "journey.reopened":
      return {
        ...withStatus(journey, "rolling_back"),
        endedAt: undefined,
        held: undefined,
        rollback: journey.rollback && { ...journey.rollback, endedAt: undefined },
      };
    case "rollback.started":
      return rollbackStarted(journey, event, at);
    case "rollback.joined":
      return rollbackJoined(journey, event, at);
    case "rollback.completed":
      return rollbackCompleted(journey, at);
    case "rollback.failed":
      return withStatus(
        changeStep(journey, event, (step) => ({ ...step, status: "undo_failed" })),
        "rollback_failed",
      );
    case "journey.started":
    case "journey.replayed":
    case "action.refused":
    case "step.duplicate":
      return journey;
    case "step.dispatched":
    case "step.progressed":
    case "step.succeeded":
    case "step.failed":
    case "step.timed_out":
    case "step.retry_scheduled":
    case "step.skipped":
    case "step.settled_by_hand":
    case "step.late":
      return settleHold(
        changeStep(journey, event, (step) => stepAfter(step, event, at, detail)),
        event,
      );
    case "undo.dispatched":
    case "undo.progressed":
    case "undo.succeeded":
    case "undo.failed":
    case "undo.timed_out":
    case "undo.retry_scheduled":
    case "undo.settled_by_hand":
      return undoChanged(journey, event, at, detail);
    default:
      // What a later version writes changes nothing here.
      event.type satisfies never;
      return journey;
  }
}

function addHeld(held: Held | undefined, event: JourneyEvent): Held {
  const steps = held?.steps ?? [];
  const more = event.step !== undefined && !steps.includes(event.step) ? [event.step] : [];
  return {
    kind: (event.detail?.kind as Held["kind"] | undefined) ?? "failure",
    steps: [...steps, ...more],
    why: event.reason ?? "",
  };
}

/** A step that is settled or tried again is no reason to be held any more. Approvals are counted by closing.ts. */
function settleHold(journey: Journey, event: JourneyEvent): Journey {
  const { held } = journey;
  const settles =
    event.type === "step.succeeded" || event.type === "step.settled_by_hand" || event.type === "step.retry_scheduled";
  if (!settles || !held || held.kind === "approval" || !held.steps.includes(event.step ?? "")) return journey;
  return { ...journey, held: { ...held, steps: held.steps.filter((id) => id !== event.step) } };
}

const untouched = (event: JourneyEvent): Step => ({
  service: event.service ?? "",
  function: event.function ?? "",
  status: "waiting",
  attempts: 0,
  tries: 0,
  open: [],
});

function changeStep(journey: Journey, event: JourneyEvent, change: (step: Step) => Step): Journey {
  const id = event.step ?? "";
  const step = journey.steps[id] ?? untouched(event);
  return { ...journey, steps: { ...journey.steps, [id]: change(step) } };
}

function undoChanged(journey: Journey, event: JourneyEvent, at: number, detail: EventDetail): Journey {
  const changed = changeStep(journey, event, (step) => stepAfterUndo(step, event, at, detail));
  // The last failed undo was taken in hand, or succeeded late: the journey is rolling back again.
  if (currentStatus(changed) === "rollback_failed" && !anyUndoFailed(changed)) {
    return withStatus(changed, "rolling_back");
  }
  return changed;
}

function anyUndoFailed(journey: Journey): boolean {
  return Object.values(journey.steps).some((step) => step.status === "undo_failed");
}

/** Ends a pause (clocks are moved by its length) or a hold; `reset` sets steps back to waiting, to run again. */
function resumed(journey: Journey, at: number, detail: EventDetail): Journey {
  if (journey.paused) {
    const { from, at: since } = journey.paused;
    return shiftClocks({ ...journey, status: from, paused: undefined }, at - since);
  }
  const reset = new Set(resetOf(detail));
  const forced = detail.forced as Record<string, { data: unknown }> | undefined;
  const steps = Object.entries(journey.steps).map(([id, step]): [string, Step] =>
    reset.has(id) ? [id, { ...setBack(step), forcedInput: forced?.[id] }] : [id, step],
  );
  const rollback = journey.rollback && {
    ...journey.rollback,
    again: union(journey.rollback.again, [...reset]),
    causes: journey.rollback.causes.filter((id) => !reset.has(id)),
    former: journey.rollback.former.filter((id) => !reset.has(id)),
    reset: reset.size > 0 ? [] : journey.rollback.reset,
  };
  const active = journey.rollback !== undefined && journey.rollback.endedAt === undefined;
  return {
    ...journey,
    status: active ? "rolling_back" : "running",
    held: undefined,
    error: active ? journey.error : undefined,
    rollback,
    steps: Object.fromEntries(steps),
  };
}

function shiftClocks(journey: Journey, byMs: number): Journey {
  const later = (time: number | undefined): number | undefined => (time === undefined ? undefined : time + byMs);
  const shift = <C extends Call>(call: C): C => ({
    ...call,
    dueAt: call.fixed ? call.dueAt : later(call.dueAt),
    totalDueAt: later(call.totalDueAt),
    retryAt: later(call.retryAt),
  });
  const shiftStep = (step: Step): Step => ({
    ...shift(step),
    ...(step.undo
      ? { undo: Object.fromEntries(Object.entries(step.undo).map(([name, negation]) => [name, shift(negation)])) }
      : {}),
  });
  return {
    ...journey,
    deadlineAt: later(journey.deadlineAt),
    steps: Object.fromEntries(Object.entries(journey.steps).map(([id, step]) => [id, shiftStep(step)])),
  };
}

function migrated(journey: Journey, event: JourneyEvent): Journey {
  const kept = (event.detail?.negations as Record<string, string[]> | undefined) ?? {};
  const steps = Object.entries(journey.steps).map(([id, step]): [string, Step] =>
    kept[id] ? [id, { ...step, negations: kept[id] }] : [id, step],
  );
  return { ...journey, version: event.version, steps: Object.fromEntries(steps) };
}
