import { describe, expect, it } from "vitest";
import { given } from "../../support/journey-spec.ts";

const chain = {
  edges: { user: [], license: ["user"], member: ["license"] },
  negations: { license: ["remove", "log"] },
};
const diamond = { edges: { a: [], b: ["a"], c: ["a"], d: ["b", "c"] } };

describe("a journey forward", () => {
  it("sends each step when the one before it has succeeded, with that one's output as data", () => {
    const spec = given(chain, { name: "Ada" });
    expect(spec.sent()).toEqual(["user"]);
    spec.success("user", { id: 7 });
    expect(spec.sent()).toEqual(["license"]);
    expect(spec.messages()[0]!.value).toMatchObject({ data: { id: 7 }, step: "license", attempt: 1, service: "svc" });
    spec.success("license");
    spec.success("member", { done: true });
    expect(spec.journey).toMatchObject({ status: "completed", output: { done: true } });
  });
  it("runs parallel branches in parallel and gives a join the outputs by step", () => {
    const spec = given(diamond);
    spec.success("a");
    expect(spec.sent()).toEqual(["b", "c"]);
    spec.success("c", 3);
    expect(spec.sent()).toEqual([]);
    spec.success("b", null);
    expect(spec.messages()[0]!.value.data).toEqual({ b: null, c: 3 });
  });
});

