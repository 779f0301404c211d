/**
 * The shapes of the HTTP API: every body, answer and query as a zod schema with its type. The routes validate by them,
 * /openapi.json is generated from them, and the pages type their calls by `import type` from here.
 *
 * Times are ISO 8601 UTC, durations end in `_ms`. Where a shape is a type of engine/core or engine/audit, the schema is
 * held to it by `satisfies`, and that type is the one to use.
 */
import { z } from "@hono/zod-openapi";
import type {
  ActivityRow,
  FailureGroup,
  FlowStats,
  FunctionStats,
  JourneyChange,
  JourneyRow,
} from "../audit/store.ts";
import { EVENT_TYPES, type JourneyEvent } from "../core/events.ts";
import { type CompiledFlow, FINDING_CODES, type Finding } from "../core/flow.ts";
import { ACTIONS } from "../core/protocol.ts";
import {
  JOURNEY_STATUSES,
  type JourneyView,
  type PlannedCommand,
  type Preview,
  STEP_STATUSES,
  type StepView,
} from "../core/view.ts";

/** How many journeys one bulk action may name. */
export const MAXIMUM_BULK = 1000;
/** How many records one read answers, and how many one call may produce. */
export const MAXIMUM_RECORDS = 1000;
/** The longest a call waits before it answers (long polls, `wait` of a start). */
export const MAXIMUM_WAIT_MS = 60_000;

const count = z.number().int().nonnegative();
const milliseconds = z.number().nonnegative();
const time = z.iso.datetime({ offset: true }).openapi({ example: "2026-11-22T10:15:00.000Z" });
const anyJson = z.unknown().openapi({ description: "Any JSON value" });
const journeyStatus = z.enum(JOURNEY_STATUSES);
const stepStatus = z.enum(STEP_STATUSES);
export const uuidSchema = z
  .string()
  .regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, "must be a UUID")
  .openapi({ format: "uuid", example: "6b1f0c3e-2a57-4b0e-9d7c-0a8e1f3b5c7d" });

// ---------------------------------------------------------------------------------------------------- errors

/** RFC 9457 problem details. `code` is stable and listed in docs/errors.md; `errors` names the fields at fault. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    retryable: z.boolean().openapi({ description: "The same call may succeed later, unchanged" }),
    fix: z.string().openapi({ description: "What the caller can do" }),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    findings: z.array(z.lazy(() => findingSchema)).optional(),
  })
  .openapi("Problem");
export type Problem = z.infer<typeof problemSchema>;

// -------------------------------------------------------------------------------------------------- journeys

const stepError = z.object({
  code: z.string().optional(),
  message: z.string(),
  retryable: z.boolean().optional(),
});

const stepSchema = z
  .object({
    service: z.string(),
    function: z.string(),
    status: stepStatus,
    attempts: count,
    input: anyJson.optional(),
    output: anyJson.optional(),
    error: stepError.optional(),
    started_at: time.optional(),
    ended_at: time.optional(),
    retry_at: time.optional().openapi({ description: "When the next attempt goes out, where one is scheduled" }),
    undo: z
      .record(z.string(), z.object({ status: stepStatus, attempts: count, error: stepError.optional() }))
      .optional()
      .openapi({ description: "By negation" }),
  })
  .openapi("Step") satisfies z.ZodType<StepView>;

export const journeySchema = z
  .object({
    uuid: uuidSchema,
    name: z.string(),
    version: z.string(),
    status: journeyStatus,
    input: anyJson,
    output: anyJson.optional(),
    error: stepError.optional(),
    started_at: time,
    ended_at: time.optional(),
    seq: count,
    replay_of: uuidSchema.optional(),
    parent: z.object({ uuid: uuidSchema, step: z.string() }).optional(),
    held: z.object({ step: z.string().optional(), why: z.string() }).optional(),
    rollback: z
      .object({
        scope: z.enum(["journey", "path", "branch", "to"]),
        reason: z.string(),
        actor: z.string(),
        started_at: time,
        ended_at: time.optional(),
        set: z.array(z.string()),
        left_standing: z.array(z.string()),
      })
      .optional(),
    steps: z.record(z.string(), stepSchema).openapi({ description: "By step id" }),
  })
  .openapi("Journey") satisfies z.ZodType<JourneyView>;

export const journeyRowSchema = z
  .object({
    uuid: uuidSchema,
    name: z.string(),
    version: z.string(),
    status: journeyStatus,
    started_at: time,
    ended_at: time.optional(),
    updated_at: time,
    seq: count,
    where: z.array(z.string()).openapi({ description: "Steps in flight, being undone, or the one that failed" }),
    error: z.object({ code: z.string().optional(), message: z.string() }).optional(),
    replay_of: uuidSchema.optional(),
    parent: z.object({ uuid: uuidSchema, step: z.string() }).optional(),
  })
  .openapi("JourneyRow") satisfies z.ZodType<JourneyRow>;

export const journeyPageSchema = z
  .object({
    journeys: z.array(journeyRowSchema),
    next: z.string().nullable().openapi({ description: "The cursor of the next page, null on the last" }),
  })
  .openapi("JourneyPage");
export type JourneyPage = z.infer<typeof journeyPageSchema>;

/** Journeys by status; every status is there, with 0 if need be. */
export const journeyCountsSchema = z
  .object({
    running: count,
    paused: count,
    held: count,
    rolling_back: count,
    rollback_failed: count,
    completed: count,
    rolled_back: count,
    terminated: count,
  })
  .openapi("JourneyCounts");
