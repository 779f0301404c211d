/** Journeys: one, a list of them, their events, and how one is started. */
import { z } from "@hono/zod-openapi";
import type { JourneyRow } from "../../audit/store.ts";
import { EVENT_TYPES, type JourneyEvent } from "../../core/events.ts";
import type { JourneyView, StepView } from "../../core/view.ts";
import { anyJson, count, journeyStatus, position, stepError, stepStatus, time, uuidSchema } from "./values.ts";

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
        trigger: z.enum(["failure", "deadline", "rollback", "cancel", "rerun"]),
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
