// Where sentences of section 3 meet: retries and rollbacks, pauses and actions, branches and late answers. From outside.
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fail, flowFile, ok, outsider, progress, silence } from "../support/outsider.ts";

const { run, follow, produce, publish, api, call, pass } = outsider();
const undone = (sent: string[]) => sent.filter((name) => name.startsWith("un_"));
const later = { maximumAttempts: 3, initialInterval: "1500ms", jitter: 0 };

describe.concurrent("between two attempts", () => {
  test("a rollback begins: the step that failed isn't tried again, nor undone", async () => {
    const j = await run({ graph: "s>a; s>b", steps: { a: { retry: later } } }, { a: [fail()], b: [silence] });
    await j.event("step.retry_scheduled");
    await j.reply("b", fail());
    const view = await j.until("rolled_back");
    expect(view.steps.a?.retry_at).toBeUndefined();
    expect(j.sent().filter((name) => name === "a")).toHaveLength(1);
    expect(undone(j.sent())).toEqual(["un_s"]);
  });

  test("a rollback begins: the step that never answered is undone blindly", async () => {
    const steps = { a: { timeout: "40ms", retry: later } };
    const j = await run({ graph: "s>a; s>b", steps }, { a: [silence], b: [silence] });
    await j.event("step.retry_scheduled");
    await j.reply("b", fail());
    await j.until("rolled_back");
    expect(undone(j.sent())).toEqual(["un_a", "un_s"]);
  });

  test("a pause stops the wait for the next one", async () => {
    const j = await run({ graph: "a", steps: { a: { retry: later } } }, { a: [fail(), ok(2)] });
    await j.event("step.retry_scheduled");
    await j.act("pause");
    await j.until("paused");
    await pass(1_600);
    expect(j.sent()).toEqual(["a"]);
    await j.act("resume");
    await j.until("completed");
  });

  test("a success that comes late settles the step, and nothing more is sent", async () => {
    const steps = { a: { timeout: "40ms", retry: later } };
    const j = await run({ graph: "a>b", steps }, { a: [silence] });
    await j.event("step.retry_scheduled");
    await j.command("a");
    await j.reply("a", ok("late"));
    await j.until("completed");
    expect(j.sent()).toEqual(["a", "b"]);
  });
});

describe.concurrent("undo data", () => {
  test("a null output is an output: the negation gets null, not the input", async () => {
    const j = await run({ graph: "a>b" }, { a: [ok(null)], b: [fail()] });
    await j.until("rolled_back");
    expect((await j.command("un_a")).value).toMatchObject({
      data: null,
      undo: { input: { start: true }, output: null },
    });
  });

  test("a late success while one blind negation has failed: all run again with the output", async () => {
    const negations = { svc: { b: ["un_b", "log_b"] } };
    const steps = { b: { timeout: "40ms", negationRetry: { maximumAttempts: 1 } } };
    const j = await run({ graph: "a>b", negations, steps }, { b: [silence], log_b: [fail(), ok(1)] });
    await j.until("rollback_failed");
    await j.reply("b", ok("B"));
    await j.until("rolled_back");
    const again = j.commands
      .filter(({ value }) => value.undo && value.data === "B")
      .map(({ value }) => value.function);
    expect(again.sort()).toEqual(["log_b", "un_b"]);
  });
});

describe.concurrent("branch", () => {
  const policy = { scope: "branch" };

  test("a step of unknown outcome in it is undone blindly; its late success re-opens the completed journey for that", async () => {
    const j = await run({ graph: "s>a>a2; s>b", policy, steps: { a2: { timeout: "40ms" } } }, { a2: [silence] });
    await j.until("completed");
    expect(undone(j.sent())).toEqual(["un_a2", "un_a"]);
    await j.reply("a2", ok("late"));
    expect((await j.command("un_a2", 2)).value.data).toBe("late");
    await j.event("journey.completed", {}, 2);
    expect((await j.view()).status).toBe("completed");
  });

  test("asked by an operator of a completed journey it leaves it completed, with its rollback on record", async () => {
    const j = await run({ graph: "s>a>a2; s>b" });
    await j.until("completed");
    await j.act("rollback", { scope: "branch", step: "a2", include: "attempted" });
    await j.event("rollback.completed");
    const view = await j.until("completed");
    expect([undone(j.sent()), view.rollback?.left_standing]).toEqual([
      ["un_a2", "un_a"],
      ["s", "b"],
    ]);
  });

  test("a failure behind the join is another rollback, of what the join had left; the journey tells the last error", async () => {
    const j = await run({ graph: "s>a>z; s>b>z", policy }, { a: [fail("first")], z: [fail("second")] });
    const view = await j.until("completed");
    expect([view.error?.code, undone(j.sent())]).toEqual(["second", ["un_b"]]);
  });
});

