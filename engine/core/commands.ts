/**
 * What leaves the engine because of an event: commands for services, starts of replays, and what journeys that run each
 * other tell one another (sub-journey-messages.ts). Nothing else is ever sent.
 */
import { commandRecord } from "./command-record.ts";
import { type CommandEvent, isCommand, type JourneyEvent } from "./events.ts";
import type { CompiledFlow } from "./flow.ts";
import type { Journey } from "./journey.ts";
import { type FromManager, MANAGER } from "./protocol.ts";
import {
  type ManagerMessage,
  rollBackChild,
  startChildren,
  startRecord,
  stopChildren,
  tellParent,
  terminateChildren,
} from "./sub-journey-messages.ts";

export type Message =
  | { to: "service"; key: string; id: string; value: FromManager; traceparent?: string }
  | ManagerMessage;

/** The messages of one event. `journey` is the state after the turn. */
export function messagesOf(journey: Journey, event: JourneyEvent, flow: CompiledFlow): Message[] {
  if (isCommand(event)) return commandsOf(journey, event, flow);
  switch (event.type) {
    case "step.progressed":
      return event.service === MANAGER
        ? [...startChildren(journey, event, flow), ...stopChildren(journey, event)]
        : [];
    case "journey.replayed":
      return [replay(journey, event)];
    case "journey.terminated":
      return [...terminateChildren(journey, event), ...tellParent(journey, event)];
    case "journey.completed":
    case "rollback.completed":
    case "action.refused":
      return tellParent(journey, event);
    default:
      return [];
  }
}

function commandsOf(journey: Journey, event: CommandEvent, flow: CompiledFlow): Message[] {
  if (event.service !== MANAGER) return [toService(journey, event)];
  return event.type === "undo.dispatched"
    ? [rollBackChild(journey, event, flow)]
    : startChildren(journey, event, flow);
}

function toService(journey: Journey, event: CommandEvent): Message {
  const { step, attempt, service, function: called, data, id } = event;
  const state = event.type === "undo.dispatched" ? journey.steps[step] : undefined;
  const value = commandRecord(journey, { step, attempt, service, function: called, data }, state);
  return { to: "service", key: journey.uuid, id, value, traceparent: journey.traceparent };
}

function replay(journey: Journey, event: JourneyEvent): Message {
  const { uuid, version } = event.detail as { uuid: string; version: string };
  const by = { actor: event.actor as string, reason: event.reason as string };
  return startRecord(journey, uuid, journey.name, version, event.data, { replay_of: journey.uuid, ...by });
}
