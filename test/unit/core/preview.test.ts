/** design.md section 3, "Actions": dry runs, and stale_preview. */
import { describe, expect, it } from "vitest";
import type { Preview } from "../../../engine/core/view.ts";
import { type FlowSketch, given } from "../../support/journey-spec.ts";

const shape: FlowSketch = { edges: { a: [], b: ["a"], c: ["a"], d: ["b", "c"] } };
const done = (flow: FlowSketch = shape) => {
  const spec = given(flow);
  for (const step of ["a", "b", "c", "d"]) spec.success(step);
  return spec;
};
const names = (plan: Preview) => plan.levels.map((level) => level.map((command) => command.function));

describe("a dry run of a rollback", () => {
  it("shows what goes out, level after level, with its data; what is irreversible, and what stays", () => {
    const plan = done({ ...shape, steps: { b: { irreversible: true } } }).dryRun("rollback");
    expect(plan).toMatchObject({
      levels: [
        [{ step: "d", service: "svc", function: "undo_d", data: { from: "d" } }],
        [{ step: "c", service: "svc", function: "undo_c", data: { from: "c" } }],
        [{ step: "a", service: "svc", function: "undo_a", data: { from: "a" } }],
      ],
      irreversible: ["b"],
      left_standing: [],
      in_flight: [],
    });
    expect(done().dryRun("rollback", { scope: "path", step: "b" })).toMatchObject({ left_standing: ["b", "c", "d"] });
  });
  it("changes nothing", () => {
    const spec = done();
    const before = spec.journey;
    spec.dryRun("rollback");
    expect(spec.journey).toBe(before);
  });
  it("is followed to the letter by the action that carries its plan", () => {
    const spec = done();
    const { plan, seq, levels } = spec.dryRun("rollback");
    spec.action("rollback", { plan, seq });
    for (const level of levels) {
      expect(spec.sent()).toEqual(level.map((command) => command.function));
      for (const { step } of level) spec.undone(step);
    }
    expect(spec.journey.status).toBe("rolled_back");
  });
  it("takes what is in flight to have no effect, and tells what its success would add", () => {
    const spec = given(shape);
    spec.success("a");
    spec.success("b");
    const plan = spec.dryRun("rollback");
    expect(names(plan)).toEqual([["undo_b"], ["undo_a"]]);
    expect(plan.in_flight).toEqual([
      {
        step: "c",
        service: "svc",
        function: "c",
        adds: [{ step: "c", service: "svc", function: "undo_c", data: { from: "a" } }],
      },
    ]);
  });
  it("lists what is in flight outside of its set, which adds nothing", () => {
    const spec = given(shape);
    spec.success("a");
    spec.success("b");
    const plan = spec.dryRun("rollback", { scope: "path", step: "b" });
    expect(names(plan)).toEqual([["undo_a"]]);
    expect(plan.in_flight).toEqual([{ step: "c", service: "svc", function: "c", adds: [] }]);
  });
  it("counts the blind undo of what gave no answer", () => {
    const spec = given({ edges: { a: [], b: ["a"] }, steps: { b: { onTimeout: "hold" } } });
    spec.success("a");
    spec.after(30_000);
    expect(names(spec.dryRun("rollback"))).toEqual([["undo_b"], ["undo_a"]]);
  });
  it("while one goes on shows what is still to come: what is being undone is taken to succeed", () => {
    const spec = done();
    spec.action("rollback");
    expect(names(spec.dryRun("rollback"))).toEqual([["undo_b", "undo_c"], ["undo_a"]]);
    spec.undoFails("d");
    expect(names(spec.dryRun("cancel"))).toEqual([["undo_b", "undo_c"], ["undo_a"]]);
  });
  it("of a paused journey shows what goes out when it is resumed", () => {
    const spec = given(shape);
    spec.success("a");
    spec.action("pause");
    expect(names(spec.dryRun("rollback"))).toEqual([["undo_a"]]);
  });
  it("shows that waits and approvals are simply stopped", () => {
    const spec = given({ edges: { a: [], ok: ["a"] }, calls: { ok: "manager.approve" } });
    spec.success("a");
    expect(spec.dryRun("rollback")).toMatchObject({ in_flight: [], levels: [[{ function: "undo_a" }]] });
  });
  it("of an each under way knows which elements are to be undone, and which may be", () => {
    const spec = given(
      { edges: { all: [] }, calls: { all: "manager.each" }, steps: { all: { flow: "child", items: "[1, 2]" } } },
      {},
    );
    spec.child("all", "success", { index: 0, output: "one" });
    const plan = spec.dryRun("rollback");
    expect(names(plan)).toEqual([["rollback/0"]]);
    expect(plan.in_flight).toMatchObject([{ step: "all", adds: [{ function: "rollback/1" }] }]);
  });
  it("is refused as the action would be", () => {
    const spec = given(shape);
    spec.action("terminate");
    expect(() => spec.dryRun("rollback")).toThrow(expect.objectContaining({ code: "action_not_allowed" }));
    expect(() => given(shape).dryRun("rerun", { step: "nope" })).toThrow(
      expect.objectContaining({ code: "unknown_step" }),
    );
  });
});

