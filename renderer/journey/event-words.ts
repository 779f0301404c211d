/** What the events are called, their kind, and what each says in a line. */
import type { EventType, JourneyEvent } from "../../engine/core/events.ts";
import type { Tone } from "../parts/status.ts";

export type EventKind = "journey" | "forward" | "undo" | "operator";

/** An operator's own events stand apart, whatever their type. */
export function kindOf(event: JourneyEvent): EventKind {
  if (event.actor !== undefined && event.type !== "journey.started") return "operator";
  if (event.type.startsWith("step.")) return "forward";
  if (event.type.startsWith("undo.") || event.type.startsWith("rollback.")) return "undo";
  return "journey";
}

export function toneOf(type: EventType): Tone {
  switch (type) {
    case "step.succeeded":
    case "journey.completed":
      return "ok";
    case "step.failed":
    case "undo.failed":
    case "rollback.failed":
    case "action.refused":
      return "bad";
    case "step.timed_out":
    case "undo.timed_out":
    case "journey.held":
    case "step.late":
    case "step.settled_by_hand":
    case "undo.settled_by_hand":
      return "warn";
    case "undo.dispatched":
    case "undo.progressed":
    case "undo.succeeded":
    case "undo.retry_scheduled":
    case "rollback.started":
    case "rollback.joined":
    case "rollback.completed":
    case "journey.reopened":
      return "undo";
    case "journey.started":
    case "journey.resumed":
    case "step.dispatched":
    case "step.progressed":
      return "run";
    case "journey.paused":
    case "journey.terminated":
    case "journey.migrated":
    case "journey.replayed":
    case "step.retry_scheduled":
    case "step.skipped":
    case "step.duplicate":
      return "dim";
    default:
      return type satisfies never;
  }
}

/** Beside the type: which call, and what was said. */
export function summaryOf(event: JourneyEvent): string {
  const call = event.function === undefined ? event.step : `${event.service}.${event.function}`;
  const attempt = event.attempt === undefined || event.attempt === 1 ? undefined : `attempt ${event.attempt}`;
  const error = event.error === undefined ? undefined : event.error.message || event.error.code;
  const reason = event.reason === undefined || event.reason === "" ? undefined : event.reason;
  const said =
    event.actor === undefined ? reason : [event.actor, reason].filter((part) => part !== undefined).join(": ");
  return [call, attempt, error ?? said].filter((part) => part !== undefined && part !== "").join(" · ");
}

/** All that a filter looks through: types, calls, ids, data, errors, people. */
export function textOf(event: JourneyEvent): string {
  return JSON.stringify(event).toLowerCase();
}
