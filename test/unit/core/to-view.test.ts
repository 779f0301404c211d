/** design.md section 5: a journey as the API shows it. */
import { describe, expect, it } from "vitest";
import { toView } from "../../../engine/core/to-view.ts";
import { given } from "../../support/journey-spec.ts";

const flow = { edges: { a: [], b: ["a"], c: ["b"] }, policy: { scope: "path" } };

describe("a journey's view", () => {
  it("has its steps with what went in and came out, the untouched ones too where the flow is known", () => {
    const spec = given({ ...flow, name: "order", version: "3" }, { n: 1 });
    spec.success("a", { id: 7 });
    const at = "2026-11-22T03:12:44.000Z";
    expect(JSON.parse(JSON.stringify(toView(spec.journey, spec.flow)))).toEqual({
      uuid: spec.journey.uuid,
      name: "order",
      version: "3",
      status: "running",
      input: { n: 1 },
      started_at: at,
      seq: 4,
      steps: {
        a: {
          service: "svc",
          function: "a",
          status: "succeeded",
          attempts: 1,
          input: { n: 1 },
          output: { id: 7 },
          started_at: at,
          ended_at: at,
        },
        b: { service: "svc", function: "b", status: "dispatched", attempts: 1, input: { id: 7 }, started_at: at },
        c: { service: "svc", function: "c", status: "waiting", attempts: 0 },
      },
    });
    expect(Object.keys(toView(spec.journey).steps)).toEqual(["a", "b"]);
  });
  it("tells its rollback, its negations, and what was left standing where the flow is known", () => {
    const spec = given({ edges: { a: [], b: ["a"], x: [] }, policy: { scope: "path" } });
    spec.success("a");
    spec.success("x");
    spec.failure("b");
    expect(toView(spec.journey, spec.flow)).toMatchObject({
      status: "rolling_back",
      error: { message: "b broke" },
      rollback: {
        scope: "path",
        trigger: "failure",
        reason: "svc.b failed",
        actor: "manager",
        set: ["a"],
        left_standing: ["x"],
      },
      steps: { a: { status: "undoing", undo: { undo_a: { status: "dispatched", attempts: 1 } } } },
    });
    expect(toView(spec.journey).rollback).toMatchObject({ left_standing: [] });
    expect(toView(spec.journey).rollback?.ended_at).toBeUndefined();
    spec.undone("a");
    expect(toView(spec.journey)).toMatchObject({ status: "rolled_back", rollback: { ended_at: expect.any(String) } });
  });
  it("tells why it is held, when a retry goes out, and whose journey it is", () => {
    const parent = { uuid: "p", step: "s", index: 1, attempt: 1 };
    const spec = given(
      {
        edges: { a: [], b: [] },
        steps: { a: { onTimeout: "hold" }, b: { timeout: "1h", retry: { maximumAttempts: 2 } } },
      },
      {},
      () => {},
      { parent, replayOf: "old" },
    );
    spec.after(30_000);
    spec.failure("b");
    expect(toView(spec.journey)).toMatchObject({
      held: { step: "a", why: "svc.a gave no answer: whether it worked is not known" },
      parent: { uuid: "p", step: "s" },
      replay_of: "old",
      steps: { b: { status: "waiting", retry_at: "2026-11-22T03:13:15.000Z" } },
    });
  });
});
