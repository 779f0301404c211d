/** design.md section 3, "Rollback": its set, its order, and what it leaves. */
import { describe, expect, it } from "vitest";
import { type FlowSketch, given } from "../../support/journey-spec.ts";

type Spec = ReturnType<typeof given>;
const types = (events: { type: string }[]) => events.map((e) => e.type);

/** Answers what goes out, wave after wave, and tells the waves; `fails` fail. */
function waves(spec: Spec, fails: string[] = []): string[][] {
  const seen: string[][] = [];
  for (let sent = spec.messages(); sent.length > 0; ) {
    seen.push(sent.map((message) => message.value.function));
    const next: typeof sent = [];
    for (const { value } of sent) {
      const { step = "", function: called } = value;
      const status = fails.includes(called) ? "failure" : "success";
      spec.reply({ service: value.service, function: called, step, attempt: value.attempt, status, data: called });
      next.push(...spec.messages());
    }
    sent = next;
  }
  return seen;
}
const undos = (spec: Spec, fails: string[]) =>
  waves(spec, fails)
    .map((wave) => wave.filter((name) => name.startsWith("undo_")))
    .filter((wave) => wave.length > 0);
const setOf = (spec: Spec) => [...(spec.journey.rollback?.set ?? [])].sort();
const standing = (spec: Spec) => spec.events.findLast((e) => e.type === "rollback.completed")?.detail?.left_standing;

/** a, then two branches (b1 b2) and (c1 c2), a join d, and e after it. */
const shape: FlowSketch = {
  edges: { a: [], b1: ["a"], b2: ["b1"], c1: ["a"], c2: ["c1"], d: ["b2", "c2"], e: ["d"] },
};

describe("what is undone", () => {
  it("goes backwards level by level: a step once everything behind it is settled, branches in parallel", () => {
    expect(undos(given(shape), ["e"])).toEqual([
      ["undo_d"],
      ["undo_b2", "undo_c2"],
      ["undo_b1", "undo_c1"],
      ["undo_a"],
    ]);
  });
  it("waits for everything behind it also through skipped steps and steps without negations", () => {
    const skipped = { edges: { a: [], b: ["a"], c: ["b"], d: ["a", "c"] }, steps: { b: { when: "false" } } };
    expect(undos(given({ ...skipped, edges: { ...skipped.edges, e: ["d"] } }), ["e"])).toEqual([
      ["undo_d"],
      ["undo_a"],
    ]);
    const silent = { edges: { a: [], b: ["a"], c: ["b"], d: ["c"] }, negations: { b: [], c: [] } };
    expect(undos(given({ ...silent, edges: { ...silent.edges, e: ["d"] } }), ["e"])).toEqual([
      ["undo_d"],
      ["undo_a"],
    ]);
  });
  it("waits for the whole of a diamond, whatever its branches' lengths", () => {
    const spec = given({ edges: { a: [], b: ["a"], c1: ["a"], c2: ["c1"], c3: ["c2"], d: ["b", "c3"] } });
    expect(undos(spec, ["d"])).toEqual([["undo_b", "undo_c3"], ["undo_c2"], ["undo_c1"], ["undo_a"]]);
  });
  it("is what succeeded; the failed step itself only with include attempted", () => {
    expect(undos(given(shape), ["b1"])).toEqual([["undo_c1"], ["undo_a"]]);
    const attempted = given({ ...shape, policy: { include: "attempted" } });
    expect(undos(attempted, ["b1"]).flat()).toContain("undo_b1");
    const [undo] = attempted.events.filter((e) => e.type === "undo.dispatched" && e.step === "b1");
    expect(undo).toMatchObject({ data: "a" });
  });
  it("is never what was not sent, include attempted or not", () => {
    const spec = given({
      edges: { a: [], b: ["a"] },
      steps: { b: { input: "input.x" } },
      policy: { include: "attempted" },
    });
    expect(undos(spec, [])).toEqual([["undo_a"]]);
  });
  it("tells each negation the step's output, or its input where it has none, and the rest in undo", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["b"] }, policy: { include: "attempted" } }, "in");
    spec.success("a", "out a");
    spec.success("b", null);
    spec.failure("c", { code: "no", message: "c broke" });
    expect(spec.messages()).toMatchObject([
      {
        id: `${spec.journey.uuid}/c/undo/undo_c/1`,
        value: {
          function: "undo_c",
          step: "c",
          attempt: 1,
          data: null,
          undo: { step: "c", function: "c", input: null, output: null, error: { code: "no", message: "c broke" } },
        },
      },
    ]);
    spec.undone("c");
    expect(spec.messages()[0]?.value).toMatchObject({
      data: null,
      undo: { step: "b", input: "out a", output: null },
    });
    spec.undone("b");
    expect(spec.messages()[0]?.value).toMatchObject({
      data: "out a",
      undo: { step: "a", input: "in", output: "out a" },
    });
  });
  it("passes over irreversible steps and goes on before them", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["b"] }, steps: { b: { irreversible: true } } });
    expect(undos(spec, ["c"])).toEqual([["undo_a"]]);
  });
  it("of a journey in which nothing took effect is nothing: it is rolled back at once", () => {
    const spec = given({ edges: { a: [] } });
    spec.failure("a");
    expect(spec.types().slice(-2)).toEqual(["rollback.started", "rollback.completed"]);
    expect(spec.journey.status).toBe("rolled_back");
  });
});

