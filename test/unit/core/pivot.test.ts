/** design.md section 3, "Pivot". */
import { describe, expect, it } from "vitest";
import { given } from "../../support/journey-spec.ts";

const flow = { edges: { a: [], p: ["a"], b: ["p"], c: ["p"] }, steps: { p: { pivot: true } } };
const passed = (steps: Record<string, Record<string, unknown>> = {}, policy: Record<string, unknown> = {}) => {
  const spec = given({ ...flow, steps: { ...flow.steps, ...steps }, policy });
  spec.success("a");
  spec.success("p");
  return spec;
};

describe("before the pivot has succeeded", () => {
  it("a failure rolls back as ever, the pivot's own failure too", () => {
    const spec = given(flow);
    spec.success("a");
    spec.failure("p");
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("a rollback needs no force", () => {
    const spec = given(flow);
    spec.action("rollback");
    expect(spec.journey.status).toBe("rolling_back");
  });
});

describe("from the pivot's success on", () => {
  it("a failure holds the journey, after the step's own retries", () => {
    const spec = passed({ b: { retry: { maximumAttempts: 2 } } });
    spec.failure("b");
    expect(spec.journey.status).toBe("running");
    spec.nextTimer();
    spec.failure("b");
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "failure", steps: ["b"] } });
    expect(spec.last()).toMatchObject({ reason: "svc.b failed, and the point of no return is behind" });
    expect(spec.sent()).toEqual([]);
  });
  it("a timeout holds it, whatever onTimeout says", () => {
    for (const onTimeout of ["undo", "ignore", "hold"]) {
      const spec = passed({ b: { onTimeout }, c: { timeout: "5m" } });
      spec.after(30_000);
      expect(spec.journey).toMatchObject({ status: "held", held: { kind: "failure", steps: ["b"] } });
    }
  });
  it("so it does for a failure anywhere, also beside the pivot", () => {
    const spec = given({ edges: { p: [], x: [] }, steps: { p: { pivot: true } } });
    spec.success("p");
    spec.failure("x");
    expect(spec.journey.status).toBe("held");
  });
  it("a deadline holds it, and resume goes on without one", () => {
    const spec = passed({}, { deadline: "10s" });
    spec.after(10_000);
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "deadline", steps: [] } });
    expect(spec.last()).toMatchObject({ error: { code: "deadline_exceeded" } });
    spec.action("resume");
    expect(spec.journey.status).toBe("running");
    spec.success("b");
    spec.success("c");
    expect(spec.journey.status).toBe("completed");
  });
  it("a deadline is added to what the journey is held for already", () => {
    const spec = passed({ c: { timeout: "5m" } }, { deadline: "40s" });
    spec.failure("b");
    spec.after(40_000);
    expect(spec.journey.held).toMatchObject({ kind: "deadline", steps: ["b"] });
    spec.action("resume");
    expect(spec.journey.held).toMatchObject({ kind: "failure", steps: ["b"] });
  });
  it("a deadline while a branch is undone by force waits for its end", () => {
    const spec = passed({ c: { timeout: "5m" }, b: { negationTimeout: "5m" } }, { deadline: "10s" });
    spec.success("b");
    spec.action("rollback", { scope: "branch", step: "b", include: "attempted", force: true });
    spec.after(10_000);
    expect(spec.journey.status).toBe("rolling_back");
    spec.undone("b");
    spec.input({ kind: "timer" });
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "deadline" } });
  });
  it.each(["rollback", "cancel"] as const)("%s needs force", (action) => {
    const spec = passed();
    spec.action(action);
    expect(spec.codes("action.refused")).toEqual(["past_pivot"]);
    spec.action(action, { force: false });
    expect(spec.codes("action.refused")).toEqual(["past_pivot", "past_pivot"]);
    spec.action(action, { force: true });
    expect(spec.journey.status).toBe("rolling_back");
  });
  it("rerun needs force too: it is a rollback", () => {
    const spec = passed();
    spec.success("b");
    spec.action("rerun", { step: "b" });
    expect(spec.codes("action.refused")).toEqual(["past_pivot"]);
    spec.action("rerun", { step: "b", force: true });
    expect(spec.journey.status).toBe("rolling_back");
  });
  it("force undoes the pivot like any step; what fails meanwhile holds nothing and widens nothing", () => {
    const spec = passed();
    spec.success("b");
    spec.action("rollback", { scope: "path", step: "b", include: "attempted", force: true });
    spec.failure("c");
    expect(spec.sent()).toEqual([]);
    expect(spec.journey.rollback).toMatchObject({ scope: "path", set: ["a", "p", "b"] });
    spec.undone("b");
    spec.undone("p");
    spec.undone("a");
    expect(spec.journey.status).toBe("rolled_back");
  });
  it("is still so when its answer was too large to be kept: it has happened", () => {
    const spec = given(flow);
    spec.success("a");
    spec.success("p", "x".repeat(300_000));
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "failure", steps: ["p"] } });
    spec.action("complete", { step: "p", output: { at: "s3" } });
    expect(spec.messages()).toMatchObject([{ value: { data: { at: "s3" } } }, { value: { function: "c" } }]);
  });
  it("also when it was settled by hand", () => {
    const spec = given({ ...flow, steps: { p: { pivot: true, onTimeout: "hold" } } });
    spec.success("a");
    spec.after(30_000);
    spec.action("complete", { step: "p", output: 1 });
    spec.failure("b");
    expect(spec.journey.status).toBe("held");
  });
  it("a completed journey is rolled back by force only", () => {
    const spec = passed();
    spec.success("b");
    spec.success("c");
    spec.action("rollback");
    expect(spec.journey.status).toBe("completed");
    spec.action("rollback", { force: true });
    expect(spec.sent()).toEqual(["undo_b", "undo_c"]);
  });
});

