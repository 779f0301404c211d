/**
 * What leaves the engine because of an event: commands for services; starts, cancels and rollbacks of sub-journeys, and
 * a sub-journey's end told to its parent. Nothing else is ever sent.
 */
import { undoneElement } from "./builtin.ts";
import type { JourneyEvent } from "./events.ts";
import type { CompiledFlow } from "./flow.ts";
import type { Journey, Parent } from "./journey.ts";
import { childUuid } from "./journey-ids.ts";
import { type FromManager, MANAGER, SCHEMA_VERSION, type StepError, type ToManager } from "./protocol.ts";
import type { ChildEnd } from "./sub-journeys.ts";

export type Message =
  | { to: "service"; key: string; id: string; value: FromManager; traceparent?: string }
  | { to: "manager"; key: string; value: ToManager; headers?: Record<string, string> };

/** The messages of one event. `journey` is the state after the turn. */
export function messagesOf(journey: Journey, event: JourneyEvent, flow: CompiledFlow): Message[] {
  switch (event.type) {
    case "step.dispatched":
      return event.service === MANAGER ? startChildren(journey, event, flow) : [command(journey, event)];
    case "step.progressed":
      return event.service === MANAGER
        ? [...startChildren(journey, event, flow), ...stopChildren(journey, event)]
        : [];
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

/** A record for another journey's home. */
function toJourney(uuid: string, name: string, called: string, data: unknown): ToManager {
  const fixed = { service: MANAGER, status: "success", schema_version: SCHEMA_VERSION } as const;
  return { uuid, name, function: called, data, ...fixed };
}

function startRecord(
  journey: Journey,
  uuid: string,
  name: string,
  version: string | undefined,
  data: unknown,
  headers: Record<string, string>,
): Message {
  const trace: Record<string, string> = journey.traceparent === undefined ? {} : { traceparent: journey.traceparent };
  const value = { ...toJourney(uuid, name, "start", data), version: version ?? null };
  return { to: "manager", key: uuid, headers: { ...trace, ...headers }, value };
}

/** Header of the records that a parent sends to its children: who wants to know what becomes of them. */
function parentHeader(journey: Journey, event: JourneyEvent, index: number | undefined): { parent: string } {
  const depth = (journey.parent?.depth ?? 0) + 1;
  const parent: Parent = { uuid: journey.uuid, step: event.step ?? "", index, attempt: event.attempt, depth };
  return { parent: JSON.stringify(parent) };
}

function startChildren(journey: Journey, event: JourneyEvent, flow: CompiledFlow): Message[] {
  const { step: id = "", attempt = 1, detail } = event;
  const settings = flow.steps[id]?.settings;
  if (settings?.flow === undefined) return [];
  const { flow: name, version } = settings;
  const start = (uuid: string, data: unknown, index?: number): Message =>
    startRecord(journey, uuid, name, version, data, parentHeader(journey, event, index));
  if (typeof detail?.child === "string") return [start(detail.child, event.data)];
  const items = journey.steps[id]?.input as unknown[];
  const indexes = (detail?.start as number[] | undefined) ?? [];
  return indexes.map((index) => start(childUuid(journey.uuid, id, attempt, index), items[index], index));
}

/** The journeys that a step runs are cancelled; those past their pivot refuse, and are rolled back when they have ended. */
function stopChildren(journey: Journey, event: JourneyEvent): Message[] {
  if (event.detail?.stop !== true) return [];
  const { step: id = "" } = event;
  const state = journey.steps[id];
  const running = (state?.elements ?? []).flatMap(({ status, attempt = 1 }, index) =>
    status === "running" ? [childUuid(journey.uuid, id, attempt, index)] : [],
  );
  const children = state?.child === undefined ? running : [state.child];
  return children.map((uuid) => {
    const data = { id: `${journey.uuid}/${id}/stop`, actor: MANAGER, reason: `rollback of ${journey.uuid}` };
    return { to: "manager", key: uuid, value: toJourney(uuid, "", "cancel", data) };
  });
}

function rollBackChild(journey: Journey, event: JourneyEvent, flow: CompiledFlow): Message {
  const { step: id = "" } = event;
  const state = journey.steps[id];
  const index = undoneElement(event.function ?? "");
  const element = index === undefined ? undefined : state?.elements?.[index];
  const attempt = element?.attempt ?? state?.attempts ?? 1;
  const child = index === undefined ? state?.child : undefined;
  const uuid = child ?? childUuid(journey.uuid, id, attempt, index);
  const data = { id: event.id, actor: MANAGER, reason: `undo of ${journey.uuid} ${id}`, force: true };
  const value = toJourney(uuid, flow.steps[id]?.settings.flow ?? "", "rollback", data);
  return { to: "manager", key: uuid, headers: parentHeader(journey, event, index), value };
}

/** A child that completed or ended otherwise answers its parent's step; one that was asked to be undone answers that. */
function tellParent(journey: Journey, parent: Parent, event: JourneyEvent): Message[] {
  const end: ChildEnd = { child: journey.uuid, index: parent.index };
  const step = parent.index === undefined ? "journey" : "each";
  const answer = (status: ToManager["status"], error?: StepError): Message =>
    replyTo(parent, step, status, { data: end, attempt: parent.attempt, error });
  const undoId = `${parent.uuid}/${parent.step}/undo/`;
  const asked = journey.actions.findLast((id) => id.startsWith(undoId));
  const undo = (status: ToManager["status"], error?: StepError): Message =>
    replyTo(parent, undoName(parent), status, { data: end, attempt: attemptOf(asked), error });

  if (event.type === "action.refused") {
    if (!event.id?.startsWith(undoId)) return [];
    // Somebody has rolled it back before: there is nothing left to undo.
    return [journey.status === "rolled_back" ? undo("success") : undo("failure", event.error)];
  }
  if (event.type === "journey.completed") {
    const data: ChildEnd = { ...end, output: event.data };
    return [replyTo(parent, step, "success", { data, attempt: parent.attempt })];
  }
  const { status, error } = journey;
  if (event.type === "journey.terminated") {
    const stopped = {
      code: "terminated",
      message: `the sub-journey is terminated: ${error?.message}`,
      retryable: false,
    };
    return [asked === undefined ? answer("failure", stopped) : undo("failure", stopped)];
  }
  if (status !== "rolled_back") return [];
  if (asked !== undefined) return [undo("success")];
  return [answer("failure", error ?? { code: status, message: "the sub-journey is rolled back", retryable: false })];
}

const undoName = (parent: Parent): string => (parent.index === undefined ? "rollback" : `rollback/${parent.index}`);

/**
 * What a parent is told when its record for a child can't be accepted: its flow isn't published, or the child has left
 * the retention time. `called` is the record's function, `parent` its header.
 */
export function refusedByChild(parent: Parent, child: string, called: string, error: StepError): Message {
  const step = parent.index === undefined ? "journey" : "each";
  const data: ChildEnd = { child, index: parent.index };
  const final = { ...error, retryable: false };
  return replyTo(parent, called === "start" ? step : undoName(parent), "failure", {
    data,
    attempt: parent.attempt,
    error: final,
  });
}

function replyTo(
  parent: Parent,
  called: string,
  status: ToManager["status"],
  more: { data: ChildEnd; attempt?: number; error?: StepError },
): Message {
  const value: ToManager = { ...toJourney(parent.uuid, "", called, more.data), ...more, status, step: parent.step };
  return { to: "manager", key: parent.uuid, value };
}

/** The attempt's number stands last in a command's id. */
const attemptOf = (commandId: string | undefined): number | undefined => {
  const last = Number(commandId?.split("/").at(-1));
  return Number.isInteger(last) ? last : undefined;
};
