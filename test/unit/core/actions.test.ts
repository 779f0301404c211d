/**
 * design.md section 3, "Actions": each action in each status of a journey gives its effect, or a refusal that says why;
 * both are in the audit with actor, reason and the action's id.
 */
import { describe, expect, it } from "vitest";
import type { EventType } from "../../../engine/core/events.ts";
import { ACTIONS, type ActionName } from "../../../engine/core/protocol.ts";
import { JOURNEY_STATUSES, type JourneyStatus } from "../../../engine/core/view.ts";
import { type FlowSketch, given } from "../../support/journey-spec.ts";

type Spec = ReturnType<typeof given>;
const flow: FlowSketch = {
  edges: { a: [], b: ["a"], c: ["b"] },
  steps: { b: { onTimeout: "hold", negationRetry: { maximumAttempts: 1 } } },
};
const second: FlowSketch = { ...flow, version: "2" };
const begun = (): Spec => {
  const spec = given(flow, { n: 1 });
  spec.flows.push(given(second).flow);
  spec.success("a");
  return spec;
};

/** A journey in each status; `b` is the step that matters. */
const IN: Record<JourneyStatus, () => Spec> = {
  running: begun,
  paused() {
    const spec = begun();
    spec.action("pause");
    return spec;
  },
  held() {
    const spec = begun();
    spec.after(30_000);
    return spec;
  },
  rolling_back() {
    const spec = begun();
    spec.success("b");
    spec.failure("c");
    return spec;
  },
  rollback_failed() {
    const spec = IN.rolling_back();
    spec.undoFails("b");
    return spec;
  },
  completed() {
    const spec = begun();
    spec.success("b");
    spec.success("c");
    return spec;
  },
  rolled_back() {
    const spec = IN.rolling_back();
    spec.undone("b");
    spec.undone("a");
    return spec;
  },
  terminated() {
    const spec = begun();
    spec.action("terminate");
    return spec;
  },
};

const DATA: Partial<Record<ActionName, Record<string, unknown>>> = {
  retry: { step: "b" },
  skip: { step: "b" },
  complete: { step: "b", output: 7 },
  rerun: { step: "b" },
  migrate: { version: "2" },
};

const REFUSED = "action_not_allowed";
/** What comes of it: the first event's type, or the code of a refusal. */
const TABLE: Record<ActionName, Record<JourneyStatus, EventType | typeof REFUSED>> = {
  rollback: {
    running: "rollback.started",
    paused: "rollback.started",
    held: "rollback.started",
    rolling_back: "rollback.joined",
    rollback_failed: "rollback.joined",
    completed: "rollback.started",
    rolled_back: REFUSED,
    terminated: REFUSED,
  },
  cancel: {
    running: "rollback.started",
    paused: "rollback.started",
    held: "rollback.started",
    rolling_back: "rollback.joined",
    rollback_failed: "rollback.joined",
    completed: REFUSED,
    rolled_back: REFUSED,
    terminated: REFUSED,
  },
  terminate: {
    running: "journey.terminated",
    paused: "journey.terminated",
    held: "journey.terminated",
    rolling_back: "journey.terminated",
    rollback_failed: "journey.terminated",
    completed: REFUSED,
    rolled_back: REFUSED,
    terminated: REFUSED,
  },
  pause: {
    running: "journey.paused",
    paused: REFUSED,
    held: "journey.paused",
    rolling_back: "journey.paused",
    rollback_failed: "journey.paused",
    completed: REFUSED,
    rolled_back: REFUSED,
    terminated: REFUSED,
  },
  resume: {
    running: REFUSED,
    paused: "journey.resumed",
    held: REFUSED,
    rolling_back: REFUSED,
    rollback_failed: REFUSED,
    completed: REFUSED,
    rolled_back: REFUSED,
    terminated: REFUSED,
  },
  retry: {
    running: REFUSED,
    paused: REFUSED,
    held: "step.retry_scheduled",
    rolling_back: REFUSED,
    rollback_failed: "undo.retry_scheduled",
    completed: REFUSED,
    rolled_back: REFUSED,
    terminated: REFUSED,
  },
  skip: {
    running: REFUSED,
    paused: REFUSED,
    held: "step.settled_by_hand",
    rolling_back: REFUSED,
    rollback_failed: "undo.settled_by_hand",
    completed: REFUSED,
    rolled_back: REFUSED,
    terminated: REFUSED,
  },
  complete: {
    running: REFUSED,
    paused: REFUSED,
    held: "step.settled_by_hand",
    rolling_back: REFUSED,
    rollback_failed: REFUSED,
    completed: REFUSED,
    rolled_back: REFUSED,
    terminated: REFUSED,
  },
  replay: {
    running: "journey.replayed",
    paused: "journey.replayed",
    held: "journey.replayed",
    rolling_back: "journey.replayed",
    rollback_failed: "journey.replayed",
    completed: "journey.replayed",
    rolled_back: "journey.replayed",
    terminated: "journey.replayed",
  },
  rerun: {
    running: "rollback.started",
    paused: REFUSED,
    held: "rollback.started",
    rolling_back: REFUSED,
    rollback_failed: REFUSED,
    completed: "rollback.started",
    rolled_back: REFUSED,
    terminated: REFUSED,
  },
  migrate: {
    running: "journey.migrated",
    paused: "journey.migrated",
    held: "journey.migrated",
    rolling_back: "journey.migrated",
    rollback_failed: "journey.migrated",
    completed: REFUSED,
    rolled_back: REFUSED,
    terminated: REFUSED,
  },
};
const CASES = ACTIONS.flatMap((action) =>
  JOURNEY_STATUSES.map((status) => [action, status, TABLE[action][status]] as const),
);