export type JourneyCounts = z.infer<typeof journeyCountsSchema>;

const position = z.object({ topic: z.string(), partition: count, offset: count });

export const journeyEventSchema = z
  .object({
    uuid: uuidSchema,
    seq: z.number().int().positive(),
    at: time,
    type: z.enum(EVENT_TYPES),
    name: z.string(),
    version: z.string(),
    step: z.string().optional(),
    service: z.string().optional(),
    function: z.string().optional(),
    attempt: z.number().int().optional(),
    id: z.string().optional().openapi({ description: "The command's id, or the action's" }),
    data: anyJson.optional(),
    error: stepError.optional(),
    actor: z.string().optional(),
    reason: z.string().optional(),
    detail: z.record(z.string(), z.unknown()).optional(),
    cause: position.optional().openapi({ description: "The record that caused this; absent for timers" }),
  })
  .openapi("JourneyEvent") satisfies z.ZodType<JourneyEvent>;

export const journeyEventsSchema = z.object({ events: z.array(journeyEventSchema) }).openapi("JourneyEvents");
export type JourneyEvents = z.infer<typeof journeyEventsSchema>;

/** The body of `POST /journeys`. `version` empty or left out means the newest. */
export const startRequestSchema = z
  .object({
    name: z.string().trim().min(1, "name the flow").max(200),
    version: z.string().max(100).optional(),
    data: anyJson.optional(),
    uuid: uuidSchema.optional().openapi({ description: "Makes the call idempotent; made up if left out" }),
    reason: z.string().max(2000).optional(),
  })
  .openapi("StartRequest");
export type StartRequest = z.infer<typeof startRequestSchema>;

export const startedSchema = z
  .object({
    uuid: uuidSchema,
    queued: z.boolean().openapi({
      description:
        "true: the bus can't be reached, the start is kept on disk and sent later; false: it is on the bus",
    }),
  })
  .openapi("Started");
export type Started = z.infer<typeof startedSchema>;

// --------------------------------------------------------------------------------------------------- actions

const actionFields = {
  action: z
    .string()
    .min(1)
    .openapi({ enum: [...ACTIONS] }),
  reason: z.string().max(2000).default(""),
  id: z.string().min(1).max(200).optional().openapi({ description: "Made by the client; a seen id changes nothing" }),
  dry_run: z.boolean().default(false),
  scope: z.enum(["journey", "path", "branch", "to"]).optional(),
  step: z.string().optional(),
  to: z.string().optional(),
  include: z.enum(["attempted"]).optional(),
  force: z.boolean().optional(),
  data: anyJson.optional(),
  output: anyJson.optional(),
  version: z.string().optional(),
  function: z.string().optional().openapi({ description: "With retry and skip of an undo: the negation meant" }),
};

/** The body of `POST /journeys/{uuid}/actions`. `plan` and `seq` come from the dry run it stands on. */
export const actionRequestSchema = z
  .object({ ...actionFields, plan: z.string().optional(), seq: count.optional() })
  .openapi("ActionRequest");
export type ActionRequest = z.input<typeof actionRequestSchema>;

export const actionAcceptedSchema = z
  .object({
    uuid: uuidSchema,
    id: z.string(),
    queued: z.boolean(),
    replay_uuid: uuidSchema.optional().openapi({ description: "With replay: the uuid of the new journey" }),
  })
  .openapi("ActionAccepted");
