/** The console itself: what it is, its manager, faults for the samples, sessions, readiness. */
import { z } from "@hono/zod-openapi";
import { TOPIC_SETTINGS, type TopicSetting } from "../../core/topic-names.ts";
import { profileSchema } from "./profile.ts";
import { count, time } from "./values.ts";

export const infoSchema = z
  .object({
    product: z.literal("antigraph"),
    version: z.string(),
    profile: profileSchema,
    actor: z.string().openapi({ description: "Under whose name actions are recorded" }),
    samples: z.boolean().openapi({ description: "The sample services run beside this console" }),
    retention_days: count,
    topics: z
      .object(
        Object.fromEntries(TOPIC_SETTINGS.map((role) => [role, z.string()])) as Record<TopicSetting, z.ZodString>,
      )
      .openapi({ description: "What the topics of this profile are called" }),
    connection: z
      .object({
        state: z.enum(["connected", "connecting", "disconnected"]),
        since: time,
        message: z.string().optional().openapi({ description: "Why it can't be reached" }),
      })
      .openapi({ description: "To the bus. While it is away, what reads is answered from the cache" }),
    outbox: z
      .object({
        waiting: count.openapi({ description: "Starts and actions on this disk only; sent when the bus is there" }),
        refused: count
          .optional()
          .openapi({ description: "Those the bus will never take; they lie in the outbox file" }),
      })
      .openapi({ description: "What was accepted while the bus was away" }),
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
    why: z.string().optional().openapi({ description: "Why it doesn't run though it is to; it is tried again" }),
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
