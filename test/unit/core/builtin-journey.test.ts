/** design.md section 3, "Built-in steps": journey. */
import { describe, expect, it } from "vitest";
import { childUuid } from "../../../engine/core/journey-ids.ts";
import { Family } from "../../support/family.ts";
import { type FlowSketch, given, UUID } from "../../support/journey-spec.ts";

const child: FlowSketch = { name: "child", edges: { pay: [], book: ["pay"] } };
const parentOf = (settings: Record<string, unknown> = {}, more: Partial<FlowSketch> = {}): FlowSketch => ({
  name: "parent",
  edges: { a: [], sub: ["a"], last: ["sub"] },
  calls: { sub: "manager.journey" },
  steps: { sub: { flow: "child", ...settings } },
  ...more,
});
const begun = (settings: Record<string, unknown> = {}, more: Partial<FlowSketch> = {}) => {
  const family = new Family([parentOf(settings, more), child]);
  family.answer("a", "success", { n: 1 });
  return family;
};
const statusOf = (family: Family) => [family.parent.status, family.children.map((journey) => journey.status)];

describe("a sub-journey", () => {
  it("is another flow with the step's data as input, and its output is the step's", () => {
    const family = begun();
    expect(family.children[0]).toMatchObject({ name: "child", input: { n: 1 }, parent: { uuid: UUID, step: "sub" } });
    family.answer("pay");
    family.answer("book", "success", { receipt: 7 });
    expect(family.parent.steps.sub).toMatchObject({ status: "succeeded", output: { receipt: 7 } });
    expect(family.commands).toMatchObject([{ function: "last", data: { receipt: 7 } }]);
  });
  it("has a uuid made from its parent's and the step", () => {
    expect(begun().children[0]?.uuid).toBe(childUuid(UUID, "sub", 1));
  });
  it("takes the newest version of its flow, or the one the step names", () => {
    const second = { ...child, version: "2", edges: { other: [] } };
    const newest = new Family([parentOf(), child, second]);
    newest.answer("a");
    expect(newest.children[0]?.version).toBe("2");
    const named = new Family([parentOf({ version: "1" }), child, second]);
    named.answer("a");
    expect(named.children[0]?.version).toBe("1");
  });
  it("passes on the trace", () => {
    const spec = given(parentOf(), {}, () => {}, { traceparent: "00-1-2-01" });
    spec.success("a");
    expect(spec.messages()).toMatchObject([{ to: "manager", headers: { traceparent: "00-1-2-01" } }]);
  });
  it("that fails is undone by itself and then fails the step, with its error", () => {
    const family = begun();
    family.answer("pay");
    family.answer("book", "failure");
    expect(family.waiting).toEqual(["undo_pay"]);
    expect(family.parent.steps.sub?.status).toBe("dispatched");
    family.answer("undo_pay");
    expect(family.parent).toMatchObject({ status: "rolling_back", error: { message: "book broke" } });
    family.serve();
    expect(statusOf(family)).toEqual(["rolled_back", ["rolled_back"]]);
    expect(family.events.filter((e) => e.type === "undo.dispatched").map((e) => e.function)).toEqual([
      "undo_pay",
      "undo_a",
    ]);
  });
  it("that fails is run again, as a journey of its own, as often as the step's retry says", () => {
    const family = begun({ retry: { maximumAttempts: 2, jitter: 0 } });
    family.answer("pay", "failure");
    family.after(1_000);
    expect(family.children.map((journey) => journey.uuid)).toEqual([
      childUuid(UUID, "sub", 1),
      childUuid(UUID, "sub", 2),
    ]);
    family.serve();
    expect(statusOf(family)).toEqual(["completed", ["rolled_back", "completed"]]);
  });
  it("that an operator cancelled or terminated is not run again by itself", () => {
    for (const action of ["cancel", "terminate"]) {
      const family = begun({ retry: { maximumAttempts: 3 } });
      family.act(family.children[0]!.uuid, action);
      if (action === "cancel") family.answer("pay", "failure");
      expect(family.parent.steps.sub).toMatchObject({ status: "failed", error: { retryable: false } });
      expect(family.parent.status).toBe("rolling_back");
    }
  });
  it("of a flow that isn't published fails the step", () => {
    const family = new Family([parentOf()]);
    family.answer("a");
    expect(family.parent.steps.sub).toMatchObject({ status: "failed", error: { code: "unknown_flow" } });
  });
  it("may itself run journeys, but not without end", () => {
    const family = new Family([
      { name: "self", edges: { sub: [] }, calls: { sub: "manager.journey" }, steps: { sub: { flow: "self" } } },
    ]);
    expect(family.journeys.size).toBe(21);
    expect(family.children.at(-1)?.error).toMatchObject({ code: "too_deep", retryable: false });
    expect(family.parent).toMatchObject({ status: "rolled_back", error: { code: "too_deep" } });
  });
});

