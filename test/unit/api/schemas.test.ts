/** /schemas: what events are checked by, and registering it. */
import { expect, test } from "vitest";
import { openTestApi, type TestApiOptions } from "../../support/api-host.ts";
import { flowFile } from "../../support/journey-spec.ts";
import { preparedStore } from "../../support/schema-store.ts";

async function openWithRegistry(options: TestApiOptions = {}) {
  const { stub, store: schemas } = await preparedStore();
  const t = await openTestApi({ ...options, host: { schemas } });
  await t.publish(flowFile({ name: "pair", edges: { p: [], b: ["p"] } }));
  return { ...t, stub, schemas };
}

test("every function of the flows is listed in both directions, and the topics before them", async () => {
  const t = await openWithRegistry();
  const { status, body } = await t.api("GET", "/schemas");
  expect(status).toBe(200);
  const { url } = t.stub;
  expect(body.registry).toEqual({ url, reachable: true, known: true, wire_format: "json", validate: true });
  const calls = ["svc.b", "svc.p", "svc.undo_b", "svc.undo_p"];
  const ofCalls = calls.flatMap((call) => [`fromanager-${call}`, `tomanager-${call}`]);
  expect(body.subjects.map((each: { subject: string }) => each.subject)).toEqual([
    ...["fromanager-value", "tomanager-value"],
    ...ofCalls,
  ]);
  expect(body.subjects.at(-1)).toEqual({
    ...{ subject: "tomanager-svc.undo_p", kind: "function", topic: "tomanager" },
    ...{ service: "svc", function: "undo_p", direction: "reply" },
  });
});

test("what is registered shows its version, and why one can't be used", async () => {
  const t = await openWithRegistry();
  t.stub.add("fromanager-svc.b", { type: "object" });
  t.stub.add("fromanager-gone.away", true);
  t.stub.add("fromanager-svc.p", { $ref: "#/nowhere" });
  await t.schemas.refresh();
  const { body } = await t.api("GET", "/schemas");
  const found = (subject: string) => body.subjects.find((each: { subject: string }) => each.subject === subject);
  expect(found("fromanager-svc.b")).toMatchObject({ version: 1, id: 1, schema: { type: "object" } });
  expect(found("fromanager-svc.b")).not.toHaveProperty("in_force");
  expect(found("fromanager-gone.away")).toMatchObject({ service: "gone", function: "away", direction: "command" });
  expect(found("fromanager-svc.p")).toMatchObject({ in_force: 0, error: expect.stringMatching(/nowhere/) });
});

test("without a registry the subjects are listed, and nothing is registered", async () => {
  const t = await openTestApi();
  expect((await t.api("GET", "/schemas")).body).toMatchObject({
    registry: null,
    subjects: [{ subject: "fromanager-value" }, { subject: "tomanager-value" }],
  });
});

test("a version that is registered here is in force at once, and stands in the activity", async () => {
  const t = await openWithRegistry();
  const { status, body } = await t.api("PUT", "/schemas/fromanager-svc.b", { schema: { type: "object" } });
  expect({ status, body }).toMatchObject({ status: 200, body: { subject: "fromanager-svc.b", version: 1, id: 1 } });
  expect(t.schemas.all().get("fromanager-svc.b")?.inForce?.schema.version).toBe(1);
  const reason = "fromanager-svc.b version 1";
  expect(t.host.profiles.events()[0]).toMatchObject({ action: "schema.registered", reason });
});

test.each(["fromanager-nodot", "audit-value", "other-svc.b"])("nothing is registered for %s", async (subject) => {
  const t = await openWithRegistry();
  const { status, body } = await t.api("PUT", `/schemas/${subject}`, { schema: {} });
  expect({ status, body }).toMatchObject({ status: 400, body: { code: "invalid_request" } });
  expect(t.stub.versions(subject)).toEqual([]);
});

test("a read-only profile registers nothing", async () => {
  const t = await openWithRegistry({ profile: { read_only: true } });
  expect((await t.api("PUT", "/schemas/fromanager-svc.b", { schema: {} })).body.code).toBe("forbidden_profile");
});

test("a registry that is away makes nobody unready who knows its schemas", async () => {
  const t = await openWithRegistry();
  await t.stub.goAway();
  await t.schemas.refresh();
  const registry = { ok: true, why: expect.stringMatching(/in force/) };
  expect(await (await t.call("GET", "/ready")).json()).toMatchObject({ ready: true, checks: { registry } });
});