describe("a held journey past the pivot", () => {
  const held = () => {
    const spec = passed({ b: { timeout: "5m" } });
    spec.failure("b");
    spec.failure("c");
    expect(spec.journey.held).toMatchObject({ steps: ["b", "c"] });
    return spec;
  };
  it("goes on when every step that holds it is settled: tried again, completed, skipped", () => {
    const spec = held();
    spec.action("retry", { step: "b" });
    expect(spec.calls()).toEqual(["b.b#2"]);
    expect(spec.journey.status).toBe("held");
    spec.action("skip", { step: "c" });
    expect(spec.journey.status).toBe("running");
    spec.success("b");
    expect(spec.journey).toMatchObject({ status: "completed", output: { b: { from: "b" }, c: null } });
  });
  it("stays held for the others when one of several is settled, and says for which", () => {
    const spec = held();
    expect(spec.action("skip", { step: "b" }).map(({ type }) => type)).toEqual(["step.settled_by_hand"]);
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "failure", steps: ["c"] } });
  });
  it("is held again when the retry fails", () => {
    const spec = held();
    spec.action("complete", { step: "c", output: 1 });
    spec.action("retry", { step: "b" });
    spec.failure("b");
    expect(spec.journey.held).toMatchObject({ kind: "failure", steps: ["b"] });
  });
  it("can't just be resumed: it says what is missing", () => {
    const spec = held();
    spec.action("resume");
    expect(spec.last()).toMatchObject({
      type: "action.refused",
      error: { code: "action_not_allowed", message: expect.stringContaining("retry, complete or skip b, c") },
    });
  });
  it("is rolled back by force", () => {
    const spec = held();
    spec.action("cancel", { force: true });
    expect(spec.sent()).toEqual(["undo_p"]);
    expect(spec.events.at(-2)).toMatchObject({ type: "rollback.started", detail: { trigger: "cancel" } });
  });
});

describe("a pivot of unknown outcome", () => {
  it("is held, whatever onTimeout says", () => {
    const spec = given({ ...flow, steps: { p: { pivot: true, onTimeout: "undo" } } });
    spec.success("a");
    spec.after(30_000);
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "unknown", steps: ["p"] } });
    spec.success("p");
    expect(spec.sent()).toEqual(["b", "c"]);
  });
  it("in a rollback that began before is waited for, and never undone blindly by itself", () => {
    const spec = given({
      edges: { a: [], p: ["a"], x: ["a"] },
      steps: { p: { pivot: true } },
      policy: { include: "attempted" },
    });
    spec.success("a");
    spec.failure("x");
    spec.after(30_000);
    spec.undone("x");
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "unknown", steps: ["p"] } });
    spec.action("rollback");
    expect(spec.sent()).toEqual(["undo_p"]);
  });
  it("that succeeds in a rollback that began before is undone with the rest", () => {
    const spec = given({ edges: { a: [], p: ["a"], x: ["a"] }, steps: { p: { pivot: true } } });
    spec.success("a");
    spec.failure("x");
    spec.success("p");
    expect(spec.sent()).toEqual(["undo_p"]);
  });
});
