/** design.md section 3, "Actions": migrate. */
import { describe, expect, it } from "vitest";
import { compiled, type FlowSketch, given } from "../../support/journey-spec.ts";

const one: FlowSketch = { edges: { a: [], b: ["a"], c: ["b"] } };
const moved = (
  two: FlowSketch,
  prepare: (spec: ReturnType<typeof given>) => void = (s) => s.success("a"),
  flow = one,
) => {
  const spec = given(flow);
  spec.flows.push(compiled({ ...two, version: "2" }));
  prepare(spec);
  spec.action("migrate", { version: "2" });
  return spec;
};
const refusal = (spec: ReturnType<typeof given>) => spec.last().error;

describe("a migration", () => {
  it("goes on with the other version: what has run stays, what comes is that version's", () => {
    const spec = moved({ edges: { a: [], b: ["a"], x: ["b"] } });
    expect(spec.journey).toMatchObject({ version: "2", status: "running" });
    expect(spec.last()).toMatchObject({
      type: "journey.migrated",
      version: "2",
      detail: { from: "1" },
      actor: "olga",
    });
    spec.success("b");
    expect(spec.messages()[0]?.value).toMatchObject({ function: "x", version: "2" });
    spec.success("x");
    expect(spec.journey.status).toBe("completed");
  });
  it("begins at once what the other version has to do now", () => {
    const spec = moved({ edges: { a: [], b: ["a"], c: ["b"], y: ["a"] } });
    expect(spec.sent()).toEqual(["y"]);
  });
  it("keeps the negations of executed steps as the old version had them, and takes the new ones for the rest", () => {
    const two = { ...one, negations: { a: ["new_a"], b: ["new_b"] } };
    const spec = moved(two, (s) => s.success("a"), { ...one, negations: { a: ["old_a"], b: ["old_b"] } });
    spec.success("b");
    spec.failure("c");
    expect(spec.sent()).toEqual(["old_b"]);
    spec.undone("b");
    expect(spec.sent()).toEqual(["old_a"]);
    const later = moved({ ...one, negations: { c: ["new_c"] } });
    later.success("b");
    later.success("c");
    later.action("rollback");
    expect(later.sent()).toEqual(["new_c"]);
  });
  it("leaves an executed step undoable, or not, whatever the other version marks as irreversible", () => {
    const marked = { ...one, steps: { a: { irreversible: true } } };
    const undoable = moved(marked);
    undoable.failure("b");
    expect(undoable.sent()).toEqual(["undo_a"]);
    const not = moved(one, (s) => s.success("a"), marked);
    not.failure("b");
    expect(not.journey.status).toBe("rolled_back");
    expect(not.types()).not.toContain("undo.dispatched");
  });
  it("takes the new version's negations for a step that runs again", () => {
    const spec = moved({ ...one, negations: { a: ["new_a"] } });
    spec.action("rerun", { step: "a" });
    spec.success("b");
    spec.undone("b");
    spec.undone("a");
    spec.success("a");
    spec.failure("b");
    expect(spec.sent()).toEqual(["new_a"]);
  });
  it("keeps what a step was skipped by hand with", () => {
    const flow: FlowSketch = {
      edges: { p: [], b: ["p"] },
      steps: { p: { pivot: true }, b: { input: "input.x" } },
      negations: { b: ["old_b"] },
    };
    const two: FlowSketch = { ...flow, negations: { b: ["new_b"] }, edges: { p: [], b: ["p"], c: ["b"] } };
    const spec = moved(
      two,
      (s) => {
        s.success("p");
        s.action("skip", { step: "b", output: 1 });
      },
      flow,
    );
    spec.action("rollback", { force: true });
    expect(spec.sent()).toEqual(["old_b"]);
  });
});

describe("a migration of a journey that waits", () => {
  it("held for a failed step lets the other version replace that step", () => {
    const spec = moved(
      { edges: { p: [], b2: ["p"] }, steps: { p: { pivot: true } } },
      (s) => {
        s.success("p");
        s.failure("b");
        expect(s.journey.status).toBe("held");
      },
      { edges: { p: [], b: ["p"] }, steps: { p: { pivot: true } } },
    );
    expect(spec.journey.status).toBe("running");
    expect(spec.sent()).toEqual(["b2"]);
  });
  it("held where it was rolled back to goes on along the other version when it is resumed", () => {
    const spec = moved({ edges: { a: [], x: ["a"], c: ["x"] } }, (s) => {
      s.success("a");
      s.success("b");
      s.action("rollback", { scope: "to", to: "a" });
      s.failure("c");
      s.undone("b");
    });
    expect(spec.journey).toMatchObject({ version: "2", status: "held" });
    spec.action("resume");
    expect(spec.calls()).toEqual(["x.x#1"]);
    spec.success("x");
    expect(spec.calls()).toEqual(["c.c#2"]);
  });
  it("paused goes on along the other version when it is resumed", () => {
    const spec = moved({ edges: { a: [], b: ["a"], y: ["a"] } }, (s) => {
      s.success("a");
      s.action("pause");
    });
    expect(spec.sent()).toEqual([]);
    spec.action("resume");
    expect(spec.sent()).toEqual(["y"]);
  });
  it("for a service that is down needs a home for that step", () => {
    const flow: FlowSketch = { edges: { a: [], b: ["a"] }, steps: { b: { onServiceDown: "wait" } } };
    const spec = moved(
      { edges: { a: [] } },
      (s) => {
        s.health.svc = "down";
        s.success("a");
      },
      flow,
    );
    expect(refusal(spec)).toMatchObject({ code: "no_home_in_version", message: "b: executed, but not in version 2" });
  });
});

