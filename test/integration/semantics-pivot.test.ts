// Section 3, "Pivot" and "A negation that fails", seen from outside.
import { describe, expect, test } from "vitest";
import { fail, ok, outsider, type Script, silence } from "../support/outsider.ts";

const { run } = outsider();

describe.concurrent("pivot", () => {
  const pivot = { p: { pivot: true } };

  test("before its success a failure rolls back as ever", async () => {
    const j = await run({ graph: "a>p>c", steps: pivot }, { p: [fail()] });
    await j.until("rolled_back");
    expect(j.sent()).toEqual(["a", "p", "un_a"]);
  });

  test("from its success on a failure holds the journey, after the step's own retries", async () => {
    const steps = { ...pivot, c: { retry: { maximumAttempts: 2, initialInterval: 1, jitter: 0 } } };
    const j = await run({ graph: "a>p>c", steps }, { c: [fail(), fail("still"), ok("mended")] });
    const view = await j.until("held");
    expect([j.sent(), view.steps.c?.status, view.steps.c?.error?.code]).toEqual([
      ["a", "p", "c", "c"],
      "failed",
      "still",
    ]);
    await j.act("retry", { step: "c" });
    const end = await j.until("completed");
    expect([end.output, end.steps.c?.attempts]).toEqual(["mended", 3]);
  });

  test("a failure anywhere counts, in a parallel branch too; so do a timeout and the deadline", async () => {
    const other = await run({ graph: "s>p; s>b", steps: pivot }, { b: [silence] });
    await other.event("step.succeeded", { step: "p" });
    await other.reply("b", fail());
    await other.until("held");
    const late = await run({ graph: "p>c", steps: { ...pivot, c: { timeout: "40ms" } } }, { c: [silence] });
    await late.until("held");
    const dead = await run({ graph: "p>c", steps: pivot, policy: { deadline: "2s" } }, { c: [silence] });
    await dead.until("held");
    for (const { sent } of [other, late, dead]) expect(sent().filter((name) => name.startsWith("un_"))).toEqual([]);
  });

  test("rollback and cancel need force, which then undoes the pivot too", async () => {
    for (const action of ["rollback", "cancel"]) {
      const j = await run({ graph: "a>p>c", steps: pivot }, { c: [fail()] });
      await j.until("held");
      const { status, body } = await j.act(action);
      expect([status, body.code]).toEqual([409, "past_pivot"]);
      await j.event("action.refused");
      expect((await j.dryRun(action)).body.code).toBe("past_pivot");
      await j.act(action, { force: true });
      await j.until("rolled_back");
      expect(j.sent()).toEqual(["a", "p", "c", "un_p", "un_a"]);
    }
  });

  test("of a completed journey too", async () => {
    const j = await run({ graph: "a>p", steps: pivot });
    await j.until("completed");
    expect((await j.act("rollback")).body.code).toBe("past_pivot");
    expect((await j.act("rollback", { force: true })).status).toBe(202);
    await j.until("rolled_back");
  });

  test("a pivot of unknown outcome is held; its success is the point of no return, its failure a failure", async () => {
    const steps = { p: { pivot: true, timeout: "40ms" } };
    const good = await run({ graph: "a>p>c", steps }, { p: [silence] });
    const bad = await run({ graph: "a>p>c", steps }, { p: [silence] });
    await good.until("held");
    await bad.until("held");
    await good.reply("p", ok("paid"));
    await good.until("completed");
    await bad.reply("p", fail("declined"));
    await bad.until("rolled_back");
    expect([good.sent(), bad.sent()]).toEqual([
      ["a", "p", "c"],
      ["a", "p", "un_a"],
    ]);
  });
});

