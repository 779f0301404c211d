/** /failures and /activity: what broke, and who did what. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { listActivity } from "../activity.ts";
import type { ApiHost } from "../host.ts";
import { createRouter, integerQuery, json, problems } from "../openapi.ts";
import { activityPageSchema, failureListSchema } from "../schemas/history.ts";
import { filterQuery } from "./journeys.ts";

const MAXIMUM_PAGE = 200;

const failures = createRoute({
  method: "get",
  path: "/failures",
  operationId: "listFailures",
  tags: ["Failures and activity"],
  summary: "Failures grouped by fingerprint",
  description: "A fingerprint is the failed function, the error's code and its message without ids and numbers.",
  request: { query: filterQuery },
  responses: { 200: json(failureListSchema, "Groups under the filter"), ...problems() },
});

const activity = createRoute({
  method: "get",
  path: "/activity",
  operationId: "listActivity",
  tags: ["Failures and activity"],
  summary: "Operators' actions with actor, reason and outcome",
  description:
    "Actions on journeys, and what was done to the profiles of this console: changed, chosen, unlocked. The latter have `profile` in the place of a journey.",
  request: {
    query: z.object({
      actor: z.string().optional(),
      action: z.string().optional(),
      q: z.string().max(500).optional().openapi({ description: "Free text over uuids, names and reasons" }),
      cursor: z.string().optional().openapi({ description: "`next` of the answer before" }),
      limit: integerQuery(1, MAXIMUM_PAGE, "Rows of a page"),
    }),
  },
  responses: { 200: json(activityPageSchema, "Newest first"), ...problems() },
});

export function historyRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  router.openapi(failures, async (c) => c.json({ failures: await host.audit.failures(c.req.valid("query")) }, 200));
  router.openapi(activity, async (c) => c.json(await listActivity(host, c.req.valid("query")), 200));
  return router;
}