export type ActionAccepted = z.infer<typeof actionAcceptedSchema>;

const plannedCommand = z
  .object({ step: z.string(), service: z.string(), function: z.string(), data: anyJson })
  .openapi("PlannedCommand") satisfies z.ZodType<PlannedCommand>;

/** A dry run. Levels go out one after the other, the commands of one level together. */
export const previewSchema = z
  .object({
    plan: z.string(),
    seq: count,
    levels: z.array(z.array(plannedCommand)),
    irreversible: z.array(z.string()),
    left_standing: z.array(z.string()),
    in_flight: z.array(
      z.object({ step: z.string(), service: z.string(), function: z.string(), adds: z.array(plannedCommand) }),
    ),
  })
  .openapi("Preview") satisfies z.ZodType<Preview>;

/** The body of `POST /journeys/actions`: exactly these journeys, never a filter. */
export const bulkActionRequestSchema = z
  .object({
    uuids: z.array(uuidSchema).min(1).max(MAXIMUM_BULK),
    ...actionFields,
    plans: z
      .record(z.string(), z.object({ plan: z.string(), seq: count }))
      .optional()
      .openapi({ description: "By uuid: the dry run each journey's action stands on" }),
  })
  .openapi("BulkActionRequest");
export type BulkActionRequest = z.input<typeof bulkActionRequestSchema>;

export const bulkOutcomesSchema = z
  .object({
    outcomes: z.array(
      z.object({
        uuid: uuidSchema,
        outcome: z.enum(["accepted", "previewed", "refused"]),
        id: z.string().optional(),
        replay_uuid: uuidSchema.optional(),
        preview: previewSchema.optional(),
        error: z.object({ code: z.string(), message: z.string() }).optional(),
      }),
    ),
  })
  .openapi("BulkOutcomes");
export type BulkOutcomes = z.infer<typeof bulkOutcomesSchema>;

// ----------------------------------------------------------------------------------------------------- flows

export const findingSchema = z
  .object({
    code: z.enum(FINDING_CODES),
    severity: z.enum(["error", "warning"]),
    node: z.string().optional(),
    message: z.string(),
  })
  .openapi("Finding") satisfies z.ZodType<Finding>;

export const findingsSchema = z.object({ findings: z.array(findingSchema) }).openapi("Findings");
export type Findings = z.infer<typeof findingsSchema>;

/** A value of `tomanageredits`, and equally a flow file. */
export const flowSchema = z
  .object({
    name: z.string().trim().min(1, "a flow needs a name").max(200),
    version: z.string().trim().min(1, "a flow needs a version").max(100),
    schema_version: z.string().default("1"),
    workflow: z.record(z.string(), z.unknown()).openapi({
      description: "A bare Flume export (the map of nodes), or {nodes, negations?, types?, steps?, policy?}",
    }),
  })
  .openapi("Flow");

const retryPolicy = z.object({
  maximumAttempts: count,
  initialIntervalMs: milliseconds,
  backoffCoefficient: z.number(),
  maximumIntervalMs: milliseconds,
  jitter: z.number(),
});
const stepIds = z.array(z.string());

const compiledStep = z
  .object({
    id: z.string(),
    service: z.string(),
    function: z.string(),
    predecessors: stepIds.openapi({ description: "Steps; the start is not one" }),
    successors: stepIds,
    fromStart: z.literal(true).optional().openapi({ description: "An edge from the start leads here too" }),
    negations: z.array(z.string()).openapi({ description: "Functions of the same service that undo this step" }),
    settings: z.object({
      timeoutMs: milliseconds,
      inprogressTimeoutMs: milliseconds,
      totalTimeoutMs: milliseconds.optional(),
      queueTimeoutMs: milliseconds,
      retry: retryPolicy,
      negationRetry: retryPolicy,
      negationTimeoutMs: milliseconds,
      onTimeout: z.enum(["undo", "ignore", "hold"]),
      onServiceDown: z.enum(["fail", "wait", "ignore"]),
      pivot: z.boolean(),
      irreversible: z.boolean(),
      input: z.string().optional(),
      when: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
      for: milliseconds.optional(),
      until: z.string().optional(),
      flow: z.string().optional(),
      version: z.string().optional(),
      items: z.string().optional(),
      concurrency: count.optional(),
    }),
  })
  .openapi("CompiledStep") satisfies z.ZodType<CompiledFlow["steps"][string]>;

