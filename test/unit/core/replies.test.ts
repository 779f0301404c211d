/** design.md section 3, "Replies", and section 2: how replies are matched. */
import { describe, expect, it } from "vitest";
import { given } from "../../support/journey-spec.ts";

const chain = { edges: { a: [], b: ["a"] } };
const tries = (n: number) => ({ a: { retry: { maximumAttempts: n, jitter: 0 } } });

describe("a reply", () => {
  it("settles an attempt once: what comes after it is a duplicate and changes nothing", () => {
    const spec = given(chain);
    spec.success("a", 1);
    const before = { ...spec.journey, seq: 0 };
    for (const say of [() => spec.success("a", 2), () => spec.failure("a"), () => spec.inprogress("a")]) {
      expect(say().map((e) => e.type)).toEqual(["step.duplicate"]);
    }
    expect({ ...spec.journey, seq: 0 }).toEqual(before);
  });
  it("of a failure is settled too: a success after it is a duplicate", () => {
    const spec = given(chain);
    spec.failure("a", {}, 1);
    expect(spec.success("a", 1, 1).map((e) => e.type)).toEqual(["step.duplicate"]);
    expect(spec.journey.status).toBe("rolled_back");
  });
  it("may come in any number of words before it: progress, then success", () => {
    const spec = given(chain);
    spec.inprogress("a");
    expect(spec.statuses().a).toBe("inprogress");
    spec.inprogress("a");
    spec.success("a");
    expect(spec.sent()).toEqual(["b"]);
  });
  it("without a status that is known never gets here; without an error a failure has a message of its own", () => {
    const say = (data: unknown) => {
      const spec = given(chain);
      spec.reply({ function: "a", status: "failure", data });
      return spec.journey.error;
    };
    expect(say(null)).toEqual({ code: "failed", message: "svc.a failed without saying why" });
    expect(say("no such user")).toEqual({ code: "failed", message: "no such user" });
    expect(say({ message: "no such user" })).toEqual({ code: "failed", message: "no such user" });
    for (const odd of [{ message: 7 }, { user: 1 }, 7]) {
      expect(say(odd)).toEqual({ code: "failed", message: "svc.a failed without saying why" });
    }
  });
  it("has its message cut where it would weigh on every record", () => {
    const spec = given(chain);
    spec.failure("a", { message: "x".repeat(10_000) });
    expect(spec.journey.error?.message).toHaveLength(4_000);
  });
  it("to a terminated journey is recorded and starts nothing", () => {
    const spec = given({ ...chain, steps: tries(3) });
    spec.action("terminate");
    expect(spec.failure("a").map((e) => e.type)).toEqual(["step.failed"]);
    const other = given(chain);
    other.action("terminate");
    expect(other.success("a").map((e) => e.type)).toEqual(["step.succeeded"]);
    expect(other.sent()).toEqual([]);
    expect(other.journey.status).toBe("terminated");
  });
});

describe("with several attempts", () => {
  it("a failure of one given up on is late and can't end the step while another is open", () => {
    const spec = given({ ...chain, steps: tries(2) });
    spec.after(30_000);
    spec.nextTimer();
    expect(spec.failure("a", {}, 1).map((e) => e.type)).toEqual(["step.late"]);
    expect(spec.statuses().a).toBe("dispatched");
    spec.success("a", 1, 2);
    expect(spec.sent()).toEqual(["b"]);
  });
  it("progress of one given up on is late and moves no clock", () => {
    const spec = given({ ...chain, steps: tries(2) });
    spec.after(30_000);
    spec.nextTimer();
    const due = spec.journey.steps.a?.dueAt;
    expect(spec.reply({ function: "a", status: "inprogress", attempt: 1 }).map((e) => e.type)).toEqual(["step.late"]);
    expect(spec.journey.steps.a?.dueAt).toBe(due);
  });
  it("a success of an earlier one settles the step while a later one is open, or between two", () => {
    const open = given({ ...chain, steps: tries(2) });
    open.after(30_000);
    open.nextTimer();
    open.success("a", "first", 1);
    expect(open.messages()[0]?.value).toMatchObject({ function: "b", data: "first" });
    expect(open.success("a", "second", 2).map((e) => e.type)).toEqual(["step.duplicate"]);
    const between = given({ ...chain, steps: tries(2) });
    between.after(30_000);
    between.success("a", "first", 1);
    expect(between.sent()).toEqual(["b"]);
    expect(between.nextTimer().map((e) => e.type)).toContain("step.timed_out");
  });
});

