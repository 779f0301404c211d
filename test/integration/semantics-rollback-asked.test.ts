// Section 3, "Rollback" by an operator: dry runs, scopes, twice, during a pause. Seen from outside.
import { describe, expect, test } from "vitest";
import { ok, outsider, silence } from "../support/outsider.ts";

const { run } = outsider();

/** Asserts that each name was sent once, and for "x<y" x before y. */
function expectOrder(sent: string[], ...orders: string[]): void {
  for (const order of orders) {
    const places = order.split("<").map((name) => sent.indexOf(name));
    expect({ sent, order, places }).toEqual({ sent, order, places: [...places].sort((a, b) => a - b) });
    expect(places, `${order} in ${sent}`).not.toContain(-1);
  }
  expect(sent).toEqual([...new Set(sent)]);
}
const undone = (sent: string[]) => sent.filter((name) => name.startsWith("un_")).sort();

describe.concurrent("operators' rollbacks", () => {
  test("of a completed journey: all its steps in reverse, as the dry run said", async () => {
    const j = await run({ graph: "s>a>z; s>b>z" });
    await j.until("completed");
    const { status, body } = await j.dryRun("rollback");
    expect(status).toBe(200);
    const levels = body.levels.map((level: { function: string }[]) => level.map((one) => one.function).sort());
    expect(levels).toEqual([["un_z"], ["un_a", "un_b"], ["un_s"]]);
    expect(body).toMatchObject({
      plan: expect.any(String),
      seq: expect.any(Number),
      in_flight: [],
      left_standing: [],
    });
    expect((await j.act("rollback", { plan: body.plan, seq: body.seq })).status).toBe(202);
    const view = await j.until("rolled_back");
    const sent = j.commands.slice(4).map(({ value: { step, service, function: called, data } }) => ({
      step,
      service,
      function: called,
      data,
    }));
    const planned = body.levels.flat();
    expect(sent).toHaveLength(planned.length);
    expect(sent).toEqual(expect.arrayContaining(planned));
    expect(view.rollback).toMatchObject({ reason: "the test says so", actor: expect.any(String) });
  });

  test("asked twice, the second is refused when all is undone, and joins while it is going on", async () => {
    const j = await run({ graph: "a>b" }, { un_b: [silence] });
    await j.until("completed");
    await j.act("rollback");
    const undoB = await j.command("un_b");
    const joined = await j.act("rollback");
    expect(joined.status).toBe(202);
    await j.event("rollback.joined");
    await j.reply(undoB, ok(1));
    await j.until("rolled_back");
    expect(undone(j.sent())).toEqual(["un_a", "un_b"]);
    const refused = await j.act("rollback");
    expect([refused.status, refused.body.code]).toEqual([409, "action_not_allowed"]);
    await j.event("action.refused");
  });

  test("scope path with a step of a completed journey undoes that step's ancestors", async () => {
    const j = await run({ graph: "s>a>x; s>b>y" });
    await j.until("completed");
    const missing = await j.act("rollback", { scope: "path" });
    expect(missing.status).toBeGreaterThanOrEqual(400);
    await j.act("rollback", { scope: "path", step: "x", include: "attempted" });
    await j.event("rollback.completed");
    expectOrder(j.sent(), "un_x<un_a<un_s");
    expect(undone(j.sent())).toEqual(["un_a", "un_s", "un_x"]);
  });

  test("scope to undoes the descendants of a step and holds the journey there; resume goes on from it", async () => {
    const j = await run({ graph: "a>b>c>d" }, { d: [silence, ok("second time")] });
    await j.command("d");
    const { body } = await j.dryRun("rollback", { scope: "to", to: "b" });
    expect(
      body.in_flight.map((one: { step?: string } | string) => (typeof one === "string" ? one : one.step)),
    ).toEqual(["d"]);
    await j.act("rollback", { scope: "to", to: "b" });
    await j.event("rollback.started");
    await j.reply("d", ok("first time"));
    const view = await j.until("held");
    expectOrder(j.sent(), "un_d<un_c");
    expect(undone(j.sent())).toEqual(["un_c", "un_d"]);
    expect(view.steps.b?.status).toBe("succeeded");
    await j.act("resume");
    const end = await j.until("completed");
    expect(j.sent().slice(-2)).toEqual(["c", "d"]);
    expect([end.steps.c?.attempts, end.output]).toEqual([2, "second time"]);
    expect((await j.command("c", 2)).id).toBe(`${j.uuid}/c/2`);
  });

  test("during a pause it is kept until the journey is resumed", async () => {
    const j = await run({ graph: "a>b" }, { b: [silence] });
    await j.command("b");
    await j.act("pause");
    await j.until("paused");
    await j.act("rollback");
    await j.reply("b", ok("B"));
    await j.event("step.succeeded", { step: "b" });
    expect(undone(j.sent())).toEqual([]);
    expect((await j.view()).status).toBe("paused");
    await j.act("resume");
    await j.until("rolled_back");
    expect(j.sent()).toEqual(["a", "b", "un_b", "un_a"]);
  });

  test("irreversible steps are flagged by the dry run, passed over, and left standing", async () => {
    const sketch = { graph: "a>b>c", negations: { svc: { a: ["un_a"] } }, steps: { b: { irreversible: true } } };
    const j = await run(sketch);
    await j.until("completed");
    const { body } = await j.dryRun("rollback");
    expect(JSON.stringify(body.irreversible)).toContain('"b"');
    expect(JSON.stringify(body.irreversible)).not.toContain('"c"');
    await j.act("rollback");
    await j.until("rolled_back");
    expect(undone(j.sent())).toEqual(["un_a"]);
  });

  test("cancel is a rollback that says it was a cancel", async () => {
    const j = await run({ graph: "a>b" }, { b: [silence] });
    await j.command("b");
    await j.act("cancel", { reason: "customer called" });
    await j.event("rollback.started");
    await j.reply("b", ok(1));
    const view = await j.until("rolled_back");
    expect(undone(j.sent())).toEqual(["un_a", "un_b"]);
    expect(view.rollback).toMatchObject({ trigger: "cancel", reason: "customer called" });
  });

  test("terminate stops and undoes nothing; what still answers is recorded, and nothing comes of it", async () => {
    const j = await run({ graph: "a>b" }, { b: [silence] });
    await j.command("b");
    await j.act("terminate");
    await j.until("terminated");
    await j.reply("b", ok(1));
    await j.event("step.succeeded", { step: "b" });
    expect([(await j.view()).status, j.sent()]).toEqual(["terminated", ["a", "b"]]);
  });
});