/** A flow version as the engine walks it: every default filled in, durations in milliseconds. */
export const compiledFlowSchema = z
  .object({
    name: z.string(),
    version: z.string(),
    steps: z.record(z.string(), compiledStep).openapi({ description: "By step id" }),
    order: stepIds.openapi({ description: "Each after its predecessors" }),
    entries: stepIds,
    start: z.string().optional(),
    policy: z.object({
      scope: z.enum(["journey", "path", "branch"]),
      include: z.literal("attempted").optional(),
      deadlineMs: milliseconds.optional(),
    }),
  })
  .openapi("CompiledFlow") satisfies z.ZodType<CompiledFlow>;

/** The body of `POST /flows/check`: a draft need not have a name and version yet. */
export const flowCheckRequestSchema = z
  .object({
    name: z.string().optional(),
    version: z.string().optional(),
    schema_version: z.string().optional(),
    workflow: z.record(z.string(), z.unknown()),
    types: z.record(z.string(), z.string()).optional().openapi({ description: "Node type to service.function" }),
  })
  .openapi("FlowCheckRequest");
export type FlowCheckRequest = z.infer<typeof flowCheckRequestSchema>;

export const publishedSchema = z
  .object({ name: z.string(), version: z.string(), findings: z.array(findingSchema) })
  .openapi("Published");
export type Published = z.infer<typeof publishedSchema>;

const slowestStep = z.object({ step: z.string(), service: z.string(), function: z.string(), p95_ms: milliseconds });

const flowStatsFields = {
  running: count,
  completed: count,
  rolled_back: count,
  total: count,
  p50_ms: milliseconds.optional(),
  p95_ms: milliseconds.optional(),
  slowest_step: slowestStep.optional(),
} satisfies { [Field in keyof Omit<FlowStats, "name" | "version">]-?: z.ZodType };

const flowVersionSchema = z
  .object({
    version: z.string(),
    published_at: time,
    steps: count,
    findings: z.array(findingSchema),
    conflicts: count.openapi({ description: "Later records of this name and version with other content, ignored" }),
    ...flowStatsFields,
  })
  .openapi("FlowVersion");
export type FlowVersion = z.infer<typeof flowVersionSchema>;

/** Every flow with its versions, newest first. */
export const flowListSchema = z
  .object({ flows: z.array(z.object({ name: z.string(), versions: z.array(flowVersionSchema) })) })
  .openapi("FlowList");
export type FlowList = z.infer<typeof flowListSchema>;

/** Service -> function -> the functions that undo it. */
export const negationListSchema = z.record(z.string(), z.record(z.string(), z.array(z.string().min(1))));
export const negationsSchema = z.object({ negations: negationListSchema }).openapi("Negations");
export type Negations = z.infer<typeof negationsSchema>;

// -------------------------------------------------------------------------------------------------- services

const bucket = z.object({ at: time, calls: count, failed: count, p95_ms: milliseconds.optional() });
const percentiles = {
  p50_ms: milliseconds.optional(),
  p95_ms: milliseconds.optional(),
  p99_ms: milliseconds.optional(),
};

const serviceSchema = z
  .object({
    service: z.string(),
    status: z.enum(["up", "down", "unknown"]),
    why: z.string(),
    instances: z.array(
      z.object({
        instance: z.string(),
        at: time,
        version: z.string().optional(),
        functions: z.array(z.string()),
        holding: z.boolean(),
      }),
    ),
    functions: z.array(
      z.object({
        function: z.string(),
        undo: z.boolean().openapi({ description: "Called as a negation in the asked time" }),
        calls: count,
        failed: count,
        in_flight: count,
        ...percentiles,
      }),
    ),
    calls: count,
    rate_per_s: z.number().nonnegative(),
    error_rate: z.number().min(0).max(1).openapi({ description: "Share of the calls that failed or timed out" }),
    in_flight: count,
    lag: count.optional().openapi({ description: "Records of fromanager its consumer group has not read yet" }),
    ...percentiles,
    buckets: z.array(bucket),
  })
  .openapi("Service");
export type Service = z.infer<typeof serviceSchema>;

export const serviceListSchema = z
  .object({ from: time, to: time, services: z.array(serviceSchema) })
  .openapi("ServiceList");
export type ServiceList = z.infer<typeof serviceListSchema>;

const functionStatsSchema = z
  .object({
    service: z.string(),
    function: z.string(),
    undo: z.boolean(),
    calls: count,
    succeeded: count,
    failed: count,
    timed_out: count,
    in_flight: count,
    ...percentiles,
    buckets: z.array(bucket),
  })
  .openapi("FunctionStats") satisfies z.ZodType<FunctionStats>;

