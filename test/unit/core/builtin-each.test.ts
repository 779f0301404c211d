/** design.md section 3, "Built-in steps": each. */
import { describe, expect, it } from "vitest";
import { childUuid } from "../../../engine/core/journey-ids.ts";
import { Family } from "../../support/family.ts";
import { type FlowSketch, given, UUID } from "../../support/journey-spec.ts";

const child: FlowSketch = { name: "child", edges: { ship: [] } };
const parent = (settings: Record<string, unknown> = {}, more: Partial<FlowSketch> = {}): FlowSketch => ({
  name: "parent",
  edges: { all: [], last: ["all"] },
  calls: { all: "manager.each" },
  steps: { all: { flow: "child", items: "input.items", ...settings } },
  ...more,
});
const begun = (items: unknown[], settings: Record<string, unknown> = {}, more: Partial<FlowSketch> = {}) =>
  new Family([parent(settings, more), child], { items });
const elementsOf = (family: Family) => family.parent.steps.all?.elements?.map((element) => element.status);
const undone = (family: Family) =>
  family.events.filter((e) => e.uuid === UUID && e.type === "undo.dispatched").map((e) => e.function);

describe("each", () => {
  it("runs a journey per element, with a uuid made from its parent's, the step and the index", () => {
    const family = begun(["x", { y: 1 }]);
    expect(family.children).toMatchObject([
      { uuid: childUuid(UUID, "all", 1, 0), input: "x", parent: { uuid: UUID, step: "all", index: 0 } },
      { uuid: childUuid(UUID, "all", 1, 1), input: { y: 1 }, parent: { index: 1 } },
    ]);
  });
  it("gives the list of outputs, in the order of the elements", () => {
    const family = begun([1, 2, 3]);
    const [first, second, third] = family.commands.splice(0);
    for (const [command, data] of [
      [third, "c"],
      [first, "a"],
      [second, null],
    ] as const) {
      family.commands.push(command!);
      family.answer("ship", "success", data);
    }
    expect(family.commands).toMatchObject([{ function: "last", data: ["a", null, "c"] }]);
  });
  it("of no elements gives an empty list at once", () => {
    const family = begun([]);
    expect(family.commands).toMatchObject([{ function: "last", data: [] }]);
  });
  it("runs ten at a time by default, or as many as concurrency says", () => {
    expect(begun(Array.from({ length: 25 }, (_, n) => n)).children).toHaveLength(10);
    const family = begun([1, 2, 3, 4, 5], { concurrency: 2 });
    expect(family.children).toHaveLength(2);
    for (let ended = 1; ended <= 5; ended++) {
      family.answer("ship");
      expect(family.children).toHaveLength(Math.min(5, ended + 2));
      expect(elementsOf(family)?.filter((status) => status === "running").length).toBeLessThanOrEqual(2);
    }
    expect(family.waiting).toEqual(["last"]);
  });
  it("takes the version the step names", () => {
    const family = new Family([parent({ version: "1" }), child, { ...child, version: "2" }], { items: [1] });
    expect(family.children).toMatchObject([{ version: "1" }]);
  });
  it.each([
    ["input.nope", "items (input.nope): No such key: nope"],
    ["dyn(1)", "items (dyn(1)): gave a number, not a list"],
    ["input", "items (input): gave an object, not a list"],
  ])("fails where items gives no list: %s", (items, message) => {
    const family = begun([1], { items });
    expect(family.parent.steps.all).toMatchObject({
      status: "failed",
      error: { code: "expression_failed", message },
    });
  });
  it("fails with more than 1,000 elements, and says what to do", () => {
    const family = begun(Array.from({ length: 1_001 }, () => 0));
    expect(family.parent.error).toMatchObject({
      code: "too_many_elements",
      message: "1001 elements; 1000 are allowed: give it lists of lists, and let its flow go through each",
    });
    expect(family.children).toEqual([]);
  });
  it("fails where all outputs together are too large, and undoes its elements", () => {
    const family = begun([1, 2]);
    family.answer("ship", "success", "x".repeat(200_000));
    family.answer("ship", "success", "x".repeat(200_000));
    expect(family.parent.steps.all).toMatchObject({ status: "undoing", error: { code: "data_too_large" } });
    // What doesn't fit any more isn't kept, so that the state stays small while others run.
    expect(family.parent.steps.all?.elements?.map(({ output }) => output === undefined)).toEqual([false, true]);
    expect(undone(family)).toEqual(["rollback/0", "rollback/1"]);
  });
});

