/** design.md section 3, "Unknown outcome". */
import { describe, expect, it } from "vitest";
import { given } from "../../support/journey-spec.ts";

const chain = (settings: Record<string, unknown>) => ({
  edges: { a: [], b: ["a"], c: ["b"] },
  steps: { b: settings },
});
/** a has succeeded, b has timed out. */
const timedOut = (settings: Record<string, unknown>, policy: Record<string, unknown> = {}) => {
  const spec = given({ ...chain(settings), policy });
  spec.success("a");
  spec.after(30_000);
  return spec;
};
const types = (events: { type: string }[]) => events.map((e) => e.type);

describe("a step that timed out, with onTimeout undo", () => {
  it("is undone blindly, with its input as data, before what came before it", () => {
    const spec = timedOut({});
    expect(spec.messages()).toMatchObject([
      { value: { function: "undo_b", data: { from: "a" }, undo: { output: null, error: { code: "timeout" } } } },
    ]);
    spec.undone("b");
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("whose success arrives while the blind negations run is undone again, with the output, before the others", () => {
    const spec = timedOut({});
    spec.success("b", { key: 1 });
    expect(spec.sent()).toEqual([]);
    spec.undone("b");
    expect(spec.messages()).toMatchObject([{ value: { function: "undo_b", attempt: 2, data: { key: 1 } } }]);
    spec.undone("b");
    expect(spec.sent()).toEqual(["undo_a"]);
    spec.undone("a");
    expect(spec.journey.status).toBe("rolled_back");
  });
  it("whose success arrives when a blind negation has failed for good calls all of them again, once none is out", () => {
    const negationRetry = { maximumAttempts: 1 };
    const spec = given({ ...chain({ negationRetry }), negations: { b: ["undo_b", "log_b"] } });
    spec.success("a");
    spec.after(30_000);
    spec.reply({ function: "log_b", status: "failure" });
    expect(spec.journey.status).toBe("rollback_failed");
    expect(types(spec.success("b", { key: 1 }))).toEqual(["step.late"]);
    spec.undone("b", "undo_b");
    expect(spec.messages()).toMatchObject([
      { value: { function: "undo_b", attempt: 2, data: { key: 1 } } },
      { value: { function: "log_b", attempt: 2, data: { key: 1 } } },
    ]);
    expect(spec.journey.status).toBe("rolling_back");
    spec.undone("b", "undo_b");
    spec.undone("b", "log_b");
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("whose success arrives when the rollback has passed it is undone again all the same", () => {
    const spec = timedOut({});
    spec.undone("b");
    expect(types(spec.success("b", { key: 1 }))).toEqual(["step.late", "undo.dispatched"]);
    spec.undone("a");
    expect(spec.journey.status).toBe("rolling_back");
    spec.undone("b");
    expect(spec.journey.status).toBe("rolled_back");
  });
  it("whose success arrives when the rollback has ended re-opens the journey for that undo, and says so", () => {
    const spec = timedOut({});
    spec.undone("b");
    spec.undone("a");
    expect(spec.journey).toMatchObject({ status: "rolled_back", endedAt: spec.now });
    expect(spec.success("b", { key: 1 })).toMatchObject([
      { type: "step.late", detail: { effect: true } },
      { type: "journey.reopened", step: "b", reason: "svc.b succeeded late and is undone now" },
      { type: "undo.dispatched", function: "undo_b", attempt: 2, data: { key: 1 } },
    ]);
    expect(spec.journey).toMatchObject({ status: "rolling_back", endedAt: undefined });
    spec.undone("b");
    expect(spec.journey.status).toBe("rolled_back");
    expect(types(spec.success("b", { key: 1 }))).toEqual(["step.duplicate"]);
  });
  it("isn't taken for undone by what answers the blind negations later", () => {
    const spec = timedOut({ negationRetry: { maximumAttempts: 1 } });
    spec.after(30_000);
    expect(spec.journey.status).toBe("rollback_failed");
    spec.success("b", { key: 1 });
    expect(spec.calls()).toEqual(["b.undo_b#2"]);
    expect(types(spec.reply({ function: "undo_b", step: "b", attempt: 1, status: "success" }))).toEqual([
      "step.duplicate",
    ]);
    expect(spec.journey.status).toBe("rolling_back");
    spec.reply({ function: "undo_b", step: "b", attempt: 2, status: "success" });
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("whose late success comes after an operator mended a blind negation's data is undone with the output", () => {
    const spec = given({ ...chain({}), steps: { b: { negationRetry: { maximumAttempts: 1 } } } });
    spec.success("a");
    spec.after(30_000);
    spec.undoFails("b");
    spec.action("retry", { step: "b", data: "by hand" });
    expect(spec.messages()[0]?.value.data).toBe("by hand");
    spec.success("b", "output");
    spec.undone("b");
    expect(spec.messages()[0]?.value.data).toBe("output");
  });
  it("without negations is passed over, late success or not", () => {
    const spec = given({ ...chain({}), negations: { b: [] } });
    spec.success("a");
    spec.after(30_000);
    expect(spec.sent()).toEqual(["undo_a"]);
    spec.undone("a");
    expect(types(spec.success("b"))).toEqual(["step.late"]);
    expect(spec.journey.status).toBe("rolled_back");
  });
});

describe("onTimeout ignore", () => {
  it("takes the step as not done", () => {
    const spec = timedOut({ onTimeout: "ignore" });
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("unless its success arrives: then it is undone in its place, while that can be kept", () => {
    const spec = given({
      edges: { a: [], b: ["a"], x: ["a"] },
      steps: { b: { onTimeout: "ignore" }, x: { timeout: "5m" } },
    });
    spec.success("a");
    spec.after(30_000);
    expect(spec.sent()).toEqual([]);
    spec.success("b", 7);
    expect(spec.messages()).toMatchObject([{ value: { function: "undo_b", data: 7 } }]);
    spec.failure("x");
    expect(spec.sent()).toEqual([]);
    spec.undone("b");
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("undoes a success that arrives after the end, once", () => {
    const spec = timedOut({ onTimeout: "ignore" });
    spec.undone("a");
    expect(types(spec.success("b", 7))).toEqual(["step.late", "journey.reopened", "undo.dispatched"]);
    spec.undone("b");
    expect(spec.journey.status).toBe("rolled_back");
  });
  it.each(["path", "branch"])("holds for the failed step itself under scope %s", (scope) => {
    const spec = given({
      edges: { a: [], b: ["a"], c: ["a"] },
      steps: { b: { onTimeout: "ignore" }, c: { timeout: "5m" } },
      policy: { scope },
    });
    spec.success("a");
    spec.after(30_000);
    spec.success("b", 7);
    expect(spec.messages()).toMatchObject([{ value: { function: "undo_b", data: 7 } }]);
  });
});

describe("onTimeout hold", () => {
  it("waits for an operator, and says for what", () => {
    const spec = timedOut({ onTimeout: "hold" });
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "unknown", steps: ["b"] } });
    expect(spec.last()).toMatchObject({
      type: "journey.held",
      step: "b",
      reason: "svc.b gave no answer: whether it worked is not known",
      error: { code: "timeout" },
    });
    expect(spec.sent()).toEqual([]);
  });
  it("goes on when the success arrives late", () => {
    const spec = timedOut({ onTimeout: "hold" });
    spec.success("b", 7);
    expect(spec.messages()).toMatchObject([{ value: { function: "c", data: 7 } }]);
    expect(spec.journey).toMatchObject({ status: "running", held: undefined });
  });
  it("rolls back when a failure arrives late: now it is known", () => {
    const spec = timedOut({ onTimeout: "hold" });
    expect(types(spec.failure("b", {}, 1))).toEqual([
      "step.late",
      "journey.resumed",
      "rollback.started",
      "undo.dispatched",
    ]);
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("goes on when an operator completes it with what came out, skips it, or tries it again", () => {
    const complete = timedOut({ onTimeout: "hold" });
    complete.action("complete", { step: "b", output: 7 });
    expect(complete.messages()).toMatchObject([{ value: { function: "c", data: 7 } }]);
    const skip = timedOut({ onTimeout: "hold" });
    skip.action("skip", { step: "b" });
    expect(skip.messages()).toMatchObject([{ value: { function: "c", data: null } }]);
    const retry = timedOut({ onTimeout: "hold" });
    retry.action("retry", { step: "b" });
    expect(retry.calls()).toEqual(["b.b#2"]);
    expect(retry.journey.status).toBe("running");
  });
  it("is undone blindly when an operator rolls back: that is a word", () => {
    const spec = timedOut({ onTimeout: "hold" });
    spec.action("rollback");
    expect(spec.sent()).toEqual(["undo_b"]);
    const cancel = timedOut({ onTimeout: "hold" });
    cancel.action("cancel");
    expect(cancel.sent()).toEqual(["undo_b"]);
  });
  it("of several waits for all of them", () => {
    const hold = { onTimeout: "hold" };
    const spec = given({ edges: { a: [], b: [], c: ["a", "b"] }, steps: { a: hold, b: hold } });
    spec.after(30_000);
    expect(spec.journey.held).toMatchObject({ steps: ["a", "b"] });
    spec.success("a");
    expect(spec.journey.status).toBe("held");
    spec.success("b");
    expect(spec.sent()).toEqual(["c"]);
  });
  it("in flight elsewhere: what is under way settles, its retries included, and nothing new goes out", () => {
    const spec = given({
      edges: { a: [], b: [], c: ["b"] },
      steps: { a: { onTimeout: "hold" }, b: { timeout: "5m", retry: { maximumAttempts: 2 } } },
    });
    spec.after(30_000);
    expect(spec.journey.status).toBe("held");
    spec.failure("b");
    spec.nextTimer();
    expect(spec.calls()).toEqual(["b.b#2"]);
    spec.success("b");
    expect(spec.sent()).toEqual([]);
    spec.success("a");
    expect(spec.sent()).toEqual(["c"]);
  });
});

describe("onTimeout hold in a rollback", () => {
  /** b is of unknown outcome, x has failed, a has to be undone after b. */
  const waiting = () => {
    const spec = given({
      edges: { a: [], b: ["a"], x: ["a"], y: ["a"] },
      steps: { b: { onTimeout: "hold" }, x: { timeout: "5m" }, y: { timeout: "5m" } },
    });
    spec.success("a");
    spec.success("y");
    spec.failure("x");
    spec.undone("y");
    spec.after(30_000);
    return spec;
  };
  it("holds the journey when nothing else is left to do", () => {
    const spec = waiting();
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "unknown", steps: ["b"] } });
    expect(spec.last()).toMatchObject({
      type: "journey.held",
      reason: "svc.b gave no answer: whether it has to be undone is not known",
    });
    expect(spec.sent()).toEqual([]);
  });
  it("undoes it when an operator says that it happened, or that it is to be undone blindly", () => {
    const happened = waiting();
    expect(types(happened.action("complete", { step: "b", output: 7 }))).toEqual([
      "step.settled_by_hand",
      "journey.resumed",
      "undo.dispatched",
    ]);
    expect(happened.messages()).toMatchObject([{ value: { function: "undo_b", data: 7 } }]);
    const blind = waiting();
    blind.action("rollback");
    expect(blind.messages()).toMatchObject([{ value: { function: "undo_b", data: { from: "a" } } }]);
    expect(blind.journey.status).toBe("rolling_back");
  });
  it("goes on when a reply arrives late: a success is undone, a failure is not", () => {
    const success = waiting();
    success.success("b", 7);
    expect(success.messages()).toMatchObject([{ value: { function: "undo_b", data: 7 } }]);
    const failure = waiting();
    failure.failure("b", {}, 1);
    expect(failure.sent()).toEqual(["undo_a"]);
  });
  it("is not overruled by include attempted", () => {
    const spec = given({
      edges: { a: [], b: ["a"], x: ["a"] },
      steps: { b: { onTimeout: "hold" } },
      policy: { include: "attempted" },
    });
    spec.success("a");
    spec.failure("x");
    spec.undone("x");
    spec.after(30_000);
    expect(spec.journey.status).toBe("held");
  });
  it("waits on while something else can still be done, or was not done in its turn", () => {
    const spec = given({
      edges: { a: [], b: ["a"], x: ["a"], y: ["a"] },
      steps: {
        b: { onTimeout: "hold" },
        y: { negationRetry: { maximumAttempts: 2, initialInterval: "5m", jitter: 0 } },
      },
    });
    spec.success("a");
    spec.success("y");
    spec.failure("x");
    spec.undoFails("y");
    spec.after(30_000);
    expect(spec.journey.status).toBe("rolling_back");
    spec.nextTimer();
    spec.undoFails("y");
    expect(spec.journey.status).toBe("rollback_failed");
    spec.action("skip", { step: "y" });
    expect(spec.journey.status).toBe("held");
  });
});

describe("attempts of unknown outcome", () => {
  it("stay unknown when the last attempt failed: an earlier one may have worked", () => {
    const spec = given({ ...chain({}), steps: { b: { retry: { maximumAttempts: 2 } } } });
    spec.success("a");
    spec.after(30_000);
    spec.nextTimer();
    spec.failure("b", {}, 2);
    expect(spec.sent()).toEqual(["undo_b"]);
  });
  it("are known when their failure came late", () => {
    const spec = given({ ...chain({}), steps: { b: { retry: { maximumAttempts: 2 } } } });
    spec.success("a");
    spec.after(30_000);
    spec.failure("b", {}, 1);
    spec.nextTimer();
    spec.failure("b", {}, 2);
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("of a terminated journey stay as they are", () => {
    const spec = timedOut({});
    spec.action("terminate");
    expect(spec.success("b")).toMatchObject([{ type: "step.late", detail: { effect: false } }]);
    expect(spec.sent()).toEqual([]);
    expect(spec.journey.status).toBe("terminated");
  });
});

describe("a step that was set back to run again", () => {
  /** b timed out and was undone blindly; then the journey was rolled back to a, where it is held. */
  const setBack = () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["b"] }, steps: { b: { onTimeout: "hold" } } });
    spec.success("a");
    spec.after(30_000);
    spec.action("rollback", { scope: "to", to: "a" });
    spec.undone("b");
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "rolled_back_to" } });
    return spec;
  };
  it("is undone when its former run turns out to have worked while the journey is held", () => {
    const spec = setBack();
    expect(types(spec.success("b", 7, 1))).toEqual(["step.late", "journey.reopened", "undo.dispatched"]);
    spec.undone("b");
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "rolled_back_to" } });
    spec.action("resume");
    expect(spec.calls()).toEqual(["b.b#2"]);
  });
  it("is not answered by its former run: what that did is undone with the rest, if it comes to that", () => {
    const spec = setBack();
    spec.action("resume");
    expect(spec.calls()).toEqual(["b.b#2"]);
    expect(types(spec.success("b", "former", 1))).toEqual(["step.late"]);
    expect(spec.statuses().b).toBe("dispatched");
    spec.failure("b", {}, 2);
    expect(spec.messages()).toMatchObject([{ value: { function: "undo_b", attempt: 2, data: "former" } }]);
  });
  it("keeps the output of its new run", () => {
    const spec = setBack();
    spec.action("resume");
    spec.success("b", "new", 2);
    expect(types(spec.success("b", "former", 1))).toEqual(["step.duplicate"]);
    spec.success("c", "end");
    expect(spec.journey.status).toBe("completed");
  });
  it("that doesn't run again is undone with the rest, and when the journey has ended too", () => {
    const early = given({ edges: { a: [], b: ["a"] }, steps: { b: { onTimeout: "hold" } } });
    early.success("a");
    early.after(30_000);
    early.action("rerun", { step: "a" });
    early.undone("b");
    early.undone("a");
    expect(early.calls()).toEqual(["a.a#2"]);
    expect(types(early.success("b", 7, 1))).toEqual(["step.late"]);
    expect(early.statuses().b).toBe("waiting");
    early.failure("a", {}, 2);
    expect(early.messages()).toMatchObject([{ value: { function: "undo_b", attempt: 2, data: 7 } }]);
    early.undone("b");
    expect(early.journey.status).toBe("rolled_back");

    const late = given({ edges: { a: [], b: ["a"] }, steps: { b: { onTimeout: "hold", when: "steps.a > 0" } } });
    late.success("a", 1);
    late.after(30_000);
    late.action("rerun", { step: "a" });
    late.undone("b");
    late.undone("a");
    late.success("a", 0, 2);
    expect(late.journey).toMatchObject({ status: "completed", steps: { b: { status: "skipped" } } });
    late.success("b", 7, 1);
    late.action("rollback");
    expect(late.sent()).toEqual(["undo_b"]);
  });
  it("is of known outcome again: a failure of the new run has no effect", () => {
    const spec = setBack();
    spec.action("resume");
    spec.failure("b", {}, 2);
    expect(spec.sent()).toEqual(["undo_a"]);
  });
});