export const serviceStatsSchema = z
  .object({ service: z.string(), from: time, to: time, functions: z.array(functionStatsSchema) })
  .openapi("ServiceStats");
export type ServiceStats = z.infer<typeof serviceStatsSchema>;

// ------------------------------------------------------------------------------------- failures and activity

const failureGroupSchema = z
  .object({
    fingerprint: z.string(),
    name: z.string(),
    service: z.string(),
    function: z.string(),
    code: z.string().optional(),
    message: z.string(),
    count,
    first_at: time,
    last_at: time,
    journeys: z.array(uuidSchema),
  })
  .openapi("FailureGroup") satisfies z.ZodType<FailureGroup>;

export const failureListSchema = z.object({ failures: z.array(failureGroupSchema) }).openapi("FailureList");
export type FailureList = z.infer<typeof failureListSchema>;

const activityRowSchema = z
  .object({
    at: time,
    uuid: uuidSchema,
    name: z.string(),
    version: z.string(),
    seq: count,
    action: z.string(),
    actor: z.string(),
    reason: z.string(),
    outcome: z.string().openapi({ description: "`done`, or the refusal's code" }),
  })
  .openapi("ActivityRow") satisfies z.ZodType<ActivityRow>;

export const activityPageSchema = z
  .object({ activity: z.array(activityRowSchema), next: z.string().nullable() })
  .openapi("ActivityPage");
export type ActivityPage = z.infer<typeof activityPageSchema>;

// --------------------------------------------------------------------------------------------------- cluster

export const clusterSchema = z
  .object({
    kind: z.enum(["embedded", "kafka"]),
    reachable: z.boolean(),
    brokers: z.array(z.object({ id: count, host: z.string(), port: count.optional(), controller: z.boolean() })),
    topics: count,
    partitions: count,
    audit_behind: count.openapi({ description: "Records of the audit topic that the cache hasn't ingested yet" }),
    dead_letters: count,
    storage: z
      .object({ path: z.string(), size_bytes: count })
      .optional()
      .openapi({ description: "Embedded only: the file that holds the topics" }),
  })
  .openapi("Cluster");
export type Cluster = z.infer<typeof clusterSchema>;

export const topicListSchema = z
  .object({
    topics: z.array(
      z.object({
        name: z.string(),
        partitions: count,
        compacted: z.boolean(),
        records: count.openapi({ description: "Offsets between start and end; compaction and markers leave gaps" }),
        offsets: z.array(z.object({ partition: count, start: count, end: count })),
      }),
    ),
  })
  .openapi("TopicList");
export type TopicList = z.infer<typeof topicListSchema>;

export const groupListSchema = z
  .object({
    groups: z.array(
      z.object({
        group: z.string(),
        members: count,
        lag: count,
        topics: z.array(
          z.object({ topic: z.string(), partition: count, committed: z.number().int(), end: count, lag: count }),
        ),
      }),
    ),
  })
  .openapi("GroupList");
export type GroupList = z.infer<typeof groupListSchema>;

const topicRecordSchema = z
  .object({
    partition: count,
    offset: count,
    timestamp: time,
    key: z.string().nullable(),
    headers: z.record(z.string(), z.string()),
    value: z.string().nullable().openapi({ description: "The text as it stands in the topic; null is a tombstone" }),
  })
  .openapi("TopicRecord");
export type TopicRecord = z.infer<typeof topicRecordSchema>;

export const recordPageSchema = z
  .object({
    records: z.array(topicRecordSchema),
    next: z.string().openapi({
      description: "Give it back as `offset` to read on: partition:offset pairs",
      example: "0:17,1:4",
    }),
  })
  .openapi("RecordPage");
export type RecordPage = z.infer<typeof recordPageSchema>;

const newRecordSchema = z.object({
  key: z.string().nullable().optional(),
  value: anyJson.openapi({
    description: "A string goes out as it is, any other JSON as its text, null as tombstone",
  }),
  headers: z.record(z.string(), z.string()).optional(),
  partition: count.optional(),
});

