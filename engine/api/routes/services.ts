/** /services: who is slow or down. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { FunctionStats } from "../../audit/store.ts";
import { AntigraphError } from "../../core/errors.ts";
import type { ApiHost } from "../host.ts";
import { createRouter, json, problems, timeQuery } from "../openapi.ts";
import { orUnavailable } from "../or-unavailable.ts";
import { type Service, serviceListSchema, serviceStatsSchema } from "../schemas/service.ts";
import { serviceRows } from "../service-rows.ts";

const TAGS = ["Services"];
const DEFAULT_WINDOW_MS = 15 * 60 * 1000;

const window = {
  from: timeQuery.openapi({ description: "Left out: 15 minutes before `to`" }),
  to: timeQuery.openapi({ description: "Left out: now" }),
};

const list = createRoute({
  method: "get",
  path: "/services",
  operationId: "listServices",
  tags: TAGS,
  summary: "Services with health and traffic",
  request: { query: z.object(window) },
  responses: { 200: json(serviceListSchema, "By name"), ...problems() },
});

const stats = createRoute({
  method: "get",
  path: "/services/{service}/stats",
  operationId: "getServiceStats",
  tags: TAGS,
  summary: "One service's traffic by function",
  request: {
    params: z.object({ service: z.string() }),
    query: z.object({ ...window, function: z.string().optional() }),
  },
  responses: { 200: json(serviceStatsSchema, "Counts, errors and percentiles"), ...problems("service_not_found") },
});

export function serviceRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  router.openapi(list, async (c) => {
    const range = rangeOf(host, c.req.valid("query"));
    const [functions, groups = []] = await Promise.all([
      host.audit.functionStats(range),
      orUnavailable(() => host.bus.groups()),
    ]);
    const services: Service[] = serviceRows(host.health.services(), functions, groups, range);
    return c.json({ ...range, services }, 200);
  });
  router.openapi(stats, async (c) => {
    const { service } = c.req.valid("param");
    const query = c.req.valid("query");
    const range = rangeOf(host, query);
    const functions: FunctionStats[] = await host.audit.functionStats({
      ...range,
      service,
      function: query.function,
    });
    if (functions.length === 0 && !host.health.services().some((known) => known.service === service)) {
      throw new AntigraphError("service_not_found", `There is no service ${service} in this time.`);
    }
    return c.json({ service, ...range, functions }, 200);
  });
  return router;
}

/** The asked time range; @throws AntigraphError invalid_request when it is empty */
function rangeOf(host: ApiHost, query: { from?: string; to?: string }): { from: string; to: string } {
  const to = query.to === undefined ? host.now() : Date.parse(query.to);
  const from = query.from === undefined ? to - DEFAULT_WINDOW_MS : Date.parse(query.from);
  if (from >= to) throw new AntigraphError("invalid_request", "`from` in the query: must be before `to`");
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
