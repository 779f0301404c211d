/**
 * /topics/{topic}/records: reading by long poll and producing by hand. On the embedded profile this is also the door for
 * services in any language: read `fromanager`, answer to `tomanager`.
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { NewRecord } from "../../bus/bus.ts";
import { AntigraphError } from "../../core/errors.ts";
import { closedTopic } from "../../core/topic-names.ts";
import { resendDeadLetters } from "../dead-letters.ts";
import type { ApiHost } from "../host.ts";
import {
  bodyProblems,
  callSignal,
  createRouter,
  flagQuery,
  integerQuery,
  json,
  jsonBody,
  problems,
  timeQuery,
  waitQuery,
} from "../openapi.ts";
import { boundedPage, shownRecord } from "../record-pages.ts";
import { formatOffset, parseOffset, type TopicOffsets } from "../record-positions.ts";
import { MAXIMUM_SCANNED_RECORDS, positionsAt, searchKey } from "../record-search.ts";
import { assertRecordSize, recordText } from "../record-text.ts";
import {
  MAXIMUM_RECORDS,
  type ProduceRequest,
  producedSchema,
  produceRequestSchema,
  recordPageSchema,
  resendRequestSchema,
  resentSchema,
} from "../schemas/record.ts";
import { assertWritable } from "../writable.ts";

const TAGS = ["Records"];
const DEFAULT_RECORDS = 100;
const params = z.object({ topic: z.string().min(1).max(249) });

const read = createRoute({
  method: "get",
  path: "/topics/{topic}/records",
  operationId: "readRecords",
  tags: TAGS,
  summary: "Read records, by long poll if wanted",
  description:
    "Read on by giving `next` back as `offset`: then nothing is missed and nothing is read twice. An answer has 4 MiB of text at most, and may hold fewer records than there are.",
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
      skip: flagQuery.openapi({
        description:
          "Where records have left the topic already, read on from what is left, and say how many: `skipped`",
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

const resend = createRoute({
  method: "post",
  path: "/topics/{topic}/resend",
  operationId: "resendDeadLetters",
  tags: TAGS,
  summary: "Send dead letters again",
  description:
    "Each as a new record of the topic it came from, with its key, its bytes and its own headers, and with actor, reason and `resent-from` in the headers. The dead letters stay where they are. Stands in the activity.",
  request: { params, body: jsonBody(resendRequestSchema) },
  responses: {
    201: json(resentSchema, "Where they stand now, in the order given"),
    ...bodyProblems("forbidden_profile", "forbidden_topic", "offset_out_of_range", "bus_unavailable"),
  },
});

export function recordRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  router.openapi(read, async (c) => {
    const { partition, offset, at, key, skip, limit = DEFAULT_RECORDS, wait: waitMs = 0 } = c.req.valid("query");
    const topic = await findTopic(host, c.req.valid("param").topic);
    // Also where a time is given: it says what is wrong with the partition.
    const start = parseOffset(offset ?? "start", topic, partition);
    const begun = at === undefined ? start : await positionsAt(host.bus, topic, partition, Date.parse(at));
    const { from, skipped } = skip ? skipLost(begun, topic) : { from: begun, skipped: undefined };
    const signal = callSignal(c, host.closing);
    const { records, next, scanned } = boundedPage(
      key === undefined
        ? { ...(await host.bus.read({ topic: topic.name, from, limit, waitMs, signal })), scanned: undefined }
        : await searchKey(host.bus, { topic, from, key, limit, waitMs, signal }),
    );
    const away = topic.offsets.filter((each) => each.away && each.partition in from).map((each) => each.partition);
    return c.json(
      {
        records: records.map(shownRecord),
        next: formatOffset(next),
        ...(away.length > 0 && { away }),
        ...(scanned !== undefined && { scanned }),
        ...(skipped !== undefined && { skipped }),
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
  router.openapi(resend, async (c) => {
    assertWritable(host);
    const { records, reason } = c.req.valid("json");
    return c.json({ records: await resendDeadLetters(host, c.req.valid("param").topic, records, reason) }, 201);
  });
  return router;
}

async function findTopic(host: ApiHost, name: string): Promise<TopicOffsets> {
  const offsets = await host.bus.offsets(name);
  return { name, partitions: offsets.length, offsets };
}

/** Behind what retention has taken. */
function skipLost(
  from: Record<number, number>,
  { offsets }: TopicOffsets,
): { from: Record<number, number>; skipped: number } {
  const kept = { ...from };
  let skipped = 0;
  for (const { partition, start } of offsets) {
    const position = from[partition];
    if (position === undefined || position >= start) continue;
    kept[partition] = start;
    skipped += start - position;
  }
  return { from: kept, skipped };
}

function assertMayProduce(host: ApiHost, topic: string): void {
  const profile = host.profiles.current();
  if (profile.read_only || profile.environment === "prod") {
    const why = profile.read_only ? "read-only" : "production";
    throw new AntigraphError("forbidden_profile", `The profile ${profile.name} is ${why}.`);
  }
  // The history and the engine's state are what managers made of the inputs; nobody else adds to them.
  const { audit, journeys } = host.topics;
  if ([audit, journeys, closedTopic(journeys)].includes(topic)) {
    throw new AntigraphError("forbidden_topic", `Only managers write to ${topic}.`);
  }
}

function newRecords(body: ProduceRequest, topic: TopicOffsets): NewRecord[] {
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
