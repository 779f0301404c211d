/** /cluster, /topics and /groups: is the bus well? */
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { TopicInfo } from "../../bus/bus.ts";
import { provisionTopics } from "../../bus/kafka/provision.ts";
import { type TopicSetting, topicsBySetting } from "../../core/topic-names.ts";
import { auditBehind } from "../audit-lag.ts";
import { createDeadLetterCount } from "../dead-letter-count.ts";
import type { ApiHost } from "../host.ts";
import { bodyProblems, createRouter, json, jsonBody, problems } from "../openapi.ts";
import { orUnavailable } from "../or-unavailable.ts";
import {
  type Cluster,
  clusterSchema,
  groupListSchema,
  provisionedSchema,
  provisionRequestSchema,
  type TopicList,
  topicListSchema,
} from "../schemas/cluster.ts";
import { assertWritable } from "../writable.ts";

const TAGS = ["Cluster"];
/** How long the cache may take to find out that it has everything. */
const MARKERS_WAIT_MS = 200;

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

const provision = createRoute({
  method: "post",
  path: "/topics",
  operationId: "provisionTopics",
  tags: TAGS,
  summary: "Create the topics of this profile that are missing",
  description: "What is there and differs is told, never changed. On the embedded profile all topics are there.",
  request: { body: jsonBody(provisionRequestSchema) },
  responses: {
    200: json(provisionedSchema, "What was created, and what differs from what was asked for"),
    ...bodyProblems("forbidden_profile", "bus_unavailable"),
  },
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
  // Another profile has another bus.
  let counter = { bus: host.bus, count: createDeadLetterCount(host.bus, host.topics.deadLetter) };
  const countDeadLetters = async (all: TopicInfo[]): Promise<number> => {
    const { bus, topics } = host;
    if (counter.bus !== bus) counter = { bus, count: createDeadLetterCount(bus, topics.deadLetter) };
    return counter.count(all.find(({ name }) => name === topics.deadLetter)?.offsets ?? []);
  };
  router.openapi(cluster, async (c) => {
    const seen = await orUnavailable(() => Promise.all([host.bus.cluster(), host.bus.topics()]));
    if (seen === undefined) return c.json(unreachable(host), 200);
    // Behind the last record there may be markers of transactions: the cache passes them when it is asked.
    await host.audit.caughtUp(MARKERS_WAIT_MS);
    const [{ id, brokers }, all] = seen;
    const positions = await host.audit.positions();
    const audit = all.find((topic) => topic.name === host.topics.audit);
    return c.json(
      {
        kind: host.bus.kind,
        reachable: true,
        ...(id !== undefined && { cluster_id: id }),
        brokers,
        topics: all.length,
        partitions: all.reduce((total, topic) => total + topic.partitions, 0),
        audit_behind: auditBehind(audit?.offsets ?? [], positions),
        dead_letters: await countDeadLetters(all),
        ...(host.storage && { storage: { path: host.storage.path, size_bytes: host.storage.sizeBytes() } }),
      },
      200,
    );
  });
  router.openapi(topics, async (c) => {
    const all = await host.bus.topics();
    const roles = rolesOf(host);
    return c.json(
      { topics: all.map((topic) => topicRow(topic, roles)).sort((a, b) => a.name.localeCompare(b.name)) },
      200,
    );
  });
  router.openapi(provision, async (c) => {
    assertWritable(host);
    const profile = host.profiles.current();
    if (profile.kind !== "kafka") return c.json({ created: [], differences: [] }, 200);
    const { partitions, replication, retention_ms: retentionMs } = c.req.valid("json");
    const connection = await host.profiles.connection(profile.name);
    const provisioned = await provisionTopics({
      ...connection,
      topics: host.topics,
      partitions,
      replication,
      retentionMs,
    });
    return c.json(provisioned, 200);
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

/** While the bus is away: the brokers as the profile names them, and what the cache knows. */
function unreachable(host: ApiHost): Cluster {
  const { kafka, cluster_id } = host.profiles.current();
  return {
    kind: host.bus.kind,
    reachable: false,
    ...(cluster_id !== undefined && { cluster_id }),
    brokers: (kafka?.brokers ?? []).map((address, id) => {
      const colon = address.lastIndexOf(":");
      return { id, host: address.slice(0, colon), port: Number(address.slice(colon + 1)), controller: false };
    }),
    topics: 0,
    partitions: 0,
    audit_behind: 0,
    dead_letters: 0,
  };
}

type TopicRow = TopicList["topics"][number];

function rolesOf({ topics }: ApiHost): Map<string, TopicRow["role"]> {
  const roles = Object.entries(topicsBySetting(topics)) as [TopicSetting, string][];
  return new Map(roles.map(([role, name]) => [name, role]));
}

function topicRow(
  { name, partitions, compacted, retentionMs, offsets }: TopicInfo,
  roles: Map<string, TopicRow["role"]>,
) {
  const role = roles.get(name);
  const copies = offsets.flatMap(({ replicas }) => (replicas ? [replicas.length] : []));
  return {
    name,
    partitions,
    compacted,
    records: offsets.reduce((total, { start, end }) => total + end - start, 0),
    ...(role !== undefined && { role }),
    ...(retentionMs !== undefined && { retention_ms: retentionMs }),
    ...(copies.length > 0 && { replication: Math.min(...copies) }),
    offsets: offsets.map(({ inSync, ...each }) => ({ ...each, ...(inSync && { in_sync: inSync }) })),
  } satisfies TopicRow;
}
