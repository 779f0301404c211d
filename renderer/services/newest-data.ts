/** The newest data of a function's commands or replies, as journeys have it. */
import type { SchemaSubject } from "../../engine/api/schemas/schema.ts";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { api } from "../api.ts";

/** Of the newest journeys that called the service. */
const JOURNEYS = 10;

export async function newestData(subject: SchemaSubject): Promise<unknown[]> {
  const { journeys } = await api.journeys({ service: subject.service, limit: JOURNEYS });
  const histories = await Promise.all(journeys.map(({ uuid }) => api.events(uuid)));
  return histories.flatMap(({ events }) => dataOf(events, subject));
}

/** What went out to the function, or came back from it. */
export function dataOf(
  events: readonly JourneyEvent[],
  { service, function: name, direction }: SchemaSubject,
): unknown[] {
  const types = direction === "reply" ? REPLIES : COMMANDS;
  return events
    .filter((event) => types.has(event.type) && event.service === service && event.function === name)
    .flatMap(({ data }) => (data === undefined ? [] : [data]));
}

const COMMANDS: ReadonlySet<string> = new Set(["step.dispatched", "undo.dispatched"]);
const REPLIES: ReadonlySet<string> = new Set(["step.succeeded", "undo.succeeded"]);