describe("while a rollback goes on", () => {
  it("nothing new is dispatched forward", () => {
    const spec = given({ edges: { a: [], b: [], c: ["b"] } });
    spec.failure("a");
    spec.success("b");
    expect(spec.sent()).toEqual(["undo_b"]);
  });
  it("open attempts keep their clocks, and what their success did is undone before what came before it", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["a"] } });
    spec.success("a");
    spec.failure("b");
    expect(spec.journey.status).toBe("rolling_back");
    spec.inprogress("c");
    spec.after(29_999);
    spec.success("c");
    expect(spec.sent()).toEqual(["undo_c"]);
    spec.undone("c");
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("a second failure joins the first", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["a"] } });
    spec.success("a");
    spec.failure("b");
    expect(spec.failure("c")).toMatchObject([
      { type: "step.failed" },
      { type: "rollback.joined", step: "c", reason: "svc.c failed", error: { message: "c broke" } },
      { type: "undo.dispatched" },
    ]);
    expect(spec.journey).toMatchObject({ rollback: { causes: ["b", "c"] }, error: { message: "b broke" } });
  });
  it("an operator's rollback joins it, and asked twice under one id changes nothing", () => {
    const spec = given({ edges: { a: [], b: ["a"] } });
    spec.success("a");
    spec.failure("b");
    expect(types(spec.action("rollback", { id: "x" }))).toEqual(["rollback.joined"]);
    expect(spec.action("rollback", { id: "x" })).toEqual([]);
    expect(types(spec.action("rollback", { id: "y" }))).toEqual(["rollback.joined"]);
    spec.undone("a");
    expect(spec.journey.status).toBe("rolled_back");
    expect(spec.events.filter((e) => e.type === "undo.dispatched")).toHaveLength(1);
  });
});

describe("scope journey", () => {
  it("is the default, and all steps", () => {
    const spec = given(shape);
    undos(spec, ["d"]);
    expect(setOf(spec)).toEqual(["a", "b1", "b2", "c1", "c2", "d", "e"]);
    expect(standing(spec)).toEqual([]);
  });
});

