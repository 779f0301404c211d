/**
 * The records that travel through the topics: what services, managers, operators and designers say to each other.
 * docs/protocol.md is the prose of this file. JSON, UTF-8; unknown fields are ignored.
 */
import { z } from "zod";

/** Topic names without the profile's prefix. */
export const TOPICS = {
  toManager: "tomanager",
  fromManager: "fromanager",
  edits: "tomanageredits",
  audit: "antigraph.audit",
  journeys: "antigraph.journeys",
  services: "antigraph.services",
  deadLetter: "antigraph.deadletter",
} as const;

export const SCHEMA_VERSION = "1";

export { MANAGER } from "./manager-service.ts";

const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, "must be a UUID")
  .transform((text) => text.toLowerCase());

/** Other languages write a code or a version as a number where it is one. */
const text = z.union([z.string(), z.number().transform(String)]);

/** Models of other languages write what they leave empty as null. */
export const stepErrorSchema = z
  .object({
    code: text.nullish(),
    message: z.string().nullish(),
    retryable: z.boolean().nullish(),
  })
  .transform(
    ({ code, message, retryable }): StepError => ({
      ...(code != null && { code }),
      message: message ?? "",
      ...(retryable != null && { retryable }),
    }),
  );

/** Why a step, a negation or a journey failed. `retryable: false` ends the retries. */
export interface StepError {
  code?: string;
  message: string;
  retryable?: boolean;
}

/** A record of `tomanager`: a reply, a start (`manager`/`start`) or an action (`manager`/ACTION). */
export const toManagerSchema = z.object({
  uuid,
  name: z.string().default(""),
  version: text.nullish(),
  service: z.string().min(1),
  function: z.string().min(1),
  status: z.enum(["success", "inprogress", "failure"]),
  schema_version: text.default(SCHEMA_VERSION),
  /** A model that leaves out what is empty leaves it out. */
  data: z
    .unknown()
    .optional()
    .transform((data): unknown => data ?? null),
  step: z.string().nullish(),
  attempt: z.number().int().positive().nullish(),
  error: stepErrorSchema.nullish(),
});
export type ToManager = z.infer<typeof toManagerSchema>;

/** What an undo command tells beside its data: the step it undoes and how that step went. */
export interface UndoInfo {
  step: string;
  function: string;
  input: unknown;
  output: unknown;
  error: StepError | null;
}

/** A record of `fromanager`: a command. The command's id travels in the header `id`. */
export interface FromManager {
  uuid: string;
  name: string;
  version: string;
  service: string;
  function: string;
  schema_version: string;
  data: unknown;
  step: string;
  attempt: number;
  undo?: UndoInfo;
}

/** A record of `tomanageredits`, and equally a flow file. `workflow` is checked by `compile`. */
export const flowRecordSchema = z.object({
  name: z.string().trim().min(1, "a flow needs a name").max(200),
  version: z.string().trim().min(1, "a flow needs a version").max(100),
  schema_version: z.string().default(SCHEMA_VERSION),
  workflow: z.record(z.string(), z.unknown()),
});
export type FlowRecord = z.infer<typeof flowRecordSchema>;

/** A record of `antigraph.services`, compacted by `service/instance`. `at` is ISO 8601. */
export const heartbeatSchema = z.object({
  service: z.string().min(1),
  instance: z.string().min(1),
  functions: z
    .array(z.string())
    .nullish()
    .transform((names) => names ?? []),
  at: z.string(),
  version: z.string().nullish(),
  holding: z.boolean().nullish(),
  /** When the present time of holding, or the last one, began and ended: ISO 8601. */
  held_since: z.string().nullish(),
  held_until: z.string().nullish(),
  /** Its consumer group on `fromanager`, where that isn't called after the service. */
  group: z.string().nullish(),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

/** Where a record stands in its topic. */
export interface Position {
  topic: string;
  partition: number;
  offset: number;
}

const actionFieldsSchema = z.object({
  id: z.string().min(1).max(200),
  actor: z.string().default("unknown"),
  reason: z.string().default(""),
  scope: z.enum(["journey", "path", "branch", "to"]).optional(),
  step: z.string().optional(),
  to: z.string().optional(),
  include: z.enum(["attempted"]).optional(),
  force: z.boolean().optional(),
  data: z.unknown().optional(),
  output: z.unknown().optional(),
  version: z.string().optional(),
  /** A dry run's plan and the journey's seq it was made at; refused with `stale_preview` when it would differ now. */
  plan: z.string().optional(),
  seq: z.number().int().optional(),
  /** With `retry` and `skip` of an undo: the negation meant, when a step has several failed ones. */
  function: z.string().optional(),
});
/** The data of an operator's action record (`manager`/ACTION). A null is a field left out, but for the payloads. */
export const actionDataSchema = z.preprocess(
  (data) => (isRecord(data) ? Object.fromEntries(Object.entries(data).filter(isSaid)) : data),
  actionFieldsSchema,
);
const isRecord = (data: unknown): data is object => typeof data === "object" && data !== null && !Array.isArray(data);
const isSaid = ([field, value]: [string, unknown]): boolean =>
  value !== null || field === "data" || field === "output";
export type ActionData = z.infer<typeof actionDataSchema>;

export const ACTIONS = [
  "rollback",
  "cancel",
  "terminate",
  "pause",
  "resume",
  "retry",
  "skip",
  "complete",
  "replay",
  "rerun",
  "migrate",
] as const;
export type ActionName = (typeof ACTIONS)[number];

/** The data of a start record (`manager`/`start`) is the journey's input itself; links travel in these headers. */
export const START_HEADERS = { parent: "parent", replayOf: "replay_of", actor: "actor", reason: "reason" } as const;
