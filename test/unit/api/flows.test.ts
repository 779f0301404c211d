import { describe, expect, test } from "vitest";
import { TOPICS } from "../../../engine/core/protocol.ts";
import { openTestApi } from "../../support/api-host.ts";
import { flowFile } from "../../support/journey-spec.ts";

const sketch = { name: "onboarding", version: "1", edges: { a: [], b: ["a"] } };
const cyclic = { name: "loop", version: "1", edges: { a: ["b"], b: ["a"] } };

/** The bare Flume export of a flow: its nodes alone. */
function bare(version = "1") {
  const file = flowFile(sketch);
  return { name: file.name, version, workflow: file.workflow.nodes as Record<string, unknown> };
}

describe("GET /flows/{name}/{version}/compiled", () => {
  test("gives the graph that the engine walks, negations and defaults filled in", async () => {
    const t = await openTestApi();
    await t.publish(flowFile(sketch));
    const { status, body } = await t.api("GET", "/flows/onboarding/1/compiled");
    expect([status, body.order, body.entries]).toEqual([200, ["a", "b"], ["a"]]);
    expect(body.steps.b).toMatchObject({ predecessors: ["a"], successors: [], settings: { timeoutMs: 30_000 } });
  });

  test("a flow that isn't there: 404; one that can't be run: 422 with its findings", async () => {
    const t = await openTestApi();
    expect((await t.api("GET", "/flows/onboarding/1/compiled")).status).toBe(404);
    await t.publish(flowFile(cyclic));
    const { status, body } = await t.api("GET", "/flows/loop/1/compiled");
    expect([status, body.code]).toEqual([422, "flow_invalid"]);
    expect(body.findings.length).toBeGreaterThan(0);
  });
});

describe("POST /flows", () => {
  test("publishes a flow, which can be read and started at once", async () => {
    const t = await openTestApi();
    const { status, body } = await t.api("POST", "/flows", flowFile(sketch));
    expect([status, body.name, body.version]).toEqual([201, "onboarding", "1"]);
    expect(body.findings.filter(({ severity }: { severity: string }) => severity === "error")).toEqual([]);
    const read = await t.api("GET", "/flows/onboarding/1");
    expect(read.body).toEqual(flowFile(sketch));
    expect((await t.api("POST", "/journeys", { name: "onboarding" })).status).toBe(202);
  });

  test("the same content again does nothing", async () => {
    const t = await openTestApi();
    await t.api("POST", "/flows", flowFile(sketch));
    const again = await t.api("POST", "/flows", flowFile(sketch));
    expect(again.status).toBe(200);
    expect(await t.recordsOf(TOPICS.edits)).toHaveLength(1);
  });

  test("other content under a published version: 409, and nothing is written", async () => {
    const t = await openTestApi();
    await t.api("POST", "/flows", flowFile(sketch));
    const other = flowFile({ ...sketch, edges: { a: [], b: ["a"], c: ["b"] } });
    const { status, body } = await t.api("POST", "/flows", other);
    expect([status, body.code]).toEqual([409, "flow_version_exists"]);
    expect(await t.recordsOf(TOPICS.edits)).toHaveLength(1);
  });

  test("of two different flows published at once under one version, one wins and the other is told", async () => {
    const t = await openTestApi();
    const other = flowFile({ ...sketch, edges: { a: [] } });
    const answers = await Promise.all([
      t.api("POST", "/flows", flowFile(sketch)),
      t.api("POST", "/flows", other),
      t.api("POST", "/flows", flowFile(sketch)),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 201, 409]);
  });

  test("a flow with errors: 422 with every finding, and nothing is written", async () => {
    const t = await openTestApi();
    const { status, body } = await t.api("POST", "/flows", flowFile(cyclic));
    expect([status, body.code]).toEqual([422, "flow_invalid"]);
    expect(body.findings.map(({ code }: { code: string }) => code)).toContain("cycle");
    expect(await t.recordsOf(TOPICS.edits)).toEqual([]);
  });

  test("a bare Flume export gets the profile's negations frozen in, for ever", async () => {
    const t = await openTestApi();
    await t.api("PUT", "/negations", { negations: { svc: { a: ["undo_a"], other: ["x"] } } });
    expect((await t.api("POST", "/flows", bare())).status).toBe(201);
    await t.api("PUT", "/negations", { negations: {} });
    const { body } = await t.api("GET", "/flows/onboarding/1");
    expect(body.workflow.negations).toEqual({ svc: { a: ["undo_a"] } });
    expect(body.workflow.nodes).toEqual(bare().workflow);
  });

  test("a dry run says the same and writes nothing", async () => {
    const t = await openTestApi();
    expect((await t.api("POST", "/flows?dry_run", flowFile(sketch))).status).toBe(200);
    expect((await t.api("POST", "/flows?dry_run=true", flowFile(cyclic))).status).toBe(422);
    expect(await t.recordsOf(TOPICS.edits)).toEqual([]);
  });

  test("a read-only profile takes none", async () => {
    const t = await openTestApi({ profile: { read_only: true } });
    expect((await t.api("POST", "/flows", flowFile(sketch))).body.code).toBe("forbidden_profile");
    expect((await t.api("PUT", "/negations", { negations: {} })).body.code).toBe("forbidden_profile");
  });

  test.each([
    [{ version: "1", workflow: {} }, "name"],
    [{ name: "x", workflow: {} }, "version"],
    [{ name: "x", version: "1" }, "workflow"],
    [{ name: "x", version: "1", workflow: [] }, "workflow"],
  ])("a body like %j names the field at fault", async (body, path) => {
    const t = await openTestApi();
    const answer = await t.api("POST", "/flows", body);
    expect([answer.status, answer.body.errors[0].path]).toEqual([400, path]);
  });
});

