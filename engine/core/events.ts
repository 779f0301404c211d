/**
 * Journey events: the closed list of facts a journey is made of. They are the audit, and the only thing `evolve`
 * reads; commands are the `*.dispatched` events, sent.
 */
import type { Position, StepError } from "./protocol.ts";

export const EVENT_TYPES = [
  "journey.started",
  "journey.completed",
  "journey.held",
  "journey.paused",
  "journey.resumed",
  "journey.terminated",
  "journey.migrated",
  "journey.reopened",
  "journey.replayed",
  "step.dispatched",
  "step.progressed",
  "step.succeeded",
  "step.failed",
  "step.timed_out",
  "step.retry_scheduled",
  "step.skipped",
  "step.settled_by_hand",
  "step.late",
  "step.duplicate",
  "rollback.started",
  "rollback.joined",
  "rollback.completed",
  "rollback.failed",
  "undo.dispatched",
  "undo.progressed",
  "undo.succeeded",
  "undo.failed",
  "undo.timed_out",
  "undo.retry_scheduled",
  "undo.settled_by_hand",
  "action.refused",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/**
 * What `evolve` needs beside the payload. Times are ISO 8601 UTC.
 * - `due`: when the attempt's clock runs out (dispatched, progressed) or the retry goes out (retry_scheduled)
 * - `total_due`: when all attempts of a step together run out
 * - `deadline`: when the journey runs out (journey.started)
 */
export interface EventDetail {
  due?: string;
  total_due?: string;
  deadline?: string;
  [name: string]: unknown;
}

/** An event that sends a command: a step's, or a negation's. */
export type CommandEvent = JourneyEvent &
  Required<Pick<JourneyEvent, "step" | "service" | "function" | "attempt" | "id" | "data">>;

export function isCommand(event: JourneyEvent): event is CommandEvent {
  return event.type === "step.dispatched" || event.type === "undo.dispatched";
}

/** One journey event, exactly as it is written to `antigraph.audit`. `seq` counts from 1 without gaps. */
export interface JourneyEvent {
  uuid: string;
  seq: number;
  /** ISO 8601 UTC, milliseconds. */
  at: string;
  type: EventType;
  name: string;
  version: string;
  step?: string;
  service?: string;
  function?: string;
  attempt?: number;
  /** The command's id (dispatches, and what answers them), or the action's id. */
  id?: string;
  /** The payload: a command's data, a step's output, a journey's input or output. */
  data?: unknown;
  error?: StepError;
  actor?: string;
  reason?: string;
  detail?: EventDetail;
  /** The record that caused this; absent for timers. */
  cause?: Position;
}