describe("a dry run of what goes forward", () => {
  const held = () => {
    const spec = given({ edges: { p: [], b: ["p"], c: ["b"] }, steps: { p: { pivot: true } } });
    spec.success("p");
    spec.failure("b");
    return spec;
  };
  it("shows the first commands: what follows them depends on their replies", () => {
    expect(held().dryRun("retry", { step: "b", data: 1 })).toMatchObject({ levels: [[{ function: "b", data: 1 }]] });
    expect(held().dryRun("complete", { step: "b", output: 2 })).toMatchObject({
      levels: [[{ function: "c", data: 2 }]],
    });
    expect(held().dryRun("skip", { step: "b" })).toMatchObject({ levels: [[{ function: "c", data: null }]] });
  });
  it("shows what a resume sends, and that a pause sends nothing", () => {
    const spec = given({ edges: { a: [], b: ["a"] } });
    spec.action("pause");
    spec.success("a");
    expect(names(spec.dryRun("resume"))).toEqual([["b"]]);
    const running = given({ edges: { a: [], b: ["a"] } });
    expect(running.dryRun("pause")).toMatchObject({ levels: [], in_flight: [] });
    expect(running.dryRun("terminate")).toMatchObject({ levels: [] });
  });
  it("shows what a rerun undoes, and then sends", () => {
    expect(names(done().dryRun("rerun", { step: "b" }))).toEqual([["undo_d"], ["undo_b"], ["b"]]);
  });
  it("shows the first commands of a replay's new journey", () => {
    const spec = given(shape, { n: 1 });
    expect(spec.dryRun("replay", { data: { n: 2 } })).toMatchObject({
      levels: [[{ function: "a", data: { n: 2 } }]],
    });
    const nothing = given({ edges: { w: [] }, steps: { w: { when: "false" } } });
    expect(nothing.dryRun("replay")).toMatchObject({ levels: [] });
  });
  it("shows what a migration sends", () => {
    const spec = given({ edges: { a: [] } });
    spec.flows.push(given({ edges: { a: [], b: [] }, version: "2" }).flow);
    expect(names(spec.dryRun("migrate", { version: "2" }))).toEqual([["b"]]);
  });
  it("shows a failed negation tried again, and what follows", () => {
    const spec = done({ ...shape, steps: { d: { negationRetry: { maximumAttempts: 1 } } } });
    spec.action("rollback");
    spec.undoFails("d");
    expect(names(spec.dryRun("retry", { step: "d" }))).toEqual([["undo_d"], ["undo_b", "undo_c"], ["undo_a"]]);
    expect(names(spec.dryRun("skip", { step: "d" }))).toEqual([["undo_b", "undo_c"], ["undo_a"]]);
    expect(names(spec.dryRun("rollback"))).toEqual([]);
  });
});

describe("an action that carries its dry run's plan", () => {
  it("is carried out while the plan is the same, also when the journey has moved otherwise", () => {
    const spec = given(shape);
    spec.success("a");
    const { plan, seq } = spec.dryRun("rollback");
    spec.inprogress("b");
    spec.action("rollback", { plan, seq });
    expect(spec.journey.status).toBe("rolling_back");
  });
  it("is refused with stale_preview when the plan would differ", () => {
    const spec = given(shape);
    spec.success("a");
    const { plan, seq } = spec.dryRun("rollback");
    spec.success("b");
    expect(spec.action("rollback", { plan, seq })).toMatchObject([
      { type: "action.refused", error: { code: "stale_preview" }, detail: { action: "rollback" } },
    ]);
    expect(spec.journey.status).toBe("running");
  });
  it("is refused with stale_preview when it doesn't fit the state any more", () => {
    const spec = given(shape);
    const { plan, seq } = spec.dryRun("cancel");
    spec.action("terminate");
    spec.action("cancel", { plan, seq });
    expect(spec.codes("action.refused")).toEqual(["stale_preview"]);
  });
  it("of another action doesn't fit", () => {
    const spec = given({ edges: { a: [], b: ["a"] } });
    spec.success("a");
    const { plan, seq } = spec.dryRun("rollback");
    spec.action("rerun", { step: "a", plan, seq });
    expect(spec.codes("action.refused")).toEqual(["stale_preview"]);
  });
});
