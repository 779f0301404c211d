/** Commands as services read them, and the replies to them. Only the bold fields of docs/protocol.md are asked for. */
import { z } from "zod";
import type { BusRecord, NewRecord } from "../bus/bus.ts";
import { SCHEMA_VERSION, type StepError, stepErrorSchema, TOPICS, type ToManager } from "../core/protocol.ts";

const commandSchema = z.object({
  uuid: z.string().min(1),
  name: z.string().default(""),
  version: z.string().default(""),
  service: z.string(),
  function: z.string().min(1),
  schema_version: z.string().default(SCHEMA_VERSION),
  data: z.unknown(),
  step: z.string().nullish(),
  attempt: z.number().int().positive().nullish(),
  undo: z
    .object({
      step: z.string(),
      function: z.string(),
      input: z.unknown(),
      output: z.unknown(),
      error: stepErrorSchema.nullish().transform((error) => error ?? null),
    })
    .nullish(),
});

export interface Command extends z.infer<typeof commandSchema> {
  id: string;
  traceparent: string | undefined;
}

export type Parsed = { is: "ours"; command: Command } | { is: "another's" } | { is: "broken"; why: string };

/** Reads a record of `fromanager` for one service. A record that nobody could call ours is another's. */
export function parseCommand(record: BusRecord, service: string): Parsed {
  // Most records are for other services: don't parse what can't hold our name.
  if (record.value === null || !record.value.includes(service)) return { is: "another's" };
  let value: unknown;
  try {
    value = JSON.parse(record.value);
  } catch {
    return { is: "another's" };
  }
  if (typeof value !== "object" || value === null || !("service" in value) || value.service !== service) {
    return { is: "another's" };
  }
  const parsed = commandSchema.safeParse(value);
  if (!parsed.success) return { is: "broken", why: z.prettifyError(parsed.error) };
  const command = parsed.data;
  return {
    is: "ours",
    command: { ...command, id: idOf(record, command), traceparent: record.headers.traceparent },
  };
}

/** Managers always give a command an id. One produced by hand may have none: then its place in the topic names it. */
function idOf(record: BusRecord, command: z.infer<typeof commandSchema>): string {
  if (record.headers.id) return record.headers.id;
  return `${command.uuid}/${record.topic}/${record.partition}/${record.offset}`;
}

/** The reply to a command, ready for `tomanager`. `data` that is undefined goes out as null. */
export function makeReply(
  command: Command,
  status: ToManager["status"],
  data: unknown,
  error?: StepError,
): NewRecord {
  const { uuid, name, version, service, step, attempt } = command;
  return {
    topic: TOPICS.toManager,
    key: uuid,
    value: JSON.stringify({
      uuid,
      name,
      version,
      service,
      function: command.function,
      ...(step ? { step } : {}),
      ...(attempt ? { attempt } : {}),
      status,
      schema_version: SCHEMA_VERSION,
      data: data === undefined ? null : data,
      ...(error ? { error } : {}),
    }),
    headers: { id: command.id, ...(command.traceparent ? { traceparent: command.traceparent } : {}) },
  };
}

/** A command record that nobody can answer, for the operators: the original with why and where it stood. */
export function makeDeadLetter(record: BusRecord, why: string): NewRecord {
  return {
    topic: TOPICS.deadLetter,
    key: record.key,
    value: record.value,
    headers: {
      ...record.headers,
      reason: "invalid_command",
      message: why,
      topic: record.topic,
      partition: String(record.partition),
      offset: String(record.offset),
    },
  };
}