describe("a migration while the journey rolls back", () => {
  it("undoes what is left in the order it was done", () => {
    const spec = moved({ edges: { a: [], b: ["a"], x: ["b"], c: ["x"] } }, (s) => {
      s.success("a");
      s.success("b");
      s.failure("c");
      expect(s.sent()).toEqual(["undo_b"]);
    });
    expect(spec.journey.version).toBe("2");
    spec.undone("b");
    expect(spec.sent()).toEqual(["undo_a"]);
    spec.undone("a");
    expect(spec.journey.status).toBe("rolled_back");
    expect(spec.statuses()).toMatchObject({ x: "waiting" });
  });
  it("needs a home for what is being undone, or can't be", () => {
    const begun = (s: ReturnType<typeof given>) => {
      s.success("a");
      s.success("b");
      s.failure("c");
    };
    const two: FlowSketch = { edges: { a: [], c: ["a"] } };
    expect(refusal(moved(two, begun))).toMatchObject({ code: "no_home_in_version" });
    const stuck = moved(two, (s) => {
      begun(s);
      s.undoFails("b", undefined, false);
    });
    expect(refusal(stuck)).toMatchObject({ code: "no_home_in_version" });
    const over = moved(two, (s) => {
      begun(s);
      s.undone("b");
    });
    expect(over.journey.version).toBe("2");
  });
});

describe("a migration is refused", () => {
  it.each([
    ["a live step isn't there", { edges: { a: [] } }, "b: executed, but not in version 2"],
    ["an undoable step isn't there", { edges: { b: [], c: ["b"] } }, "a: executed, but not in version 2"],
    [
      "a step is another call there",
      { edges: one.edges, calls: { b: "other.b" } },
      "b: executed as svc.b, but other.b in version 2",
    ],
    [
      "a step is another function there",
      { edges: one.edges, calls: { b: "svc.bb" } },
      "b: executed as svc.b, but svc.bb in version 2",
    ],
    [
      "it would be undone in another order",
      { edges: { a: [], b: [], c: ["a", "b"] } },
      "b: executed after a, but not",
    ],
  ] as [string, FlowSketch, string][])("when %s", (_why, two, message) => {
    const spec = moved(two);
    expect(refusal(spec)).toMatchObject({ code: "no_home_in_version", message: expect.stringContaining(message) });
    expect(spec.journey.version).toBe("1");
  });
  it("to the version it is on", () => {
    const spec = given(one);
    spec.action("migrate", { version: "1" });
    expect(refusal(spec)).toMatchObject({
      code: "action_not_allowed",
      message: "the journey is on version 1 already",
    });
  });
  it("not for what is neither live nor undoable: waiting, skipped, failed for good, undone, without negations", () => {
    const flow: FlowSketch = {
      edges: { a: [], n: ["a"], s: ["a"], b: ["n"] },
      negations: { n: [] },
      steps: { s: { when: "false" } },
    };
    const spec = moved(
      { edges: { a: [], b: ["a"] } },
      (s) => {
        s.success("a");
        s.success("n");
      },
      flow,
    );
    expect(spec.journey.version).toBe("2");
  });
  it("for a step of unknown outcome, which may have to be undone yet", () => {
    const flow: FlowSketch = { edges: { a: [], b: ["a"] }, steps: { b: { onTimeout: "hold" } } };
    const spec = moved(
      { edges: { a: [] } },
      (s) => {
        s.success("a");
        s.after(30_000);
      },
      flow,
    );
    expect(refusal(spec)).toMatchObject({ code: "no_home_in_version" });
  });
  it("for a step that failed after it had worked", () => {
    const flow: FlowSketch = { edges: { a: [], p: [], b: ["p", "a"] }, steps: { p: { pivot: true } } };
    const spec = moved(
      { edges: { a: [], p: [] }, steps: { p: { pivot: true } } },
      (s) => {
        s.success("a");
        s.success("p");
        s.success("b", "x".repeat(300_000));
      },
      flow,
    );
    expect(refusal(spec)).toMatchObject({ code: "no_home_in_version" });
  });
});
