/** design.md section 3, "Built-in steps": wait and approve, and what a rollback does to them. */
import { describe, expect, it } from "vitest";
import { nextDue } from "../../../engine/core/clocks.ts";
import { type FlowSketch, given } from "../../support/journey-spec.ts";

const wait = (settings: Record<string, unknown>): FlowSketch => ({
  edges: { a: [], w: ["a"], b: ["w"] },
  calls: { w: "manager.wait" },
  steps: { w: settings },
});
const approve: FlowSketch = { edges: { a: [], ok: ["a"], b: ["ok"] }, calls: { ok: "manager.approve" } };
const types = (events: { type: string }[]) => events.map((e) => e.type);

describe("wait", () => {
  it("lasts as long as it says, sends nothing, and passes on what it was given", () => {
    const spec = given(wait({ for: "1h" }));
    spec.success("a", { n: 1 });
    expect(spec.sent()).toEqual([]);
    expect(spec.after(3_599_999)).toEqual([]);
    spec.after(1);
    expect(spec.messages()[0]?.value).toMatchObject({ function: "b", data: { n: 1 } });
  });
  it.each([
    ["a moment", "2026-11-22T04:00:00+01:00"],
    ["an expression that gives one", "steps.a.at"],
    ["an expression that gives milliseconds", "steps.a.ms"],
  ])("until %s", (_what, until) => {
    const spec = given(wait({ until }));
    const at = Date.parse("2026-11-22T03:00:00Z");
    spec.success("a", { at: "2026-11-22T03:00:00Z", ms: at });
    expect(nextDue(spec.journey)).toBe(at);
  });
  it("until a moment that is past is over at once", () => {
    const spec = given(wait({ until: "2020-01-01T00:00:00Z" }));
    spec.success("a");
    spec.nextTimer();
    expect(spec.sent()).toEqual(["b"]);
  });
  it.each([
    ["steps.a.nope", "No such key"],
    ["steps.a.text", "gave no time (ISO 8601 or milliseconds)"],
    ["true", "gave no time (ISO 8601 or milliseconds)"],
    ["1e300", "gave no time (ISO 8601 or milliseconds)"],
  ])("until something that is no time fails: %s", (until, message) => {
    const spec = given(wait({ until }));
    spec.success("a", { text: "tomorrow" });
    expect(spec.journey.steps.w).toMatchObject({ status: "failed", error: { code: "expression_failed" } });
    expect(spec.journey.steps.w?.error?.message).toBe(
      `until (${until}): ${message}${message.startsWith("No") ? ": nope" : ""}`,
    );
  });
  it("in flight when the journey rolls back is stopped at once", () => {
    const spec = given({
      edges: { a: [], w: ["a"], x: ["a"] },
      calls: { w: "manager.wait" },
      steps: { w: { for: "30d" } },
    });
    spec.success("a");
    spec.failure("x");
    expect(spec.events.find((e) => e.type === "step.skipped")).toMatchObject({
      step: "w",
      reason: "stopped by the rollback",
    });
    expect(spec.sent()).toEqual(["undo_a"]);
    spec.undone("a");
    expect(spec.journey.status).toBe("rolled_back");
    expect(nextDue(spec.journey)).toBeUndefined();
  });
  it("outside of the set is stopped where nothing can come after it, and goes on where something can", () => {
    const flow = (scope: string): FlowSketch => ({
      edges: { a: [], x: ["a"], y: ["x"], w: ["a"], z: ["w"] },
      calls: { w: "manager.wait" },
      steps: { w: { for: "1h" } },
      policy: { scope },
    });
    const path = given(flow("path"));
    path.success("a");
    path.success("x");
    path.failure("y");
    expect(path.statuses().w).toBe("skipped");
    const asked = given({ ...flow("path"), calls: { w: "manager.approve" }, steps: {} });
    for (const step of ["a", "x"]) asked.success(step);
    asked.failure("y");
    expect(asked.statuses().w).toBe("skipped");
    const branch = given(flow("branch"));
    branch.success("a");
    branch.success("x");
    branch.failure("y");
    branch.undone("x");
    expect(branch.statuses().w).toBe("dispatched");
    branch.after(3_600_000);
    expect(branch.sent()).toEqual(["z"]);
  });
  it("has nothing to undo", () => {
    const spec = given(wait({ for: "1s" }));
    spec.success("a");
    spec.nextTimer();
    spec.failure("b");
    expect(spec.sent()).toEqual(["undo_a"]);
  });
});

