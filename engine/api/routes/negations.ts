/** /negations: the profile's list, frozen into flows that bring none of their own when they are published. */
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { ApiHost } from "../host.ts";
import { bodyProblems, createRouter, json, jsonBody, problems } from "../openapi.ts";
import { negationsSchema } from "../schemas/flow.ts";
import { assertWritable } from "../writable.ts";

const TAGS = ["Flows"];

const get = createRoute({
  method: "get",
  path: "/negations",
  operationId: "getNegations",
  tags: TAGS,
  summary: "The profile's negations",
  responses: { 200: json(negationsSchema, "By service and function: the functions that undo it"), ...problems() },
});

const put = createRoute({
  method: "put",
  path: "/negations",
  operationId: "setNegations",
  tags: TAGS,
  summary: "Replace the profile's negations",
  description: "Published flows don't change: the list counts at publish.",
  request: { body: jsonBody(negationsSchema) },
  responses: { 200: json(negationsSchema, "As kept"), ...bodyProblems("forbidden_profile") },
});

export function negationRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  router.openapi(get, (c) => c.json({ negations: host.negations.get() }, 200));
  router.openapi(put, (c) => {
    assertWritable(host);
    host.negations.set(c.req.valid("json").negations);
    return c.json({ negations: host.negations.get() }, 200);
  });
  return router;
}