describe("scope path", () => {
  const path = { ...shape, policy: { scope: "path" } };
  it("is the ancestors of the failed step; the rest is left standing, and listed", () => {
    const spec = given(path);
    spec.success("a");
    spec.success("c1");
    spec.success("b1");
    spec.success("c2");
    spec.failure("b2");
    expect(setOf(spec)).toEqual(["a", "b1"]);
    expect(waves(spec)).toEqual([["undo_b1"], ["undo_a"]]);
    expect(spec.journey.status).toBe("rolled_back");
    expect(standing(spec)).toEqual(["c1", "c2"]);
  });
  it("of a join is the ancestors by all its branches", () => {
    const spec = given(path);
    undos(spec, ["d"]);
    expect(setOf(spec)).toEqual(["a", "b1", "b2", "c1", "c2"]);
  });
  it("lets what is in flight outside of the set run, and ends when it has settled", () => {
    const spec = given(path);
    spec.success("a");
    spec.failure("b1");
    expect(spec.sent()).toEqual(["undo_a"]);
    spec.undone("a");
    expect(spec.journey.status).toBe("rolling_back");
    spec.success("c1");
    expect(spec.sent()).toEqual([]);
    expect(spec.journey.status).toBe("rolled_back");
    expect(standing(spec)).toEqual(["c1"]);
  });
  it("a second failure elsewhere adds its own ancestors", () => {
    const spec = given({ edges: { a: [], b: ["a"], x: [], y: ["x"] }, policy: { scope: "path" } });
    spec.success("a");
    spec.success("x");
    spec.failure("b");
    expect(setOf(spec)).toEqual(["a"]);
    spec.failure("y");
    expect(setOf(spec)).toEqual(["a", "x"]);
    expect(spec.sent()).toEqual(["undo_x"]);
  });
  it("contains the failed step itself when its outcome is unknown, or when it took effect all the same", () => {
    const unknown = given(path);
    unknown.success("a");
    unknown.success("c1");
    unknown.after(30_000);
    expect(setOf(unknown)).toEqual(["a", "b1", "c1", "c2"]);
    const large = given(path);
    large.success("a");
    large.success("b1", "x".repeat(300_000));
    expect(setOf(large)).toEqual(["a", "b1"]);
    expect(large.sent()).toEqual(["undo_b1"]);
  });
  it("asked by an operator is not widened by a failure within it, nor by one that the journey was held for", () => {
    const spec = given({ edges: { a: [], b: ["a"], x: [] } });
    spec.success("x");
    spec.success("a");
    spec.action("rollback", { scope: "path", step: "b" });
    spec.failure("b");
    expect(spec.journey.rollback).toMatchObject({ scope: "path", set: ["a", "b"], causes: ["b"] });
    const held = given({ edges: { a: [], b: ["a"], x: [] }, steps: { x: { onTimeout: "hold" } } });
    held.success("a");
    held.success("b");
    held.after(30_000);
    held.action("rollback", { scope: "path", step: "b", include: "attempted" });
    expect(setOf(held)).toEqual(["a", "b"]);
    expect(waves(held)).toEqual([["undo_b"], ["undo_a"]]);
    expect(held.journey.status).toBe("rolled_back");
  });
});

