/** design.md section 3, "Forward". */
import { describe, expect, it } from "vitest";
import { given } from "../../support/journey-spec.ts";

const diamond = { edges: { a: [], b: ["a"], c: ["a"], d: ["b", "c"] } };

describe("a step is dispatched", () => {
  it("at once when nothing comes before it, all entries together", () => {
    expect(given({ edges: { a: [], b: [], c: ["a"] } }).sent()).toEqual(["a", "b"]);
  });
  it("when all its predecessors are settled, and not before", () => {
    const spec = given(diamond);
    spec.success("a");
    spec.success("b");
    expect(spec.sent()).toEqual([]);
    spec.success("c");
    expect(spec.sent()).toEqual(["d"]);
  });
  it("when at least one of its edges is taken, though others are not", () => {
    const spec = given({ ...diamond, steps: { b: { when: "false" } } });
    spec.success("a");
    expect(spec.sent()).toEqual(["c"]);
    spec.success("c", 3);
    expect(spec.sent()).toEqual(["d"]);
  });
  it("with the command's id, its step and attempt, and the flow's name and version", () => {
    const spec = given({ ...diamond, name: "order", version: "7" }, { n: 1 });
    expect(spec.messages()).toMatchObject([
      {
        id: `${spec.journey.uuid}/a/1`,
        key: spec.journey.uuid,
        value: {
          uuid: spec.journey.uuid,
          name: "order",
          version: "7",
          service: "svc",
          function: "a",
          schema_version: "1",
          data: { n: 1 },
          step: "a",
          attempt: 1,
        },
      },
    ]);
  });
});

describe("a step's data", () => {
  const dataOf = (spec: ReturnType<typeof given>) => spec.messages().map((m) => m.value.data);
  it("is the journey's input for every entry", () => {
    expect(dataOf(given({ edges: { a: [], b: [] } }, { n: 1 }))).toEqual([{ n: 1 }, { n: 1 }]);
  });
  it.each([null, 0, "", false, [], {}, { deep: [1, { x: null }] }, "text"])(
    "is the one predecessor's output, verbatim: %j",
    (output) => {
      const spec = given({ edges: { a: [], b: ["a"] } });
      spec.success("a", output);
      expect(dataOf(spec)).toEqual([output]);
    },
  );
  it("with several predecessors in the flow is always the outputs by step, of those that succeeded", () => {
    const spec = given({ ...diamond, steps: { b: { when: "false" } } });
    spec.success("a");
    spec.success("c", 3);
    expect(dataOf(spec)).toEqual([{ c: 3 }]);
  });
  it("has null for a predecessor whose output is null", () => {
    const spec = given(diamond);
    spec.success("a");
    spec.success("b", null);
    spec.success("c", { x: 1 });
    expect(dataOf(spec)).toEqual([{ b: null, c: { x: 1 } }]);
  });
  it("is the journey's input where the step is entered from the start while the one before it was skipped", () => {
    const spec = given({ edges: { a: [], b: ["start", "a"] }, steps: { a: { when: "false" } } }, { n: 1 });
    expect(spec.calls()).toEqual(["b.b#1"]);
    expect(dataOf(spec)).toEqual([{ n: 1 }]);
  });
  it("is null where the journey was started without", () => {
    expect(dataOf(given({ edges: { a: [] } }, null))).toEqual([null]);
  });
});

describe("the journey's output", () => {
  it("is the last step's", () => {
    const spec = given({ edges: { a: [], b: ["a"] } });
    spec.success("a");
    spec.success("b", { done: true });
    expect(spec.journey).toMatchObject({ status: "completed", output: { done: true } });
    expect(spec.last()).toMatchObject({ type: "journey.completed", data: { done: true } });
  });
  it("is by step where the flow has several last steps", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["a"] } });
    spec.success("a");
    spec.success("b", 2);
    spec.success("c", null);
    expect(spec.journey.output).toEqual({ b: 2, c: null });
  });
  it("leaves out last steps that were skipped, and is null if the only one was", () => {
    const two = given({ edges: { a: [], b: ["a"], c: ["a"] }, steps: { b: { when: "false" } } });
    two.success("a");
    two.success("c", 3);
    expect(two.journey.output).toEqual({ c: 3 });
    const one = given({ edges: { a: [], b: ["a"] }, steps: { b: { when: "false" } } });
    one.success("a", 1);
    expect(one.journey).toMatchObject({ status: "completed", output: null });
  });
});

describe("skipping", () => {
  it("goes on down a dead path, and ends at a step that another path leads to", () => {
    const spec = given({
      edges: { a: [], b: ["a"], c: ["b"], d: ["c"], e: ["a"], f: ["d", "e"] },
      steps: { b: { when: "false" } },
    });
    spec.success("a");
    expect(spec.statuses()).toMatchObject({ b: "skipped", c: "skipped", d: "skipped", f: "waiting" });
    spec.success("e");
    expect(spec.sent()).toEqual(["f"]);
  });
  it("of everything completes the journey at once", () => {
    const spec = given({ edges: { a: [], b: ["a"] }, steps: { a: { when: "false" } } });
    expect(spec.journey).toMatchObject({ status: "completed", output: null });
    expect(spec.types()).toEqual(["journey.started", "step.skipped", "step.skipped", "journey.completed"]);
  });
});

describe("a journey", () => {
  it("that exists is not begun again", () => {
    const spec = given({ edges: { a: [] } });
    expect(spec.input({ kind: "start", start: { uuid: spec.journey.uuid, data: 2 } })).toEqual([]);
  });
  it("begins with a start and nothing else", () => {
    expect(() => given({ edges: { a: [] } }, {}, (spec) => spec.input({ kind: "timer" }))).toThrow("only a start");
  });
  it("keeps who started it, why, what it replays and its trace", () => {
    const start = { uuid: "", data: 1, actor: "olga", reason: "r", replayOf: "other", traceparent: "00-1-2-01" };
    const spec = given({ edges: { a: [] } }, 1, () => {}, start);
    expect(spec.events[0]).toMatchObject({ type: "journey.started", actor: "olga", reason: "r", data: 1 });
    expect(spec.journey).toMatchObject({ replayOf: "other", traceparent: "00-1-2-01" });
    expect(spec.messages()[0]).toMatchObject({ traceparent: "00-1-2-01" });
  });
});
