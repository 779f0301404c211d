/** design.md section 3, "Clocks". */
import { describe, expect, it } from "vitest";
import { dueCalls, nextDue } from "../../../engine/core/clocks.ts";
import { given, UUID } from "../../support/journey-spec.ts";

const one = (settings: Record<string, unknown>, policy: Record<string, unknown> = {}) =>
  given({ edges: { a: [], b: ["a"] }, steps: { a: settings }, policy });
const dueIn = (spec: ReturnType<typeof given>) => (nextDue(spec.journey) ?? Number.NaN) - spec.now;

describe("an attempt's clock", () => {
  it("runs from the dispatch, 30 s by default", () => {
    const spec = one({});
    expect(dueIn(spec)).toBe(30_000);
    expect(spec.after(29_999)).toEqual([]);
    spec.after(1);
    expect(spec.journey.steps.a).toMatchObject({ error: { code: "timeout", message: "no reply in time" } });
    expect(spec.journey.steps.a?.status).toBe("undoing");
  });
  it("is the step's own, else the policy's", () => {
    expect(dueIn(one({ timeout: "5s" }, { timeout: "7s" }))).toBe(5_000);
    expect(dueIn(one({}, { timeout: "7s" }))).toBe(7_000);
  });
  it("ends with the first inprogress; from then on silence counts, as long as the timeout by default", () => {
    const spec = one({ timeout: "10s" });
    spec.after(9_000);
    spec.inprogress("a");
    expect(dueIn(spec)).toBe(10_000);
    spec.after(9_000);
    spec.inprogress("a");
    expect(dueIn(spec)).toBe(10_000);
    spec.after(10_000);
    expect(spec.journey.steps.a?.error).toEqual({
      code: "timeout",
      message: "in progress, then silent for too long",
    });
  });
  it("of silence may have a length of its own", () => {
    const spec = one({ timeout: "10s", inprogressTimeout: "2m" });
    spec.inprogress("a");
    expect(dueIn(spec)).toBe(120_000);
  });
  it("is stopped by a success", () => {
    const spec = given({ edges: { a: [], b: [] }, steps: { a: { timeout: "1s" } } });
    spec.success("a");
    expect(dueIn(spec)).toBe(30_000);
  });
});

describe("the total timeout", () => {
  it("bounds all attempts together", () => {
    const retry = { maximumAttempts: 10, initialInterval: "10s", jitter: 0, backoffCoefficient: 1 };
    const spec = one({ timeout: "20s", totalTimeout: "45s", retry });
    spec.after(20_000);
    spec.nextTimer();
    expect(spec.calls()).toEqual(["a.a#2"]);
    expect(dueIn(spec)).toBe(15_000);
    spec.nextTimer();
    expect(spec.journey.steps.a).toMatchObject({ attempts: 2, error: { code: "timeout" } });
    expect(spec.journey.status).toBe("rolling_back");
  });
  it("bounds progress too", () => {
    const spec = one({ timeout: "10s", totalTimeout: "25s" });
    const dues: number[] = [];
    for (let at = 0; at < 24_000; at += 8_000) {
      spec.inprogress("a");
      dues.push(dueIn(spec));
      spec.after(8_000);
    }
    expect(dues).toEqual([10_000, 10_000, 9_000]);
    spec.after(1_000);
    expect(spec.codes("step.timed_out")).toEqual(["timeout"]);
  });
  it("grants no retry that would only be sent after it", () => {
    const spec = one({ totalTimeout: "15s", retry: { maximumAttempts: 5, initialInterval: "20s", jitter: 0 } });
    spec.failure("a");
    expect(spec.statuses().a).toBe("failed");
  });
  it("a retry whose timer fires after the total timeout isn't sent any more: the step has timed out", () => {
    const retry = { maximumAttempts: 3, initialInterval: "5s", jitter: 0 };
    const spec = one({ timeout: "10s", totalTimeout: "30s", retry });
    spec.after(10_000);
    expect(spec.last().type).toBe("step.retry_scheduled");
    spec.after(60_000);
    expect(spec.events.filter((e) => e.type === "step.dispatched")).toHaveLength(1);
    expect(spec.events.find((e) => e.type === "step.timed_out" && e.attempt === undefined)?.error).toMatchObject({
      code: "timeout",
      message: "the total timeout had passed before the next attempt could be sent",
    });
  });
  it("begins anew with an operator's retry", () => {
    const spec = given({ edges: { p: [], b: ["p"] }, steps: { p: { pivot: true }, b: { totalTimeout: "15s" } } });
    spec.success("p");
    spec.after(15_000);
    spec.action("retry", { step: "b" });
    expect(dueIn(spec)).toBe(15_000);
  });
  it.each(["approve", "journey", "each"])("bounds the built-in step %s too", (kind) => {
    const more = kind === "approve" ? {} : { flow: "child", items: kind === "each" ? "[1]" : undefined };
    const settings = JSON.parse(JSON.stringify({ totalTimeout: "1h", ...more }));
    const spec = given({ edges: { a: [] }, calls: { a: `manager.${kind}` }, steps: { a: settings } });
    expect(dueIn(spec)).toBe(3_600_000);
    spec.after(3_600_000);
    expect(spec.events.find((e) => e.type === "step.timed_out")).toMatchObject({
      step: "a",
      error: { code: "timeout" },
    });
  });
});