describe("approve", () => {
  const waiting = () => {
    const spec = given(approve);
    spec.success("a", { n: 1 });
    return spec;
  };
  it("holds the journey until a person decides", () => {
    const spec = waiting();
    expect(spec.sent()).toEqual([]);
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "approval", steps: ["ok"] } });
    expect(spec.last()).toMatchObject({ type: "journey.held", step: "ok", reason: "waits for an approval" });
    expect(spec.after(1e9)).toEqual([]);
  });
  it("completed goes on with what the person says, or with what it was given", () => {
    const said = waiting();
    said.action("complete", { step: "ok", output: { ok: true } });
    expect(said.messages()[0]?.value).toMatchObject({ function: "b", data: { ok: true } });
    const silent = waiting();
    silent.action("complete", { step: "ok" });
    expect(silent.messages()[0]?.value).toMatchObject({ function: "b", data: { n: 1 } });
    expect(silent.events.find((e) => e.type === "step.settled_by_hand")).toMatchObject({
      actor: "olga",
      reason: "because",
    });
  });
  it("skipped goes on with null", () => {
    const spec = waiting();
    spec.action("skip", { step: "ok" });
    expect(spec.messages()[0]?.value).toMatchObject({ data: null });
  });
  it("asked again, with other data, waits again", () => {
    const spec = waiting();
    spec.action("retry", { step: "ok", data: { n: 2 } });
    expect(spec.journey).toMatchObject({ status: "held", steps: { ok: { attempts: 2, input: { n: 2 } } } });
    spec.action("complete", { step: "ok" });
    expect(spec.messages()[0]?.value).toMatchObject({ data: { n: 2 } });
  });
  it("is refused by rolling back: it is stopped, and what came before is undone", () => {
    const spec = waiting();
    expect(types(spec.action("rollback"))).toEqual(["rollback.started", "step.skipped", "undo.dispatched"]);
    spec.undone("a");
    expect(spec.journey.status).toBe("rolled_back");
    spec.action("complete", { step: "ok", output: 1 });
    expect(spec.codes("action.refused")).toEqual(["action_not_allowed"]);
  });
  it("is refused by a cancel and by a deadline as well", () => {
    const cancel = waiting();
    cancel.action("cancel");
    expect(cancel.sent()).toEqual(["undo_a"]);
    const deadline = given({ ...approve, policy: { deadline: "1h" } });
    deadline.success("a");
    deadline.after(3_600_000);
    expect(deadline.sent()).toEqual(["undo_a"]);
  });
  it("doesn't hold what can go on beside it", () => {
    const spec = given({ edges: { ok: [], x: [], y: ["x"] }, calls: { ok: "manager.approve" } });
    expect(spec.journey.status).toBe("running");
    spec.success("x");
    expect(spec.sent()).toEqual(["y"]);
    spec.success("y");
    expect(spec.journey.status).toBe("held");
    spec.action("complete", { step: "ok" });
    expect(spec.journey.status).toBe("completed");
  });
  it("of several: each lets its own successors go, and the journey is held for the rest", () => {
    const spec = given({
      edges: { one: [], two: [], b: ["one"], c: ["two"] },
      calls: { one: "manager.approve", two: "manager.approve" },
    });
    expect(spec.journey.held).toMatchObject({ steps: ["one", "two"] });
    spec.action("complete", { step: "one" });
    expect(spec.sent()).toEqual(["b"]);
    expect(spec.journey.status).toBe("running");
    spec.success("b");
    expect(spec.journey.held).toMatchObject({ steps: ["two"] });
  });
  it("may be given before the journey is held for it, and while it is paused", () => {
    const early = given({ edges: { ok: [], x: [] }, calls: { ok: "manager.approve" } });
    early.action("complete", { step: "ok" });
    early.success("x");
    expect(early.journey.status).toBe("completed");
    const paused = waiting();
    paused.action("pause");
    paused.action("complete", { step: "ok" });
    expect(paused.sent()).toEqual([]);
    paused.action("resume");
    expect(paused.sent()).toEqual(["b"]);
  });
  it("past its total timeout fails the step, and the journey rolls back", () => {
    const spec = given({ ...approve, steps: { ok: { totalTimeout: "1d" } } });
    spec.success("a");
    spec.after(86_400_000);
    expect(spec.codes("rollback.started")).toEqual(["timeout"]);
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("stopped by going back to a step is asked again from there", () => {
    const spec = waiting();
    spec.action("rerun", { step: "a" });
    spec.undone("a");
    spec.success("a", { n: 2 });
    expect(spec.journey).toMatchObject({ status: "held", steps: { ok: { attempts: 2, input: { n: 2 } } } });
  });
  it("of a branch that is undone is stopped, also where it stands for the failed step", () => {
    const spec = given({
      edges: { a: [], x: ["a"], ok: ["x"], z: ["ok"], c: ["a"] },
      calls: { ok: "manager.approve" },
    });
    for (const step of ["a", "x", "c"]) spec.success(step);
    spec.action("rollback", { scope: "branch", step: "ok" });
    expect(spec.statuses()).toMatchObject({ ok: "skipped", z: "skipped" });
    spec.undone("x");
    expect(spec.journey).toMatchObject({ status: "completed", output: { c: { from: "c" } } });
  });
  it("can be answered by progress that moves no clock", () => {
    const spec = waiting();
    spec.reply({ service: "manager", function: "approve", step: "ok", status: "inprogress" });
    expect(spec.statuses().ok).toBe("inprogress");
    expect(nextDue(spec.journey)).toBeUndefined();
  });
});