describe("undoing a sub-journey", () => {
  it("rolls it back before what came before its step", () => {
    const family = begun();
    family.serve((command) => (command.function === "last" ? "failure" : "success"));
    expect(statusOf(family)).toEqual(["rolled_back", ["rolled_back"]]);
    const undone = family.events.filter((e) => e.type === "undo.dispatched").map((e) => `${e.service}.${e.function}`);
    expect(undone).toEqual(["manager.rollback", "svc.undo_book", "svc.undo_pay", "svc.undo_a"]);
    expect(family.children[0]?.rollback).toMatchObject({ actor: "manager", reason: `undo of ${UUID} sub` });
  });
  it("has no clock of its own, and waits while the child is stuck: that is loud itself", () => {
    const family = new Family([parentOf(), { ...child, steps: { book: { negationRetry: { maximumAttempts: 1 } } } }]);
    family.serve((c) => (c.function === "last" ? "failure" : c.function === "undo_book" ? "failure" : "success"));
    expect(statusOf(family)).toEqual(["rolling_back", ["rollback_failed"]]);
    family.after(86_400_000);
    expect(family.parent.steps.sub?.undo?.rollback?.status).toBe("dispatched");
    family.act(family.children[0]!.uuid, "skip", { step: "book" });
    family.serve();
    expect(statusOf(family)).toEqual(["rolled_back", ["rolled_back"]]);
  });
  it("finds nothing left to do where somebody has rolled it back before", () => {
    const family = begun();
    family.answer("pay");
    family.answer("book");
    family.act(family.children[0]!.uuid, "rollback");
    family.answer("undo_book");
    family.answer("undo_pay");
    expect(statusOf(family)).toEqual(["running", ["rolled_back"]]);
    family.answer("last", "failure");
    expect(family.waiting).toEqual(["undo_a"]);
  });
  it("is forced over the child's pivot: the parent's rollback has been decided on", () => {
    const family = new Family([parentOf(), { ...child, steps: { pay: { pivot: true } } }]);
    family.serve((c) => (c.function === "last" ? "failure" : "success"));
    expect(statusOf(family)).toEqual(["rolled_back", ["rolled_back"]]);
  });
  it("that is terminated meanwhile is a negation that failed, and can be marked as done by hand", () => {
    const family = new Family([parentOf({ negationRetry: { maximumAttempts: 1 } }), child]);
    family.serve((c) => (c.function === "last" ? "failure" : c.function === "undo_book" ? "silence" : "success"));
    family.act(family.children[0]!.uuid, "terminate");
    expect(family.parent).toMatchObject({ status: "rollback_failed" });
    expect(family.parent.steps.sub?.undo?.rollback?.error).toMatchObject({ code: "terminated" });
    family.act(UUID, "retry", { step: "sub" });
    expect(family.parent.steps.sub?.undo?.rollback).toMatchObject({
      status: "failed",
      attempts: 2,
      error: { code: "action_not_allowed" },
    });
    family.act(UUID, "skip", { step: "sub" });
    family.serve();
    expect(family.parent.status).toBe("rolled_back");
  });
  it("tried again after a refusal is answered to the attempt that asked", () => {
    const family = begun({ negationRetry: { maximumAttempts: 1 } });
    family.answer("pay");
    family.answer("book");
    const lost = family.children[0]!;
    family.journeys.delete(lost.uuid);
    family.answer("last", "failure");
    expect(family.parent.steps.sub?.undo?.rollback).toMatchObject({ status: "failed", attempts: 1 });
    family.journeys.set(lost.uuid, lost);
    family.act(UUID, "retry", { step: "sub" });
    family.serve();
    expect(family.parent.status).toBe("rolled_back");
  });
  it("of an irreversible step is passed over", () => {
    const family = begun({ irreversible: true });
    family.serve((c) => (c.function === "last" ? "failure" : "success"));
    expect(statusOf(family)).toEqual(["rolled_back", ["completed"]]);
  });
});

