/** design.md section 3, "Forward": `when` and `input` in CEL, and what becomes of expressions that fail. */
import { describe, expect, it } from "vitest";
import { given } from "../../support/journey-spec.ts";

const fork = { edges: { a: [], b: ["a"], c: ["a"], d: ["b", "c"] } };

describe("a condition", () => {
  it("is over the journey's input and the outputs of the steps that succeeded", () => {
    const flow = { ...fork, steps: { b: { when: "input.plan == 'pro' && steps.a.n > 1" }, c: { when: "false" } } };
    const spec = given(flow, { plan: "pro" });
    spec.success("a", { n: 2 });
    expect(spec.sent()).toEqual(["b"]);
  });
  it("decides on every edge into its step", () => {
    const spec = given({ ...fork, steps: { d: { when: "input.x" } } }, { x: false });
    for (const step of ["a", "b", "c"]) spec.success(step);
    expect(spec.statuses().d).toBe("skipped");
    expect(spec.journey.status).toBe("completed");
  });
  it("by predecessor decides on that edge alone; edges without one are taken", () => {
    const byEdge = (b: string, c: string) => {
      const spec = given({ ...fork, steps: { d: { when: { b, c } } } });
      for (const step of ["a", "b", "c"]) spec.success(step);
      return spec.statuses().d;
    };
    expect(byEdge("false", "true")).toBe("dispatched");
    expect(byEdge("false", "false")).toBe("skipped");
    const spec = given({ ...fork, steps: { d: { when: { b: "false" } } } });
    for (const step of ["a", "b", "c"]) spec.success(step);
    expect(spec.statuses().d).toBe("dispatched");
  });
  it("on the edge from the start goes by the start's id, and decides on entries too", () => {
    expect(
      given({ edges: { a: [] }, steps: { a: { when: { start: "input.go" } } } }, { go: false }).journey.status,
    ).toBe("completed");
    const both = { edges: { a: [], b: ["start", "a"] }, steps: { b: { when: { start: "false", a: "input.go" } } } };
    const spec = given(both, { go: false });
    spec.success("a");
    expect(spec.statuses().b).toBe("skipped");
  });
  it("of a dead edge is not asked", () => {
    const spec = given({ ...fork, steps: { b: { when: "false" }, d: { when: { b: "steps.b.x", c: "true" } } } });
    spec.success("a");
    spec.success("c");
    expect(spec.statuses().d).toBe("dispatched");
  });
  it.each([
    ["input.missing.deep", "No such key"],
    ["1 + 1", "gave a number, not true or false"],
    ["[true]", "a list"],
    ["null", "null"],
    ["steps.c.x", "No such key"],
  ])("that fails fails its step with the reason, and is not tried again: %s", (when, message) => {
    const spec = given({ ...fork, steps: { b: { when: `dyn(${when})`, retry: { maximumAttempts: 5 } } } });
    spec.success("a");
    expect(spec.journey.steps.b).toMatchObject({ status: "failed", attempts: 0, error: { retryable: false } });
    expect(spec.journey.steps.b?.error).toMatchObject({ code: "expression_failed", message: /.*/ });
    expect(spec.journey.steps.b?.error?.message).toContain(message);
    expect(spec.journey.status).toBe("rolling_back");
  });
});

describe("an input mapping", () => {
  it("replaces the step's data", () => {
    const spec = given({ ...fork, steps: { d: { input: "{'n': input.n + steps.b, 'c': steps.c}" } } }, { n: 1 });
    spec.success("a");
    spec.success("b", 2);
    spec.success("c", null);
    expect(spec.messages()[0]?.value.data).toEqual({ n: 3, c: null });
  });
  it("that fails fails the step without calling", () => {
    const spec = given({ edges: { a: [] }, steps: { a: { input: "input.x.y" } } });
    expect(spec.sent()).toEqual([]);
    expect(spec.journey).toMatchObject({ status: "rolled_back", error: { code: "expression_failed" } });
    expect(spec.journey.error?.message).toMatch(/^input \(input\.x\.y\): No such key/);
  });
  it("is not worked out again for a retry: it sends what the attempt before sent", () => {
    const flow = {
      edges: { a: [], b: [] },
      steps: { a: { input: "{'b': has(steps.b)}", retry: { maximumAttempts: 2 } } },
    };
    const spec = given(flow);
    expect(spec.messages()[0]?.value.data).toEqual({ b: false });
    spec.success("b");
    spec.failure("a");
    spec.nextTimer();
    expect(spec.messages()[0]?.value).toMatchObject({ attempt: 2, data: { b: false } });
  });
});

describe("data that is too large", () => {
  const large = "ü".repeat(140 * 1024);
  it("fails the step that would be sent it, without calling", () => {
    const spec = given({ edges: { a: [] } }, large);
    expect(spec.sent()).toEqual([]);
    expect(spec.journey.error).toMatchObject({ code: "data_too_large", retryable: false });
    expect(spec.journey.error?.message).toBe("the data for a has 286722 bytes; 262144 are allowed");
  });
  it("counts bytes of JSON, not characters: 262,144 are let through", () => {
    expect(given({ edges: { a: [] } }, "x".repeat(262_142)).sent()).toEqual(["a"]);
    expect(given({ edges: { a: [] } }, "x".repeat(262_143)).sent()).toEqual([]);
  });
  it.each([[large], [{ large }]])("in a reply fails the step, which took effect and is undone", (output) => {
    const spec = given({ edges: { a: [], b: ["a"] }, steps: { b: { retry: { maximumAttempts: 3 } } } });
    spec.success("a");
    spec.success("b", output);
    expect(spec.journey.steps.b).toMatchObject({ status: "undoing", error: { code: "data_too_large" } });
    expect(spec.sent()).toEqual(["undo_b"]);
    expect(spec.messages()[0]?.value.data).toEqual({ from: "a" });
  });
  it("in a late reply is not kept either; the effect is undone with the step's input", () => {
    const spec = given({ edges: { a: [], b: ["a"] }, steps: { b: { onTimeout: "ignore" } } });
    spec.success("a");
    spec.after(30_000);
    spec.success("b", large);
    expect(spec.events.find((e) => e.type === "step.late")).toMatchObject({ error: { code: "data_too_large" } });
    expect(spec.messages()[0]?.value).toMatchObject({ function: "undo_b", data: { from: "a" } });
  });
  it("together at a join fails the join", () => {
    const spec = given(fork);
    spec.success("a");
    spec.success("b", "x".repeat(200_000));
    spec.success("c", "x".repeat(200_000));
    expect(spec.journey.steps.d).toMatchObject({ status: "failed", attempts: 0, error: { code: "data_too_large" } });
  });
});
