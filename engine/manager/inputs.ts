/** From a record of `tomanager` to an input of the core, or to the reason why it is none. */

import { z } from "zod";
import type { BusRecord } from "../bus/bus.ts";
import type { Input } from "../core/decide.ts";
import type { Parent } from "../core/journey.ts";
import {
  ACTIONS,
  type ActionName,
  actionDataSchema,
  MANAGER,
  type Position,
  START_HEADERS,
  type ToManager,
  toManagerSchema,
} from "../core/protocol.ts";

/** Why a record went to the dead letters; the header `reason`. The list stands in docs/protocol.md. */
export type DeadLetterReason =
  | "malformed"
  | "unknown_flow"
  | "flow_invalid"
  | "unknown_journey"
  | "unknown_function"
  | "unmatched_reply"
  | "schema_invalid";

export class DeadLetter extends Error {
  readonly reason: DeadLetterReason;
  constructor(reason: DeadLetterReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface ParsedStart {
  kind: "start";
  record: ToManager;
  input: Extract<Input, { kind: "start" }>;
}
export type Parsed =
  | ParsedStart
  | { kind: "other"; record: ToManager; input: Exclude<Input, { kind: "start" } | { kind: "timer" }> };

const parentSchema = z.object({
  uuid: z.string(),
  step: z.string(),
  index: z.number().int().optional(),
  attempt: z.number().int().optional(),
  depth: z.number().int().optional(),
});

/** Throws DeadLetter. */
export function parseInput(record: BusRecord, value: ToManager): Parsed {
  const cause: Position = { topic: record.topic, partition: record.partition, offset: record.offset };
  // Replies of built-in steps name the step at the top; an action names it in its data.
  if (value.service !== MANAGER || value.step != null) {
    return { kind: "other", record: value, input: { kind: "reply", reply: value, cause } };
  }
  if (value.function === "start") return parseStart(record, value, cause);
  if (!(ACTIONS as readonly string[]).includes(value.function)) {
    throw new DeadLetter(
      "unknown_function",
      `manager has no function ${value.function}; it has start, ${ACTIONS.join(", ")}`,
    );
  }
  const data = actionDataSchema.safeParse(value.data);
  if (!data.success) throw new DeadLetter("malformed", `data: ${issuesOf(data.error)}`);
  return {
    kind: "other",
    record: value,
    input: { kind: "action", action: value.function as ActionName, data: data.data, cause },
  };
}

function parseStart(record: BusRecord, value: ToManager, cause: Position): ParsedStart {
  const { headers } = record;
  const parent = parentOf(headers);
  if (!parent && headers[START_HEADERS.parent] !== undefined)
    throw new DeadLetter("malformed", "header parent: must be {uuid, step, index?, attempt?}");
  return {
    kind: "start",
    record: value,
    input: {
      kind: "start",
      cause,
      start: {
        uuid: value.uuid,
        data: value.data ?? null,
        replayOf: headers[START_HEADERS.replayOf],
        parent,
        traceparent: headers.traceparent,
        actor: headers[START_HEADERS.actor],
        reason: headers[START_HEADERS.reason],
      },
    },
  };
}

/** The journey that sent the record to one that it runs; undefined where the header says nothing of the kind. */
export function parentOf(headers: BusRecord["headers"]): Parent | undefined {
  const header = headers[START_HEADERS.parent];
  // Most journeys have none, and finding that out by an exception is dear.
  return header === undefined ? undefined : parentSchema.safeParse(parseJson(header)).data;
}

/** Throws DeadLetter. */
export function parseValue(record: BusRecord): ToManager {
  if (record.value === null) throw new DeadLetter("malformed", "the record has no value");
  const json = parseJson(record.value);
  if (json === undefined) throw new DeadLetter("malformed", "the value is not JSON");
  const parsed = toManagerSchema.safeParse(json);
  if (!parsed.success) throw new DeadLetter("malformed", issuesOf(parsed.error));
  return parsed.data;
}

const issuesOf = (error: z.ZodError): string =>
  error.issues.map((issue) => `${issue.path.join(".") || "value"}: ${issue.message}`).join("; ");

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
