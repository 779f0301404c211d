/** design.md section 3, "Failure". */
import { describe, expect, it } from "vitest";
import { retryDelayMs } from "../../../engine/core/retries.ts";
import { given } from "../../support/journey-spec.ts";

const flow = (retry: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  edges: { a: [], b: ["a"] },
  steps: { b: { retry, ...more } },
});
const started = (retry: Record<string, unknown>, more: Record<string, unknown> = {}) => {
  const spec = given(flow(retry, more));
  spec.success("a");
  return spec;
};

describe("a failure", () => {
  it("fails fast: one attempt is the default", () => {
    const spec = started({});
    spec.failure("b");
    expect(spec.journey.status).toBe("rolling_back");
    expect(spec.types()).not.toContain("step.retry_scheduled");
  });
  it("is tried again as often as maximumAttempts says, in all", () => {
    const spec = started({ maximumAttempts: 3 });
    for (const attempt of [1, 2]) {
      spec.failure("b");
      expect(spec.statuses().b).toBe("waiting");
      spec.nextTimer();
      expect(spec.calls()).toEqual([`b.b#${attempt + 1}`]);
    }
    spec.failure("b");
    expect(spec.statuses().b).toBe("failed");
    expect(spec.journey.status).toBe("rolling_back");
  });
  it("that says it is not retryable ends the retries", () => {
    const spec = started({ maximumAttempts: 3 });
    spec.failure("b", { retryable: false });
    expect(spec.statuses().b).toBe("failed");
    const other = started({ maximumAttempts: 3 });
    other.failure("b", { retryable: true });
    expect(other.statuses().b).toBe("waiting");
  });
  it("tells how long it waits: 1 s, then twice as long each time, 60 s at most", () => {
    const spec = started({ maximumAttempts: 9, jitter: 0 });
    const waits: number[] = [];
    for (let attempt = 1; attempt < 9; attempt++) {
      spec.failure("b");
      waits.push((spec.journey.steps.b?.retryAt ?? 0) - spec.now);
      spec.nextTimer();
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });
  it("is not sent again before its time", () => {
    const spec = started({ maximumAttempts: 2, jitter: 0 });
    spec.failure("b");
    expect(spec.after(999)).toEqual([]);
    expect(spec.after(1).map((e) => e.type)).toEqual(["step.dispatched"]);
  });
  it("sends the same data again, under a new id", () => {
    const spec = started({ maximumAttempts: 2 });
    const [first] = spec.messages();
    spec.failure("b");
    spec.nextTimer();
    const [second] = spec.messages();
    expect(second?.value.data).toEqual(first?.value.data);
    expect([first, second].map((m) => m?.to === "service" && m.id)).toEqual([
      `${spec.journey.uuid}/b/1`,
      `${spec.journey.uuid}/b/2`,
    ]);
  });
});

describe("the wait before a retry", () => {
  const policy = {
    maximumAttempts: 5,
    initialIntervalMs: 1_000,
    backoffCoefficient: 3,
    maximumIntervalMs: 10_000,
    jitter: 0.2,
  };
  it("is shortened by its random share, from the source that is given", () => {
    expect(retryDelayMs(policy, 1, 0)).toBe(1_000);
    expect(retryDelayMs(policy, 1, 0.5)).toBe(900);
    expect(retryDelayMs(policy, 2, 0.999)).toBe(2_401);
    expect(retryDelayMs(policy, 3, 0)).toBe(9_000);
  });
  it("stays at its maximum however often it was tried", () => {
    expect(retryDelayMs({ ...policy, backoffCoefficient: 100 }, 10_000, 0)).toBe(10_000);
  });
});

describe("an operator's retry", () => {
  const held = () => {
    const spec = given({
      edges: { p: [], b: ["p"] },
      steps: { p: { pivot: true }, b: { retry: { maximumAttempts: 2 } } },
    });
    spec.success("p", "from p");
    spec.failure("b");
    spec.nextTimer();
    spec.failure("b");
    expect(spec.journey.status).toBe("held");
    return spec;
  };
  it("begins the policy anew, and attempt numbers go on", () => {
    const spec = held();
    spec.action("retry", { step: "b" });
    expect(spec.calls()).toEqual(["b.b#3"]);
    spec.failure("b");
    spec.nextTimer();
    expect(spec.calls()).toEqual(["b.b#4"]);
    spec.failure("b");
    expect(spec.journey.status).toBe("held");
  });
  it("with data sends that, and its own retries send it again", () => {
    const spec = held();
    spec.action("retry", { step: "b", data: { mended: 1 } });
    expect(spec.messages()[0]?.value.data).toEqual({ mended: 1 });
    spec.failure("b");
    spec.nextTimer();
    expect(spec.messages()[0]?.value.data).toEqual({ mended: 1 });
  });
  it("with null sends null, and without data what the flow says", () => {
    const spec = held();
    spec.action("retry", { step: "b", data: null });
    expect(spec.messages()[0]?.value.data).toBeNull();
    spec.failure("b", { retryable: false });
    spec.action("retry", { step: "b" });
    expect(spec.messages()[0]?.value.data).toEqual("from p");
  });
});

describe("in a rollback", () => {
  it("open attempts are not retried", () => {
    const spec = given({ edges: { a: [], b: [] }, steps: { b: { retry: { maximumAttempts: 5 } } } });
    spec.failure("a");
    spec.failure("b");
    expect(spec.journey).toMatchObject({ status: "rolled_back", steps: { b: { status: "failed" } } });
  });
  it("a step between two attempts ends as its last attempt did, and is undone if that was of unknown outcome", () => {
    const retry = { maximumAttempts: 5, initialInterval: "10m" };
    const spec = given({
      edges: { a: [], b: [], c: [] },
      steps: { a: { timeout: "1h" }, b: { retry }, c: { retry } },
    });
    spec.failure("b");
    spec.after(30_000);
    expect(spec.statuses()).toMatchObject({ a: "dispatched", b: "waiting", c: "waiting" });
    spec.failure("a");
    expect(spec.statuses()).toMatchObject({ a: "failed", b: "failed", c: "undoing" });
    expect(spec.sent()).toEqual(["undo_c"]);
    spec.undone("c");
    expect(spec.journey.status).toBe("rolled_back");
  });
});
