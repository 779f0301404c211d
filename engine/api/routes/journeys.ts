/** /journeys: start, list, count, look at one now or then, its events. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { AntigraphError } from "../../core/errors.ts";
import { JOURNEY_STATUSES } from "../../core/view.ts";
import type { ApiHost } from "../host.ts";
import { readJourney, viewOf } from "../journey-reader.ts";
import {
  bodyProblems,
  callSignal,
  createRouter,
  integerQuery,
  json,
  jsonBody,
  problems,
  timeQuery,
  uuidParam,
  waitQuery,
} from "../openapi.ts";
import { traceparentOf } from "../record-text.ts";
import {
  journeyCountsSchema,
  journeyEventsSchema,
  journeyPageSchema,
  journeySchema,
  startedSchema,
  startRequestSchema,
} from "../schemas/journey.ts";
import { startJourney } from "../starts.ts";
import { assertWritable } from "../writable.ts";

const MAXIMUM_PAGE = 200;
const TAGS = ["Journeys"];

const statusQuery = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((given) =>
    [given ?? []]
      .flat()
      .flatMap((text) => text.split(","))
      .filter(Boolean),
  )
  .pipe(z.array(z.enum(JOURNEY_STATUSES)))
  .transform((list) => (list.length === 0 ? undefined : list))
  .openapi({
    type: "array",
    items: { type: "string", enum: [...JOURNEY_STATUSES] },
    description: "One or several, repeated or with commas",
  });

/** The filter that the list, the counts and the failures share. */
export const filterQuery = z.object({
  status: statusQuery,
  name: z.string().optional().openapi({ description: "The flow" }),
  version: z.string().optional(),
  service: z.string().optional().openapi({ description: "Journeys in which this service was called" }),
  waiting: z
    .enum(["approval"])
    .optional()
    .openapi({ description: "Journeys in which a person's approval is waited for" }),
  error: z.string().optional().openapi({ description: "Error code, or a part of the message" }),
  q: z
    .string()
    .max(500)
    .optional()
    .openapi({ description: "Free text over uuids, names, inputs, outputs and errors" }),
  from: timeQuery.openapi({ description: "Started at or after" }),
  to: timeQuery.openapi({ description: "Started before" }),
});

const start = createRoute({
  method: "post",
  path: "/journeys",
  operationId: "startJourney",
  tags: TAGS,
  summary: "Start a journey",
  description:
    "With `uuid` the call may be repeated: the journey is started once. With `wait` the answer is the journey, if it ended within that time.",
  request: { query: z.object({ wait: waitQuery }), body: jsonBody(startRequestSchema) },
  responses: {
    200: json(journeySchema, "The journey: it has ended within the wait, or its uuid had been started before"),
    202: json(startedSchema, "The start is on the bus; with `queued` on this disk, to be sent when the bus is there"),
    ...bodyProblems(
      "flow_not_found",
      "flow_invalid",
      "uuid_in_use",
      "forbidden_profile",
      "outbox_full",
      "bus_unavailable",
    ),
  },
});

const list = createRoute({
  method: "get",
  path: "/journeys",
  operationId: "listJourneys",
  tags: TAGS,
  summary: "List journeys",
  request: {
    query: filterQuery.extend({
      sort: z.enum(["started_at", "-started_at", "ended_at", "-ended_at", "duration", "-duration"]).optional(),
      cursor: z.string().optional().openapi({ description: "`next` of the answer before" }),
      limit: integerQuery(1, MAXIMUM_PAGE, "Rows of a page"),
    }),
  },
  responses: { 200: json(journeyPageSchema, "A page of journeys, newest first"), ...problems() },
});

const counts = createRoute({
  method: "get",
  path: "/journeys/counts",
  operationId: "countJourneys",
  tags: TAGS,
  summary: "Count journeys by status",
  request: { query: filterQuery },
  responses: { 200: json(journeyCountsSchema, "How many there are of each status"), ...problems() },
});

const get = createRoute({
  method: "get",
  path: "/journeys/{uuid}",
  operationId: "getJourney",
  tags: TAGS,
  summary: "One journey, now or then",
  request: {
    params: uuidParam,
    query: z.object({
      at: z
        .union([z.string().regex(/^\d{1,9}$/, "a seq or an ISO 8601 time"), z.iso.datetime({ offset: true })])
        .optional()
        .openapi({
          type: "string",
          description: "As it was after the event of this seq, or at this time (ISO 8601)",
        }),
    }),
  },
  responses: { 200: json(journeySchema, "The journey"), ...problems("journey_not_found") },
});

const events = createRoute({
  method: "get",
  path: "/journeys/{uuid}/events",
  operationId: "getJourneyEvents",
  tags: TAGS,
  summary: "The events of a journey, in order",
  request: {
    params: uuidParam,
    query: z.object({
      after: integerQuery(0, Number.MAX_SAFE_INTEGER, "Only events of a later seq than this: what is new"),
    }),
  },
  responses: { 200: json(journeyEventsSchema, "By seq"), ...problems("journey_not_found") },
});

export function journeyRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  router.openapi(start, async (c) => {
    assertWritable(host);
    const { uuid, queued, journey } = await startJourney(host, c.req.valid("json"), {
      waitMs: c.req.valid("query").wait ?? 0,
      traceparent: traceparentOf(c.req.header("traceparent")),
      signal: callSignal(c, host.closing),
    });
    if (journey) return c.json(viewOf(host, journey), 200);
    return c.json({ uuid, queued }, 202);
  });
  router.openapi(list, async (c) => c.json(await host.audit.list(c.req.valid("query")), 200));
  router.openapi(counts, async (c) => c.json(await host.audit.counts(c.req.valid("query")), 200));
  router.openapi(get, async (c) => {
    const { uuid } = c.req.valid("param");
    const { at } = c.req.valid("query");
    const now = await readJourney(host, uuid, callSignal(c, host.closing));
    if (at === undefined) return c.json(viewOf(host, now), 200);
    const then = await host.audit.journey(uuid, /^\d+$/.test(at) ? { seq: Number(at) } : { time: at });
    if (!then) throw new AntigraphError("journey_not_found", `Journey ${uuid} hadn't begun at ${at}.`);
    return c.json(viewOf(host, then), 200);
  });
  router.openapi(events, async (c) => {
    const { uuid } = c.req.valid("param");
    const { after = 0 } = c.req.valid("query");
    const known = await host.audit.events(uuid);
    // Only what isn't known may have to be waited for.
    if (known.length === 0) await readJourney(host, uuid, callSignal(c, host.closing));
    const events = known.length === 0 ? await host.audit.events(uuid) : known;
    return c.json({ events: after === 0 ? events : events.filter(({ seq }) => seq > after) }, 200);
  });
  return router;
}