describe("an element that fails", () => {
  const partly = (settings: Record<string, unknown> = {}, more: Partial<FlowSketch> = {}) => {
    const family = begun([1, 2, 3], { concurrency: 2, ...settings }, more);
    family.answer("ship", "success", "one");
    family.answer("ship", "failure");
    return family;
  };
  it("fails the step after the others are settled, those not yet begun too", () => {
    const family = partly();
    expect(family.parent.status).toBe("running");
    expect(elementsOf(family)).toEqual(["succeeded", "failed", "running"]);
    family.answer("ship");
    expect(family.parent).toMatchObject({
      status: "rolling_back",
      error: { code: "element_failed", message: "1 of 3 elements failed; element 1: ship broke" },
    });
  });
  it("leaves the others to be undone, each by a negation of its own", () => {
    const family = partly();
    family.answer("ship");
    expect(undone(family)).toEqual(["rollback/0", "rollback/2"]);
    expect(family.waiting).toEqual(["undo_ship", "undo_ship"]);
    family.serve();
    expect(family.children.map((journey) => journey.status)).toEqual(["rolled_back", "rolled_back", "rolled_back"]);
    expect(family.parent).toMatchObject({ status: "rolled_back", steps: { all: { status: "undone" } } });
  });
  it.each(["path", "branch"])("leaves them to be undone under scope %s too", (scope) => {
    const family = partly({}, { policy: { scope } });
    family.serve();
    expect(undone(family)).toEqual(["rollback/0", "rollback/2"]);
  });
  it("of a flow that isn't published says so", () => {
    const family = new Family([parent()], { items: [1, 2] });
    expect(family.parent.error).toMatchObject({
      code: "element_failed",
      message: "2 of 2 elements failed; element 0: not published",
      retryable: false,
    });
  });
  it("may say nothing about why", () => {
    const spec = given(parent(), { items: [1] });
    const data = { child: "c", index: 0 };
    spec.reply({ service: "manager", function: "each", step: "all", status: "failure", data, error: null });
    expect(spec.journey.error?.message).toBe("1 of 1 elements failed; element 0: without an error");
  });
  it("leaves nothing to undo where all have failed", () => {
    const family = begun([1, 2]);
    family.answer("ship", "failure");
    family.answer("ship", "failure");
    expect(family.parent).toMatchObject({
      status: "rolled_back",
      error: { message: expect.stringContaining("2 of 2") },
    });
    expect(undone(family)).toEqual([]);
  });
  it("is run again as the step's retry says; those that succeeded are not", () => {
    const family = partly({ retry: { maximumAttempts: 2, jitter: 0 } });
    family.answer("ship", "success", "three");
    expect(family.parent.steps.all?.status).toBe("waiting");
    family.after(1_000);
    expect(elementsOf(family)).toEqual(["succeeded", "running", "succeeded"]);
    expect(family.children.at(-1)).toMatchObject({ uuid: childUuid(UUID, "all", 2, 1), input: 2 });
    family.answer("ship", "success", "two");
    expect(family.commands).toMatchObject([{ function: "last", data: ["one", "two", "three"] }]);
  });
  it("that is not retryable is not run again", () => {
    const family = begun([1], { retry: { maximumAttempts: 3 } });
    family.act(family.children[0]!.uuid, "cancel");
    family.answer("ship", "failure");
    expect(family.parent.status).toBe("rolled_back");
  });
  it("may be run again by an operator, with the list as it was", () => {
    const family = new Family(
      [
        {
          name: "parent",
          edges: { p: [], all: ["p"] },
          calls: { all: "manager.each" },
          steps: { p: { pivot: true }, all: { flow: "child", items: "input.items" } },
        },
        child,
      ],
      { items: [1, 2] },
    );
    family.answer("p");
    family.answer("ship", "success", "one");
    family.answer("ship", "failure");
    expect(family.parent.status).toBe("held");
    family.act(UUID, "retry", { step: "all", data: [7] });
    expect(family.events.at(-1)).toMatchObject({ type: "action.refused", error: { code: "invalid_request" } });
    family.act(UUID, "retry", { step: "all" });
    family.answer("ship", "success", "two");
    expect(family.parent).toMatchObject({ status: "completed", output: ["one", "two"] });
    family.act(UUID, "rollback", { force: true });
    family.serve();
    const rolledBack = family.children.filter((journey) => journey.rollback?.trigger === "rollback");
    expect(rolledBack.map((journey) => journey.uuid)).toEqual([
      childUuid(UUID, "all", 1, 0),
      childUuid(UUID, "all", 2, 1),
    ]);
  });
  it("may be given another list by an operator while none has succeeded", () => {
    const spec = given({
      edges: { p: [], all: ["p"] },
      calls: { all: "manager.each" },
      steps: { p: { pivot: true }, all: { flow: "child", items: "[1]" } },
    });
    spec.success("p");
    spec.child("all", "failure", { index: 0 });
    spec.action("retry", { step: "all", data: [7, 8] });
    expect(spec.messages().map((m) => m.value.data)).toEqual([7, 8]);
    spec.child("all", "failure", { index: 0, attempt: 2 });
    spec.child("all", "failure", { index: 1, attempt: 2 });
    spec.action("retry", { step: "all", data: "no list" });
    expect(spec.journey.steps.all).toMatchObject({ status: "failed", error: { code: "expression_failed" } });
  });
});

