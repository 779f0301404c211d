// Section 3, "Actions": each of them, when it doesn't fit, idempotent ids, stale previews, bulk. Seen from outside.
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fail, ok, outsider, silence } from "../support/outsider.ts";

const { run, produce, api } = outsider();
const stopped = async () => {
  const j = await run(
    { graph: "a>b>c", steps: { b: { timeout: "40ms", onTimeout: "hold" } } },
    { b: [silence, ok("B")] },
  );
  await j.until("held");
  return j;
};

describe.concurrent("pause and resume", () => {
  test("stop dispatch; replies are recorded; resume goes on", async () => {
    const j = await run({ graph: "a>b" }, { a: [silence] });
    await j.command("a");
    await j.act("pause", { reason: "maintenance" });
    expect((await j.until("paused")).status).toBe("paused");
    await j.reply("a", ok("A"));
    await j.event("step.succeeded", { step: "a" });
    expect((await j.view()).steps.a?.output).toBe("A");
    expect(j.sent()).toEqual(["a"]);
    await j.act("resume");
    await j.until("completed");
    expect(await j.event("journey.paused")).toMatchObject({ reason: "maintenance", actor: expect.any(String) });
  });

  test("stop an undo between two steps", async () => {
    const j = await run({ graph: "a>b>c" }, { c: [fail()], un_b: [silence] });
    const undoB = await j.command("un_b");
    await j.act("pause");
    await j.until("paused");
    await j.reply(undoB, ok(1));
    await j.event("undo.succeeded");
    expect(j.sent()).not.toContain("un_a");
    await j.act("resume");
    await j.until("rolled_back");
  });

  test("twice is refused, and so is resuming what runs", async () => {
    const j = await run({ graph: "a" }, { a: [silence] });
    await j.command("a");
    expect((await j.act("resume")).body.code).toBe("action_not_allowed");
    await j.act("pause");
    expect((await j.act("pause")).body.code).toBe("action_not_allowed");
    const refused = await j.event("action.refused", {}, 2);
    expect(refused).toMatchObject({ error: { code: "action_not_allowed" }, reason: "the test says so" });
    expect(refused.actor).toBeTruthy();
  });
});

describe.concurrent("ids and previews", () => {
  test("a seen id changes nothing and is answered as the first time", async () => {
    const j = await stopped();
    const id = randomUUID();
    const first = await j.act("retry", { step: "b", id });
    await j.until("completed");
    const second = await j.act("retry", { step: "b", id });
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body).toEqual(first.body);
    expect(j.sent()).toEqual(["a", "b", "b", "c"]);
    expect(j.events.filter(({ type }) => type === "action.refused")).toEqual([]);
  });

  test("a plan whose journey has moved is refused with stale_preview; one that says the same is not", async () => {
    const j = await run({ graph: "a>b>c" }, { b: [silence] });
    await j.command("b");
    const { body } = await j.dryRun("rollback");
    await j.reply("b", ok("B"));
    await j.until("completed");
    const stale = await j.act("rollback", { plan: body.plan, seq: body.seq });
    expect([stale.status, stale.body.code]).toEqual([409, "stale_preview"]);
    expect((await j.event("action.refused")).error?.code).toBe("stale_preview");
    const now = (await j.dryRun("rollback")).body;
    expect((await j.act("rollback", { plan: now.plan, seq: now.seq })).status).toBe(202);
    await j.until("rolled_back");
  });

  test("a dry run changes nothing and leaves no trace; its refusal has the same code", async () => {
    const j = await stopped();
    const { seq } = await j.view();
    const { status, body } = await j.dryRun("retry", { step: "b" });
    expect(status).toBe(200);
    expect(body.levels[0]).toEqual([{ step: "b", service: "svc", function: "b", data: { by: "a" } }]);
    expect((await j.dryRun("resume")).body.code).toBe("action_not_allowed");
    expect((await j.view()).seq).toBe(seq);
    expect(j.sent()).toEqual(["a", "b"]);
  });

  test("an action may be a record; its actor and reason are kept, one without an id goes to the dead letters", async () => {
    const j = await stopped();
    const record = {
      uuid: j.uuid,
      name: "",
      version: "",
      service: "manager",
      function: "complete",
      status: "success",
    };
    const data = {
      id: "1",
      actor: "night shift",
      reason: "seen it",
      step: "b",
      output: { found: true },
      scope: null,
    };
    await produce("tomanager", { ...record, schema_version: "1", data }, j.uuid);
    await j.until("completed");
    expect(await j.event("step.settled_by_hand")).toMatchObject({ actor: "night shift", reason: "seen it", id: "1" });
    expect((await j.command("c")).value.data).toEqual({ found: true });
  });

  test("the actor is set by the host, never taken from the body", async () => {
    const j = await stopped();
    await j.act("skip", { step: "b", actor: "the president" });
    await j.until("completed");
    const { actor } = await j.event("step.settled_by_hand");
    expect(actor).not.toBe("the president");
  });
});

