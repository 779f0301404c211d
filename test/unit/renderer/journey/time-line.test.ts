import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { callKey, collectCalls } from "../../../../renderer/journey/calls.ts";
import { timeLine } from "../../../../renderer/journey/time-rows.ts";
import { timeScale } from "../../../../renderer/journey/time-scale.ts";
import { type FlowSketch, given } from "../../../support/journey-spec.ts";

const chain: FlowSketch = {
  edges: { a: [], b: ["a"], c: ["b"] },
  negations: { b: ["unb", "log"] },
  steps: { c: { retry: { maximumAttempts: 3, jitter: 0 } } },
};

function story() {
  const spec = given(chain);
  spec.now += 20;
  spec.success("a");
  spec.now += 30;
  spec.success("b");
  spec.now += 10;
  spec.failure("c");
  spec.nextTimer();
  spec.now += 10;
  spec.failure("c", { retryable: false });
  spec.now += 5;
  spec.undone("b", "log");
  return spec;
}

describe("the calls of a journey", () => {
  it("are its steps and their negations, each with its attempts", () => {
    const calls = collectCalls(story().events);
    const c = calls.get(callKey("c"));
    expect(c?.attempts.map(({ number, outcome }) => [number, outcome])).toEqual([
      [1, "failed"],
      [2, "failed"],
    ]);
    expect(c?.waits).toHaveLength(1);
    expect(c?.attempts[1]?.error?.message).toBe("c broke");
    expect(calls.get(callKey("b", "unb"))?.attempts.map(({ outcome }) => outcome)).toEqual(["open"]);
    expect(calls.get(callKey("b", "log"))?.attempts.map(({ outcome }) => outcome)).toEqual(["succeeded"]);
  });

  it("tell of a late reply at the attempt it belongs to", () => {
    const spec = given({ edges: { a: [] }, steps: { a: { onTimeout: "ignore" } } });
    spec.after(30_000);
    spec.success("a");
    const call = collectCalls(spec.events).get(callKey("a"));
    expect(call?.attempts[0]).toMatchObject({ number: 1, outcome: "timed_out" });
    expect(call?.attempts[0]?.late.map(({ detail }) => detail?.effect)).toEqual([true]);
  });

  it("that couldn't be sent are there, without a command", () => {
    const spec = given({ edges: { a: [] } }, {}, (before) => {
      before.health.svc = "down";
    });
    const attempt = collectCalls(spec.events).get(callKey("a"))?.attempts[0];
    expect([attempt?.outcome, attempt?.sent, attempt?.commandId]).toEqual(["failed", undefined, undefined]);
  });

  it("settled by hand end the attempt that was open, and say so", () => {
    const spec = story();
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      spec.undoFails("b", "unb");
      if (attempt < 3) spec.nextTimer();
    }
    spec.action("skip", { step: "b" });
    const call = collectCalls(spec.events).get(callKey("b", "unb"));
    expect(call?.attempts.map(({ outcome }) => outcome)).toEqual(["failed", "failed", "failed", "by_hand"]);
  });
});

describe("the time line", () => {
  it("has a row for every step in the flow's order, and one for each negation below its step", () => {
    const spec = story();
    const { rows } = timeLine(spec.journey, spec.events, spec.flow, spec.now);
    expect(rows.map(({ step, negation }) => (negation === undefined ? step : `${step} ${negation}`))).toEqual([
      "a",
      "b",
      "b unb",
      "b log",
      "c",
    ]);
    expect(rows.find(({ step }) => step === "c")?.bars).toHaveLength(2);
  });

  it("draws what is under way up to now, and a journey that stands still up to its last event", () => {
    const spec = story();
    const later = spec.now + 5_000;
    const open = timeLine(spec.journey, spec.events, spec.flow, later);
    expect(open.scale.to).toBe(later);
    expect(open.rows.find(({ negation }) => negation === "unb")?.bars[0]?.to).toBe(later);
    spec.undone("b", "unb");
    spec.undone("a");
    expect(timeLine(spec.journey, spec.events, spec.flow, later).scale.to).toBe(spec.now);
  });

  it("marks when it was rolled back and when somebody did something", () => {
    const spec = story();
    spec.action("pause");
    const { rollbacks, marks } = timeLine(spec.journey, spec.events, spec.flow, spec.now);
    expect(rollbacks).toHaveLength(1);
    expect(marks.map(({ actor, did }) => [actor, did])).toEqual([["olga", "paused it"]]);
  });

  it("can be drawn without the flow", () => {
    const spec = story();
    const { rows } = timeLine(spec.journey, spec.events, undefined, spec.now);
    expect(new Set(rows.map(({ step }) => step))).toEqual(new Set(["a", "b", "c"]));
  });
});

describe("the scale of the time line", () => {
  it("draws a night of waiting no longer than what happened around it", () => {
    const night = 8 * 3_600_000;
    const scale = timeScale(
      [0, 100, 100 + night, 200 + night],
      [
        { from: 0, to: 100 },
        { from: 100 + night, to: 200 + night },
      ],
    );
    expect(scale.breaks).toEqual([{ from: 100, to: 100 + night, idle: true }]);
    expect(scale.x(100 + night) - scale.x(100)).toBeLessThan(0.3);
  });

  it("draws a call of minutes among calls of milliseconds so that all can be seen", () => {
    const scale = timeScale([0, 50, 100, 600_100], [{ from: 0, to: 600_100 }]);
    expect(scale.breaks).toEqual([{ from: 100, to: 600_100, idle: false }]);
    expect(scale.x(50)).toBeGreaterThan(0.05);
  });

  it("leads from any share of the width to a time and back, and never backwards", () => {
    const moments = fc.array(fc.integer({ min: 0, max: 10_000_000 }), { minLength: 1, maxLength: 40 });
    const spans = fc.array(fc.tuple(fc.integer({ min: 0, max: 10_000_000 }), fc.integer({ min: 0, max: 100_000 })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(moments, spans, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (times, busy, shares) => {
        const scale = timeScale(
          times,
          busy.map(([from, length]) => ({ from, to: from + length })),
        );
        let before = Number.NEGATIVE_INFINITY;
        for (const time of [...times].sort((a, b) => a - b)) {
          const x = scale.x(time);
          expect(x).toBeGreaterThanOrEqual(Math.max(0, before));
          expect(x).toBeLessThanOrEqual(1);
          before = x;
        }
        if (scale.from === scale.to) return;
        for (const share of shares) expect(scale.x(scale.time(share))).toBeCloseTo(share, 6);
      }),
    );
  });
});