describe.concurrent("a negation that fails", () => {
  const steps = { b: { negationRetry: { maximumAttempts: 2, initialInterval: 1, jitter: 0 } } };
  const script: Script = { c: [fail()], un_b: [fail("locked"), fail("still locked"), ok("undone")] };

  test("is tried three times by default, then the journey is rollback_failed; independent branches go on", async () => {
    const negationRetry = { initialInterval: 1, jitter: 0 };
    const j = await run(
      { graph: "s>b>z; s>d>z", policy: { negationRetry } },
      { z: [fail("why")], un_b: [fail("locked")] },
    );
    const view = await j.until("rollback_failed");
    await j.event("undo.succeeded", { step: "d" });
    expect(j.sent().filter((name) => name === "un_b")).toHaveLength(3);
    expect(j.sent()).not.toContain("un_s");
    expect([view.steps.b?.status, view.steps.b?.undo?.un_b]).toEqual([
      "undo_failed",
      { status: "failed", attempts: 3, error: { code: "locked", message: "it is locked" } },
    ]);
    expect(view.error?.code).toBe("why");
  });

  test("retry calls it again, numbers going on; then the rollback goes on to its end", async () => {
    const j = await run({ graph: "a>b>c", steps }, script);
    await j.until("rollback_failed");
    const { body } = await j.dryRun("retry", { step: "b" });
    expect(body.levels[0]).toEqual([{ step: "b", service: "svc", function: "un_b", data: { by: "b" } }]);
    await j.act("retry", { step: "b" });
    await j.until("rolled_back");
    expect((await j.command("un_b", 3)).id).toBe(`${j.uuid}/b/undo/un_b/3`);
    expect(j.sent().at(-1)).toBe("un_a");
  });

  test("retry with edited data sends that data", async () => {
    const j = await run({ graph: "a>b>c", steps }, script);
    await j.until("rollback_failed");
    await j.act("retry", { step: "b", data: { id: "the right one" } });
    await j.until("rolled_back");
    expect((await j.command("un_b", 3)).value.data).toEqual({ id: "the right one" });
  });

  test("skip settles it as done by hand", async () => {
    const j = await run({ graph: "a>b>c", steps }, { ...script, un_b: [fail()] });
    await j.until("rollback_failed");
    await j.act("skip", { step: "b", reason: "removed in the back office" });
    const view = await j.until("rolled_back");
    const byHand = await j.event("undo.settled_by_hand");
    expect(byHand).toMatchObject({ step: "b", function: "un_b", reason: "removed in the back office" });
    expect([view.steps.b?.status, j.sent().at(-1)]).toEqual(["undone", "un_a"]);
  });

  test("its own late success settles it too", async () => {
    const once = { b: { negationTimeout: "40ms", negationRetry: { maximumAttempts: 1 } } };
    const j = await run({ graph: "a>b>c", steps: once }, { c: [fail()], un_b: [silence] });
    await j.until("rollback_failed");
    await j.reply("un_b", ok("done after all"));
    await j.until("rolled_back");
    expect(j.sent()).toEqual(["a", "b", "c", "un_b", "un_a"]);
  });

  test("one of two negations that fails is the one that is retried", async () => {
    const negations = { svc: { a: ["un_a"], b: ["un_b", "log_b"] } };
    const j = await run({ graph: "a>b>c", negations, steps }, script);
    await j.until("rollback_failed");
    await j.act("retry", { step: "b" });
    await j.until("rolled_back");
    expect(j.sent().filter((name) => name === "log_b")).toHaveLength(1);
    expect(j.sent().at(-1)).toBe("un_a");
  });

  test("negationTimeout and retryable: false end its attempts", async () => {
    const policy = { negationRetry: { maximumAttempts: 2, initialInterval: 1, jitter: 0 } };
    const silent = await run(
      { graph: "a>b", policy: { ...policy, negationTimeout: "40ms" } },
      { b: [fail()], un_a: [silence] },
    );
    const timedOut = await silent.until("rollback_failed");
    expect(timedOut.steps.a?.undo?.un_a).toMatchObject({ attempts: 2, error: { code: "timeout" } });
    const j = await run({ graph: "a>b", policy }, { b: [fail()], un_a: [fail("never", false)] });
    const view = await j.until("rollback_failed");
    expect(view.steps.a?.undo?.un_a).toMatchObject({ attempts: 1, error: { code: "never" } });
  });

  test("a rollback_failed journey stays so until it is settled, and refuses what doesn't fit", async () => {
    const j = await run({ graph: "a>b>c", steps }, { ...script, un_b: [fail()] });
    await j.until("rollback_failed");
    for (const [action, fields] of [
      ["resume", {}],
      ["retry", { step: "a" }],
      ["skip", { step: "c" }],
      ["complete", { step: "b", output: 1 }],
    ] as const) {
      const { status, body } = await j.act(action, fields);
      expect([action, status, body.code]).toEqual([action, 409, "action_not_allowed"]);
    }
    expect((await j.view()).status).toBe("rollback_failed");
    expect((await j.act("terminate")).status).toBe(202);
    await j.until("terminated");
  });
});