/** The body of `POST /topics/{topic}/records`: one record, or several in `records`, all of them written or none. */
export const produceRequestSchema = newRecordSchema
  .partial()
  .extend({ records: z.array(newRecordSchema).min(1).max(MAXIMUM_RECORDS).optional() })
  .superRefine((body, ctx) => {
    const single = body.value !== undefined;
    if (single === (body.records !== undefined)) {
      ctx.addIssue({ code: "custom", path: ["value"], message: "give either `value` or `records`" });
    }
    for (const [index, record] of (body.records ?? []).entries()) {
      if (record.value === undefined) {
        ctx.addIssue({ code: "custom", path: ["records", index, "value"], message: "a record needs a value" });
      }
    }
  })
  .openapi("ProduceRequest", { description: "One record, or several in `records`: all of them are written or none" });
export type ProduceRequest = z.infer<typeof produceRequestSchema>;

export const producedSchema = z.object({ records: z.array(position) }).openapi("Produced");
export type Produced = z.infer<typeof producedSchema>;

// ------------------------------------------------------------------------------------------ the console itself

export const profileSchema = z
  .object({
    name: z.string(),
    kind: z.enum(["embedded", "kafka"]),
    environment: z.enum(["dev", "staging", "prod"]),
    read_only: z.boolean(),
  })
  .openapi("Profile");
export type Profile = z.infer<typeof profileSchema>;

export const profileListSchema = z
  .object({ current: z.string(), profiles: z.array(profileSchema) })
  .openapi("ProfileList");

export const infoSchema = z
  .object({
    product: z.literal("antigraph"),
    version: z.string(),
    profile: profileSchema,
    actor: z.string().openapi({ description: "Under whose name actions are recorded" }),
    samples: z.boolean().openapi({ description: "The sample services run beside this console" }),
    retention_days: count,
  })
  .openapi("Info");
export type Info = z.infer<typeof infoSchema>;

export const managerSchema = z
  .object({
    running: z.boolean().openapi({ description: "A manager runs in this process" }),
    partitions: z.array(count).openapi({ description: "The partitions it owns" }),
    partition_count: count,
    managers: count.openapi({ description: "How many managers share the work, this one included" }),
    in_flight: count,
    processed: count,
    dead_lettered: count,
  })
  .openapi("Manager");
export type ManagerState = z.infer<typeof managerSchema>;

export const managerRequestSchema = z.object({ running: z.boolean() }).openapi("ManagerRequest");

export const faultSchema = z
  .object({
    service: z.string().min(1),
    function: z.string().min(1).openapi({ description: "A function, or * for all of the service" }),
    rate: z.number().min(0).max(1).default(0).openapi({ description: "Share of the calls that fail" }),
    delay_ms: z.number().int().min(0).max(3_600_000).default(0),
    message: z.string().max(500).optional(),
  })
  .openapi("Fault");
export type Fault = z.infer<typeof faultSchema>;

export const faultsRequestSchema = z.object({ faults: z.array(faultSchema).max(200) }).openapi("FaultsRequest");
export type FaultsRequest = z.input<typeof faultsRequestSchema>;
export const faultsSchema = z.object({ revision: count, faults: z.array(faultSchema) }).openapi("Faults");
export type Faults = z.infer<typeof faultsSchema>;

export const sessionRequestSchema = z.object({ code: z.string().min(1).max(200) }).openapi("SessionRequest");
export const sessionSchema = z.object({ token: z.string() }).openapi("Session");
export type Session = z.infer<typeof sessionSchema>;

export const healthSchema = z.object({ status: z.literal("ok"), version: z.string() }).openapi("Health");

export const readySchema = z
  .object({
    ready: z.boolean(),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), why: z.string().optional() })),
  })
  .openapi("Ready");
export type Ready = z.infer<typeof readySchema>;

// ---------------------------------------------------------------------------------------------------- stream

export const STREAM_TOPICS = ["journeys", "flows", "services", "manager"] as const;
export type StreamTopic = (typeof STREAM_TOPICS)[number];

/**
 * The data of an event `changes` of `GET /stream`: what changed since the last one, merged. After an event `reset` the
 * client has missed something and reads anew what it shows.
 */
export const streamChangesSchema = z
  .object({
    journeys: z
      .array(z.object({ uuid: uuidSchema, seq: count, status: journeyStatus, name: z.string(), version: z.string() }))
      .optional(),
    flows: z.array(z.string()).optional(),
    services: z.literal(true).optional(),
    manager: z.literal(true).optional(),
  })
  .openapi("StreamChanges") satisfies z.ZodType<{ journeys?: JourneyChange[] }>;
export type StreamChanges = z.infer<typeof streamChangesSchema>;
