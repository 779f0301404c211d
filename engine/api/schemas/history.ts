/** Failures by kind, and what operators did. */
import { z } from "@hono/zod-openapi";
import type { ActivityRow, FailureGroup } from "../../audit/store.ts";
import { count, time, uuidSchema } from "./values.ts";

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

/** What was done to a profile of this console: no journey's history has it. */
const profileActivityRowSchema = z
  .object({
    at: time,
    profile: z.string(),
    action: z.string().openapi({ example: "profile.unlocked" }),
    actor: z.string(),
    reason: z.string(),
    outcome: z.string(),
  })
  .openapi("ProfileActivityRow");

export const activityPageSchema = z
  .object({
    activity: z.array(z.union([activityRowSchema, profileActivityRowSchema])),
    next: z.string().nullable(),
  })
  .openapi("ActivityPage");
export type ActivityPage = z.infer<typeof activityPageSchema>;
