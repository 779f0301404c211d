/** /faults: failures and delays for the sample services, so that one can watch an undo. Embedded profile only. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
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
  waitQuery,
} from "../openapi.ts";
import { faultsRequestSchema, faultsSchema } from "../schemas/console.ts";

const TAGS = ["Faults"];

const get = createRoute({
  method: "get",
  path: "/faults",
  operationId: "getFaults",
  tags: TAGS,
  summary: "The faults asked for, by long poll if wanted",
  request: {
    query: z.object({
      revision: integerQuery(
        0,
        Number.MAX_SAFE_INTEGER,
        "With `wait`: answers once the board's revision is another one",
      ),
      wait: waitQuery,
    }),
  },
  responses: { 200: json(faultsSchema, "The board"), ...problems("forbidden_profile") },
});

const put = createRoute({
  method: "put",
  path: "/faults",
  operationId: "setFaults",
  tags: TAGS,
  summary: "Replace the faults asked for",
  request: { body: jsonBody(faultsRequestSchema) },
  responses: { 200: json(faultsSchema, "The board with its new revision"), ...bodyProblems("forbidden_profile") },
});

export function faultRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  const assertEmbedded = () => {
    const profile = host.profiles.current();
    if (profile.kind === "embedded" && profile.environment !== "prod") return;
    throw new AntigraphError("forbidden_profile", "Faults exist on the embedded profile only.");
  };
  router.openapi(get, async (c) => {
    assertEmbedded();
    const { revision, wait } = c.req.valid("query");
    if (revision === undefined || !wait) return c.json(host.faults.current(), 200);
    return c.json(await host.faults.changedFrom(revision, wait, callSignal(c, host.closing)), 200);
  });
  router.openapi(put, (c) => {
    assertEmbedded();
    return c.json(host.faults.set(c.req.valid("json").faults), 200);
  });
  return router;
}