describe("a long step in progress", () => {
  it("is asked again with exponential backoff when it falls silent, and given up on after the last attempt", () => {
    const spec = one({ timeout: "10s", retry: { maximumAttempts: 3, jitter: 0 } });
    const waits: number[] = [];
    for (const attempt of [1, 2]) {
      spec.inprogress("a");
      spec.after(10_000);
      waits.push(dueIn(spec));
      spec.nextTimer();
      expect(spec.calls()).toEqual([`a.a#${attempt + 1}`]);
    }
    expect(waits).toEqual([1_000, 2_000]);
    spec.reply({ function: "a", step: "a", attempt: 3, status: "inprogress" });
    spec.after(10_000);
    expect(spec.journey.status).toBe("rolling_back");
    expect(spec.codes("rollback.started")).toEqual(["timeout"]);
  });
});

describe("the deadline", () => {
  it("rolls the journey back, and says so", () => {
    const spec = given({ edges: { a: [], b: ["a"] }, policy: { deadline: "10s" } });
    spec.success("a");
    spec.after(10_000);
    expect(spec.events.find((e) => e.type === "rollback.started")).toMatchObject({
      reason: "deadline exceeded",
      error: { code: "deadline_exceeded" },
      detail: { trigger: "deadline", scope: "journey" },
    });
    spec.failure("b");
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("counts from the start, through retries and holds", () => {
    const spec = given({ edges: { a: [] }, steps: { a: { onTimeout: "hold" } }, policy: { deadline: "1m" } });
    spec.after(30_000);
    expect(spec.journey.status).toBe("held");
    expect(dueIn(spec)).toBe(30_000);
    spec.after(30_000);
    expect(spec.journey).toMatchObject({
      status: "held",
      held: { kind: "unknown" },
      rollback: { trigger: "deadline" },
    });
  });
  it("is over with the journey, and with a rollback", () => {
    const done = given({ edges: { a: [] }, policy: { deadline: "1m" } });
    done.success("a");
    expect(nextDue(done.journey)).toBeUndefined();
    expect(done.after(60_000)).toEqual([]);
    const back = given({ edges: { a: [], b: ["a"] }, policy: { deadline: "1m" } });
    back.success("a");
    back.failure("b");
    expect(back.after(61_000).map((e) => e.type)).not.toContain("rollback.joined");
  });
  it("still bounds what goes on while a branch is undone: then all is undone", () => {
    const spec = given({
      edges: { a: [], b1: ["a"], b2: ["b1"], c: ["a"] },
      steps: { c: { timeout: "1h" }, b1: { negationTimeout: "1h" } },
      policy: { scope: "branch", deadline: "1m" },
    });
    spec.success("a");
    spec.success("b1");
    spec.failure("b2");
    expect(spec.journey.rollback).toMatchObject({ scope: "branch" });
    spec.after(60_000);
    expect(spec.last()).toMatchObject({ type: "rollback.joined", detail: { scope: "journey" } });
  });
  it("of a journey that was completed in time doesn't count when it is rolled back by hand later", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["a"] }, policy: { deadline: "1m" } });
    for (const step of ["a", "b", "c"]) spec.success(step);
    spec.now += 86_400_000;
    spec.action("rollback", { scope: "branch", step: "b", include: "attempted" });
    expect(nextDue(spec.journey)).toBe(spec.now + 30_000);
    expect(spec.after(1)).toEqual([]);
  });
});

