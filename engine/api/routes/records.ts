/**
 * /topics/{topic}/records: reading by long poll and producing by hand. On the embedded profile this is also the door for
 * services in any language: read `fromanager`, answer to `tomanager`.
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { NewRecord, TopicInfo } from "../../bus/bus.ts";
import { AntigraphError } from "../../core/errors.ts";
import type { ApiHost } from "../host.ts";
import {
  bodyProblems,
  callSignal,
  createRouter,
  integerQuery,
  json,
  jsonBody,
  problems,
  timeQuery,
  waitQuery,
} from "../openapi.ts";
import { formatOffset, parseOffset } from "../record-positions.ts";
import { MAXIMUM_SCANNED_RECORDS, positionsAt, searchKey } from "../record-search.ts";
import { assertRecordSize, recordText } from "../record-text.ts";
import {
  MAXIMUM_RECORDS,
  type ProduceRequest,
  producedSchema,
  produceRequestSchema,
  recordPageSchema,
} from "../schemas/record.ts";

const TAGS = ["Records"];
const DEFAULT_RECORDS = 100;
const params = z.object({ topic: z.string().min(1).max(249) });

const read = createRoute({
  method: "get",
  path: "/topics/{topic}/records",
  operationId: "readRecords",
  tags: TAGS,
  summary: "Read records, by long poll if wanted",
  description: "Read on by giving `next` back as `offset`: then nothing is missed and nothing is read twice.",
  request: {
    params,
    query: z.object({
      partition: integerQuery(0, 1_000_000, "Left out: all partitions"),
      offset: z.string().max(20_000).optional().openapi({
        description:
          "`start` (also when left out), `end`, `-N` for the last N of each partition, an offset with `partition`, or `partition:offset` pairs with commas",
      }),
      at: timeQuery.openapi({
        description: "In place of `offset`: from the first record of this time on, in each partition",
      }),
      key: z
        .string()
        .min(1)
        .max(1000)
        .optional()
        .openapi({
          description: `Only records of this key. The topic is looked through from \`offset\` or \`at\` on, up to ${MAXIMUM_SCANNED_RECORDS} records a call: \`scanned\` says how many, \`next\` where to go on`,
        }),
      limit: integerQuery(1, MAXIMUM_RECORDS, `Left out: ${DEFAULT_RECORDS}`),
      wait: waitQuery,
    }),
  },
  responses: {
    200: json(recordPageSchema, "By time across partitions, by offset within one"),
    ...problems("topic_not_found", "offset_out_of_range", "bus_unavailable"),
  },
});

const produce = createRoute({
  method: "post",
  path: "/topics/{topic}/records",
  operationId: "produceRecords",
  tags: TAGS,
  summary: "Produce records by hand",
  description: "Not on read-only or production profiles, and not to the topics that only managers write.",
  request: { params, body: jsonBody(produceRequestSchema) },
  responses: {
    201: json(producedSchema, "Where the records stand, in the order given"),
    ...bodyProblems("topic_not_found", "forbidden_profile", "forbidden_topic", "bus_unavailable"),
  },
});

export function recordRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  router.openapi(read, async (c) => {
    const { partition, offset, at, key, limit = DEFAULT_RECORDS, wait: waitMs = 0 } = c.req.valid("query");
    const topic = await findTopic(host, c.req.valid("param").topic);
    // Also where a time is given: it says what is wrong with the partition.
    const start = parseOffset(offset ?? "start", topic, partition);
    const from = at === undefined ? start : await positionsAt(host.bus, topic, partition, Date.parse(at));
    const signal = callSignal(c, host.closing);
    const { records, next, scanned } =
      key === undefined
        ? { ...(await host.bus.read({ topic: topic.name, from, limit, waitMs, signal })), scanned: undefined }
        : await searchKey(host.bus, { topic, from, key, limit, waitMs, signal });
    return c.json(
      {
        records: records.map((record) => ({
          partition: record.partition,
          offset: record.offset,
          timestamp: new Date(record.timestamp).toISOString(),
          key: record.key,
          headers: record.headers,
          value: record.value,
        })),
        next: formatOffset(next),
        ...(scanned !== undefined && { scanned }),
      },
      200,
    );
  });
  router.openapi(produce, async (c) => {
    assertMayProduce(host, c.req.valid("param").topic);
    const topic = await findTopic(host, c.req.valid("param").topic);
    const records = newRecords(c.req.valid("json"), topic);
    return c.json({ records: await host.bus.append(records) }, 201);
  });
  return router;
}

async function findTopic(host: ApiHost, name: string): Promise<TopicInfo> {
  const topic = (await host.bus.topics()).find((each) => each.name === name);
  if (!topic) throw new AntigraphError("topic_not_found", `There is no topic ${name}.`);
  return topic;
}

function assertMayProduce(host: ApiHost, topic: string): void {
  const profile = host.profiles.current();
  if (profile.read_only || profile.environment === "prod") {
    const why = profile.read_only ? "read-only" : "production";
    throw new AntigraphError("forbidden_profile", `The profile ${profile.name} is ${why}.`);
  }
  // The history and the engine's state are what managers made of the inputs; nobody else adds to them.
  if (topic === host.topics.audit || topic === host.topics.journeys) {
    throw new AntigraphError("forbidden_topic", `Only managers write to ${topic}.`);
  }
}

function newRecords(body: ProduceRequest, topic: TopicInfo): NewRecord[] {
  const given = body.records ?? [
    { key: body.key, value: body.value, headers: body.headers, partition: body.partition },
  ];
  return given.map(({ key, value, headers, partition }) => {
    if (partition !== undefined && partition >= topic.partitions) {
      throw new AntigraphError("invalid_request", `${topic.name} has partitions 0 to ${topic.partitions - 1}.`);
    }
    const text = value === null || typeof value === "string" ? value : recordText(value);
    if (text !== null) assertRecordSize(text);
    return {
      topic: topic.name,
      key: key ?? null,
      value: text,
      ...(headers && { headers }),
      ...(partition !== undefined && { partition }),
    };
  });
}
