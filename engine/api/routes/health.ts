/** /health, /ready and /metrics: for whoever watches over the process. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { AntigraphError } from "../../core/errors.ts";
import type { RegistryStatus } from "../../registry/store.ts";
import { auditBehind } from "../audit-lag.ts";
import type { ApiHost } from "../host.ts";
import { createRouter, json, problems } from "../openapi.ts";
import { healthSchema, type Ready, readySchema } from "../schemas/console.ts";

const TAGS = ["Health"];
/** How far the audit cache may be behind before the console calls itself not ready. */
const MAXIMUM_AUDIT_BEHIND_RECORDS = 10_000;

const health = createRoute({
  method: "get",
  path: "/health",
  operationId: "getHealth",
  tags: TAGS,
  summary: "The process answers",
  security: [],
  responses: { 200: json(healthSchema, "It does") },
});

const ready = createRoute({
  method: "get",
  path: "/ready",
  operationId: "getReady",
  tags: TAGS,
  summary: "It can do its work",
  security: [],
  responses: { 200: json(readySchema, "Ready"), 503: json(readySchema, "Not ready; `checks` says why") },
});

const metrics = createRoute({
  method: "get",
  path: "/metrics",
  operationId: "getMetrics",
  tags: TAGS,
  summary: "Metrics for Prometheus",
  responses: {
    200: { description: "Prometheus' text format", content: { "text/plain": { schema: z.string() } } },
    ...problems(),
  },
});

export function healthRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  router.openapi(health, (c) => c.json({ status: "ok" as const, version: host.product.version }, 200));
  router.openapi(ready, async (c) => {
    const answer = await readiness(host);
    return answer.ready ? c.json(answer, 200) : c.json(answer, 503);
  });
  router.openapi(metrics, async (c) =>
    c.text(await host.metrics.render(), 200, { "content-type": host.metrics.contentType }),
  );
  return router;
}

async function readiness(host: ApiHost): Promise<Ready> {
  const checks: Ready["checks"] = { open: host.shutdown.aborted ? { ok: false, why: "closing" } : { ok: true } };
  try {
    const { state, message } = host.connection();
    if (state !== "connected")
      return { ready: false, checks: { ...checks, bus: { ok: false, why: message ?? state } } };
    const [offsets, positions] = await Promise.all([host.bus.offsets(host.topics.audit), host.audit.positions()]);
    checks.bus = { ok: true };
    const behind = auditBehind(offsets, positions);
    checks.audit = behind <= MAXIMUM_AUDIT_BEHIND_RECORDS ? { ok: true } : { ok: false, why: `behind by ${behind}` };
    const { why } = host.manager.status();
    if (why !== undefined) checks.manager = { ok: false, why };
    if (host.schemas) checks.registry = registryCheck(host.schemas.status());
  } catch (error) {
    if (error instanceof AntigraphError && error.code === "topic_not_found") {
      return { ready: false, checks: { ...checks, bus: { ok: false, why: `topics are missing: ${error.message}` } } };
    }
    host.logger.warn({ err: error }, "Not ready: the bus or the audit cache doesn't answer");
    checks.bus = { ok: false, why: "the bus or the audit cache doesn't answer" };
  }
  return { ready: Object.values(checks).every(({ ok }) => ok), checks };
}

/** Away, a registry hinders nobody who knows its schemas. */
function registryCheck({ known, reachable, error }: RegistryStatus): Ready["checks"][string] {
  if (known && (reachable || error === undefined)) return { ok: true };
  return { ok: known, why: `${error ?? "it has not answered yet"}${known ? " What was known stays in force." : ""}` };
}