describe("scope branch", () => {
  const branch = { ...shape, policy: { scope: "branch" } };
  it("is the ancestors strictly after the nearest fork that dominates the failed step; the rest goes on", () => {
    const spec = given(branch);
    spec.success("a");
    spec.success("b1");
    spec.failure("b2");
    expect(setOf(spec)).toEqual(["b1"]);
    expect(spec.sent()).toEqual(["undo_b1"]);
    spec.success("c1");
    expect(spec.sent()).toEqual(["c2"]);
    spec.success("c2", "c");
    expect(spec.messages()[0]?.value).toMatchObject({ function: "d", data: { c2: "c" } });
    spec.success("d");
    spec.success("e", "out");
    expect(spec.journey.status).toBe("rolling_back");
    spec.undone("b1");
    expect(spec.journey).toMatchObject({ status: "completed", output: "out", rollback: { scope: "branch" } });
    expect(spec.statuses()).toMatchObject({ a: "succeeded", b1: "undone", b2: "failed", c2: "succeeded" });
  });
  it("skips what needs the branch, and completes", () => {
    const spec = given({
      edges: { a: [], b1: ["a"], b2: ["b1"], b3: ["b2"], c: ["a"] },
      policy: { scope: "branch" },
    });
    spec.success("a");
    spec.success("b1");
    spec.failure("b2");
    expect(spec.statuses()).toMatchObject({ b3: "skipped" });
    spec.undone("b1");
    spec.success("c", 1);
    expect(spec.journey).toMatchObject({ status: "completed", output: { c: 1 } });
  });
  it("doesn't begin what needs the branch before it is known that it is dead", () => {
    const spec = given(branch);
    spec.success("a");
    spec.success("b1");
    spec.success("c1");
    spec.success("c2");
    spec.failure("b2");
    expect(spec.statuses().d).toBe("dispatched");
  });
  it("goes on while a negation of the branch has failed", () => {
    const spec = given({ ...branch, steps: { b1: { negationRetry: { maximumAttempts: 1 } } } });
    spec.success("a");
    spec.success("b1");
    spec.failure("b2");
    spec.undoFails("b1");
    expect(spec.journey.status).toBe("rollback_failed");
    spec.success("c1");
    expect(spec.sent()).toEqual(["c2"]);
    spec.success("c2");
    spec.success("d");
    spec.success("e");
    expect(spec.journey.status).toBe("rollback_failed");
    spec.action("skip", { step: "b1" });
    expect(spec.journey.status).toBe("completed");
  });
  it("of nested forks is the innermost branch", () => {
    const nested = { a: [], b: ["a"], b1: ["b"], b2: ["b1"], b3: ["b"], c: ["a"] };
    const spec = given({ edges: nested, policy: { scope: "branch" } });
    for (const step of ["a", "b", "b1"]) spec.success(step);
    spec.failure("b2");
    expect(setOf(spec)).toEqual(["b1"]);
  });
  it("counts a start with several successors, and several entries, as a fork", () => {
    const spec = given({ edges: { a: [], b: ["a"], x: [] }, policy: { scope: "branch" } });
    spec.success("a");
    spec.failure("b");
    expect(setOf(spec)).toEqual(["a"]);
    spec.undone("a");
    spec.success("x", 1);
    expect(spec.journey).toMatchObject({ status: "completed", output: { x: 1 } });
  });
  it("without a fork that dominates the failed step is the whole journey, and says so", () => {
    const spec = given({ edges: { a: [], b: ["a"] }, policy: { scope: "branch" } });
    spec.success("a");
    spec.failure("b");
    expect(spec.journey.rollback).toMatchObject({ scope: "journey", set: ["a", "b"] });
  });
  it("a second branch that fails is undone too, beside the first", () => {
    const spec = given({
      edges: { a: [], b: ["a"], b2: ["b"], c: ["a"], c2: ["c"], e: ["a"] },
      policy: { scope: "branch" },
    });
    for (const step of ["a", "b", "c", "e"]) spec.success(step);
    spec.failure("b2");
    spec.failure("c2");
    expect(spec.journey.rollback).toMatchObject({ scope: "branch", set: ["b", "c"], causes: ["b2", "c2"] });
    spec.undone("b");
    spec.undone("c");
    expect(spec.journey.status).toBe("completed");
  });
  it("a second one later is a rollback of its own, and a late success in the first is undone still", () => {
    const spec = given({
      edges: { a: [], b: ["a"], c: ["a"], c2: ["c"] },
      steps: { b: { onTimeout: "ignore", timeout: "5s" }, c: { timeout: "5m" } },
      policy: { scope: "branch" },
    });
    spec.success("a");
    spec.after(5_000);
    expect(spec.journey.status).toBe("running");
    spec.success("c");
    spec.failure("c2");
    spec.undone("c");
    expect(spec.journey.status).toBe("completed");
    expect(types(spec.success("b", 7))).toEqual(["step.late", "journey.reopened", "undo.dispatched"]);
    spec.undone("b");
    expect(spec.journey.status).toBe("completed");
  });
  it("holds for what has to be held only when the branch is undone", () => {
    const spec = given({
      edges: { a: [], b: ["a"], b2: ["b"], c: ["a"], d: ["c"] },
      steps: { c: { onTimeout: "hold" }, b2: { timeout: "1s" }, b: { negationTimeout: "5m" } },
      negations: { b2: [] },
      policy: { scope: "branch" },
    });
    spec.success("a");
    spec.success("b");
    spec.after(1_000);
    expect(spec.sent()).toEqual(["undo_b"]);
    spec.after(30_000);
    expect(spec.journey.status).toBe("rolling_back");
    spec.undone("b");
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "unknown", steps: ["c"] } });
    spec.success("c");
    spec.success("d");
    expect(spec.journey.status).toBe("completed");
  });
  it("asked of a completed journey undoes that branch and completes again with what is left", () => {
    const spec = given({ edges: { a: [], b: ["a"], b2: ["b"], c: ["a"] } });
    waves(spec);
    expect(spec.journey.output).toEqual({ b2: "b2", c: "c" });
    spec.action("rollback", { scope: "branch", step: "b2", include: "attempted" });
    expect(waves(spec)).toEqual([["undo_b2"], ["undo_b"]]);
    expect(spec.journey).toMatchObject({ status: "completed", output: { c: "c" } });
    expect(standing(spec)).toEqual(["a", "c"]);
  });
});

