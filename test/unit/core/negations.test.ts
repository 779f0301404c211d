/** design.md section 3, "A negation that fails". */
import { describe, expect, it } from "vitest";
import { given } from "../../support/journey-spec.ts";

const flow = {
  edges: { a: [], b: ["a"], x: ["a"], z: ["b", "x"] },
  negations: { b: ["remove", "log"] },
};
/** a, b and x have succeeded, z has failed: remove, log and undo_x are out. */
const undoing = (steps: Record<string, Record<string, unknown>> = {}) => {
  const spec = given({ ...flow, steps });
  for (const step of ["a", "b", "x"]) spec.success(step);
  spec.failure("z");
  expect(spec.sent()).toEqual(["remove", "log", "undo_x"]);
  return spec;
};
const once = { b: { negationRetry: { maximumAttempts: 1 } } };

describe("a negation that fails", () => {
  it("is tried three times by default, with exponential waits", () => {
    const spec = undoing({ b: { negationRetry: { jitter: 0 } } });
    const waits: number[] = [];
    for (const attempt of [1, 2]) {
      spec.undoFails("b", "remove");
      waits.push((spec.journey.steps.b?.undo?.remove?.retryAt ?? 0) - spec.now);
      spec.nextTimer();
      expect(spec.calls()).toEqual([`b.remove#${attempt + 1}`]);
    }
    expect(waits).toEqual([1_000, 2_000]);
    spec.undoFails("b", "remove");
    expect(spec.journey).toMatchObject({ status: "rollback_failed", steps: { b: { status: "undo_failed" } } });
    expect(spec.last()).toMatchObject({
      type: "rollback.failed",
      step: "b",
      function: "remove",
      error: { message: "can't" },
    });
  });
  it("after the journey was terminated is taken note of: it is terminated still, and nothing is sent", () => {
    for (const steps of [{}, once]) {
      const spec = undoing(steps);
      spec.action("terminate");
      expect(spec.undoFails("b", "remove")).toMatchObject([{ type: "undo.failed" }]);
      expect(spec.journey.status).toBe("terminated");
    }
  });
  it("as its own policy says, and at once when the failure isn't retryable", () => {
    const one = undoing(once);
    one.undoFails("b", "remove");
    expect(one.journey.status).toBe("rollback_failed");
    const final = undoing();
    final.undoFails("b", "remove", false);
    expect(final.journey.status).toBe("rollback_failed");
  });
  it("by silence has its own clock of 30 s, which its progress starts anew", () => {
    const spec = undoing({ b: { negationRetry: { maximumAttempts: 1 }, negationTimeout: "10s" } });
    spec.after(9_000);
    spec.reply({ function: "remove", step: "b", status: "inprogress" });
    expect(spec.journey.steps.b?.undo?.remove).toMatchObject({ status: "inprogress", dueAt: spec.now + 10_000 });
    spec.undone("b", "log");
    spec.after(9_999);
    expect(spec.journey.status).toBe("rolling_back");
    spec.after(1);
    expect(spec.journey.steps.b?.undo?.remove).toMatchObject({
      status: "timed_out",
      error: { code: "timeout", message: "in progress, then silent for too long" },
    });
    expect(spec.journey.status).toBe("rollback_failed");
    expect((undoing().journey.steps.x?.undo?.undo_x?.dueAt ?? 0) - spec.now).toBeLessThanOrEqual(30_000);
  });
  it("lets what doesn't depend on it go on, and nothing that does", () => {
    const spec = undoing({ ...once, x: { negationTimeout: "1h" } });
    spec.undoFails("b", "remove");
    spec.undone("b", "log");
    spec.undone("x");
    expect(spec.sent()).toEqual([]);
    expect(spec.statuses()).toMatchObject({ a: "succeeded", x: "undone", b: "undo_failed" });
    expect(spec.journey.status).toBe("rollback_failed");
  });
  it("but answers after all is settled, also after its retries were used up", () => {
    const spec = undoing({ b: { negationRetry: { maximumAttempts: 1 } }, x: { negationTimeout: "5m" } });
    spec.undone("b", "log");
    spec.after(30_000);
    expect(spec.journey.status).toBe("rollback_failed");
    spec.undone("b", "remove");
    expect(spec.journey).toMatchObject({ status: "rolling_back", steps: { b: { status: "undone" } } });
  });
  it("late, or says something about an attempt given up on, changes nothing", () => {
    const spec = undoing();
    spec.after(30_000);
    const late = (status: string) => spec.reply({ function: "remove", step: "b", attempt: 1, status })[0];
    expect(late("inprogress")).toMatchObject({
      type: "step.late",
      detail: { negation: "remove", status: "inprogress" },
    });
    expect(late("failure")).toMatchObject({ type: "step.late", detail: { negation: "remove", status: "failure" } });
    expect(late("failure")).toMatchObject({ type: "step.duplicate" });
    expect(spec.journey.steps.b?.undo?.remove).toMatchObject({ status: "waiting", attempts: 1 });
  });
  it("whose earlier attempt succeeds late needs no other: a second success is recorded", () => {
    const spec = undoing();
    spec.after(30_000);
    spec.nextTimer();
    expect(spec.calls()).toContain("b.remove#2");
    spec.reply({ function: "remove", step: "b", attempt: 1, status: "success" });
    expect(spec.journey.steps.b?.undo?.remove?.status).toBe("succeeded");
    expect(spec.reply({ function: "remove", step: "b", attempt: 2, status: "success" })[0]).toMatchObject({
      type: "step.duplicate",
    });
  });
});