describe.concurrent("retry, skip, complete", () => {
  test("retry with data sends that data; numbers go on", async () => {
    const j = await stopped();
    await j.act("retry", { step: "b", data: { other: 1 } });
    await j.until("completed");
    expect((await j.command("b", 2)).value).toMatchObject({ data: { other: 1 }, attempt: 2 });
  });

  test("skip without output settles with null, with output with that", async () => {
    const [j, k] = [await stopped(), await stopped()];
    await j.act("skip", { step: "b" });
    await k.act("skip", { step: "b", output: [1] });
    await j.until("completed");
    await k.until("completed");
    expect([(await j.command("c")).value.data, (await k.command("c")).value.data]).toEqual([null, [1]]);
  });

  test("what was skipped by hand counts as succeeded: a later rollback calls its negations", async () => {
    const j = await stopped();
    await j.act("skip", { step: "b", output: { id: 1 } });
    await j.until("completed");
    await j.act("rollback");
    await j.until("rolled_back");
    expect((await j.command("un_b")).value.data).toEqual({ id: 1 });
  });

  test("each names what is wrong: no step, an unknown step, a step in another state, an unknown action", async () => {
    const j = await stopped();
    const answers = [
      await j.act("retry"),
      await j.act("retry", { step: "nobody" }),
      await j.act("retry", { step: "a" }),
      await j.act("complete", { step: "c", output: 1 }),
      await j.act("explode"),
      await j.act("rollback", { scope: "sideways" }),
      await j.act("rollback", { scope: "to" }),
      await j.act("rollback", { scope: "to", to: "nobody" }),
      await j.act("migrate", { version: "99" }),
    ];
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
      [400, "invalid_request"],
      [422, "unknown_step"],
      [409, "action_not_allowed"],
      [409, "action_not_allowed"],
      [400, "unknown_action"],
      [400, "invalid_request"],
      [400, "invalid_request"],
      [422, "unknown_step"],
      [422, "unknown_version"],
    ]);
    for (const { body } of answers) expect([body.detail, body.fix]).toEqual([expect.any(String), expect.any(String)]);
    expect(answers[0]?.body.detail).toContain("step");
    expect((await api("POST", `/journeys/${randomUUID()}/actions`, { action: "pause", reason: "" })).status).toBe(
      404,
    );
  });
});

test("bulk acts on a fixed list, with an outcome for each", async () => {
  const [j, k] = [await stopped(), await run({ graph: "a" })];
  await k.until("completed");
  const ghost = randomUUID();
  const uuids = [j.uuid, k.uuid, ghost];
  const dry = await api("POST", "/journeys/actions", {
    uuids,
    action: "skip",
    step: "b",
    reason: "r",
    dry_run: true,
  });
  expect(dry.status).toBe(200);
  const { status, body } = await api("POST", "/journeys/actions", { uuids, action: "skip", step: "b", reason: "r" });
  await j.until("completed");
  const outcomes: { uuid: string; error?: { code: string }; code?: string }[] = body.outcomes ?? body.results;
  expect([status, outcomes.map(({ uuid }) => uuid)]).toEqual([expect.any(Number), uuids]);
  expect(JSON.stringify(outcomes[1])).toContain("unknown_step");
  expect(JSON.stringify(outcomes[2])).toContain("journey_not_found");
  const filter = await api("POST", "/journeys/actions", { status: "held", action: "skip", reason: "r" });
  expect(filter.status).toBe(400);
});
