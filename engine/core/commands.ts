/**
 * What leaves the engine because of an event: commands for services, starts and rollbacks of sub-journeys, and a
 * sub-journey's end told to its parent. Nothing else is ever sent.
 */
import { type ChildEnd, childUuid, undoneElement } from "./builtin.ts";
import type { JourneyEvent } from "./events.ts";
import type { CompiledFlow } from "./flow.ts";
import type { Journey } from "./journey.ts";
import { type FromManager, MANAGER, SCHEMA_VERSION, type StepError, type ToManager } from "./protocol.ts";

export type Message =
  | { to: "service"; key: string; id: string; value: FromManager; traceparent?: string }
  | { to: "manager"; key: string; value: ToManager; headers?: Record<string, string> };

/** The messages of one event. `journey` is the state after the turn. */
export function messagesOf(journey: Journey, event: JourneyEvent, flow: CompiledFlow): Message[] {
  switch (event.type) {
    case "step.dispatched":
      return event.service === MANAGER ? startChildren(journey, event, flow) : [command(journey, event)];
    case "step.progressed":
      return event.detail?.element === undefined ? [] : startChildren(journey, event, flow);
    case "undo.dispatched":
      return event.service === MANAGER ? [rollBackChild(journey, event, flow)] : [negation(journey, event)];
    case "journey.replayed":
      return [
        startRecord(
          journey,
          event.detail?.uuid as string,
          journey.name,
          event.detail?.version as string,
          event.data,
          { replay_of: journey.uuid, actor: event.actor ?? "", reason: event.reason ?? "" },
        ),
      ];
    case "journey.completed":
    case "journey.terminated":
    case "rollback.completed":
    case "action.refused":
      return journey.parent ? tellParent(journey, journey.parent, event) : [];
    default:
      return [];
  }
}

function command(journey: Journey, event: JourneyEvent): Message {
  return {
    to: "service",
    key: journey.uuid,
    id: event.id ?? "",
    value: commandValue(event),
    traceparent: journey.traceparent,
  };
}

function commandValue(event: JourneyEvent): FromManager {
  return {
    uuid: event.uuid,
    name: event.name,
    version: event.version,
    service: event.service ?? "",
    function: event.function ?? "",
    schema_version: SCHEMA_VERSION,
    data: event.data ?? null,
    step: event.step ?? "",
    attempt: event.attempt ?? 1,
  };
}

function negation(journey: Journey, event: JourneyEvent): Message {
  const step = journey.steps[event.step ?? ""];
  const undo = {
    step: event.step ?? "",
    function: step?.function ?? "",
    input: step?.input ?? null,
    output: step?.output ?? null,
    error: step?.error ?? null,
  };
  return {
    to: "service",
    key: journey.uuid,
    id: event.id ?? "",
    value: { ...commandValue(event), undo },
    traceparent: journey.traceparent,
  };
}

// ---- sub-journeys ----

function startRecord(
  journey: Journey,
  uuid: string,
  name: string,
  version: string | undefined,
  data: unknown,
  headers: Record<string, string>,
): Message {
  const trace: Record<string, string> = journey.traceparent === undefined ? {} : { traceparent: journey.traceparent };
  return {
    to: "manager",
    key: uuid,
    headers: { ...trace, ...headers },
    value: {
      uuid,
      name,
      version: version ?? null,
      service: MANAGER,
      function: "start",
      status: "success",
      schema_version: SCHEMA_VERSION,
      data,
    },
  };
}

function startChildren(journey: Journey, event: JourneyEvent, flow: CompiledFlow): Message[] {
  const step = flow.steps[event.step ?? ""];
  if (!step) return [];
  const { flow: name = "", version } = step.settings;
  const attempt = event.attempt ?? 1;
  const start = (data: unknown, index?: number): Message =>
    startRecord(journey, childUuid(journey.uuid, step.id, attempt, index), name, version, data, {
      parent: JSON.stringify({ uuid: journey.uuid, step: step.id, index, attempt }),
    });
  if (step.function === "journey") return [start(event.data)];
  if (step.function !== "each") return [];
  const items = journey.steps[step.id]?.input;
  const indexes = (event.detail?.start as number[] | undefined) ?? [];
  return Array.isArray(items) ? indexes.map((index) => start(items[index], index)) : [];
}

function rollBackChild(journey: Journey, event: JourneyEvent, flow: CompiledFlow): Message {
  const step = flow.steps[event.step ?? ""];
  const state = journey.steps[event.step ?? ""];
  const index = undoneElement(event.function ?? "");
  const attempt = state?.attempts ?? 1;
  const child = index === undefined ? state?.child : undefined;
  const uuid = child ?? childUuid(journey.uuid, event.step ?? "", attempt, index);
  return {
    to: "manager",
    key: uuid,
    value: {
      uuid,
      name: step?.settings.flow ?? "",
      service: MANAGER,
      function: "rollback",
      status: "success",
      schema_version: SCHEMA_VERSION,
      data: { id: event.id, actor: MANAGER, reason: `undo of ${journey.uuid} ${step?.id ?? ""}`, force: true },
    },
  };
}

/** A child that completed or ended otherwise answers its parent's step; one that was rolled back answers its undo. */
function tellParent(journey: Journey, parent: NonNullable<Journey["parent"]>, event: JourneyEvent): Message[] {
  const undoId = `${parent.uuid}/${parent.step}/undo/`;
  const asked = journey.actions.find((id) => id.startsWith(undoId));
  const end: ChildEnd = { child: journey.uuid, index: parent.index };
  const reply = (functionName: string, status: ToManager["status"], data: ChildEnd, error?: StepError): Message => ({
    to: "manager",
    key: parent.uuid,
    value: {
      uuid: parent.uuid,
      name: "",
      service: MANAGER,
      function: functionName,
      status,
      schema_version: SCHEMA_VERSION,
      data,
      step: parent.step,
      attempt: functionName === stepFunction ? parent.attempt : attemptOf(asked),
      error,
    },
  });
  const stepFunction = parent.index === undefined ? "journey" : "each";
  const undoFunction = parent.index === undefined ? "rollback" : `rollback/${parent.index}`;
  if (event.type === "action.refused") {
    return event.id?.startsWith(undoId) ? [reply(undoFunction, "failure", end, event.error)] : [];
  }
  if (event.type === "journey.completed") return [reply(stepFunction, "success", { ...end, output: event.data })];
  if (journey.status !== "rolled_back" && journey.status !== "terminated") return [];
  if (asked !== undefined && event.type === "rollback.completed") return [reply(undoFunction, "success", end)];
  const error = journey.error ?? { code: journey.status, message: `the sub-journey is ${journey.status}` };
  return [reply(stepFunction, "failure", end, { ...error, retryable: false })];
}

/** The attempt's number stands last in a command's id. */
const attemptOf = (commandId: string | undefined): number | undefined => {
  const last = Number(commandId?.split("/").at(-1));
  return Number.isInteger(last) ? last : undefined;
};