describe("a step between two attempts that a rollback of its branch was asked for", () => {
  const retry = { maximumAttempts: 3, initialInterval: "10s", jitter: 0 };
  const between = (fails: boolean, settings: Record<string, unknown> = {}) => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["a"] }, steps: { b: { retry, timeout: "5s", ...settings } } });
    spec.success("a");
    if (fails) spec.failure("b");
    else spec.after(5_000);
    expect(spec.last().type).toBe("step.retry_scheduled");
    spec.action("rollback", { scope: "branch", step: "b" });
    return spec;
  };
  it("is not tried again when its last attempt had failed", () => {
    const spec = between(true);
    expect(spec.journey).toMatchObject({ rollback: { set: [] }, steps: { b: { status: "failed", dead: true } } });
    spec.after(20_000);
    expect(spec.calls()).toEqual([]);
    spec.success("c");
    expect(spec.journey.status).toBe("completed");
  });
  it("is undone, as it may have worked, when an attempt has had no answer", () => {
    const spec = between(false);
    expect(spec.journey.rollback?.set).toEqual(["b"]);
    expect(spec.sent()).toEqual(["undo_b"]);
  });
  it("needs no further word for that", () => {
    expect(between(false, { onTimeout: "hold" }).sent()).toEqual(["undo_b"]);
  });
});

describe("a rollback that has to ask what an unknown outcome was", () => {
  it("first undoes what doesn't depend on it, also what only a stopped wait was in the way of", () => {
    const spec = given({
      edges: { a: [], w: ["a"], b: [] },
      calls: { w: "manager.wait" },
      steps: { w: { for: "1h" }, b: { onTimeout: "hold", timeout: "5s" } },
      policy: { deadline: "6s" },
    });
    spec.success("a");
    spec.after(5_000);
    spec.after(1_000);
    expect(spec.sent()).toEqual(["undo_a"]);
    expect(spec.journey.status).toBe("rolling_back");
    spec.undone("a");
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "unknown", steps: ["b"] } });
  });
});

