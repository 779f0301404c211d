/**
 * What journeys that run each other tell one another: a parent starts its children, stops, ends and undoes them; a child
 * tells how it ended. Each is a record at the other's home.
 */
import { hasRunningJourneys, undoneElement } from "./builtin.ts";
import type { CommandEvent, JourneyEvent } from "./events.ts";
import type { CompiledFlow } from "./flow.ts";
import type { Journey, Parent, Step } from "./journey.ts";
import { childUuid } from "./journey-ids.ts";
import { type ActionName, MANAGER, SCHEMA_VERSION, type StepError, type ToManager } from "./protocol.ts";
import { finalError } from "./step-errors.ts";
import type { ChildEnd } from "./sub-journeys.ts";
import { isOut } from "./turn.ts";

export interface ManagerMessage {
  to: "manager";
  key: string;
  value: ToManager;
  headers?: Record<string, string>;
}

/** A record for another journey's home. */
function toJourney(uuid: string, name: string, called: string, data: unknown): ToManager {
  const fixed = { service: MANAGER, status: "success", schema_version: SCHEMA_VERSION } as const;
  return { uuid, name, function: called, data, ...fixed };
}

export function startRecord(
  journey: Journey,
  uuid: string,
  name: string,
  version: string | undefined,
  data: unknown,
  headers: Record<string, string>,
): ManagerMessage {
  const trace: Record<string, string> = journey.traceparent === undefined ? {} : { traceparent: journey.traceparent };
  const value = { ...toJourney(uuid, name, "start", data), version: version ?? null };
  return { to: "manager", key: uuid, headers: { ...trace, ...headers }, value };
}

/** Header of the records that a parent sends to its children: who wants to know what becomes of them. */
function parentHeader(journey: Journey, event: JourneyEvent, index: number | undefined): { parent: string } {
  const depth = (journey.parent?.depth ?? 0) + 1;
  const parent = { uuid: journey.uuid, step: event.step, index, attempt: event.attempt, depth };
  return { parent: JSON.stringify(parent) };
}

export function startChildren(journey: Journey, event: JourneyEvent, flow: CompiledFlow): ManagerMessage[] {
  const id = event.step as string;
  const settings = flow.steps[id]?.settings;
  if (settings?.flow === undefined) return [];
  const { flow: name, version } = settings;
  const start = (uuid: string, data: unknown, index?: number): ManagerMessage =>
    startRecord(journey, uuid, name, version, data, parentHeader(journey, event, index));
  const { child, start: indexes = [] } = { ...event.detail } as { child?: string; start?: number[] };
  if (child !== undefined) return [start(child, event.data)];
  const { input } = journey.steps[id] as Step;
  const items = input as unknown[];
  return indexes.map((index) =>
    start(childUuid(journey.uuid, id, event.attempt as number, index), items[index], index),
  );
}

/**
 * A rollback cancels the journeys that a step runs; those past their pivot refuse, and are rolled back when they have
 * ended.
 */
export function stopChildren(journey: Journey, event: JourneyEvent): ManagerMessage[] {
  if (event.detail?.stop !== true) return [];
  const id = event.step as string;
  const data = { id: `${journey.uuid}/${id}/stop`, actor: MANAGER, reason: `rollback of ${journey.uuid}` };
  return runningChildren(journey, id).map((uuid) => actOn(uuid, "cancel", data));
}

/** Whatever runs for a terminated journey ends with it: its sub-journeys, and their rollbacks that it has asked for. */
export function terminateChildren(journey: Journey, event: JourneyEvent): ManagerMessage[] {
  const { uuid, steps } = journey;
  const reason = `terminated with ${uuid}, which ran it${event.reason ? `: ${event.reason}` : ""}`;
  return Object.entries(steps).flatMap(([id, state]) => {
    const data = { id: `${uuid}/${id}/terminate`, actor: event.actor, reason };
    const running = hasRunningJourneys(state) ? runningChildren(journey, id) : [];
    const children = new Set([...running, ...childrenBeingUndone(journey, id)]);
    return [...children].map((child) => actOn(child, "terminate", data));
  });
}

function childrenBeingUndone(journey: Journey, id: string): string[] {
  const { service, undo = {} } = journey.steps[id] as Step;
  const out = Object.entries(undo).filter(([, negation]) => service === MANAGER && isOut(negation));
  return out.map(([name]) => childToUndo(journey, id, name));
}

