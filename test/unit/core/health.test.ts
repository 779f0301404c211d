/** design.md section 3, "Health": onServiceDown. */
import { describe, expect, it } from "vitest";
import { nextDue, waitsFor } from "../../../engine/core/clocks.ts";
import { given } from "../../support/journey-spec.ts";

const down = (settings: Record<string, unknown>) =>
  given({ edges: { a: [], b: ["a"] }, steps: { b: settings } }, {}, () => {});
/** a has succeeded while svc was up, then svc went down. */
const atB = (settings: Record<string, unknown>) => {
  const spec = down(settings);
  spec.health.svc = "down";
  spec.success("a");
  return spec;
};

describe("a service that is down", () => {
  it("fails the step without calling it, and without retries", () => {
    const spec = atB({ retry: { maximumAttempts: 5 } });
    expect(spec.journey.steps.b).toMatchObject({ status: "failed", attempts: 0, error: { code: "service_down" } });
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("is called nevertheless with ignore", () => {
    expect(atB({ onServiceDown: "ignore" }).sent()).toEqual(["b"]);
  });
  it("is called when nobody knows: unknown is not down", () => {
    const spec = down({});
    spec.health.svc = "unknown";
    spec.success("a");
    expect(spec.sent()).toEqual(["b"]);
  });
  it("is undone all the same: negations are sent, and wait in its queue", () => {
    const spec = given({ edges: { a: [], b: ["a"] }, calls: { b: "other.b" } });
    spec.success("a");
    spec.health.svc = "down";
    spec.failure("b");
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("is nothing to built-in steps", () => {
    const spec = given({ edges: { w: [] }, calls: { w: "manager.wait" }, steps: { w: { for: "1s" } } }, {}, (s) => {
      s.health.manager = "down";
    });
    expect(spec.statuses().w).toBe("dispatched");
  });
});

describe("onServiceDown wait", () => {
  it("sends nothing any more when the branch that leads to it was undone meanwhile", () => {
    const spec = given(
      {
        edges: { a: [], b: ["a"], y: [], f: ["a", "y"] },
        calls: { b: "far.b" },
        steps: { b: { onServiceDown: "wait" } },
        policy: { scope: "branch" },
      },
      {},
      (s) => {
        s.health.far = "down";
      },
    );
    spec.success("a");
    spec.success("y");
    expect(waitsFor(spec.journey)).toEqual(["far"]);
    spec.failure("f");
    expect(spec.sent().sort()).toEqual(["undo_a", "undo_y"]);
    spec.undone("y");
    expect(spec.statuses().b).toBe("waiting");
    spec.undone("a");
    spec.health.far = "up";
    expect(spec.statuses().b).toBe("skipped");
    expect(spec.events.filter(({ step, type }) => step === "b" && type === "step.dispatched")).toEqual([]);
    expect(spec.journey.status).toBe("completed");
  });
  it("sends nothing and waits until it is up", () => {
    const spec = atB({ onServiceDown: "wait" });
    expect(spec.sent()).toEqual([]);
    expect(spec.last()).toMatchObject({
      type: "step.retry_scheduled",
      step: "b",
      reason: "waits until svc is up",
      detail: { waiting_for: "service" },
    });
    expect(waitsFor(spec.journey)).toEqual(["svc"]);
    expect(spec.after(60_000)).toEqual([]);
    spec.health.svc = "up";
    spec.input({ kind: "timer" });
    expect(spec.calls()).toEqual(["b.b#1"]);
    expect(waitsFor(spec.journey)).toEqual([]);
  });
  it("gives up after the queue timeout: 10 min by default", () => {
    const spec = atB({ onServiceDown: "wait" });
    expect((nextDue(spec.journey) ?? 0) - spec.now).toBe(600_000);
    spec.nextTimer();
    expect(spec.journey.steps.b).toMatchObject({ status: "failed", error: { code: "service_down" } });
    const short = atB({ onServiceDown: "wait", queueTimeout: "5s" });
    short.after(5_000);
    expect(short.codes("step.failed")).toEqual(["service_down"]);
  });
  it("waits before a retry too, within the total timeout", () => {
    const spec = down({ onServiceDown: "wait", retry: { maximumAttempts: 3, jitter: 0 }, totalTimeout: "1m" });
    spec.success("a");
    spec.failure("b");
    spec.health.svc = "down";
    spec.after(1_000);
    expect(spec.statuses().b).toBe("waiting");
    expect((nextDue(spec.journey) ?? 0) - spec.now).toBe(59_000);
    spec.nextTimer();
    expect(spec.journey.steps.b).toMatchObject({ status: "failed", attempts: 1, error: { code: "service_down" } });
  });
  it("is over when the journey rolls back: nothing was sent, so nothing is undone", () => {
    const spec = given({
      edges: { a: [], b: ["a"], c: ["a"] },
      calls: { c: "other.c" },
      steps: { b: { onServiceDown: "wait" } },
    });
    spec.health.svc = "down";
    spec.success("a");
    spec.failure("c");
    expect(spec.statuses().b).toBe("waiting");
    expect(waitsFor(spec.journey)).toEqual([]);
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("keeps the data an operator gave until it is sent", () => {
    const spec = given({ edges: { p: [], b: ["p"] }, steps: { p: { pivot: true }, b: { onServiceDown: "wait" } } });
    spec.success("p");
    spec.failure("b");
    spec.health.svc = "down";
    spec.action("retry", { step: "b", data: { mended: 1 } });
    expect(spec.sent()).toEqual([]);
    spec.health.svc = "up";
    spec.input({ kind: "timer" });
    expect(spec.messages()[0]?.value).toMatchObject({ data: { mended: 1 }, attempt: 2 });
  });
});

describe("a service that goes down while a command is out", () => {
  it("changes nothing: its reply or its clock settles the attempt", () => {
    const spec = given({ edges: { a: [] } });
    spec.health.svc = "down";
    expect(spec.input({ kind: "timer" })).toEqual([]);
    spec.success("a");
    expect(spec.journey.status).toBe("completed");
  });
});
