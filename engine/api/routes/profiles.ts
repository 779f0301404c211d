/** /profiles: the connections this console knows. Kafka clusters come with a later version and say so. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { AntigraphError } from "../../core/errors.ts";
import type { ApiHost } from "../host.ts";
import { bodyProblems, createRouter, json, jsonBody, problems } from "../openapi.ts";
import { profileListSchema, profileSchema } from "../schemas/profile.ts";

const TAGS = ["Profiles"];
const params = z.object({ name: z.string() });

const list = createRoute({
  method: "get",
  path: "/profiles",
  operationId: "listProfiles",
  tags: TAGS,
  summary: "The profiles, and which one is open",
  responses: { 200: json(profileListSchema, "Secrets are never among what is answered"), ...problems() },
});

const add = createRoute({
  method: "post",
  path: "/profiles",
  operationId: "addProfile",
  tags: TAGS,
  summary: "Add a profile",
  description: "Only the embedded profile exists in this version: answers `not_supported`.",
  request: { body: jsonBody(profileSchema.partial({ environment: true, read_only: true })) },
  responses: { 201: json(profileSchema, "Added"), ...bodyProblems("not_supported") },
});

const test = createRoute({
  method: "post",
  path: "/profiles/{name}/test",
  operationId: "testProfile",
  tags: TAGS,
  summary: "Test a profile's connection",
  description: "For Kafka clusters only: answers `not_supported` for the embedded profile.",
  request: { params },
  responses: { 200: json(profileSchema, "It can be reached"), ...problems("profile_not_found", "not_supported") },
});

const choose = createRoute({
  method: "post",
  path: "/profiles/{name}/choose",
  operationId: "chooseProfile",
  tags: TAGS,
  summary: "Open a profile",
  request: { params },
  responses: { 200: json(profileSchema, "The profile that is open now"), ...problems("profile_not_found") },
});

export function profileRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  const find = (name: string) => {
    const profile = host.profiles.list().find((each) => each.name === name);
    if (!profile) throw new AntigraphError("profile_not_found", `There is no profile ${name}.`);
    return profile;
  };
  router.openapi(list, (c) => c.json({ current: host.profiles.current().name, profiles: host.profiles.list() }, 200));
  router.openapi(add, () => {
    throw new AntigraphError("not_supported", "Profiles of Kafka clusters aren't there in this version yet.");
  });
  router.openapi(test, (c) => {
    find(c.req.valid("param").name);
    throw new AntigraphError(
      "not_supported",
      "The embedded profile is part of this console: there is nothing to test.",
    );
  });
  // With one kind of profile there is only one to choose, and it is open already.
  router.openapi(choose, (c) => c.json(find(c.req.valid("param").name), 200));
  return router;
}