describe("a pause", () => {
  it("stops every clock, and the time of the pause doesn't count", () => {
    const spec = given({ edges: { a: [] }, policy: { deadline: "1m" } });
    spec.after(10_000);
    spec.action("pause");
    expect(nextDue(spec.journey)).toBeUndefined();
    expect(spec.after(3_600_000)).toEqual([]);
    spec.action("resume");
    expect(dueIn(spec)).toBe(20_000);
    spec.success("a");
    expect(spec.journey.status).toBe("completed");
  });
  it("moves the deadline, retries, total timeouts and negations with it", () => {
    const retry = { maximumAttempts: 3, initialInterval: "10s", jitter: 0 };
    const spec = given({
      edges: { a: [], b: [] },
      steps: { a: { retry, totalTimeout: "1m" }, b: { timeout: "5m" } },
      policy: { deadline: "2m" },
    });
    spec.failure("a");
    const before = spec.journey;
    spec.action("pause");
    spec.now += 1_000;
    spec.action("resume");
    expect(spec.journey.deadlineAt).toBe((before.deadlineAt ?? 0) + 1_000);
    expect(spec.journey.steps.a?.retryAt).toBe((before.steps.a?.retryAt ?? 0) + 1_000);
    expect(spec.journey.steps.a?.totalDueAt).toBe((before.steps.a?.totalDueAt ?? 0) + 1_000);
    const undoing = given({ edges: { a: [], b: ["a"] } });
    undoing.success("a");
    undoing.failure("b");
    undoing.action("pause");
    undoing.now += 1_000;
    undoing.action("resume");
    expect(dueIn(undoing)).toBe(30_000);
  });
  it("gives what comes while it lasts its full time at the end: progress, and a retry's wait", () => {
    const spec = given({ edges: { a: [], b: [] }, steps: { b: { retry: { maximumAttempts: 2, jitter: 0 } } } });
    spec.action("pause");
    spec.now += 100_000;
    spec.inprogress("a");
    spec.failure("b");
    spec.now += 100_000;
    spec.action("resume");
    expect((spec.journey.steps.a?.dueAt ?? 0) - spec.now).toBe(30_000);
    expect((spec.journey.steps.b?.retryAt ?? 0) - spec.now).toBe(1_000);
  });
  it("doesn't move a moment of the calendar that a wait is for", () => {
    const until = "2026-11-22T05:00:00Z";
    const spec = given({ edges: { w: [] }, calls: { w: "manager.wait" }, steps: { w: { until } } });
    spec.action("pause");
    spec.now += 60_000;
    spec.action("resume");
    expect(nextDue(spec.journey)).toBe(Date.parse(until));
  });
});

describe("a timer", () => {
  it("that fires early, or twice, does nothing", () => {
    const spec = one({});
    expect(spec.input({ kind: "timer" })).toEqual([]);
    spec.after(30_000);
    expect(spec.input({ kind: "timer" })).toEqual([]);
  });
  it("ends only clocks that didn't stand still: a holding service's calls, and a deadline while nobody was there", () => {
    const spec = given({ edges: { a: [], b: [] }, policy: { deadline: "20s" } });
    spec.now += 30_000;
    const id = `${UUID}/a/1`;
    expect(dueCalls(spec.journey, spec.now)).toMatchObject([
      { step: "a", service: "svc", id, isUnheard: true, clockAt: spec.now - 30_000, dueAt: spec.now },
      { id: `${UUID}/b/1` },
    ]);
    spec.input({ kind: "timer", frozen: { calls: [id], deadline: true } });
    expect(spec.statuses()).toMatchObject({ a: "dispatched", b: "undoing" });
  });
  it("is asked of the manager for the clock of the last progress, and for negations", () => {
    const spec = given({ edges: { a: [], b: ["a"] } });
    spec.now += 5_000;
    spec.inprogress("a");
    expect(dueCalls(spec.journey, spec.now + 30_000)).toMatchObject([{ isUnheard: false, clockAt: spec.now }]);
    expect(dueCalls(spec.journey, spec.now + 29_999)).toEqual([]);
    spec.success("a");
    spec.failure("b");
    expect(dueCalls(spec.journey, spec.now + 30_000)).toMatchObject([{ id: `${UUID}/a/undo/undo_a/1` }]);
  });
  it("is none for a step that has no clock", () => {
    const spec = given({ edges: { a: [] }, calls: { a: "manager.approve" } });
    expect(nextDue(spec.journey)).toBeUndefined();
    expect(dueCalls(spec.journey, Number.MAX_SAFE_INTEGER)).toEqual([]);
    expect(spec.after(1e9)).toEqual([]);
  });
});
