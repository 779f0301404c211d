/** The parts from which every route is described: so /openapi.json is complete because the routes validate by it. */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { ERRORS, type ErrorCode } from "../core/errors.ts";
import { validationHook } from "./problem.ts";
import { problemSchema } from "./schemas/problem.ts";
import { MAXIMUM_WAIT_MS, uuidSchema } from "./schemas/values.ts";

/** A router whose validation errors are problem details. */
export function createRouter(): OpenAPIHono {
  return new OpenAPIHono({ defaultHook: validationHook });
}

/** A JSON answer. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { "application/json": { schema } } };
}

/** A JSON body that must be there. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { "application/json": { schema } } };
}

/** What any call with a token can be answered. */
const EVERYWHERE: ErrorCode[] = ["invalid_request", "unauthorized", "forbidden_host", "forbidden_origin", "internal"];
const WITH_BODY: ErrorCode[] = ["payload_too_large", "unsupported_media_type"];

/**
 * The problem answers of a route by the codes it can give, beside those any route can give. Typed as nothing: handlers
 * throw problems, they don't return them.
 */
export function problems(...codes: ErrorCode[]): object {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of [...EVERYWHERE, ...codes]) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [
      status,
      { description: list.join(", "), content: { "application/problem+json": { schema: problemSchema } } },
    ]),
  );
}

/** The same for a route that takes a body. */
export function bodyProblems(...codes: ErrorCode[]): object {
  return problems(...WITH_BODY, ...codes);
}

// Query parameters arrive as text.

/** A whole number between two bounds; the bounds are written down twice because coercion hides them from the docs. */
export function integerQuery(minimum: number, maximum: number, description: string) {
  return z.coerce
    .number()
    .int()
    .min(minimum)
    .max(maximum)
    .optional()
    .openapi({ type: "integer", minimum, maximum, description });
}

export const waitQuery = integerQuery(0, MAXIMUM_WAIT_MS, "Milliseconds to wait at most; left out: not at all");

export const timeQuery = z.iso.datetime({ offset: true }).optional().openapi({ example: "2026-11-22T10:15:00Z" });

/** `?name`, `?name=1` and `?name=true` switch it on. */
export const flagQuery = z
  .enum(["", "0", "1", "true", "false"])
  .optional()
  .transform((text) => text !== undefined && text !== "0" && text !== "false")
  .openapi({ type: "boolean" });

export const uuidParam = z.object({ uuid: uuidSchema.transform((text) => text.toLowerCase()) });

/** Aborted when the caller goes away or the console closes. */
export function callSignal(c: Context, closing: AbortSignal): AbortSignal {
  return AbortSignal.any([c.req.raw.signal, closing]);
}
