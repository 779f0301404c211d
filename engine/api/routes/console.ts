/** /info and /session: what this console is, and how its page gets the token. */
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { AntigraphError } from "../../core/errors.ts";
import { type ApiHost, infoOf } from "../host.ts";
import { bodyProblems, createRouter, json, jsonBody, problems } from "../openapi.ts";
import { infoSchema, sessionRequestSchema, sessionSchema } from "../schemas/console.ts";

const TAGS = ["Console"];

const info = createRoute({
  method: "get",
  path: "/info",
  operationId: "getInfo",
  tags: TAGS,
  summary: "What this console is and where it is connected",
  responses: { 200: json(infoSchema, "Now"), ...problems() },
});

const session = createRoute({
  method: "post",
  path: "/session",
  operationId: "openSession",
  tags: TAGS,
  summary: "Exchange a single-use code for the token",
  description:
    "Needs no token. The code stands in the #fragment of the address the console opens, good once for 60 s.",
  security: [],
  request: { body: jsonBody(sessionRequestSchema) },
  responses: { 200: json(sessionSchema, "The token"), ...bodyProblems("invalid_session_code") },
});

/** @param token undefined where the host needs none (Electron): then there are no sessions */
export function consoleRoutes(host: ApiHost, token: string | undefined): OpenAPIHono {
  const router = createRouter();
  router.openapi(info, (c) => c.json(infoOf(host), 200));
  router.openapi(session, (c) => {
    if (token === undefined || !host.sessions.redeem(c.req.valid("json").code)) {
      throw new AntigraphError("invalid_session_code", "This code is not good, or not good any more.");
    }
    return c.json({ token }, 200);
  });
  return router;
}