describe("a rollback while a sub-journey is under way", () => {
  const beside = (steps: FlowSketch["steps"] = {}) => {
    const family = new Family([
      {
        name: "parent",
        edges: { a: [], sub: ["a"], x: ["a"] },
        calls: { sub: "manager.journey" },
        steps: { sub: { flow: "child" } },
      },
      { ...child, steps },
    ]);
    family.answer("a");
    family.answer("pay");
    return family;
  };
  it("cancels it, waits for its end, and then goes on", () => {
    const family = beside();
    family.answer("x", "failure");
    expect(family.children[0]).toMatchObject({
      status: "rolling_back",
      rollback: { trigger: "cancel", actor: "manager", reason: `rollback of ${UUID}` },
    });
    expect(family.parent.steps.sub).toMatchObject({ status: "inprogress", stopping: true });
    expect(family.waiting).toEqual(["book"]);
    family.answer("book");
    family.serve();
    expect(statusOf(family)).toEqual(["rolled_back", ["rolled_back"]]);
    const undone = family.events.filter((e) => e.type === "undo.dispatched").map((e) => e.function);
    expect(undone).toEqual(["undo_book", "undo_pay", "undo_a"]);
  });
  it("lets one past its pivot run to its end, and rolls it back by force then", () => {
    const family = beside({ pay: { pivot: true } });
    family.answer("x", "failure");
    expect(family.children[0]?.status).toBe("running");
    family.answer("book");
    expect(family.children[0]?.status).toBe("rolling_back");
    family.serve();
    expect(statusOf(family)).toEqual(["rolled_back", ["rolled_back"]]);
  });
  it("stops what only waits in it", () => {
    const family = new Family([
      {
        name: "parent",
        edges: { sub: [], x: [] },
        calls: { sub: "manager.journey" },
        steps: { sub: { flow: "child" } },
      },
      { name: "child", edges: { ok: [] }, calls: { ok: "manager.approve" } },
    ]);
    family.answer("x", "failure");
    expect(statusOf(family)).toEqual(["rolled_back", ["rolled_back"]]);
  });
  it("outside of the rollback's set lets it run", () => {
    const family = new Family([
      {
        name: "parent",
        edges: { a: [], sub: ["a"], x: ["a"], y: ["x"] },
        calls: { sub: "manager.journey" },
        steps: { sub: { flow: "child" } },
        policy: { scope: "branch" },
      },
      child,
    ]);
    family.answer("a");
    family.answer("x");
    family.answer("y", "failure");
    family.serve();
    expect(statusOf(family)).toEqual(["completed", ["completed"]]);
  });
  it("asked for during a pause is told to it at the resume", () => {
    const family = beside();
    family.act(UUID, "pause");
    family.act(UUID, "rollback");
    expect(family.children[0]?.status).toBe("running");
    family.act(UUID, "resume");
    expect(family.children[0]?.status).toBe("rolling_back");
  });
});

describe("a journey that is terminated", () => {
  const told = (family: Family) => family.events.filter((e) => e.type === "journey.terminated" && e.uuid !== UUID);

  it("ends what it runs, and what that runs, by the same operator's word", () => {
    const family = new Family([
      parentOf({ flow: "middle" }),
      {
        name: "middle",
        edges: { under: [] },
        calls: { under: "manager.journey" },
        steps: { under: { flow: "child" } },
      },
      child,
    ]);
    family.answer("a");
    family.act(UUID, "terminate", { reason: "enough" });
    expect(statusOf(family)).toEqual(["terminated", ["terminated", "terminated"]]);
    const [middle, lowest] = family.children.map((journey) => journey.uuid);
    expect(told(family)).toMatchObject([
      {
        uuid: middle,
        actor: "olga",
        id: `${UUID}/sub/terminate`,
        reason: `terminated with ${UUID}, which ran it: enough`,
      },
      { uuid: lowest, actor: "olga", id: `${middle}/under/terminate` },
    ]);
    family.serve();
    expect(family.events.filter((e) => e.type.startsWith("undo."))).toEqual([]);
  });
  it("without a reason tells that it was", () => {
    const family = begun();
    family.act(UUID, "terminate", { reason: "" });
    expect(told(family)).toMatchObject([{ reason: `terminated with ${UUID}, which ran it` }]);
  });
  it("leaves alone what has ended", () => {
    const family = begun();
    family.answer("pay");
    family.answer("book");
    family.act(UUID, "terminate");
    expect(statusOf(family)).toEqual(["terminated", ["completed"]]);
    expect(family.events.filter((e) => e.type === "action.refused")).toEqual([]);
  });
  it("ends the rollbacks that it has asked for", () => {
    const family = begun();
    family.serve((c) => (c.function === "last" ? "failure" : c.function === "undo_book" ? "silence" : "success"));
    expect(statusOf(family)).toEqual(["rolling_back", ["rolling_back"]]);
    family.act(UUID, "terminate");
    expect(statusOf(family)).toEqual(["terminated", ["terminated"]]);
    expect(family.parent.steps.sub?.undo?.rollback).toMatchObject({
      status: "failed",
      error: { code: "terminated" },
    });
  });
  it("tells one that was undone blindly while it ran once", () => {
    const family = new Family([
      parentOf({ totalTimeout: "1m" }),
      { ...child, steps: { pay: { timeout: "1h" }, book: { timeout: "1h" } } },
    ]);
    family.answer("a");
    family.after(60_000);
    family.act(UUID, "terminate");
    expect(statusOf(family)).toEqual(["terminated", ["terminated"]]);
    expect(told(family)).toHaveLength(1);
    expect(family.events.filter((e) => e.type === "action.refused")).toEqual([]);
  });
});