/** Of a step that is under way, or was given up on while they ran. */
function runningChildren({ uuid, steps }: Journey, id: string): string[] {
  const { child, elements = [] } = steps[id] as Step;
  if (child !== undefined) return [child];
  return elements.flatMap(({ status, attempt }, index) =>
    status === "running" ? [childUuid(uuid, id, attempt as number, index)] : [],
  );
}

const actOn = (uuid: string, action: ActionName, data: unknown): ManagerMessage => ({
  to: "manager",
  key: uuid,
  value: toJourney(uuid, "", action, data),
});

export function rollBackChild(journey: Journey, event: CommandEvent, flow: CompiledFlow): ManagerMessage {
  const { step: id } = event;
  const index = undoneElement(event.function);
  const uuid = childToUndo(journey, id, event.function);
  const data = { id: event.id, actor: MANAGER, reason: `undo of ${journey.uuid} ${id}`, force: true };
  const value = toJourney(uuid, flow.steps[id]?.settings.flow as string, "rollback", data);
  return { to: "manager", key: uuid, headers: parentHeader(journey, event, index), value };
}

/** The journey that a negation of a built-in step rolls back. */
function childToUndo(journey: Journey, id: string, negation: string): string {
  const { child, attempts, elements = [] } = journey.steps[id] as Step;
  const index = undoneElement(negation);
  // A `journey` step that was set back to run again has forgotten its child, and not how often it was run.
  const attempt = (index === undefined ? attempts : elements[index]?.attempt) as number;
  return child ?? childUuid(journey.uuid, id, attempt, index);
}

/** A child that completed or ended otherwise answers its parent's step; one that was asked to be undone answers that. */
export function tellParent(journey: Journey, event: JourneyEvent): ManagerMessage[] {
  const { parent } = journey;
  if (!parent) return [];
  const undoId = `${parent.uuid}/${parent.step}/undo/`;
  const asked = journey.actions.findLast((id) => id.startsWith(undoId));
  const answer = (status: ToManager["status"], error?: StepError, output?: unknown): ManagerMessage =>
    replyTo(parent, stepName(parent), status, {
      data: { child: journey.uuid, index: parent.index, output },
      attempt: parent.attempt,
      error,
    });
  const undo = (status: ToManager["status"], id: string, error?: StepError): ManagerMessage =>
    replyTo(parent, undoName(parent), status, {
      data: { child: journey.uuid, index: parent.index },
      attempt: attemptOf(id),
      error,
    });

  const { status, error } = journey;
  switch (event.type) {
    case "action.refused":
      if (event.id === undefined || !event.id.startsWith(undoId)) return [];
      // Somebody has rolled it back before: there is nothing left to undo.
      return [status === "rolled_back" ? undo("success", event.id) : undo("failure", event.id, event.error)];
    case "journey.completed":
      return [answer("success", undefined, event.data)];
    case "journey.terminated": {
      const stopped = finalError("terminated", `the sub-journey is terminated: ${error?.message}`);
      return [asked === undefined ? answer("failure", stopped) : undo("failure", asked, stopped)];
    }
    default:
      if (status !== "rolled_back") return [];
      if (asked !== undefined) return [undo("success", asked)];
      return [answer("failure", error ?? finalError("rolled_back", "the sub-journey is rolled back"))];
  }
}

const stepName = (parent: Parent): string => (parent.index === undefined ? "journey" : "each");
const undoName = (parent: Parent): string => (parent.index === undefined ? "rollback" : `rollback/${parent.index}`);

/**
 * What a parent is told when its record for a child can't be accepted: its flow isn't published, or the child has left
 * the retention time. `called` is the record's function, `parent` its header.
 */
export function refusedByChild(parent: Parent, child: string, called: string, error: StepError): ManagerMessage {
  const name = called === "start" ? stepName(parent) : undoName(parent);
  const data = { child, index: parent.index };
  return replyTo(parent, name, "failure", { data, attempt: parent.attempt, error: { ...error, retryable: false } });
}

function replyTo(
  parent: Parent,
  called: string,
  status: ToManager["status"],
  more: { data: ChildEnd; attempt?: number; error?: StepError },
): ManagerMessage {
  const value: ToManager = { ...toJourney(parent.uuid, "", called, more.data), ...more, status, step: parent.step };
  return { to: "manager", key: parent.uuid, value };
}

/** The attempt's number stands last in a command's id. */
const attemptOf = (commandId: string): number => Number(commandId.slice(commandId.lastIndexOf("/") + 1));