describe("undoing an each", () => {
  it("names with each of its journeys what came out of that one", () => {
    const family = begun([1, 2]);
    family.answer("ship", "success", "one");
    family.answer("ship", "success", null);
    family.answer("last", "failure");
    const told = family.events.filter((e) => e.uuid === UUID && e.type === "undo.dispatched");
    expect(told.map((e) => [e.function, e.data])).toEqual([
      ["rollback/0", "one"],
      ["rollback/1", null],
    ]);
  });
  it("leaves functions of services alone that are called the same", () => {
    const spec = given({ edges: { a: [], b: ["a"] }, negations: { a: ["rollback/0"] } });
    spec.success("a", 7);
    spec.failure("b");
    expect(spec.messages()).toMatchObject([{ value: { function: "rollback/0", data: 7 } }]);
  });
  it("rolls its journeys back in parallel before what came before its step", () => {
    const family = new Family(
      [
        parent(
          {},
          { edges: { a: [], all: ["a"], last: ["all"] }, steps: { all: { flow: "child", items: "input.items" } } },
        ),
        child,
      ],
      { items: [1, 2] },
    );
    family.serve((c) => (c.function === "last" ? "failure" : "success"));
    const order = family.events.filter((e) => e.type === "undo.dispatched").map((e) => e.function);
    expect(order.slice(0, 2)).toEqual(["rollback/0", "rollback/1"]);
    expect(order.at(-1)).toBe("undo_a");
    expect(family.parent.status).toBe("rolled_back");
  });
  it("is stuck where one element is, and can be settled for that element", () => {
    const spec = given(parent({ negationRetry: { maximumAttempts: 1 } }), { items: [1, 2] });
    spec.child("all", "success", { index: 0 });
    spec.child("all", "success", { index: 1 });
    spec.failure("last");
    spec.undone("all", "rollback/0");
    spec.undoFails("all", "rollback/1");
    expect(spec.journey.status).toBe("rollback_failed");
    spec.action("skip", { step: "all", function: "rollback/1" });
    expect(spec.journey.status).toBe("rolled_back");
  });
  it("of one that is irreversible is passed over", () => {
    const family = begun([1], { irreversible: true });
    family.serve((c) => (c.function === "last" ? "failure" : "success"));
    expect(undone(family)).toEqual([]);
  });
  it("runs again from the beginning when the step is run again", () => {
    const family = begun([1, 2]);
    family.serve();
    family.act(UUID, "rerun", { step: "all" });
    family.serve();
    expect(family.parent).toMatchObject({ status: "completed", steps: { all: { attempts: 2 } } });
    expect(family.children.map((journey) => journey.status)).toEqual([
      "rolled_back",
      "rolled_back",
      "completed",
      "completed",
    ]);
  });
});