describe("an operator", () => {
  const failed = () => {
    const spec = undoing(once);
    spec.undone("x");
    spec.undoFails("b", "remove");
    spec.undoFails("b", "log");
    return spec;
  };
  it("tries all failed negations of a step again, or one of them", () => {
    const all = failed();
    all.action("retry", { step: "b" });
    expect(all.calls()).toEqual(["b.remove#2", "b.log#2"]);
    expect(all.journey.status).toBe("rolling_back");
    const one = failed();
    one.action("retry", { step: "b", function: "log" });
    expect(one.calls()).toEqual(["b.log#2"]);
    expect(one.journey.status).toBe("rollback_failed");
    one.undone("b", "log");
    one.action("retry", { step: "b" });
    expect(one.calls()).toEqual(["b.remove#2"]);
  });
  it("gives it other data; undo still tells what the step had", () => {
    const spec = failed();
    spec.action("retry", { step: "b", function: "remove", data: { id: 9 } });
    expect(spec.messages()[0]?.value).toMatchObject({ data: { id: 9 }, undo: { output: { from: "b" } } });
    spec.undoFails("b", "remove");
    spec.action("retry", { step: "b", function: "remove" });
    expect(spec.messages()[0]?.value).toMatchObject({ data: { id: 9 }, attempt: 3 });
  });
  it("begins the policy anew with a retry", () => {
    const spec = undoing({ b: { negationRetry: { maximumAttempts: 2 } } });
    spec.undoFails("b", "remove");
    spec.nextTimer();
    spec.undoFails("b", "remove");
    spec.action("retry", { step: "b" });
    spec.undoFails("b", "remove");
    expect(spec.journey.status).toBe("rolling_back");
    spec.nextTimer();
    expect(spec.calls()).toEqual(["b.remove#4"]);
  });
  it("marks it as done by hand; the rollback goes on, and ends", () => {
    const spec = failed();
    spec.action("skip", { step: "b", function: "remove" });
    expect(spec.journey.status).toBe("rollback_failed");
    expect(spec.last()).toMatchObject({ type: "undo.settled_by_hand", step: "b", function: "remove", actor: "olga" });
    spec.action("skip", { step: "b" });
    expect(spec.sent()).toEqual(["undo_a"]);
    spec.undone("a");
    expect(spec.journey.status).toBe("rolled_back");
  });
  it("must name a negation that failed", () => {
    const spec = failed();
    spec.undone("b", "log");
    for (const action of ["retry", "skip"] as const) {
      spec.action(action, { step: "b", function: "nope" });
      expect(spec.last()).toMatchObject({
        type: "action.refused",
        error: { code: "invalid_request", message: "function: nope is not a failed negation; those are remove, log" },
      });
    }
  });
  it("finds the journey rollback_failed until all of it is settled, whatever else is asked", () => {
    const spec = failed();
    spec.action("rollback");
    expect(spec.journey.status).toBe("rollback_failed");
    spec.action("pause");
    expect(spec.journey).toMatchObject({ status: "paused", paused: { from: "rollback_failed" } });
    spec.action("retry", { step: "b" });
    expect(spec.sent()).toEqual([]);
    spec.action("resume");
    expect(spec.journey.status).toBe("rolling_back");
    expect(spec.calls()).toEqual(["b.remove#2", "b.log#2"]);
  });
  it("may stop the journey for good: then nothing can be tried any more", () => {
    const spec = failed();
    spec.action("terminate");
    expect(spec.journey.status).toBe("terminated");
    for (const action of ["retry", "skip", "complete"] as const) spec.action(action, { step: "b", output: 1 });
    expect(spec.codes("action.refused")).toEqual(["action_not_allowed", "action_not_allowed", "action_not_allowed"]);
  });
});

describe("a negation's retry", () => {
  it("waits for what turned out to have worked behind its step", () => {
    const spec = given({
      edges: { a: [], b: ["a"] },
      steps: { b: { onTimeout: "ignore" }, a: { negationRetry: { jitter: 0 } } },
    });
    spec.success("a");
    spec.after(30_000);
    spec.undoFails("a");
    spec.success("b", 7);
    expect(spec.sent()).toEqual(["undo_b"]);
    expect(spec.after(1_000)).toEqual([]);
    spec.undone("b");
    expect(spec.calls()).toEqual(["a.undo_a#2"]);
  });
  it("that is due before a step of which only a person knows whether it worked holds the journey for that word", () => {
    const spec = given({
      edges: { a: [], b: ["a"], c: ["a"] },
      policy: { scope: "path" },
      steps: { b: { onTimeout: "hold" }, a: { negationRetry: { jitter: 0 } } },
    });
    spec.success("a");
    spec.failure("c");
    spec.after(29_000);
    spec.undoFails("a");
    spec.after(1_000);
    expect(spec.sent()).toEqual([]);
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "unknown", steps: ["b"] } });
    spec.action("complete", { step: "b", output: 7 });
    expect(spec.sent()).toEqual(["undo_b"]);
    spec.undone("b");
    expect(spec.calls()).toEqual(["a.undo_a#2"]);
  });
  it("that is sent while other negations of its step have failed leaves the step undo_failed", () => {
    const spec = undoing({ b: { negationRetry: { maximumAttempts: 2, jitter: 0 } } });
    spec.undoFails("b", "remove", false);
    spec.undoFails("b", "log");
    spec.nextTimer();
    expect(spec.calls()).toEqual(["b.log#2"]);
    expect(spec.journey).toMatchObject({ status: "rollback_failed", steps: { b: { status: "undo_failed" } } });
  });
});