describe("a sub-journey that takes too long", () => {
  const late = (onTimeout: string) => {
    const family = new Family([
      parentOf({ totalTimeout: "1m", onTimeout }),
      { ...child, steps: { pay: { timeout: "1h" }, book: { timeout: "1h" } } },
    ]);
    family.answer("a");
    family.after(60_000);
    return family;
  };
  it("is of unknown outcome: it is rolled back", () => {
    const family = late("undo");
    expect(family.parent.steps.sub?.status).toBe("undoing");
    expect(family.children[0]?.status).toBe("rolling_back");
    family.serve();
    expect(statusOf(family)).toEqual(["rolled_back", ["rolled_back"]]);
  });
  it("and completes nevertheless is rolled back then", () => {
    const family = late("ignore");
    expect(family.waiting).toEqual(["pay", "undo_a"]);
    family.answer("undo_a");
    expect(family.parent.status).toBe("rolled_back");
    family.serve();
    expect(statusOf(family)).toEqual(["rolled_back", ["rolled_back"]]);
    expect(family.events.filter((e) => e.uuid === UUID).map((e) => e.type)).toContain("journey.reopened");
  });
  it("holds the journey where that is asked; it can't be run again beside itself", () => {
    const family = late("hold");
    expect(family.parent.status).toBe("held");
    family.act(UUID, "retry", { step: "sub" });
    expect(family.parent.steps.sub).toMatchObject({ status: "timed_out", attempts: 1 });
    expect(family.events.at(-1)).toMatchObject({ type: "action.refused", error: { code: "action_not_allowed" } });
    family.serve();
    expect(statusOf(family)).toEqual(["completed", ["completed"]]);
  });
});

describe("what answers a sub-journey's step", () => {
  it("is its journey's end and nothing else", () => {
    const spec = given(parentOf());
    spec.success("a");
    const say = (data: unknown) => () =>
      spec.reply({ service: "manager", function: "journey", step: "sub", status: "success", data });
    expect(say(null)).toThrow("sub runs journeys: only their ends answer it");
    expect(say({ output: 1 })).toThrow("only their ends");
    spec.child("sub", "success", { output: 7 });
    expect(spec.messages()[0]?.value).toMatchObject({ function: "last", data: 7 });
  });
  it("comes once: its end told again is a duplicate", () => {
    const spec = given(parentOf());
    spec.success("a");
    spec.child("sub", "success", { output: 7 });
    expect(spec.child("sub", "success", { output: 7 }).map((e) => e.type)).toEqual(["step.duplicate"]);
  });
});

describe("a journey that nobody else runs", () => {
  it("tells nobody of its end", () => {
    const spec = given({ edges: { a: [] } });
    spec.success("a");
    expect(spec.messages()).toEqual([]);
    spec.action("rollback");
    spec.undone("a");
    expect(spec.messages()).toEqual([]);
  });
  it("that is one of another's tells it nothing of refusals that don't concern it", () => {
    const spec = given({ edges: { a: [] } }, {}, () => {}, { parent: { uuid: "p", step: "s" } });
    spec.action("resume");
    expect(spec.messages()).toEqual([]);
    spec.action("rollback", { scope: "to", to: "a" });
    spec.success("a");
    expect(spec.messages()).toEqual([]);
  });
});
