import { describe, expect, test } from "vitest";
import { replayUuid } from "../../../engine/core/journey-ids.ts";
import { ACTIONS, TOPICS } from "../../../engine/core/protocol.ts";
import { openTestApi } from "../../support/api-host.ts";
import { flowFile, given, UUID } from "../../support/journey-spec.ts";

const sketch = { name: "onboarding", version: "1", edges: { a: [], b: ["a"] } };
const OTHER = "6f1c2d0e-0000-4000-8000-00000000a921";

/** A host that knows one completed journey. */
async function openWithCompleted() {
  const t = await openTestApi();
  await t.publish(flowFile(sketch));
  const spec = given(sketch, { n: 0 });
  spec.success("a", { n: 1 });
  spec.success("b", { n: 2 });
  t.audit.ingest(spec.events);
  const act = (body: object, uuid = UUID) => t.api("POST", `/journeys/${uuid}/actions`, body);
  return { ...t, spec, act };
}

describe("a dry run", () => {
  test("lists what would be sent, level by level, and sends nothing", async () => {
    const t = await openWithCompleted();
    const { status, body } = await t.act({ action: "rollback", reason: "r", dry_run: true });
    expect(status).toBe(200);
    const functions = body.levels.map((level: { function: string }[]) => level.map((command) => command.function));
    expect(functions).toEqual([["undo_b"], ["undo_a"]]);
    expect(body.levels[0][0]).toEqual({ step: "b", service: "svc", function: "undo_b", data: { n: 2 } });
    expect(body.seq).toBe(t.spec.journey.seq);
    expect(body).toMatchObject({ irreversible: [], left_standing: [], in_flight: [] });
    expect(await t.recordsOf(TOPICS.toManager)).toEqual([]);
  });

  test("is refused with the code the action would be refused with", async () => {
    const t = await openWithCompleted();
    const { status, body } = await t.act({ action: "cancel", dry_run: true });
    expect([status, body.code]).toEqual([409, "action_not_allowed"]);
    expect(body.detail).toMatch(/completed/);
  });

  test("needs the journey's flow", async () => {
    const t = await openTestApi();
    t.audit.ingest(given(sketch).events);
    const { status, body } = await t.api("POST", `/journeys/${UUID}/actions`, { action: "rollback", dry_run: true });
    expect([status, body.code]).toEqual([404, "flow_not_found"]);
  });
});