describe("a reply is matched", () => {
  const twice = { edges: { a: [], b: [], c: ["a", "b"] }, calls: { a: "svc.call", b: "svc.call" } };
  it("by its step and attempt", () => {
    const spec = given(twice);
    spec.reply({ function: "call", step: "b", attempt: 1, status: "success", data: 2 });
    expect(spec.statuses()).toMatchObject({ a: "dispatched", b: "succeeded" });
  });
  it("by its step alone, to the oldest attempt without a reply, also one whose clock ran out", () => {
    const spec = given({ ...chain, steps: tries(2) });
    spec.after(30_000);
    spec.nextTimer();
    spec.reply({ function: "a", step: "a", status: "failure" });
    expect(spec.last()).toMatchObject({ type: "step.late", attempt: 1 });
    spec.reply({ function: "a", step: "a", status: "success" });
    expect(spec.events.at(-2)).toMatchObject({ type: "step.succeeded", attempt: 2 });
  });
  it("as progress without an attempt, to one that is still waited for", () => {
    const spec = given({ ...chain, steps: tries(2) });
    spec.after(30_000);
    spec.nextTimer();
    spec.reply({ function: "a", status: "inprogress" });
    expect(spec.last()).toMatchObject({ type: "step.progressed", attempt: 2 });
    spec.after(30_000);
    spec.reply({ function: "a", status: "inprogress" });
    expect(spec.last()).toMatchObject({ type: "step.late", attempt: 1 });
  });
  it("else by service and function, to the oldest call that is open", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: [] }, calls: { b: "svc.call", c: "svc.call" } });
    spec.now += 10;
    spec.success("a");
    spec.reply({ function: "call", status: "success" });
    expect(spec.statuses()).toMatchObject({ b: "dispatched", c: "succeeded" });
    spec.reply({ function: "call", status: "success" });
    expect(spec.statuses()).toMatchObject({ b: "succeeded" });
  });
  it("by an attempt without a step, to the oldest of that number", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: [] }, calls: { b: "svc.call", c: "svc.call" } });
    spec.now += 10;
    spec.success("a");
    spec.reply({ function: "call", attempt: 1, status: "success" });
    expect(spec.statuses()).toMatchObject({ b: "dispatched", c: "succeeded" });
  });
  it("to a negation, by its name", () => {
    const spec = given(chain);
    spec.success("a");
    spec.failure("b");
    spec.reply({ function: "undo_a", status: "success" });
    expect(spec.journey.status).toBe("rolled_back");
    expect(spec.reply({ function: "undo_a", status: "success" }).map((e) => e.type)).toEqual(["step.duplicate"]);
  });
  it("to the function or the negation that was asked last, where one function is both", () => {
    const spec = given({
      edges: { a: [], b: ["a"] },
      calls: { a: "svc.toggle" },
      negations: { a: ["toggle"], b: [] },
    });
    spec.reply({ function: "toggle", status: "success" });
    spec.now += 1;
    spec.failure("b");
    spec.reply({ function: "toggle", step: "a", attempt: 1, status: "success" });
    expect(spec.journey.status).toBe("rolled_back");
    expect(spec.reply({ function: "toggle", status: "success" })[0]).toMatchObject({ type: "step.duplicate" });
    expect(spec.last()).toMatchObject({ step: "a", function: "toggle", attempt: 1 });
  });
  it("as a repeat to the call that was made last", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["b"] }, calls: { a: "svc.call", b: "svc.call" } });
    for (const step of ["a", "b"]) {
      spec.success(step);
      spec.now += 1;
    }
    spec.reply({ function: "call", status: "success" });
    expect(spec.last()).toMatchObject({ type: "step.duplicate", step: "b" });
    spec.success("c");
    spec.action("rerun", { step: "b" });
    spec.undone("c");
    spec.undone("b");
    spec.success("b");
    spec.reply({ function: "call", status: "success" });
    expect(spec.last()).toMatchObject({ type: "step.duplicate", step: "b" });
    const again = given({ edges: { a: [], b: [] }, calls: { a: "svc.call", b: "svc.call" } });
    again.success("a");
    again.success("b");
    again.now += 1;
    again.action("rerun", { step: "a" });
    again.undone("a");
    again.success("a");
    expect(again.reply({ function: "call", status: "success" })[0]).toMatchObject({
      type: "step.duplicate",
      step: "a",
    });
    const undone = given({ edges: { a: [], b: ["a"] }, calls: { b: "svc.undo_a" } });
    undone.success("a");
    undone.success("b");
    undone.action("rerun", { step: "a" });
    undone.undone("b");
    undone.undone("a");
    undone.success("a");
    expect(undone.reply({ function: "undo_a", status: "success", attempt: 1 })[0]).toMatchObject({
      type: "step.duplicate",
      step: "b",
    });
  });
  it.each([
    ["a function nobody has asked", { function: "b" }, "no step of this journey has asked svc.b"],
    [
      "a service that is none of the flow's",
      { function: "a", service: "x" },
      "no step of this journey has asked x.a",
    ],
    ["a step it doesn't belong to", { function: "a", step: "b" }, "no step of this journey has asked svc.a as b"],
    ["an attempt that was never sent", { function: "a", attempt: 2 }, "attempt 2 has never been sent"],
    ["a negation that was never sent", { function: "undo_a" }, "has asked svc.undo_a"],
  ])("to nothing where it names %s: that is no reply of this journey", (_what, fields, message) => {
    const spec = given(chain);
    expect(() => spec.reply({ status: "success", ...fields })).toThrow(message);
    expect(() => spec.reply({ status: "success", ...fields })).toThrow(
      expect.objectContaining({ code: "unmatched_reply" }),
    );
  });
  it("to the new run of a step that was set back, unless it names an attempt of the former", () => {
    const spec = given({ ...chain, steps: { a: { onTimeout: "hold" } } });
    spec.after(30_000);
    spec.action("rerun", { step: "a" });
    spec.undone("a");
    expect(spec.calls()).toEqual(["a.a#2"]);
    spec.reply({ function: "a", status: "success" });
    expect(spec.events.at(-2)).toMatchObject({ type: "step.succeeded", attempt: 2 });
  });
  it("to a negation of a former run as a repeat", () => {
    const spec = given(chain);
    spec.success("a");
    spec.success("b");
    spec.action("rerun", { step: "a" });
    spec.undone("b");
    spec.undone("a");
    expect(spec.calls()).toEqual(["a.a#2"]);
    expect(spec.reply({ function: "undo_a", step: "a", status: "success" }).map((e) => e.type)).toEqual([
      "step.duplicate",
    ]);
  });
});
