/** A journey that went back `to` a step and runs from there again, when a late success has to be undone meanwhile. */
import { describe, expect, it } from "vitest";
import { type FlowSketch, given } from "../../support/journey-spec.ts";

const types = (events: { type: string }[]) => events.map((e) => e.type);

/** a, then b and c behind it, and beside them x, which gives no answer. */
const shape: FlowSketch = {
  edges: { a: [], b: ["a"], c: ["b"], x: ["a"] },
  steps: { x: { onTimeout: "hold", timeout: "5s" } },
};

/** x's branch was undone on an operator's word, and the rest completed. */
function completed(more: Partial<FlowSketch> = {}, last: string[] = []) {
  const spec = given({ ...shape, ...more, steps: { ...shape.steps, ...more.steps } });
  for (const step of ["a", "b", "c", ...last]) spec.success(step);
  spec.after(5_000);
  spec.action("rollback", { scope: "branch", step: "x" });
  spec.undone("x");
  expect(spec.journey.status).toBe("completed");
  return spec;
}

/** Then it went back to b, and was resumed there: c runs again. */
function wentBack() {
  const spec = completed();
  spec.action("rollback", { scope: "to", to: "b" });
  spec.undone("c");
  expect(spec.journey.status).toBe("held");
  spec.action("resume");
  return spec;
}

/** Then b was run again, and while it is, x turns out to have worked. */
function reopened(more: Partial<FlowSketch> = {}) {
  const spec = completed(more);
  spec.action("rerun", { step: "b" });
  spec.undone("c");
  spec.undone("b");
  expect(spec.calls()).toEqual(["b.b#2"]);
  expect(types(spec.success("x", 7, 1))).toEqual(["step.late", "journey.reopened", "undo.dispatched"]);
  return spec;
}

describe("a late success that is undone while a step runs again", () => {
  it("doesn't keep a rerun from going on", () => {
    const spec = reopened();
    spec.success("b", "again", 2);
    // Nothing new while something is undone.
    expect(spec.calls()).toEqual([]);
    spec.undone("x");
    expect(spec.events.slice(-3)).toMatchObject([
      { type: "rollback.completed", detail: { left_standing: ["a", "b"] } },
      { type: "journey.resumed", reason: "the late success is undone" },
      { type: "step.dispatched", step: "c", attempt: 2 },
    ]);
    spec.success("c", "again", 2);
    expect(spec.journey).toMatchObject({ status: "completed", output: { c: "again" } });
  });
  it("doesn't hold a second time what an operator has resumed", () => {
    const spec = wentBack();
    spec.success("x", 7, 1);
    spec.undone("x");
    expect(spec.journey).toMatchObject({ status: "running", held: undefined });
    spec.success("c", "again", 2);
    expect(spec.journey).toMatchObject({ status: "completed", output: { c: "again" } });
  });
  it("leaves a journey that has ended by then ended", () => {
    const spec = wentBack();
    spec.success("c", "again", 2);
    expect(spec.journey.status).toBe("completed");
    spec.success("x", 7, 1);
    expect(spec.journey.status).toBe("rolling_back");
    spec.undone("x");
    expect(spec.journey).toMatchObject({ status: "completed", output: { c: "again" } });
  });
  it("lets the policy of retries decide on a failure of that step, as ever", () => {
    const retry = { maximumAttempts: 2, initialInterval: "1s", jitter: 0 };
    const spec = reopened({ steps: { b: { retry } } });
    expect(types(spec.failure("b", {}, 2))).toEqual(["step.failed", "step.retry_scheduled"]);
    spec.undone("x");
    spec.after(1_000);
    expect(spec.calls()).toEqual(["b.b#3"]);
  });
});

describe("a step that runs again and fails meanwhile", () => {
  it("makes the journey roll back", () => {
    const spec = reopened();
    spec.failure("b", {}, 2);
    expect(spec.journey.rollback).toMatchObject({ scope: "journey", causes: ["x", "b"], again: [] });
    // Behind a lies x still.
    expect(spec.sent()).toEqual([]);
    spec.undone("x");
    expect(spec.sent()).toEqual(["undo_a"]);
    spec.undone("a");
    expect(spec.journey.status).toBe("rolled_back");
  });
  it("has its branch undone where that is the flow's policy, and the rest goes on", () => {
    const spec = reopened({ policy: { scope: "branch", include: "attempted" } });
    spec.failure("b", {}, 2);
    expect(spec.journey.rollback).toMatchObject({ scope: "branch", causes: ["x", "b"] });
    expect(spec.sent()).toEqual(["undo_b"]);
    spec.undone("b");
    expect(spec.statuses().c).toBe("skipped");
    expect(spec.journey.status).toBe("rolling_back");
    spec.undone("x");
    expect(spec.journey.status).toBe("completed");
    expect(spec.statuses().a).toBe("succeeded");
  });
  it("has only its branch undone, and what runs again beside it goes on", () => {
    const spec = completed({ edges: { a: [], b: ["a"], c: ["a"], d: ["c"], x: [] }, policy: { scope: "branch" } }, [
      "d",
    ]);
    spec.action("rerun", { step: "a" });
    for (const step of ["d", "b", "c", "a"]) spec.undone(step);
    spec.success("a", "again", 2);
    spec.success("x", 7, 1);
    spec.failure("b", {}, 2);
    expect(spec.journey.rollback).toMatchObject({ scope: "branch", set: [] });
    spec.undone("x");
    spec.success("c", "again", 2);
    spec.success("d", "again", 2);
    expect(spec.journey).toMatchObject({ status: "completed", output: { d: "again" } });
  });
  it("has its path undone where that is the flow's policy", () => {
    const spec = reopened({ policy: { scope: "path" } });
    spec.failure("b", {}, 2);
    expect(spec.journey.rollback).toMatchObject({ scope: "path", causes: ["x", "b"] });
    spec.undone("x");
    expect(spec.sent()).toEqual(["undo_a"]);
  });
});

it("a rollback asked for meanwhile undoes what ran again", () => {
  const spec = reopened();
  spec.success("b", "again", 2);
  spec.action("cancel");
  expect(spec.journey.rollback).toMatchObject({ scope: "journey", again: [] });
  expect(spec.sent()).toEqual(["undo_b"]);
});
