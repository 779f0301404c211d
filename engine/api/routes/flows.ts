/** /flows: what can be run. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { FlowStats } from "../../audit/store.ts";
import { compileFlow } from "../../core/compile.ts";
import { AntigraphError } from "../../core/errors.ts";
import { SCHEMA_VERSION } from "../../core/protocol.ts";
import type { FlowEntry } from "../../manager/flows.ts";
import { createFlowPublisher } from "../flow-publishing.ts";
import type { ApiHost } from "../host.ts";
import { bodyProblems, createRouter, flagQuery, json, jsonBody, problems, timeQuery } from "../openapi.ts";
import {
  compiledFlowSchema,
  type FlowList,
  type FlowVersion,
  findingsSchema,
  flowCheckRequestSchema,
  flowListSchema,
  flowSchema,
  publishedSchema,
} from "../schemas/flow.ts";
import { assertWritable } from "../writable.ts";

const TAGS = ["Flows"];
const DEFAULT_STATS_MS = 30 * 24 * 60 * 60 * 1000;

const list = createRoute({
  method: "get",
  path: "/flows",
  operationId: "listFlows",
  tags: TAGS,
  summary: "Flows with their versions and how they do",
  request: {
    query: z.object({
      from: timeQuery.openapi({ description: "Journeys started at or after; left out: the last 30 days" }),
      to: timeQuery,
    }),
  },
  responses: { 200: json(flowListSchema, "By name, versions newest first"), ...problems() },
});

const get = createRoute({
  method: "get",
  path: "/flows/{name}/{version}",
  operationId: "getFlow",
  tags: TAGS,
  summary: "A flow version as it was published",
  request: { params: z.object({ name: z.string(), version: z.string() }) },
  responses: {
    200: json(flowSchema, "The value of tomanageredits, equally a flow file"),
    ...problems("flow_not_found"),
  },
});

const compiled = createRoute({
  method: "get",
  path: "/flows/{name}/{version}/compiled",
  operationId: "getCompiledFlow",
  tags: TAGS,
  summary: "A flow version as the engine walks it",
  description: "The steps with what comes before and after each, its negations, and every setting with its default.",
  request: { params: z.object({ name: z.string(), version: z.string() }) },
  responses: {
    200: json(compiledFlowSchema, "The graph; the anti-graph is the same read by `predecessors`"),
    ...problems("flow_not_found", "flow_invalid"),
  },
});

const publish = createRoute({
  method: "post",
  path: "/flows",
  operationId: "publishFlow",
  tags: TAGS,
  summary: "Publish a flow version",
  request: {
    query: z.object({ dry_run: flagQuery.openapi({ description: "Only say what publishing would answer" }) }),
    body: jsonBody(flowSchema),
  },
  responses: {
    200: json(publishedSchema, "The same content was published before, or this was a dry run"),
    201: json(publishedSchema, "Published"),
    ...bodyProblems("flow_version_exists", "flow_invalid", "forbidden_profile", "bus_unavailable"),
  },
});

const check = createRoute({
  method: "post",
  path: "/flows/check",
  operationId: "checkFlow",
  tags: TAGS,
  summary: "The checker's findings about a flow, published or not",
  request: { body: jsonBody(flowCheckRequestSchema) },
  responses: { 200: json(findingsSchema, "No error among them: it can be published"), ...bodyProblems() },
});

export function flowRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  const publisher = createFlowPublisher(host);
  router.openapi(list, async (c) => {
    const { from, to } = c.req.valid("query");
    const stats = await host.audit.flowStats({
      from: from ?? new Date(host.now() - DEFAULT_STATS_MS).toISOString(),
      to: to ?? new Date(host.now() + 1).toISOString(),
    });
    return c.json({ flows: groupByName(host.flows.list(), stats) }, 200);
  });
  router.openapi(get, async (c) => {
    const { name, version } = c.req.valid("param");
    const entry = host.flows.get(name, version);
    if (!entry) throw new AntigraphError("flow_not_found", `There is no flow ${name} ${version}.`);
    return c.json(entry.record, 200);
  });
  router.openapi(compiled, async (c) => {
    const { name, version } = c.req.valid("param");
    const entry = host.flows.get(name, version);
    if (!entry) throw new AntigraphError("flow_not_found", `There is no flow ${name} ${version}.`);
    const { flow, findings } = entry;
    if (!flow) throw new AntigraphError("flow_invalid", `The flow ${name} ${version} can't be run.`, { findings });
    return c.json(flow, 200);
  });
  router.openapi(publish, async (c) => {
    const { dry_run } = c.req.valid("query");
    assertWritable(host);
    const { created, record, findings } = await publisher.publish(c.req.valid("json"), { dryRun: dry_run });
    const answer = { name: record.name, version: record.version, findings };
    return created && !dry_run ? c.json(answer, 201) : c.json(answer, 200);
  });
  router.openapi(check, async (c) => {
    const { name, version, schema_version, workflow, types } = c.req.valid("json");
    const { findings } = compileFlow(
      {
        name: name?.trim() || "draft",
        version: version?.trim() || "draft",
        schema_version: schema_version ?? SCHEMA_VERSION,
        workflow,
      },
      { negations: host.negations.get(), types },
    );
    return c.json({ findings }, 200);
  });
  return router;
}

function groupByName(entries: FlowEntry[], stats: FlowStats[]): FlowList["flows"] {
  const byVersion = new Map(stats.map((each) => [JSON.stringify([each.name, each.version]), each]));
  const flows = new Map<string, { version: FlowVersion; offset: number }[]>();
  for (const entry of entries) {
    const { name, version } = entry.record;
    const versions = flows.get(name) ?? [];
    versions.push({
      offset: entry.offset,
      version: flowVersion(entry, byVersion.get(JSON.stringify([name, version]))),
    });
    flows.set(name, versions);
  }
  return [...flows]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, versions]) => ({
      name,
      versions: versions.sort((a, b) => b.offset - a.offset).map(({ version }) => version),
    }));
}

function flowVersion(entry: FlowEntry, stats: FlowStats | undefined): FlowVersion {
  const { running, completed, rolled_back, total } = stats ?? { running: 0, completed: 0, rolled_back: 0, total: 0 };
  return {
    version: entry.record.version,
    published_at: new Date(entry.publishedAt).toISOString(),
    steps: Object.keys(entry.flow?.steps ?? {}).length,
    findings: entry.findings,
    conflicts: entry.conflicts,
    running,
    completed,
    rolled_back,
    total,
    p50_ms: stats?.p50_ms,
    p95_ms: stats?.p95_ms,
    slowest_step: stats?.slowest_step,
  };
}