describe.concurrent("actions in odd moments", () => {
  test("to a step of a completed journey: it is held there; resume runs the rest again", async () => {
    const j = await run({ graph: "a>b>c" });
    await j.until("completed");
    await j.act("rollback", { scope: "to", to: "a" });
    const held = await j.until("held");
    expect([undone(j.sent()), held.steps.a?.status]).toEqual([["un_c", "un_b"], "succeeded"]);
    await j.act("resume");
    await j.event("journey.completed", {}, 2);
    expect(j.sent()).toEqual(["a", "b", "c", "un_c", "un_b", "b", "c"]);
  });

  test("held after to, it can still be rolled back as a whole", async () => {
    const j = await run({ graph: "a>b>c" });
    await j.until("completed");
    await j.act("rollback", { scope: "to", to: "a" });
    await j.until("held");
    await j.act("cancel");
    await j.until("rolled_back");
    expect(undone(j.sent())).toEqual(["un_c", "un_b", "un_a"]);
  });

  test("rerun from the first step runs everything again; of a rolled back journey it is refused or starts anew", async () => {
    const j = await run({ graph: "a>b" });
    await j.until("completed");
    await j.act("rerun", { step: "a", data: { again: 1 } });
    await j.event("journey.completed", {}, 2);
    expect(j.sent()).toEqual(["a", "b", "un_b", "un_a", "a", "b"]);
    await j.act("rollback");
    await j.until("rolled_back");
    const { status, body } = await j.act("rerun", { step: "b" });
    expect([status, body.code]).toEqual([409, "action_not_allowed"]);
  });

  test("a retry asked during a pause goes out when it is resumed", async () => {
    const steps = { a: { timeout: "40ms", onTimeout: "hold" } };
    const j = await run({ graph: "a", steps }, { a: [silence, ok(2)] });
    await j.until("held");
    await j.act("pause");
    await j.until("paused");
    const { status } = await j.act("retry", { step: "a" });
    expect(status).toBe(202);
    expect(j.sent()).toEqual(["a"]);
    await j.act("resume");
    expect((await j.until("completed")).output).toBe(2);
  });

  test("an approval can be completed while another branch still runs", async () => {
    const j = await run({ graph: "s>ask>z; s>b>z", types: { ask: "manager.approve" } }, { b: [silence] });
    await j.command("b");
    expect((await j.view()).status).toBe("running");
    await j.act("complete", { step: "ask", output: "yes" });
    await j.reply("b", ok("B"));
    await j.until("completed");
    expect((await j.command("z")).value.data).toEqual({ ask: "yes", b: "B" });
  });

  test("behind a pivot a failed step can be skipped or completed by hand", async () => {
    for (const [action, fields] of [
      ["skip", {}],
      ["complete", { output: null }],
    ] as const) {
      const j = await run({ graph: "p>c>d", steps: { p: { pivot: true } } }, { c: [fail()] });
      await j.until("held");
      await j.act(action, { step: "c", ...fields });
      await j.until("completed");
      expect((await j.command("d")).value.data).toBe(null);
    }
  });

  test("the same id with another action changes nothing", async () => {
    const j = await run({ graph: "a" }, { a: [silence] });
    await j.command("a");
    await j.act("pause", { id: "one" });
    await j.until("paused");
    await j.act("terminate", { id: "one" });
    await j.act("resume", { id: "two" });
    await j.until("running");
    await j.reply("a", ok(1));
    await j.until("completed");
  });

  test("terminated and rolled back journeys refuse what would go on", async () => {
    const [j, k] = [await run({ graph: "a>b" }, { b: [silence] }), await run({ graph: "a>b" }, { b: [fail()] })];
    await j.command("b");
    await j.act("terminate");
    await j.until("terminated");
    await k.until("rolled_back");
    for (const [one, action, fields] of [
      [j, "rollback", {}],
      [j, "resume", {}],
      [j, "retry", { step: "b" }],
      [j, "terminate", {}],
      [k, "cancel", {}],
      [k, "pause", {}],
      [k, "retry", { step: "b" }],
      [k, "skip", { step: "b" }],
    ] as const) {
      const { status, body } = await one.act(action, fields);
      expect([action, status, body.code]).toEqual([action, 409, "action_not_allowed"]);
    }
  });
});

describe.concurrent("odds and ends", () => {
  test("traceparent is passed through, from the API's header and from a start record's", async () => {
    const { name } = await publish({ graph: "a>b" });
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const [j, k] = [follow(randomUUID()), follow(randomUUID())];
    await call("POST", "/api/v1/journeys", { name, uuid: j.uuid, data: 1 }, { traceparent });
    const start = { uuid: k.uuid, name, version: "", service: "manager", function: "start", status: "success" };
    await produce("tomanager", { ...start, schema_version: "1", data: 1 }, k.uuid, { headers: { traceparent } });
    for (const one of [j, k]) {
      await one.until("completed");
      for (const { headers } of one.commands)
        expect(headers.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-/);
    }
  });

  test("step ids of any characters can be named in expressions and actions", async () => {
    const steps = { "z/ü 1": { input: "steps['a.b'].n + 1" } };
    const sketch = { graph: "a.b>z/ü 1", types: { "a.b": "svc.first", "z/ü 1": "svc.second" }, negations: {}, steps };
    const j = await run(sketch, { first: [ok({ n: 1 })] });
    await j.until("completed");
    const second = await j.command("second");
    expect([second.value.data, second.id]).toEqual([2, `${j.uuid}/z/ü 1/1`]);
  });

  test("a mapping may ask whether a skipped step was there", async () => {
    const steps = { b: { when: "false" }, z: { input: "has(steps.b) ? 'with' : 'without'" } };
    const j = await run({ graph: "s>a>z; s>b>z", steps });
    await j.until("completed");
    expect((await j.command("z")).value.data).toBe("without");
  });

  test("one reply that is in progress forever ends by totalTimeout", async () => {
    const steps = { a: { timeout: "10s", totalTimeout: "300ms" } };
    const j = await run({ graph: "a", steps }, { a: [progress] });
    await j.until("rolled_back");
    expect(j.sent()).toEqual(["a", "un_a"]);
  });

  test("the flow that was published is given back as it was", async () => {
    const file = flowFile({ graph: "a>b", steps: { a: { timeout: "5s" } }, policy: { scope: "path" } });
    await publish(file);
    const { body } = await api("GET", `/flows/${encodeURIComponent(file.name)}/1`);
    expect(body).toEqual(file);
  });
});
