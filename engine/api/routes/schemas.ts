/** /schemas: what events are checked by, and registering it. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { AntigraphError } from "../../core/errors.ts";
import { parseSubject } from "../../registry/subjects.ts";
import type { ApiHost } from "../host.ts";
import { bodyProblems, createRouter, json, jsonBody, problems } from "../openapi.ts";
import { catalogueOf, schemaSubjects, shownSubject } from "../schema-subjects.ts";
import { registeredSchemaSchema, type SchemaList, schemaListSchema, schemaRequestSchema } from "../schemas/schema.ts";
import { assertWritable } from "../writable.ts";

const TAGS = ["Schemas"];

const list = createRoute({
  method: "get",
  path: "/schemas",
  operationId: "listSchemas",
  tags: TAGS,
  summary: "The schemas of topics and of each function's commands and replies, registered or not",
  description:
    "The functions are those that flows call and undo, those that services say they have, and those that something is registered for. What is registered here or elsewhere shows within some seconds.",
  responses: { 200: json(schemaListSchema, "Topics first, then by service and function"), ...problems() },
});

const put = createRoute({
  method: "put",
  path: "/schemas/{subject}",
  operationId: "registerSchema",
  tags: TAGS,
  summary: "Register a version of a schema",
  description:
    "The same schema again changes nothing. Here it is in force at once, with other managers within some seconds.",
  request: {
    params: z.object({ subject: z.string().min(1).max(500) }),
    body: jsonBody(schemaRequestSchema),
  },
  responses: {
    200: json(registeredSchemaSchema, "As it is registered now"),
    ...bodyProblems(
      "forbidden_profile",
      "no_registry",
      "schema_unusable",
      "schema_incompatible",
      "registry_denied",
      "registry_unavailable",
    ),
  },
});

export function schemaRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  router.openapi(list, (c) => c.json(schemaList(host), 200));
  router.openapi(put, async (c) => {
    assertWritable(host);
    const { schemas, topics } = host;
    const { subject } = c.req.valid("param");
    if (!schemas) {
      throw new AntigraphError("no_registry", `The profile ${host.profiles.current().name} has no schema registry.`);
    }
    const about = parseSubject(subject, topics);
    if (!about) {
      const { fromManager: from, toManager: to } = topics;
      throw new AntigraphError(
        "invalid_request",
        `Nothing is checked by a subject ${subject}: it is ${from}-value, ${to}-value, ${from}-SERVICE.FUNCTION or ${to}-SERVICE.FUNCTION.`,
        { errors: [{ path: "subject", message: "is no topic's and no function's" }] },
      );
    }
    const known = await schemas.register(subject, c.req.valid("json").schema);
    host.profiles.note("schema.registered", `${subject} version ${known.newest.version}`);
    return c.json(shownSubject(subject, about, known), 200);
  });
  return router;
}

function schemaList({ schemas, topics, flows, health, profiles }: ApiHost): SchemaList {
  const compiled = flows.list().flatMap(({ flow }) => flow ?? []);
  const subjects = schemaSubjects(catalogueOf(compiled, health.services()), schemas?.all() ?? new Map(), topics);
  const { wire_format = "json", validate = true } = profiles.current().kafka?.registry ?? {};
  return { registry: schemas ? { ...schemas.status(), wire_format, validate } : null, subjects };
}