describe("an action", () => {
  it.each(CASES)("%s of a journey that is %s: %s", (action, status, outcome) => {
    const spec = IN[status]();
    expect(spec.journey.status).toBe(status);
    const before = spec.journey;
    const [first, ...rest] = spec.action(action, { id: "x", ...DATA[action] });
    expect(first).toMatchObject({ id: "x", actor: "olga", reason: "because" });
    if (outcome === REFUSED) {
      expect(first).toMatchObject({ type: "action.refused", error: { code: REFUSED }, detail: { action } });
      expect(first?.error?.message).not.toBe("");
      expect(rest).toEqual([]);
      expect({ ...spec.journey, seq: 0, actions: [] }).toEqual({ ...before, seq: 0, actions: [] });
    } else {
      expect(first?.type).toBe(outcome);
    }
    expect(spec.action(action, { id: "x", ...DATA[action] })).toEqual([]);
  });
  it.each(CASES)(
    "%s of a journey that is %s has a dry run that is refused exactly when it is",
    (action, status, outcome) => {
      const spec = IN[status]();
      const before = spec.journey;
      const run = () => spec.dryRun(action, DATA[action] ?? {});
      if (outcome === REFUSED) expect(run).toThrow(expect.objectContaining({ code: REFUSED }));
      else expect(run()).toMatchObject({ plan: expect.any(String), seq: before.seq });
      expect(spec.journey).toBe(before);
    },
  );
  it("seen twice under one id changes nothing, whatever it says the second time", () => {
    const spec = begun();
    spec.action("pause", { id: "same" });
    expect(spec.action("terminate", { id: "same" })).toEqual([]);
    expect(spec.journey.status).toBe("paused");
  });
  it("with data or an output that is too large is refused", () => {
    const large = "x".repeat(300_000);
    const spec = IN.held();
    spec.action("complete", { step: "b", output: large });
    spec.action("retry", { step: "b", data: large });
    expect(spec.codes("action.refused")).toEqual(["payload_too_large", "payload_too_large"]);
    expect(spec.journey.status).toBe("held");
  });
});

describe("what an action has to name", () => {
  it.each([
    ["retry", {}, "invalid_request", "step: name a step of the flow"],
    ["retry", { step: "nope" }, "unknown_step", "step: flow 1 has no step nope"],
    ["skip", { step: "nope" }, "unknown_step", "step: flow 1 has no step nope"],
    ["complete", { step: "nope", output: 1 }, "unknown_step", "step: flow 1 has no step nope"],
    ["complete", { step: "b" }, "invalid_request", "output: say what really came out (null for nothing)"],
    ["rerun", {}, "invalid_request", "step: name a step of the flow"],
    ["rerun", { step: "c" }, "action_not_allowed", "c has not run yet"],
    ["rollback", { scope: "to" }, "invalid_request", "to: name a step of the flow"],
    ["rollback", { scope: "to", to: "nope" }, "unknown_step", "to: flow 1 has no step nope"],
    ["rollback", { scope: "path", step: "nope" }, "unknown_step", "step: flow 1 has no step nope"],
    [
      "rollback",
      { scope: "path", step: "c" },
      "invalid_request",
      "step: c has not run, so it can't stand for a step",
    ],
    ["migrate", {}, "invalid_request", "version: name the version to migrate to"],
    ["migrate", { version: "9" }, "unknown_version", "version: flow 9 is not published"],
    ["replay", { version: "9" }, "unknown_version", "version: flow 9 is not published"],
  ] as const)("%s %j is refused with %s", (action, data, code, message) => {
    const spec = IN.held();
    spec.action(action, data);
    expect(spec.last()).toMatchObject({
      type: "action.refused",
      error: { code, message: expect.stringContaining(message) },
    });
  });
  it("rollback with a scope that needs a failed step finds the one that failed, if one did", () => {
    const spec = begun();
    spec.action("rollback", { scope: "path" });
    expect(spec.last().error).toEqual({
      code: "invalid_request",
      message: "step: scope path needs a step, since none has failed",
    });
  });
  it("rollback to a step may call it step", () => {
    const spec = IN.completed();
    spec.action("rollback", { scope: "to", step: "b" });
    expect(spec.sent()).toEqual(["undo_c"]);
  });
});