describe("scope to", () => {
  it("waits for nobody's approval elsewhere before it asks what an unknown outcome was", () => {
    const spec = given({
      edges: { a: [], b: ["a"], ok: [] },
      calls: { ok: "manager.approve" },
      steps: { b: { onTimeout: "hold", timeout: "5s" } },
    });
    spec.success("a");
    spec.action("rollback", { scope: "to", to: "a" });
    spec.after(5_000);
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "unknown", steps: ["b"] } });
    spec.action("complete", { step: "b", output: 7 });
    expect(spec.sent()).toEqual(["undo_b"]);
    spec.undone("b");
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "rolled_back_to" } });
    expect(spec.statuses().ok).toBe("dispatched");
  });
  it("is the descendants of the step, after which the journey is held there; resumed, it runs from there again", () => {
    const spec = given(shape);
    for (const step of ["a", "b1", "c1", "b2"]) spec.success(step);
    spec.action("rollback", { scope: "to", to: "b1" });
    expect(setOf(spec)).toEqual(["b2", "d", "e"]);
    expect(spec.sent()).toEqual(["undo_b2"]);
    spec.undone("b2");
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "rolled_back_to", steps: [] } });
    expect(spec.last()).toMatchObject({ type: "journey.held", reason: "rolled back to the step asked for" });
    expect(spec.action("resume")).toMatchObject([
      { type: "journey.resumed", actor: "olga" },
      { type: "step.dispatched" },
    ]);
    expect(spec.calls()).toEqual(["b2.b2#2"]);
    expect(spec.messages()[0]?.value.data).toEqual({ from: "b1" });
  });
  it("lets the rest be in flight, and goes on with it when resumed", () => {
    const spec = given(shape);
    for (const step of ["a", "b1", "b2"]) spec.success(step);
    spec.action("rollback", { scope: "to", to: "b1" });
    spec.undone("b2");
    expect(spec.journey.status).toBe("held");
    spec.success("c1");
    expect(spec.sent()).toEqual([]);
    spec.action("resume");
    expect(spec.calls()).toEqual(["b2.b2#2", "c2.c2#1"]);
  });
  it("waits for what is in flight in its set, and undoes it", () => {
    const spec = given(shape);
    for (const step of ["a", "b1"]) spec.success(step);
    spec.action("rollback", { scope: "to", to: "b1" });
    expect(spec.journey.status).toBe("rolling_back");
    spec.success("b2");
    expect(spec.sent()).toEqual(["undo_b2"]);
  });
  it("asked twice goes back as far as the farther one, and runs all of it again", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["b"], d: ["c"] } });
    waves(spec);
    spec.action("rollback", { scope: "to", to: "c" });
    spec.action("rollback", { scope: "to", to: "a" });
    expect(spec.journey.rollback).toMatchObject({ scope: "to", set: ["d", "b", "c"], reset: ["d", "b", "c"] });
    for (const step of ["d", "c", "b"]) spec.undone(step);
    expect(spec.journey.status).toBe("held");
    spec.action("resume");
    expect(spec.calls()).toEqual(["b.b#2"]);
    waves(spec);
    expect(spec.journey.status).toBe("completed");
  });
  it("asked again where it is held goes back farther", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["b"] } });
    waves(spec);
    spec.action("rollback", { scope: "to", to: "b" });
    spec.undone("c");
    spec.action("rollback", { scope: "to", to: "a" });
    spec.undone("b");
    spec.action("resume");
    expect(spec.calls()).toEqual(["b.b#2"]);
    waves(spec);
    expect(spec.journey).toMatchObject({ status: "completed", steps: { c: { attempts: 2 } } });
  });
  it("may be widened to the whole journey where it is held", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["b"] } });
    waves(spec);
    spec.action("rollback", { scope: "to", to: "b" });
    spec.undone("c");
    spec.action("rollback");
    expect(waves(spec)).toEqual([["undo_b"], ["undo_a"]]);
    expect(spec.journey.status).toBe("rolled_back");
  });
  it("followed by a branch rollback where it is held stays held there", () => {
    const spec = given({ edges: { a: [], b: ["a"], b2: ["b"], c: ["a"], c2: ["c"] } });
    waves(spec);
    spec.action("rollback", { scope: "to", to: "b" });
    spec.undone("b2");
    spec.action("rollback", { scope: "branch", step: "c2", include: "attempted" });
    spec.undone("c2");
    spec.undone("c");
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "rolled_back_to" } });
    spec.action("resume");
    expect(spec.calls()).toEqual(["b2.b2#2"]);
    spec.success("b2");
    expect(spec.journey).toMatchObject({ status: "completed", output: { b2: { from: "b2" } } });
  });
  it("widened while it goes on has nothing to go on from", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["b"] } });
    waves(spec);
    spec.action("rerun", { step: "c", data: 1 });
    spec.action("rollback");
    expect(spec.journey.rollback).toMatchObject({ scope: "journey", reset: [] });
    expect(spec.journey.rollback?.rerun).toBeUndefined();
    spec.undone("c");
    expect(waves(spec)).toEqual([["undo_b"], ["undo_a"]]);
    expect(spec.journey.status).toBe("rolled_back");
  });
  it("a rerun that is told to go back farther is held there", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["b"] } });
    waves(spec);
    spec.action("rerun", { step: "c" });
    spec.action("rollback", { scope: "to", to: "a" });
    spec.undone("c");
    spec.undone("b");
    expect(spec.journey.status).toBe("held");
  });
  it("a failure in its set is another cause of it; one outside of it makes the whole journey roll back", () => {
    const inside = given(shape);
    for (const step of ["a", "b1"]) inside.success(step);
    inside.action("rollback", { scope: "to", to: "b1" });
    inside.failure("b2");
    expect(inside.journey).toMatchObject({ status: "held", rollback: { scope: "to", causes: ["b2"] } });
    inside.action("resume");
    expect(inside.calls()).toEqual(["b2.b2#2"]);
    const outside = given(shape);
    for (const step of ["a", "b1"]) outside.success(step);
    outside.action("rollback", { scope: "to", to: "b1" });
    outside.failure("c1");
    expect(outside.journey.rollback).toMatchObject({ scope: "journey", causes: ["c1"] });
  });
  it("a step that fails outside of it while the journey is held there begins a rollback of its own", () => {
    const spec = given({ ...shape, policy: { scope: "branch" } });
    for (const step of ["a", "b1", "b2"]) spec.success(step);
    spec.action("rollback", { scope: "to", to: "b1" });
    spec.undone("b2");
    spec.success("c1");
    spec.action("resume");
    spec.failure("c2");
    expect(spec.journey.rollback).toMatchObject({ scope: "branch", set: ["c1"] });
  });
  it("nothing new goes out while a branch is undone before it is resumed", () => {
    const edges = { a: [], b: ["a"], b2: ["b"], c: ["a"], c2: ["c"], d: ["a"], d2: ["d"], d3: ["c2", "d2"] };
    const spec = given({ edges, policy: { scope: "branch" } });
    for (const step of ["a", "b", "b2", "c"]) spec.success(step);
    spec.action("rollback", { scope: "to", to: "b" });
    spec.undone("b2");
    spec.success("d");
    expect(spec.sent()).toEqual([]);
    spec.failure("c2");
    expect(spec.sent()).toEqual(["undo_c"]);
    spec.undone("c");
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "rolled_back_to" } });
    expect(spec.sent()).toEqual([]);
    spec.action("resume");
    expect(spec.calls()).toEqual(["b2.b2#2", "d2.d2#1"]);
    spec.success("d2");
    expect(spec.calls()).toEqual(["d3.d3#1"]);
  });
  it("what has to hold the journey outside of it does so once it is resumed", () => {
    const spec = given({ ...shape, steps: { c1: { onTimeout: "hold" }, b2: { timeout: "5m" } } });
    for (const step of ["a", "b1", "b2"]) spec.success(step);
    spec.action("rollback", { scope: "to", to: "b1" });
    spec.after(29_999);
    spec.undone("b2");
    spec.after(1);
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "rolled_back_to" } });
    spec.action("resume");
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "unknown", steps: ["c1"] } });
    const during = given({ ...shape, steps: { c1: { onTimeout: "hold" }, b2: { negationTimeout: "5m" } } });
    for (const step of ["a", "b1", "b2"]) during.success(step);
    during.action("rollback", { scope: "to", to: "b1" });
    during.after(30_000);
    expect(during.journey.rollback).toMatchObject({ scope: "to" });
    during.undone("b2");
    expect(during.journey.held).toMatchObject({ kind: "rolled_back_to" });
  });
  it("of a completed journey goes back and runs to its end again", () => {
    const spec = given(shape);
    waves(spec);
    spec.action("rollback", { scope: "to", to: "d" });
    spec.undone("e");
    expect(spec.journey).toMatchObject({ status: "held", output: undefined, endedAt: undefined });
    spec.action("resume");
    spec.success("e", "again");
    expect(spec.journey).toMatchObject({ status: "completed", output: "again" });
  });
  it("a retry outside of it that falls due meanwhile is sent when the journey is held or resumed", () => {
    const spec = given({
      ...shape,
      steps: { c1: { retry: { maximumAttempts: 2, jitter: 0 } }, b2: { negationTimeout: "5m" } },
    });
    for (const step of ["a", "b1", "b2"]) spec.success(step);
    spec.failure("c1");
    spec.action("rollback", { scope: "to", to: "b1" });
    expect(spec.statuses().c1).toBe("waiting");
    expect(spec.after(1_000)).toEqual([]);
    spec.undone("b2");
    expect(spec.calls()).toEqual(["c1.c1#2"]);
  });
});

