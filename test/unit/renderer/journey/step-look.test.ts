import { describe, expect, it } from "vitest";
import { graphLayout, STEP_BOX } from "../../../../renderer/journey/graph-layout.ts";
import { foldHistory } from "../../../../renderer/journey/history.ts";
import { createLookStore } from "../../../../renderer/journey/look-store.ts";
import { stepLook, stepToShow, troubledStep, undoWalk } from "../../../../renderer/journey/step-look.ts";
import { compiled, type FlowSketch, given, type Spec } from "../../../support/journey-spec.ts";

const chain: FlowSketch = { edges: { a: [], b: ["a"], c: ["b"] }, negations: { a: [], b: ["unb", "log"] } };

function failed(): Spec {
  const spec = given(chain);
  spec.success("a");
  spec.success("b");
  spec.failure("c", { message: "quota" });
  return spec;
}

const look = (spec: Spec, id: string) => stepLook(id, spec.flow.steps[id], spec.journey);

describe("how a step looks", () => {
  it("tells what becomes of it in a rollback", () => {
    const spec = failed();
    expect(look(spec, "a")).toMatchObject({ status: "succeeded", note: "nothing to undo" });
    expect(look(spec, "b")).toMatchObject({ status: "undoing" });
    expect(look(spec, "b").negations.map(({ name }) => name)).toEqual(["unb", "log"]);
    expect(look(spec, "c")).toMatchObject({ status: "failed", note: "quota", isCause: true });
  });

  it("that never ran says so once the journey is over", () => {
    const spec = given(chain);
    spec.failure("a");
    expect(look(spec, "c")).toMatchObject({ status: "waiting", note: "never ran" });
  });
});

describe("the edges of the anti-graph", () => {
  it("light up as the rollback walks them", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["b"] } });
    spec.success("a");
    spec.success("b");
    expect(undoWalk("a", "b", spec.journey)).toBe("none");
    spec.failure("c");
    expect([undoWalk("b", "c", spec.journey), undoWalk("a", "b", spec.journey)]).toEqual(["active", "planned"]);
    spec.undone("b");
    expect([undoWalk("b", "c", spec.journey), undoWalk("a", "b", spec.journey)]).toEqual(["walked", "active"]);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      spec.undoFails("a");
      if (attempt < 3) spec.nextTimer();
    }
    expect(undoWalk("a", "b", spec.journey)).toBe("stuck");
  });
});

describe("what is looked at first", () => {
  it("is the step whose undo failed, else the one that failed, else nothing", () => {
    const spec = failed();
    expect(troubledStep(spec.journey, spec.flow)).toBe("c");
    spec.undoFails("b", "unb", false);
    expect(troubledStep(spec.journey, spec.flow)).toBe("b");
    expect(troubledStep(given(chain).journey, spec.flow)).toBeUndefined();
  });

  it("in the graph is the step under way where nothing is wrong", () => {
    const spec = given(chain);
    spec.success("a");
    expect(stepToShow(spec.journey, spec.flow)).toBe("b");
  });
});

describe("the looks of all steps", () => {
  it("keep their objects while they look the same, so that nothing is drawn anew", () => {
    const spec = failed();
    const history = foldHistory([...spec.events]);
    const store = createLookStore(history.now, spec.flow);
    const [a, b] = [store.step("a"), store.step("b")];
    spec.undone("b", "log");
    store.show(foldHistory(spec.events, history).now, spec.flow);
    expect(store.step("a")).toBe(a);
    expect(store.step("b")).not.toBe(b);
    expect(store.edge("a", "b")).toBe(store.edge("a", "b"));
  });

  it("show a moment of the past", () => {
    const spec = failed();
    const history = foldHistory(spec.events);
    const store = createLookStore(history.now, spec.flow);
    store.show(history.at(2), spec.flow);
    expect([store.step("a").status, store.step("c").status]).toEqual(["dispatched", "waiting"]);
  });
});

describe("the layout of the graph", () => {
  it("places every step once, none on another, each right of its predecessors", () => {
    const flow = compiled({ edges: { a: [], b: ["a"], c: ["a"], join: ["b", "c"], d: ["join"] } });
    const { steps, start, width, height } = graphLayout(flow);
    expect([...steps.keys()].sort()).toEqual([...flow.order].sort());
    for (const id of flow.order) {
      const place = steps.get(id)!;
      expect(place.x).toBeGreaterThan(start.x);
      expect(place.x + STEP_BOX.width).toBeLessThanOrEqual(width);
      expect(place.y + STEP_BOX.height).toBeLessThanOrEqual(height);
      for (const before of flow.steps[id]!.predecessors) {
        expect(place.x).toBeGreaterThanOrEqual(steps.get(before)!.x + STEP_BOX.width);
      }
    }
    const [b, c] = [steps.get("b")!, steps.get("c")!];
    expect(Math.abs(b.y - c.y)).toBeGreaterThanOrEqual(STEP_BOX.height);
  });

  it("is made once per version", () => {
    const flow = compiled(chain);
    expect(graphLayout(flow)).toBe(graphLayout(flow));
  });
});