describe("a failure", () => {
  it("is undone backwards: negations of one step together, the step before only after all of them", () => {
    const spec = given(chain);
    spec.success("user");
    spec.success("license");
    spec.failure("member");
    expect(spec.sent()).toEqual(["remove", "log"]);
    spec.undone("license", "remove");
    expect(spec.sent()).toEqual([]);
    spec.undone("license", "log");
    expect(spec.sent()).toEqual(["undo_user"]);
    spec.undone("user");
    expect(spec.journey.status).toBe("rolled_back");
    expect(spec.journey.error).toMatchObject({ message: "member broke" });
  });
  it("waits for what is in flight and undoes it when it succeeds after all", () => {
    const spec = given(diamond);
    spec.success("a");
    spec.failure("b");
    expect(spec.sent()).toEqual([]);
    spec.success("c");
    expect(spec.sent()).toEqual(["undo_c"]);
    spec.undone("c");
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("after a timeout undoes blindly, and again with the output when the success arrives late", () => {
    const spec = given(chain);
    spec.success("user");
    spec.after(30_000);
    expect(spec.sent()).toEqual(["remove", "log"]);
    spec.undone("license", "remove");
    spec.undone("license", "log");
    spec.undone("user");
    expect(spec.journey.status).toBe("rolled_back");
    spec.success("license", { key: 1 });
    expect(spec.sent()).toEqual(["remove", "log"]);
    expect(spec.messages()[0]!.value).toMatchObject({ data: { key: 1 }, attempt: 2 });
    expect(spec.journey.status).toBe("rolling_back");
    spec.undone("license", "remove");
    spec.undone("license", "log");
    expect(spec.journey.status).toBe("rolled_back");
  });
  it("is tried again as the policy says", () => {
    const spec = given({ ...chain, steps: { user: { retry: { maximumAttempts: 3 } } } });
    spec.failure("user");
    expect(spec.statuses().user).toBe("waiting");
    spec.nextTimer();
    expect(spec.messages()[0]!.value).toMatchObject({ attempt: 2 });
    spec.after(30_000);
    spec.nextTimer();
    spec.failure("user", {}, 3);
    expect(spec.journey.status).toBe("rolling_back");
  });
  it("of a negation is retried, then loud, then settled by an operator's retry or skip", () => {
    const spec = given(chain);
    spec.success("user");
    spec.success("license");
    spec.failure("member");
    spec.undone("license", "log");
    for (let i = 0; i < 2; i++) {
      spec.undoFails("license", "remove");
      spec.nextTimer();
    }
    spec.undoFails("license", "remove");
    expect(spec.journey.status).toBe("rollback_failed");
    expect(spec.dryRun("retry", { step: "license" }).levels.map((l) => l.map((c) => c.function))).toEqual([
      ["remove"],
      ["undo_user"],
    ]);
    spec.action("retry", { step: "license", data: { fixed: true } });
    expect(spec.messages()[0]!.value.data).toEqual({ fixed: true });
    expect(spec.journey.status).toBe("rolling_back");
    spec.undone("license", "remove");
    spec.undone("user");
    expect(spec.journey.status).toBe("rolled_back");
  });
});

describe("actions", () => {
  it("rolls a completed journey back exactly as the dry run said", () => {
    const spec = given(diamond);
    for (const step of ["a", "b", "c", "d"]) spec.success(step);
    const plan = spec.dryRun("rollback");
    expect(plan.levels.map((level) => level.map((c) => c.function))).toEqual([
      ["undo_d"],
      ["undo_b", "undo_c"],
      ["undo_a"],
    ]);
    spec.action("rollback", { plan: plan.plan, seq: plan.seq });
    for (const level of plan.levels) {
      expect(spec.sent()).toEqual(level.map((c) => c.function));
      const sent = level.map((c) => c.step);
      for (const step of sent) spec.undone(step);
    }
    expect(spec.journey.status).toBe("rolled_back");
  });
  it("pauses: nothing goes out and clocks stop; goes on at resume", () => {
    const spec = given(chain);
    spec.action("pause");
    spec.success("user");
    expect(spec.sent()).toEqual([]);
    spec.now += 3_600_000;
    spec.action("resume");
    expect(spec.sent()).toEqual(["license"]);
  });
  it("goes back to a step and resumes there", () => {
    const spec = given(chain);
    spec.success("user");
    spec.success("license");
    spec.success("member");
    spec.action("rollback", { scope: "to", to: "user" });
    expect(spec.sent()).toEqual(["undo_member"]);
    spec.undone("member");
    spec.undone("license", "remove");
    spec.undone("license", "log");
    expect(spec.journey.status).toBe("held");
    spec.action("resume");
    expect(spec.messages()[0]!.value).toMatchObject({ function: "license", attempt: 2 });
    spec.success("license");
    spec.success("member");
    expect(spec.journey.status).toBe("completed");
    spec.action("rollback");
    spec.undone("member");
    expect(spec.messages().map((m) => m.value)).toMatchObject([
      { function: "remove", attempt: 2 },
      { function: "log", attempt: 2 },
    ]);
  });
  it("reruns from a step with other data", () => {
    const spec = given(chain);
    for (const step of ["user", "license", "member"]) spec.success(step);
    spec.action("rerun", { step: "member", data: { n: 2 } });
    spec.undone("member");
    expect(spec.messages()[0]!.value).toMatchObject({ function: "member", attempt: 2, data: { n: 2 } });
  });
  it("refuses what does not fit, with a code, once per id", () => {
    const spec = given(chain);
    spec.action("resume", { id: "x" });
    expect(spec.events.at(-1)).toMatchObject({
      type: "action.refused",
      error: { code: "action_not_allowed" },
      id: "x",
    });
    expect(spec.action("resume", { id: "x" })).toEqual([]);
  });
  it("replays as a new journey with the old one's input", () => {
    const spec = given(chain, { n: 1 });
    spec.action("replay");
    expect(spec.messages()[0]!.value).toMatchObject({ service: "manager", function: "start", data: { n: 1 } });
  });
});

describe("branch, pivot, hold", () => {
  it("undoes only the branch, skips what needs it, and completes", () => {
    const spec = given({
      edges: { a: [], b1: ["a"], b2: ["b1"], c: ["a"], d: ["b2", "c"] },
      policy: { scope: "branch" },
    });
    spec.success("a");
    spec.success("b1");
    spec.failure("b2");
    expect(spec.sent()).toEqual(["undo_b1"]);
    spec.success("c", 5);
    expect(spec.messages()[0]!.value).toMatchObject({ function: "d", data: { c: 5 } });
    spec.success("d", "out");
    expect(spec.journey.status).toBe("rolling_back");
    spec.undone("b1");
    expect(spec.journey).toMatchObject({ status: "completed", output: "out" });
    expect(spec.journey.rollback?.scope).toBe("branch");
  });
  it("holds after the pivot and goes forward by retry; rollback needs force", () => {
    const spec = given({ ...chain, steps: { license: { pivot: true } } });
    spec.success("user");
    spec.success("license");
    spec.failure("member");
    expect(spec.journey.status).toBe("held");
    spec.action("rollback");
    expect(spec.events.at(-1)?.error?.code).toBe("past_pivot");
    spec.action("retry", { step: "member" });
    expect(spec.journey.status).toBe("running");
    spec.success("member");
    expect(spec.journey.status).toBe("completed");
  });
  it("holds an unknown outcome, and its late success goes on", () => {
    const spec = given({ ...chain, steps: { license: { onTimeout: "hold" } } });
    spec.success("user");
    spec.after(30_000);
    expect(spec.journey.status).toBe("held");
    spec.success("license");
    expect(spec.journey.status).toBe("running");
    expect(spec.sent()).toEqual(["member"]);
  });
});