describe("a rollback of a completed journey, days later", () => {
  const done = () => {
    const spec = given(shape);
    waves(spec);
    spec.now += 5 * 86_400_000;
    return spec;
  };
  it("undoes all of it, with each step's output", () => {
    const spec = done();
    spec.action("rollback");
    expect(waves(spec)).toEqual([["undo_e"], ["undo_d"], ["undo_b2", "undo_c2"], ["undo_b1", "undo_c1"], ["undo_a"]]);
    expect(spec.events.findLast((e) => e.type === "undo.dispatched")).toMatchObject({ data: "a" });
    expect(spec.journey).toMatchObject({ status: "rolled_back", output: undefined, endedAt: spec.now });
  });
  it.each([
    ["path", { step: "b2" }, ["undo_b1", "undo_a"], ["c1", "b2", "c2", "d", "e"]],
    ["path", { step: "b2", include: "attempted" }, ["undo_b2", "undo_b1", "undo_a"], ["c1", "c2", "d", "e"]],
    ["branch", { step: "b2", include: "attempted" }, ["undo_b2", "undo_b1"], ["a", "c1", "c2", "d", "e"]],
    ["to", { to: "b1" }, ["undo_e", "undo_d", "undo_b2"], ["a", "b1", "c1", "c2"]],
  ])("with scope %s %j undoes that and leaves the rest standing", (scope, more, undone, left) => {
    const spec = done();
    spec.action("rollback", { scope, ...more });
    expect(waves(spec).flat()).toEqual(undone);
    expect(standing(spec)).toEqual(left);
  });
  it("that was partial can be followed by one of what was left standing", () => {
    const spec = done();
    spec.action("rollback", { scope: "path", step: "b2" });
    waves(spec);
    expect(spec.journey.status).toBe("rolled_back");
    spec.action("rollback");
    expect(waves(spec).flat()).toEqual(["undo_e", "undo_d", "undo_b2", "undo_c2", "undo_c1"]);
    spec.action("rollback");
    expect(spec.codes("action.refused")).toEqual(["action_not_allowed"]);
  });
  it("keeps undoing what succeeds late in the set of an earlier one", () => {
    const spec = given({
      edges: { a: [], b: ["a"], x: [] },
      steps: { b: { onTimeout: "ignore" } },
      policy: { scope: "path" },
    });
    spec.success("a");
    spec.success("x");
    spec.after(30_000);
    waves(spec);
    expect(standing(spec)).toEqual(["x"]);
    spec.action("rollback", { scope: "path", step: "x", include: "attempted" });
    waves(spec);
    spec.success("b", 7);
    expect(spec.sent()).toEqual(["undo_b"]);
  });
});

