/** /journeys/{uuid}/actions and /journeys/actions: what an operator does to journeys, with dry runs. */
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { previewAction, takeAction } from "../actions.ts";
import { bulkAction } from "../bulk-actions.ts";
import type { ApiHost } from "../host.ts";
import { bodyProblems, callSignal, createRouter, json, jsonBody, uuidParam } from "../openapi.ts";
import { traceparentOf } from "../record-text.ts";
import {
  actionAcceptedSchema,
  actionRequestSchema,
  bulkActionRequestSchema,
  bulkOutcomesSchema,
  previewSchema,
} from "../schemas/action.ts";
import { assertWritable } from "../writable.ts";

const TAGS = ["Actions"];

const act = createRoute({
  method: "post",
  path: "/journeys/{uuid}/actions",
  operationId: "actOnJourney",
  tags: TAGS,
  summary: "Act on a journey, or see what an action would send",
  description:
    "202 means that the action is durable, not yet that it is done: its event in the journey's history tells that. With `dry_run` nothing is sent. The actor is the holder of the token.",
  request: { params: uuidParam, body: jsonBody(actionRequestSchema) },
  responses: {
    200: json(previewSchema, "The dry run: what the action would send, level by level"),
    202: json(actionAcceptedSchema, "The action is on the bus, or `queued` on this disk; the manager decides on it"),
    ...bodyProblems(
      "journey_not_found",
      "flow_not_found",
      "unknown_action",
      "unknown_step",
      "unknown_version",
      "action_not_allowed",
      "past_pivot",
      "stale_preview",
      "no_home_in_version",
      "schema_invalid",
      "not_supported",
      "forbidden_profile",
      "outbox_full",
      "bus_unavailable",
    ),
  },
});

const actOnMany = createRoute({
  method: "post",
  path: "/journeys/actions",
  operationId: "actOnJourneys",
  tags: TAGS,
  summary: "Act on a fixed list of journeys",
  description: "Each journey has an outcome of its own; one refusal doesn't keep the others from being acted on.",
  request: { body: jsonBody(bulkActionRequestSchema) },
  responses: {
    200: json(bulkOutcomesSchema, "The dry run of each"),
    202: json(bulkOutcomesSchema, "The outcome for each, in the order asked"),
    ...bodyProblems("unknown_action", "forbidden_profile", "outbox_full", "bus_unavailable"),
  },
});

export function actionRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  router.openapi(actOnMany, async (c) => {
    const request = c.req.valid("json");
    if (!request.dry_run) assertWritable(host);
    const outcomes = await bulkAction(host, request, {
      traceparent: traceparentOf(c.req.header("traceparent")),
      signal: callSignal(c, host.closing),
    });
    return request.dry_run ? c.json({ outcomes }, 200) : c.json({ outcomes }, 202);
  });
  router.openapi(act, async (c) => {
    const { dry_run, ...asked } = c.req.valid("json");
    const { uuid } = c.req.valid("param");
    const signal = callSignal(c, host.closing);
    if (dry_run) return c.json(await previewAction(host, uuid, asked, signal), 200);
    assertWritable(host);
    const { id, queued, replayUuid } = await takeAction(host, uuid, asked, {
      traceparent: traceparentOf(c.req.header("traceparent")),
      signal,
    });
    return c.json({ uuid, id, queued, ...(replayUuid && { replay_uuid: replayUuid }) }, 202);
  });
  return router;
}
