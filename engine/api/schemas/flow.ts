/** Flows, what the checker finds in them, and the list of negations. */
import { z } from "@hono/zod-openapi";
import type { FlowStats } from "../../audit/store.ts";
import { type CompiledFlow, FINDING_CODES, type Finding } from "../../core/flow.ts";
import { count, milliseconds, time } from "./values.ts";

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
