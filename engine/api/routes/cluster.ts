/** /cluster, /topics and /groups: is the bus well? */
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { auditBehind } from "../audit-lag.ts";
import type { ApiHost } from "../host.ts";
import { createRouter, json, problems } from "../openapi.ts";
import { clusterSchema, groupListSchema, topicListSchema } from "../schemas/cluster.ts";

const TAGS = ["Cluster"];

const cluster = createRoute({
  method: "get",
  path: "/cluster",
  operationId: "getCluster",
  tags: TAGS,
  summary: "Brokers and how far the audit cache is",
  responses: { 200: json(clusterSchema, "The cluster, or the embedded bus"), ...problems("bus_unavailable") },
});

const topics = createRoute({
  method: "get",
  path: "/topics",
  operationId: "listTopics",
  tags: TAGS,
  summary: "Topics with their partitions and offsets",
  responses: { 200: json(topicListSchema, "By name"), ...problems("bus_unavailable") },
});

const groups = createRoute({
  method: "get",
  path: "/groups",
  operationId: "listGroups",
  tags: TAGS,
  summary: "Consumer groups with lag",
  responses: { 200: json(groupListSchema, "By name"), ...problems("bus_unavailable") },
});

export function clusterRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  router.openapi(cluster, async (c) => {
    const [all, positions] = await Promise.all([host.bus.topics(), host.audit.positions()]);
    const audit = all.find((topic) => topic.name === host.topics.audit);
    const deadLetters = all.find((topic) => topic.name === host.topics.deadLetter);
    return c.json(
      {
        kind: host.bus.kind,
        reachable: true,
        brokers: [{ id: 0, host: "this console", controller: true }],
        topics: all.length,
        partitions: all.reduce((total, topic) => total + topic.partitions, 0),
        audit_behind: auditBehind(audit, positions),
        dead_letters: (deadLetters?.offsets ?? []).reduce((total, { start, end }) => total + end - start, 0),
        ...(host.storage && { storage: { path: host.storage.path, size_bytes: host.storage.sizeBytes() } }),
      },
      200,
    );
  });
  router.openapi(topics, async (c) => {
    const all = await host.bus.topics();
    return c.json(
      {
        topics: all
          .map((topic) => ({
            ...topic,
            records: topic.offsets.reduce((total, { start, end }) => total + end - start, 0),
          }))
          .sort((a, b) => a.name.localeCompare(b.name)),
      },
      200,
    );
  });
  router.openapi(groups, async (c) => {
    const all = await host.bus.groups();
    return c.json(
      {
        groups: all
          .map((group) => ({ ...group, lag: group.topics.reduce((total, { lag }) => total + lag, 0) }))
          .sort((a, b) => a.group.localeCompare(b.group)),
      },
      200,
    );
  });
  return router;
}
