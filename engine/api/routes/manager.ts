/** /manager: is a manager running in this console; start and stop it. */
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { ApiHost } from "../host.ts";
import { bodyProblems, createRouter, json, jsonBody, problems } from "../openapi.ts";
import { orUnavailable } from "../or-unavailable.ts";
import { type ManagerState, managerRequestSchema, managerSchema } from "../schemas/console.ts";
import { assertWritable } from "../writable.ts";

const TAGS = ["Manager"];

const get = createRoute({
  method: "get",
  path: "/manager",
  operationId: "getManager",
  tags: TAGS,
  summary: "The manager of this console, and how many share the work",
  responses: { 200: json(managerSchema, "Now"), ...problems("bus_unavailable") },
});

const post = createRoute({
  method: "post",
  path: "/manager",
  operationId: "switchManager",
  tags: TAGS,
  summary: "Start or stop the manager of this console",
  description:
    "Stopping hands its partitions over; journeys go on with another manager, or when one is started again.",
  request: { body: jsonBody(managerRequestSchema) },
  responses: { 200: json(managerSchema, "As it is then"), ...bodyProblems("forbidden_profile", "bus_unavailable") },
});

export function managerRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  router.openapi(get, async (c) => c.json(await managerState(host), 200));
  router.openapi(post, async (c) => {
    assertWritable(host);
    await host.manager.setRunning(c.req.valid("json").running);
    return c.json(await managerState(host), 200);
  });
  return router;
}

async function managerState(host: ApiHost): Promise<ManagerState> {
  const [offsets, groups = []] = await Promise.all([
    orUnavailable(() => host.bus.offsets(host.topics.toManager), "topic_not_found"),
    orUnavailable(() => host.bus.groups()),
  ]);
  const { running, partitions, inFlight, processed, deadLettered, why } = host.manager.status();
  const group = groups.find((each) => each.group === host.managersGroup);
  return {
    running,
    partitions,
    // While the bus is away: the audit has as many.
    partition_count: offsets?.length ?? Object.keys(await host.audit.positions()).length,
    managers: Math.max(group?.members ?? 0, running ? 1 : 0),
    in_flight: inFlight,
    processed,
    dead_lettered: deadLettered,
    ...(why !== undefined && { why }),
  };
}