describe("terminate", () => {
  it("stops for good and undoes nothing", () => {
    const spec = begun();
    spec.action("terminate", { reason: "enough" });
    expect(spec.sent()).toEqual([]);
    expect(spec.journey).toMatchObject({ status: "terminated", error: { code: "terminated", message: "enough" } });
    expect(spec.after(1e9)).toEqual([]);
    const silent = begun();
    silent.action("terminate", { reason: "" });
    expect(silent.journey.error?.message).toBe("terminated by an operator");
  });
});

describe("pause and resume", () => {
  it("stop dispatch; replies are still recorded; what they led to goes out at the resume", () => {
    const spec = begun();
    spec.action("pause");
    spec.success("b");
    expect(spec.statuses().b).toBe("succeeded");
    expect(spec.sent()).toEqual([]);
    spec.action("resume");
    expect(spec.sent()).toEqual(["c"]);
  });
  it("answer a failure that came meanwhile at the resume", () => {
    const spec = begun();
    spec.action("pause");
    spec.failure("b");
    expect(spec.journey.status).toBe("paused");
    spec.action("resume");
    expect(spec.sent()).toEqual(["undo_a"]);
  });
  it("come back to being held", () => {
    const spec = IN.held();
    spec.action("pause");
    spec.action("resume");
    expect(spec.journey).toMatchObject({ status: "held", held: { steps: ["b"] } });
  });
  it("leave a step of a paused, held journey open to a word", () => {
    const spec = IN.held();
    spec.action("pause");
    spec.action("complete", { step: "b", output: 7 });
    expect(spec.sent()).toEqual([]);
    spec.action("resume");
    expect(spec.messages()[0]?.value).toMatchObject({ function: "c", data: 7 });
    const retry = IN.held();
    retry.action("pause");
    retry.now += 60_000;
    retry.action("retry", { step: "b" });
    retry.now += 60_000;
    retry.action("resume");
    expect(retry.calls()).toEqual(["b.b#2"]);
  });
  it("re-open a rollback that owes an undo only at the resume", () => {
    const spec = given({
      edges: { a: [], b: ["a"], x: ["a"] },
      steps: { b: { onTimeout: "ignore" } },
      policy: { scope: "branch" },
    });
    spec.success("a");
    spec.now += 30_000;
    spec.inprogress("x");
    spec.input({ kind: "timer" });
    expect(spec.journey.status).toBe("running");
    spec.action("pause");
    spec.success("b", 7);
    expect(spec.sent()).toEqual([]);
    spec.action("resume");
    expect(spec.sent()).toEqual(["undo_b"]);
  });
});

describe("skip and complete", () => {
  it("settle the step as succeeded: a later rollback calls its negations, with what was said as output", () => {
    const spec = IN.held();
    spec.action("complete", { step: "b", output: 7 });
    spec.failure("c");
    expect(spec.messages()[0]?.value).toMatchObject({ function: "undo_b", data: 7 });
    const skipped = IN.held();
    skipped.action("skip", { step: "b", output: 8 });
    expect(skipped.messages()[0]?.value).toMatchObject({ function: "c", data: 8 });
  });
  it("don't fit a step that has not failed", () => {
    const spec = IN.held();
    spec.action("skip", { step: "c" });
    spec.action("complete", { step: "a", output: 1 });
    expect(spec.codes("action.refused")).toEqual([REFUSED, REFUSED]);
  });
  it("don't fit a step that runs again when the journey is resumed", () => {
    const spec = IN.held();
    spec.action("rollback", { scope: "to", to: "a" });
    spec.undone("b");
    const failed = given({ edges: { a: [], b: ["a"] } });
    failed.success("a");
    failed.action("rollback", { scope: "to", to: "a" });
    failed.failure("b");
    expect(failed.journey.held?.kind).toBe("rolled_back_to");
    for (const action of ["retry", "skip", "complete"] as const) failed.action(action, { step: "b", output: 1 });
    expect(failed.codes("action.refused")).toEqual([REFUSED, REFUSED, REFUSED]);
  });
});

describe("a rollback of what a partial rollback left standing", () => {
  it("can't be one after which the journey would go on", () => {
    const spec = given({ edges: { a: [], a2: ["a"], b: [], b2: ["b"] }, policy: { scope: "path" } });
    for (const step of ["a", "b", "b2"]) spec.success(step);
    spec.failure("a2");
    spec.undone("a");
    expect(spec.journey.status).toBe("rolled_back");
    for (const scope of ["branch", "to"]) {
      expect(spec.action("rollback", { scope, step: "b2" })).toMatchObject([
        { type: "action.refused", error: { code: "action_not_allowed", message: expect.stringContaining("replay") } },
      ]);
    }
    spec.action("rollback", { scope: "path", step: "b2" });
    expect(spec.sent()).toEqual(["undo_b"]);
  });
});

