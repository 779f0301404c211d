/** Errors as RFC 9457 problem details: one shape for everything that isn't a 2xx answer. */

import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { ZodError } from "zod";
import { AntigraphError, ERRORS, type ErrorCode } from "../core/errors.ts";
import type { Logger } from "../manager/logger.ts";
import type { Problem } from "./schemas/problem.ts";

const MAXIMUM_FIELD_ERRORS = 20;

/** The problem details of a code; `details` (for instance `findings`) become members of their own. */
export function problemOf(code: ErrorCode, detail: string, details?: Record<string, unknown>): Problem {
  const { status, retryable, fix } = ERRORS[code];
  return {
    ...details,
    type: `/docs#${code}`,
    title: code.charAt(0).toUpperCase() + code.slice(1).replaceAll("_", " "),
    status,
    detail,
    code,
    retryable,
    fix,
  };
}

export function problemResponse(
  code: ErrorCode,
  detail: string,
  details?: Record<string, unknown>,
  headers: Record<string, string> = {},
): Response {
  const problem = problemOf(code, detail, details);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers },
  });
}

/** The app's `onError`: what isn't an error of the catalogue is logged in full and told as `internal`. */
export function errorHandler(logger: Logger): (error: Error, c: Context) => Response {
  return (error, c) => {
    if (error instanceof AntigraphError) return problemResponse(error.code, error.message, error.details);
    if (error instanceof HTTPException) return problemResponse(codeOfStatus(error.status), error.message);
    // The client went away in the middle of a long poll or a download: nobody reads the answer.
    if (c.req.raw.signal.aborted) return new Response(null, { status: 499 });
    logger.error({ err: error, method: c.req.method, path: c.req.path }, "A call failed unexpectedly");
    return problemResponse("internal", "Something went wrong inside the console.");
  };
}

/** The app's `notFound`. */
export function unknownCall(c: Context): Response {
  return problemResponse("not_found", `There is no ${c.req.method} ${c.req.path}.`);
}

/** The validation hook of every route: names the fields at fault. */
export function validationHook(result: { success: true } | { success: false; error: ZodError; target: string }) {
  if (result.success) return undefined;
  return invalidRequest(result.error, result.target);
}

function invalidRequest(error: ZodError, target: string): Response {
  const errors = error.issues.slice(0, MAXIMUM_FIELD_ERRORS).map((issue) => ({
    path: issue.path.map(String).join("."),
    message: issue.message,
  }));
  const where = { json: "body", query: "query", param: "path", header: "headers" }[target] ?? target;
  const first = errors[0];
  const field = first?.path ? `\`${first.path}\` in the ${where}` : `the ${where}`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return problemResponse("invalid_request", `${field}: ${first?.message ?? "not valid"}${more}`, { errors });
}

function codeOfStatus(status: ContentfulStatusCode): ErrorCode {
  switch (status) {
    case 413:
      return "payload_too_large";
    case 415:
      return "unsupported_media_type";
    case 404:
      return "not_found";
    default:
      return status < 500 ? "invalid_request" : "internal";
  }
}