describe("GET /flows", () => {
  test("lists versions newest first, with their numbers", async () => {
    const t = await openTestApi();
    for (const version of ["2", "10", "1"]) await t.api("POST", "/flows", flowFile({ ...sketch, version }));
    await t.api("POST", "/flows", flowFile({ ...sketch, name: "another" }));
    t.audit.answers.flowStats = [
      { name: "onboarding", version: "10", running: 2, completed: 3, rolled_back: 1, total: 6, p50_ms: 12 },
    ];
    const { body } = await t.api("GET", "/flows");
    expect(body.flows.map(({ name }: { name: string }) => name)).toEqual(["another", "onboarding"]);
    const { versions } = body.flows[1];
    expect(versions.map(({ version }: { version: string }) => version)).toEqual(["1", "10", "2"]);
    expect(versions[1]).toMatchObject({ steps: 2, running: 2, completed: 3, rolled_back: 1, total: 6, p50_ms: 12 });
    expect(versions[0]).toMatchObject({ running: 0, total: 0, conflicts: 0 });
    expect(versions[0].published_at).toBe("2026-11-22T10:00:00.000Z");
  });

  test("an unknown flow or version: 404", async () => {
    const t = await openTestApi();
    const { status, body } = await t.api("GET", "/flows/onboarding/1");
    expect([status, body.code]).toEqual([404, "flow_not_found"]);
  });

  test("names and versions may hold any characters", async () => {
    const t = await openTestApi();
    await t.api("POST", "/flows", flowFile({ ...sketch, name: "Über/flow ?", version: "1.0/β" }));
    const path = `/flows/${encodeURIComponent("Über/flow ?")}/${encodeURIComponent("1.0/β")}`;
    expect((await t.api("GET", path)).body.name).toBe("Über/flow ?");
  });
});

describe("POST /flows/check", () => {
  const codes = (body: { findings: { code: string }[] }) => body.findings.map(({ code }) => code);

  test("gives the findings of a draft without name and version", async () => {
    const t = await openTestApi();
    const { status, body } = await t.api("POST", "/flows/check", { workflow: flowFile(cyclic).workflow });
    expect(status).toBe(200);
    expect(codes(body)).toContain("cycle");
    expect(codes(body)).not.toContain("invalid_flow");
  });

  test("maps types to calls as asked", async () => {
    const t = await openTestApi();
    const nodes = { n1: { id: "n1", type: "Make it", connections: { inputs: {}, outputs: {} } } };
    expect(codes((await t.api("POST", "/flows/check", { workflow: nodes })).body)).toContain("unknown_type");
    const mapped = await t.api("POST", "/flows/check", { workflow: nodes, types: { "Make it": "svc.make" } });
    expect(codes(mapped.body)).not.toContain("unknown_type");
  });

  test("counts the profile's negations", async () => {
    const t = await openTestApi();
    const workflow = bare().workflow;
    expect(codes((await t.api("POST", "/flows/check", { workflow })).body)).toContain("missing_negation");
    await t.api("PUT", "/negations", { negations: { svc: { a: ["undo_a"] } } });
    expect(codes((await t.api("POST", "/flows/check", { workflow })).body)).not.toContain("missing_negation");
  });
});

describe("/negations", () => {
  test("are what was put", async () => {
    const t = await openTestApi();
    const negations = { user: { create_user: ["delete_user"] } };
    expect((await t.api("PUT", "/negations", { negations })).body).toEqual({ negations });
    expect((await t.api("GET", "/negations")).body).toEqual({ negations });
  });

  test("a list of another form is refused", async () => {
    const t = await openTestApi();
    const { status, body } = await t.api("PUT", "/negations", {
      negations: { user: { create_user: "delete_user" } },
    });
    expect([status, body.errors[0].path]).toEqual([400, "negations.user.create_user"]);
  });
});