describe("an action", () => {
  test("is a record at the journey's home, with the actor of the host", async () => {
    const t = await openWithCompleted();
    const request = { action: "rollback", reason: "wrong plan", id: "act-1", scope: "journey", actor: "mallory" };
    const { status, body } = await t.act(request);
    expect([status, body]).toEqual([202, { uuid: UUID, id: "act-1", queued: false }]);
    const [record] = await t.recordsOf(TOPICS.toManager);
    expect(record).toEqual({
      key: UUID,
      headers: {},
      value: {
        uuid: UUID,
        name: "onboarding",
        version: "1",
        service: "manager",
        function: "rollback",
        status: "success",
        schema_version: "1",
        data: { id: "act-1", actor: "olga", reason: "wrong plan", scope: "journey" },
      },
    });
  });

  test("gets an id if it brings none", async () => {
    const t = await openWithCompleted();
    const { body } = await t.act({ action: "rollback" });
    expect(body.id).toMatch(/^00000000-/);
    expect((await t.recordsOf(TOPICS.toManager))[0]?.value.data.id).toBe(body.id);
  });

  test("carries the plan and seq of its dry run, and data that is null", async () => {
    const t = await openWithCompleted();
    const { body: plan } = await t.act({ action: "replay", dry_run: true, data: null });
    await t.act({ action: "replay", plan: plan.plan, seq: plan.seq, data: null });
    const data = (await t.recordsOf(TOPICS.toManager))[0]?.value.data;
    expect(data).toMatchObject({ plan: plan.plan, seq: plan.seq, data: null });
    expect(data).not.toHaveProperty("dry_run");
    expect(data).not.toHaveProperty("action");
  });

  test("replay tells the new journey's uuid", async () => {
    const t = await openWithCompleted();
    const { body } = await t.act({ action: "replay", id: "again" });
    expect(body.replay_uuid).toBe(replayUuid(UUID, "again"));
    const early = t.api("GET", `/journeys/${body.replay_uuid}`);
    const first = t.spec.events[0]!;
    queueMicrotask(() => t.audit.ingest([{ ...first, uuid: body.replay_uuid }]));
    expect((await early).status).toBe(200);
  });

  test.each([
    ["an unknown action", { action: "explode" }, 400, "unknown_action"],
    ["an unknown step", { action: "rollback", scope: "path", step: "zzz" }, 422, "unknown_step"],
    ["no action", {}, 400, "invalid_request"],
    ["a scope that isn't there", { action: "rollback", scope: "half" }, 400, "invalid_request"],
    ["a misspelt dry run", { action: "rollback", dryRun: true }, 400, "invalid_request"],
  ])("%s is refused at once and never sent", async (_, body, status, code) => {
    const t = await openWithCompleted();
    const answer = await t.act(body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(await t.recordsOf(TOPICS.toManager)).toEqual([]);
  });

  test("for an unknown journey: 404", async () => {
    const t = await openWithCompleted();
    const { status, body } = await t.act({ action: "rollback" }, OTHER);
    expect([status, body.code]).toEqual([404, "journey_not_found"]);
  });

  test("that doesn't fit the state goes to the manager all the same, and its refusal is the answer", async () => {
    const t = await openWithCompleted();
    const answer = t.act({ action: "cancel", id: "too-late" });
    await t.bus.read({ topic: TOPICS.toManager, from: allFromStart(), limit: 1, waitMs: 2000 });
    t.audit.ingest(t.spec.action("cancel", { id: "too-late" }));
    const { status, body } = await answer;
    expect([status, body.code]).toEqual([409, "action_not_allowed"]);
    expect(body.detail).toMatch(/nothing to cancel/);
  });

  test("on a plan that would differ now is waited for too", async () => {
    const t = await openWithCompleted();
    const answer = t.act({ action: "rollback", id: "stale", plan: "another plan", seq: 1 });
    await t.bus.read({ topic: TOPICS.toManager, from: allFromStart(), limit: 1, waitMs: 2000 });
    t.audit.ingest(t.spec.action("rollback", { id: "stale", plan: "another plan", seq: 1 }));
    const { status, body } = await answer;
    expect([status, body.code]).toEqual([409, "stale_preview"]);
  });

  test("that the manager has taken after all is accepted", async () => {
    const t = await openTestApi();
    await t.publish(flowFile(sketch));
    const spec = given(sketch);
    t.audit.ingest(spec.events);
    // Running as far as the cache knows, so there is nothing to resume; the manager has read of a pause before.
    const answer = t.api("POST", `/journeys/${UUID}/actions`, { action: "resume", id: "go" });
    await t.bus.read({ topic: TOPICS.toManager, from: allFromStart(), limit: 1, waitMs: 2000 });
    const paused = spec.action("pause", { id: "p" });
    t.audit.ingest([...paused, ...spec.action("resume", { id: "go" })]);
    expect((await answer).status).toBe(202);
  });

  test("that was seen before is accepted again without being sent, or refused again as it was", async () => {
    const t = await openWithCompleted();
    t.audit.ingest(t.spec.action("cancel", { id: "refused-once" }));
    t.audit.ingest(t.spec.action("rollback", { id: "done-once" }));
    const refused = await t.act({ action: "cancel", id: "refused-once" });
    expect([refused.status, refused.body.code]).toEqual([409, "action_not_allowed"]);
    expect((await t.act({ action: "rollback", id: "done-once" })).status).toBe(202);
    expect(await t.recordsOf(TOPICS.toManager)).toEqual([]);
  });

  test("every action of the protocol is known", async () => {
    const t = await openWithCompleted();
    for (const action of ACTIONS) {
      const { body } = await t.act({ action, dry_run: true });
      expect(body.code, action).not.toBe("unknown_action");
    }
  });
});

describe("a bulk action", () => {
  const bulk = (t: Awaited<ReturnType<typeof openTestApi>>, body: object) => t.api("POST", "/journeys/actions", body);

  test("gives each journey an outcome of its own, in the order asked, and sends what it can", async () => {
    const t = await openWithCompleted();
    const { status, body } = await bulk(t, {
      uuids: [OTHER, UUID, UUID.toUpperCase()],
      action: "rollback",
      id: "b1",
    });
    expect(status).toBe(202);
    expect(body.outcomes).toEqual([
      { uuid: OTHER, outcome: "refused", error: { code: "journey_not_found", message: expect.any(String) } },
      { uuid: UUID, outcome: "accepted", id: "b1" },
    ]);
    expect(await t.recordsOf(TOPICS.toManager)).toHaveLength(1);
  });

  test("has a dry run for each", async () => {
    const t = await openWithCompleted();
    const { status, body } = await bulk(t, { uuids: [UUID, OTHER], action: "rollback", dry_run: true });
    expect(status).toBe(200);
    expect(body.outcomes.map(({ outcome }: { outcome: string }) => outcome)).toEqual(["previewed", "refused"]);
    expect(body.outcomes[0].preview.levels).toHaveLength(2);
    expect(await t.recordsOf(TOPICS.toManager)).toEqual([]);
  });

  test("carries each journey's own plan", async () => {
    const t = await openWithCompleted();
    const { body } = await bulk(t, { uuids: [UUID], action: "rollback", dry_run: true });
    const { plan, seq } = body.outcomes[0].preview;
    await bulk(t, { uuids: [UUID], action: "rollback", plans: { [UUID]: { plan, seq } } });
    expect((await t.recordsOf(TOPICS.toManager))[0]?.value.data).toMatchObject({ plan, seq });
  });

  test("takes a fixed list, not a filter, and not too long a one", async () => {
    const t = await openTestApi();
    expect((await bulk(t, { status: ["running"], action: "rollback" })).body.errors[0].path).toBe("uuids");
    expect((await bulk(t, { uuids: [], action: "rollback" })).status).toBe(400);
    expect((await bulk(t, { uuids: Array(1001).fill(UUID), action: "rollback" })).status).toBe(400);
    expect((await bulk(t, { uuids: [UUID], action: "explode" })).body.code).toBe("unknown_action");
  });
});

function allFromStart(): Record<number, number> {
  return Object.fromEntries(Array.from({ length: 12 }, (_, partition) => [partition, 0]));
}