describe("a rollback while an each is under way", () => {
  const beside = (settings: Record<string, unknown> = {}, more: Partial<FlowSketch> = {}) =>
    new Family(
      [
        {
          name: "parent",
          edges: { all: [], x: [] },
          calls: { all: "manager.each" },
          steps: { all: { flow: "child", items: "input.items", concurrency: 2, ...settings } },
          ...more,
        },
        child,
      ],
      { items: [1, 2, 3, 4] },
    );
  it("starts no more elements, cancels those that run, and undoes what had succeeded", () => {
    const family = beside();
    family.answer("ship");
    family.answer("x", "failure");
    expect(elementsOf(family)).toEqual(["succeeded", "running", "running", "waiting"]);
    expect(family.children.map((journey) => journey.status)).toEqual(["completed", "rolling_back", "rolling_back"]);
    family.serve();
    expect(elementsOf(family)).toEqual(["succeeded", "failed", "failed", "waiting"]);
    expect(undone(family)).toEqual(["rollback/0"]);
    expect(family.parent).toMatchObject({ status: "rolled_back", steps: { all: { status: "undone" } } });
  });
  it("that finds all running ones done says that the rest was stopped", () => {
    const family = beside();
    family.answer("ship");
    family.act(UUID, "pause");
    family.answer("ship");
    family.answer("ship");
    family.act(UUID, "rollback");
    family.act(UUID, "resume");
    expect(family.parent.steps.all).toMatchObject({ status: "undoing", error: { code: "cancelled" } });
    family.serve();
    expect(family.parent.status).toBe("rolled_back");
  });
  it("that finds nothing begun has nothing to undo", () => {
    const spec = given(
      {
        edges: { all: [] },
        calls: { all: "manager.each" },
        steps: { all: { flow: "c", items: "[1, 2]", concurrency: 1 } },
      },
      {},
    );
    spec.action("pause");
    spec.child("all", "failure", { index: 0 });
    spec.action("rollback");
    spec.action("resume");
    expect(spec.journey).toMatchObject({ status: "rolled_back", steps: { all: { status: "failed" } } });
    expect(spec.journey.steps.all?.error).toMatchObject({ code: "element_failed" });
  });
  it("outside of its set lets it run", () => {
    const family = beside({}, { policy: { scope: "branch" } });
    family.answer("x", "failure");
    family.serve();
    expect(family.parent).toMatchObject({ status: "completed", steps: { all: { status: "succeeded" } } });
  });
});

describe("a journey that doesn't run", () => {
  it("starts no more elements while it is paused, and goes on at the resume", () => {
    const family = begun([1, 2, 3], { concurrency: 1 });
    family.act(UUID, "pause");
    family.answer("ship");
    expect(family.children).toHaveLength(1);
    family.act(UUID, "resume");
    expect(family.children).toHaveLength(2);
    family.serve();
    expect(family.parent.status).toBe("completed");
  });
  it("starts none while it is held, and none when it was terminated", () => {
    const held = new Family(
      [
        {
          name: "parent",
          edges: { p: [], all: ["p"], x: ["p"] },
          calls: { all: "manager.each" },
          steps: { p: { pivot: true }, all: { flow: "child", items: "[1, 2]", concurrency: 1 } },
        },
        child,
      ],
      {},
    );
    held.answer("p");
    held.answer("x", "failure");
    held.answer("ship");
    expect(held.parent.status).toBe("held");
    expect(held.children).toHaveLength(1);
    held.act(UUID, "skip", { step: "x" });
    expect(held.children).toHaveLength(2);
    const over = begun([1, 2], { concurrency: 1 });
    over.act(UUID, "terminate");
    over.answer("ship");
    expect(over.children).toHaveLength(1);
    expect(over.parent).toMatchObject({ status: "terminated", steps: { all: { status: "inprogress" } } });
  });
});