describe("replay", () => {
  it("starts a new journey, of the newest version, with the old one's input, linked to it", () => {
    const spec = IN.rolled_back();
    spec.action("replay", { id: "r1" });
    const [message] = spec.messages();
    expect(message).toMatchObject({
      to: "manager",
      headers: { replay_of: spec.journey.uuid, actor: "olga", reason: "because" },
      value: { function: "start", name: "flow", version: "2", data: { n: 1 } },
    });
    expect(spec.last()).toMatchObject({ type: "journey.replayed", detail: { uuid: message?.key, version: "2" } });
    expect(spec.journey.status).toBe("rolled_back");
  });
  it("with its own data and version", () => {
    const spec = begun();
    spec.action("replay", { version: "1", data: null });
    expect(spec.messages()[0]?.value).toMatchObject({ version: "1", data: null });
  });
  it("is refused where no version of the flow can be started any more", () => {
    const spec = begun();
    spec.flows = [];
    spec.action("replay");
    expect(spec.last().error).toEqual({ code: "unknown_version", message: "version: flow itself is not published" });
  });
  it("has a uuid made from the old one's and the action's id", () => {
    const uuidOf = (id: string) => {
      const spec = begun();
      spec.action("replay", { id });
      return spec.messages()[0]?.key;
    };
    expect(uuidOf("r1")).toBe(uuidOf("r1"));
    expect(uuidOf("r1")).not.toBe(uuidOf("r2"));
  });
});

describe("a step that failed in a branch that was undone", () => {
  it("can't be retried or settled: no way leads on from it", () => {
    const spec = given({ edges: { a: [], b: ["a"], b2: ["b"], c: ["a"] }, policy: { scope: "branch" } });
    spec.success("a");
    spec.success("c");
    spec.failure("b");
    expect(spec.journey.status).toBe("completed");
    spec.action("rollback", { scope: "to", to: "c" });
    expect(spec.journey).toMatchObject({ status: "held", held: { kind: "rolled_back_to" } });
    for (const action of ["retry", "skip", "complete"] as const) {
      expect(spec.action(action, { step: "b", output: 1 })).toMatchObject([
        { type: "action.refused", error: { code: "action_not_allowed" } },
      ]);
    }
    spec.action("resume");
    expect(spec.journey.status).toBe("completed");
  });
});

describe("rerun", () => {
  it("rolls back to before the step and goes on from it, with what the flow says or other data", () => {
    const spec = IN.completed();
    spec.action("rerun", { step: "b" });
    expect(spec.sent()).toEqual(["undo_c"]);
    spec.undone("c");
    expect(spec.sent()).toEqual(["undo_b"]);
    spec.undone("b");
    expect(spec.events.at(-2)).toMatchObject({ type: "journey.resumed", reason: "runs again from b" });
    expect(spec.messages()[0]?.value).toMatchObject({ function: "b", attempt: 2, data: { from: "a" } });
    const other = IN.completed();
    other.action("rerun", { step: "b", data: null });
    other.undone("c");
    other.undone("b");
    expect(other.messages()[0]?.value).toMatchObject({ data: null });
  });
  it("sends the steps after it what they get then, not what they got before", () => {
    const spec = IN.completed();
    spec.action("rerun", { step: "b", data: 1 });
    spec.undone("c");
    spec.undone("b");
    spec.success("b", "again");
    expect(spec.messages()[0]?.value).toMatchObject({ function: "c", attempt: 2, data: "again" });
  });
  it("waits for what is in flight behind it", () => {
    const spec = begun();
    spec.action("rerun", { step: "a" });
    expect(spec.sent()).toEqual([]);
    spec.success("b");
    expect(spec.sent()).toEqual(["undo_b"]);
  });
  it("goes on once a failed undo is settled by hand", () => {
    const spec = IN.completed();
    spec.action("rerun", { step: "b" });
    spec.undone("c");
    spec.undoFails("b");
    expect(spec.journey.status).toBe("rollback_failed");
    spec.action("skip", { step: "b" });
    expect(spec.calls()).toEqual(["b.b#2"]);
  });
  it("of a step that failed past the pivot needs no undo of it", () => {
    const spec = given({ edges: { p: [], b: ["p"] }, steps: { p: { pivot: true } } });
    spec.success("p");
    spec.failure("b");
    spec.action("rerun", { step: "b", data: 1, force: true });
    expect(spec.messages()[0]?.value).toMatchObject({ function: "b", attempt: 2, data: 1 });
  });
});
