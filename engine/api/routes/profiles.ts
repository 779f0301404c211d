/** /profiles: the connections this console knows: kept, tested, chosen, and unlocked where they are production. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { AntigraphError } from "../../core/errors.ts";
import { type ApiHost, infoOf } from "../host.ts";
import { bodyProblems, createRouter, json, jsonBody, problems } from "../openapi.ts";
import { infoSchema } from "../schemas/console.ts";
import {
  chooseRequestSchema,
  profileDraftSchema,
  profileListSchema,
  profileSchema,
  type TestReport,
  type TestStage,
  testReportSchema,
  testRequestSchema,
  testStageSchema,
  unlockRequestSchema,
} from "../schemas/profile.ts";

const TAGS = ["Profiles"];
const NDJSON = "application/x-ndjson";
const params = z.object({ name: z.string().min(1).max(63) });

const list = createRoute({
  method: "get",
  path: "/profiles",
  operationId: "listProfiles",
  tags: TAGS,
  summary: "The profiles, and which one is open",
  responses: {
    200: json(profileListSchema, "Of secrets only that they are set, never what they are"),
    ...problems(),
  },
});

const put = createRoute({
  method: "put",
  path: "/profiles/{name}",
  operationId: "putProfile",
  tags: TAGS,
  summary: "Create or change a profile",
  description:
    "Secrets that are left out stay as they are kept. The profile that is open goes on with the connection it was opened with; choose it again to open it anew. Its environment counts at once.",
  request: { params, body: jsonBody(profileDraftSchema) },
  responses: {
    200: json(profileSchema, "Changed"),
    201: json(profileSchema, "Created"),
    ...bodyProblems("no_key_store"),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/profiles/{name}",
  operationId: "deleteProfile",
  tags: TAGS,
  summary: "Forget a profile and its secrets",
  description: "What was kept of it beside the cluster (its audit cache) stays in the data folder.",
  request: { params },
  responses: { 204: { description: "Forgotten" }, ...problems("profile_not_found", "profile_in_use") },
});

const choose = createRoute({
  method: "post",
  path: "/profiles/choose",
  operationId: "chooseProfile",
  tags: TAGS,
  summary: "Open a profile",
  description:
    "Closes what is open and opens the other behind the same address and token. A cluster that can't be reached opens too: disconnected, on what is kept of it.",
  request: { body: jsonBody(chooseRequestSchema) },
  responses: {
    200: json(infoSchema, "The profile is open"),
    ...bodyProblems("profile_not_found", "secret_missing", "file_unusable", "not_supported"),
  },
});

const test = createRoute({
  method: "post",
  path: "/profiles/test",
  operationId: "testProfile",
  tags: TAGS,
  summary: "Test a connection, stage by stage, before it is stored or after",
  description:
    "Secrets that are left out are those kept under this name. Asked for `application/x-ndjson` it answers a line per stage as it ends, else all of them at the end. Whatever the stages find, the status is 200. It leaves nothing behind that anybody could read.",
  request: { body: jsonBody(testRequestSchema) },
  responses: {
    200: {
      description: "What each stage found",
      content: {
        "application/json": { schema: testReportSchema },
        [NDJSON]: { schema: testStageSchema },
      },
    },
    ...bodyProblems("not_supported", "secret_missing", "file_unusable"),
  },
});

const unlock = createRoute({
  method: "post",
  path: "/profiles/unlock",
  operationId: "unlockProfile",
  tags: TAGS,
  summary: "Unlock the open profile, which is production, for 30 minutes",
  description: "Stands in the activity with actor and reason. A restart and another profile lock it again.",
  request: { body: jsonBody(unlockRequestSchema) },
  responses: {
    200: json(profileSchema, "Open to changes until `unlocked_until`"),
    ...bodyProblems("forbidden_profile"),
  },
});

const lock = createRoute({
  method: "post",
  path: "/profiles/lock",
  operationId: "lockProfile",
  tags: TAGS,
  summary: "Lock it again",
  responses: { 200: json(profileSchema, "Locked, if it is production"), ...problems() },
});

export function profileRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  const { profiles } = host;
  router.openapi(list, async (c) => {
    const key_store = await profiles.keyStore();
    return c.json({ current: profiles.current().name, key_store, profiles: profiles.list() }, 200);
  });
  router.openapi(put, async (c) => {
    const { profile, created } = await profiles.put(c.req.valid("param").name, c.req.valid("json"));
    return created ? c.json(profile, 201) : c.json(profile, 200);
  });
  router.openapi(remove, async (c) => {
    await profiles.remove(c.req.valid("param").name);
    return c.body(null, 204);
  });
  router.openapi(choose, async (c) => {
    const { name, reason = "" } = c.req.valid("json");
    if (!profiles.list().some((profile) => profile.name === name)) {
      throw new AntigraphError("profile_not_found", `There is no profile ${name}.`);
    }
    if (host.choose !== undefined) return c.json(await host.choose(name, reason), 200);
    if (name === profiles.current().name) return c.json(infoOf(host), 200);
    throw new AntigraphError("not_supported", "This host keeps the profile it was started with.");
  });
  router.openapi(test, async (c) => {
    const { name, ...draft } = c.req.valid("json").profile;
    const connection = await profiles.draftConnection(name, draft);
    const { testConnection } = await import("../../bus/kafka/connection-test.ts");
    const stages: AsyncIterable<TestStage> = testConnection(connection, {
      prefix: connection.prefix,
      topics: connection.topics,
      manager: draft.run_manager ?? draft.environment !== "prod",
      createTopics: `antigraph topics create --profile ${name}`,
      ...(connection.registry && { registry: connection.registry }),
      logger: host.logger,
    });
    if (c.req.header("accept")?.includes(NDJSON)) {
      // The types of the routes know answers in JSON and text only.
      return new Response(linesOf(stages), { headers: { "content-type": NDJSON } }) as never;
    }
    const report: TestReport = { stages: [] };
    for await (const stage of stages) report.stages.push(stage);
    return c.json(report, 200);
  });
  router.openapi(unlock, (c) => c.json(profiles.unlock(c.req.valid("json").reason), 200));
  router.openapi(lock, (c) => c.json(profiles.lock(), 200));
  return router;
}

function linesOf(stages: AsyncIterable<TestStage>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const iterator = stages[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
