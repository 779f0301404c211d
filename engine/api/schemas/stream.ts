/** What changed, as it is streamed to the pages. */
import { z } from "@hono/zod-openapi";
import type { JourneyChange } from "../../audit/store.ts";
import { count, journeyStatus, uuidSchema } from "./values.ts";

export const STREAM_TOPICS = ["journeys", "flows", "services", "manager", "connection"] as const;
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
    connection: z.literal(true).optional().openapi({ description: "The connection or the outbox: read /info anew" }),
  })
  .openapi("StreamChanges") satisfies z.ZodType<{ journeys?: JourneyChange[] }>;
export type StreamChanges = z.infer<typeof streamChangesSchema>;