describe("two rollbacks of different scopes", () => {
  it.each([
    ["path", "branch", "path", ["a", "b1", "c1"]],
    ["branch", "path", "path", ["a", "b1", "c1"]],
    ["path", "journey", "journey", ["a", "b1", "b2", "c1", "c2", "d", "e"]],
    ["branch", "journey", "journey", ["a", "b1", "b2", "c1", "c2", "d", "e"]],
    ["journey", "path", "journey", ["a", "b1", "b2", "c1", "c2", "d", "e"]],
    ["path", "path", "path", ["a", "b1", "c1"]],
    ["branch", "branch", "branch", ["b1", "c1"]],
    ["branch", "to", "journey", ["a", "b1", "b2", "c1", "c2", "d", "e"]],
    ["to", "path", "journey", ["a", "b1", "b2", "c1", "c2", "d", "e"]],
  ])("%s and %s together are %s, of both sets", (one, other, both, set) => {
    const spec = given({ ...shape, steps: { a: { negationTimeout: "1h" } } });
    for (const step of ["a", "b1", "c1", "b2", "c2"]) spec.success(step);
    spec.action("rollback", { scope: one, step: "b2" });
    spec.action("rollback", { scope: other, step: "c2" });
    expect(spec.journey.rollback?.scope).toBe(both);
    expect(setOf(spec)).toEqual(set);
  });
});

describe("a step that stands for the failed one", () => {
  it("is in the set while it is in flight: its outcome isn't known yet", () => {
    const spec = given(shape);
    spec.success("a");
    spec.success("b1");
    spec.action("rollback", { scope: "branch", step: "b2" });
    expect(setOf(spec)).toEqual(["b1", "b2"]);
    expect(spec.sent()).toEqual([]);
    spec.success("b2");
    expect(spec.sent()).toEqual(["undo_b2"]);
  });
  it("is the one that failed where nobody names one", () => {
    const spec = given({ edges: { p: [], a: ["p"], b: ["a"], x: ["p"] }, steps: { p: { pivot: true } } });
    for (const step of ["p", "a", "x"]) spec.success(step);
    spec.failure("b");
    spec.action("rollback", { scope: "path", force: true });
    expect(setOf(spec)).toEqual(["a", "p"]);
  });
});

describe("a rollback during a pause", () => {
  it("is taken, and begins to undo when the journey is resumed", () => {
    const spec = given({ edges: { a: [], b: ["a"] } });
    spec.success("a");
    spec.action("pause");
    expect(types(spec.action("rollback"))).toEqual(["rollback.started"]);
    expect(spec.journey).toMatchObject({ status: "paused", paused: { from: "rolling_back" } });
    spec.failure("b");
    expect(spec.sent()).toEqual([]);
    spec.action("resume");
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("paused in its midst undoes nothing more until it is resumed", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["b"] } });
    spec.success("a");
    spec.success("b");
    spec.failure("c");
    spec.action("pause");
    spec.undone("b");
    expect(spec.sent()).toEqual([]);
    spec.action("resume");
    expect(spec.sent()).toEqual(["undo_a"]);
  });
});