describe("an each that takes too long", () => {
  const late = (onTimeout: string) => {
    const family = new Family(
      [parent({ totalTimeout: "1m", onTimeout }), { ...child, steps: { ship: { timeout: "1h" } } }],
      { items: [1, 2] },
    );
    family.answer("ship");
    family.after(60_000);
    return family;
  };
  it("is of unknown outcome: what succeeded and what still runs is rolled back", () => {
    const family = late("undo");
    expect(undone(family)).toEqual(["rollback/0", "rollback/1"]);
    family.serve();
    expect(family.parent.status).toBe("rolled_back");
    expect(family.children.map((journey) => journey.status)).toEqual(["rolled_back", "rolled_back"]);
  });
  it("with onTimeout ignore is taken as not done, until an element's end says otherwise", () => {
    const family = new Family(
      [parent({ totalTimeout: "1m", onTimeout: "ignore" }), { ...child, steps: { ship: { timeout: "1h" } } }],
      { items: [1, 2, 3] },
    );
    family.after(60_000);
    expect(family.parent.status).toBe("rolled_back");
    family.answer("ship", "failure");
    expect(family.parent.status).toBe("rolled_back");
    family.answer("ship");
    expect(undone(family)).toEqual(["rollback/1", "rollback/2"]);
    family.serve();
    expect(family.parent.status).toBe("rolled_back");
    expect(family.children.map((journey) => journey.status)).toEqual(["rolled_back", "rolled_back", "rolled_back"]);
  });
  it("held can't be run again while elements run", () => {
    const family = late("hold");
    family.act(UUID, "retry", { step: "all" });
    expect(family.events.at(-1)).toMatchObject({ type: "action.refused", error: { code: "action_not_allowed" } });
    family.act(UUID, "complete", { step: "all", output: [1, 2] });
    expect(family.waiting).toContain("last");
  });
  it("completed by hand while elements run is undone with all of them", () => {
    const family = late("hold");
    family.act(UUID, "complete", { step: "all", output: [1, 2] });
    family.act(UUID, "cancel");
    family.answer("last");
    family.serve();
    expect(undone(family)).toEqual(["undo_last", "rollback/0", "rollback/1"]);
    expect(family.parent.status).toBe("rolled_back");
    expect(family.children.map((journey) => journey.status)).toEqual(["rolled_back", "rolled_back"]);
  });
  it("ends with its journey when that is terminated: what still runs is, what has ended is left alone", () => {
    const family = late("hold");
    family.act(UUID, "terminate");
    expect(family.children.map((journey) => journey.status)).toEqual(["completed", "terminated"]);
    expect(family.events.findLast((e) => e.uuid === UUID)).toMatchObject({
      type: "step.late",
      error: { code: "terminated" },
      detail: { effect: false },
    });
    expect(family.events.filter((e) => e.type === "action.refused")).toEqual([]);
    expect(elementsOf(family)).toEqual(["succeeded", "failed"]);
  });
});

describe("an element's end", () => {
  const spec = () => given(parent(), { items: [1, 2] });
  it("comes once", () => {
    const s = spec();
    s.child("all", "success", { index: 0 });
    expect(s.child("all", "success", { index: 0 })).toMatchObject([
      { type: "step.duplicate", reason: "element 0 had ended" },
    ]);
  });
  it("of no element, or of another attempt's, is a duplicate", () => {
    expect(
      spec()
        .child("all", "success", { index: 9 })
        .map((e) => e.type),
    ).toEqual(["step.duplicate"]);
    const s = spec();
    const says = { child: "c", output: 1 };
    expect(
      s.reply({ service: "manager", function: "each", step: "all", status: "success", data: says })[0],
    ).toMatchObject({
      type: "step.duplicate",
      reason: "element -1 had ended",
    });
  });
  it("that crosses its journey's termination is noted, and nothing is undone", () => {
    const s = spec();
    s.action("terminate");
    s.child("all", "success", { index: 0 });
    expect(s.journey.steps.all?.elements?.[0]).toMatchObject({ status: "succeeded" });
    const gone = given(parent({ totalTimeout: "1m", onTimeout: "hold" }), { items: [1, 2] });
    gone.after(60_000);
    gone.action("terminate");
    expect(gone.child("all", "success", { index: 0 })).toMatchObject([
      { type: "step.late", detail: { effect: false } },
    ]);
  });
  it("without an attempt's number is taken for the running one", () => {
    const s = spec();
    const says = { child: "c", index: 0, output: 1 };
    s.reply({ service: "manager", function: "each", step: "all", status: "success", data: says });
    expect(s.journey.steps.all?.elements?.[0]).toMatchObject({ status: "succeeded", output: 1 });
  });
});
