/**
 * What the shapes of the HTTP API are made of. Every body, answer and query is a zod schema with its type in this folder:
 * the routes validate by them, /openapi.json is generated from them, and the pages type their calls by `import type`.
 *
 * Times are ISO 8601 UTC, durations end in `_ms`. Where a shape is a type of engine/core or engine/audit, the schema is
 * held to it by `satisfies`, and that type is the one to use.
 */
import { z } from "@hono/zod-openapi";
import { JOURNEY_STATUSES, STEP_STATUSES } from "../../core/view.ts";

/** The longest a call waits before it answers (long polls, `wait` of a start). */
export const MAXIMUM_WAIT_MS = 60_000;

export const count = z.number().int().nonnegative();
export const milliseconds = z.number().nonnegative();
export const time = z.iso.datetime({ offset: true }).openapi({ example: "2026-11-22T10:15:00.000Z" });
export const anyJson = z.unknown().openapi({ description: "Any JSON value" });
export const journeyStatus = z.enum(JOURNEY_STATUSES);
export const stepStatus = z.enum(STEP_STATUSES);
export const uuidSchema = z
  .string()
  .regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, "must be a UUID")
  .openapi({ format: "uuid", example: "6b1f0c3e-2a57-4b0e-9d7c-0a8e1f3b5c7d" });

export const stepError = z.object({
  code: z.string().optional(),
  message: z.string(),
  retryable: z.boolean().optional(),
});

/** Where a record stands. */
export const position = z.object({ topic: z.string(), partition: count, offset: count });
