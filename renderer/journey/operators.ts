/** Who did what: the actions of operators as they stand in a journey's history. */
import type { JourneyEvent } from "../../engine/core/events.ts";
import { stepName } from "./step-name.ts";

export interface OperatorAction {
  /** Of the event it was first seen in. */
  seq: number;
  at: string;
  actor: string;
  /** In the past tense: `cancelled the journey`. */
  did: string;
  /** The step or negation meant. */
  target?: string;
  reason: string;
  /** Why the journey refused it. */
  refused?: { code?: string; message: string };
  /** The journey that a replay started. */
  replay?: string;
}

/** In order; an action that left several events is listed once. */
export function operatorActions(events: readonly JourneyEvent[]): OperatorAction[] {
  const seen = new Set<string>();
  const actions: OperatorAction[] = [];
  for (const event of events) {
    if (event.actor === undefined || (event.id !== undefined && seen.has(event.id))) continue;
    const did = deed(event);
    if (did === undefined) continue;
    if (event.id !== undefined) seen.add(event.id);
    actions.push({
      seq: event.seq,
      at: event.at,
      actor: event.actor,
      did,
      target: targetOf(event),
      reason: event.reason ?? "",
      refused:
        event.type === "action.refused"
          ? { code: event.error?.code, message: event.error?.message ?? "" }
          : undefined,
      replay: event.type === "journey.replayed" ? (event.detail?.uuid as string | undefined) : undefined,
    });
  }
  return actions;
}

const TRIGGERS: Record<string, string> = {
  rollback: "rolled it back",
  cancel: "cancelled it",
  rerun: "had it run again",
};

function deed(event: JourneyEvent): string | undefined {
  switch (event.type) {
    case "journey.started":
      return "started it";
    case "rollback.started":
    case "rollback.joined":
      return TRIGGERS[(event.detail?.trigger as string | undefined) ?? "rollback"] ?? "rolled it back";
    case "journey.terminated":
      return "terminated it";
    case "journey.paused":
      return "paused it";
    case "journey.resumed":
      return "resumed it";
    case "journey.replayed":
      return "replayed it";
    case "journey.migrated":
      return `moved it to version ${event.version}`;
    case "step.retry_scheduled":
    case "undo.retry_scheduled":
      return "retried";
    case "step.settled_by_hand":
    case "undo.settled_by_hand":
      return "settled by hand";
    case "action.refused":
      return `asked to ${(event.detail?.action as string | undefined) ?? "act"}`;
    default:
      return undefined;
  }
}

function targetOf(event: JourneyEvent): string | undefined {
  const { step, service, function: name } = event;
  if (service !== undefined && name !== undefined) return stepName(step ?? name, { service, function: name });
  return event.type === "action.refused" ? step : undefined;
}
