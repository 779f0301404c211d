/** Promise 7: any moment of a journey can be shown; the fold reads what was written, whoever wrote it. */
import { describe, expect, it } from "vitest";
import { decide } from "../../../engine/core/decide.ts";
import { EVENT_TYPES, type EventType, type JourneyEvent } from "../../../engine/core/events.ts";
import { evolve } from "../../../engine/core/evolve.ts";
import type { Journey } from "../../../engine/core/journey.ts";
import { DEFAULT_MAXIMUM_DATA_BYTES, NO_SCHEMAS } from "../../../engine/core/turn.ts";
import { compiled, deepFreeze, given, UUID } from "../../support/journey-spec.ts";

const event = (type: string, seq: number, more: Partial<JourneyEvent> = {}): JourneyEvent => ({
  uuid: UUID,
  seq,
  at: "2026-11-22T03:12:44.000Z",
  type: type as EventType,
  name: "flow",
  version: "1",
  ...more,
});
const fold = (events: JourneyEvent[]) =>
  events.reduce<Journey | undefined>((journey, next) => deepFreeze(evolve(journey, deepFreeze(next))), undefined)!;

describe("the fold", () => {
  it("begins with journey.started and nothing else", () => {
    expect(() => evolve(undefined, event("step.succeeded", 2))).toThrow(
      `journey ${UUID} has no journey.started before seq 2`,
    );
  });
  it("of the first n events is the state at that moment", () => {
    const spec = given({ edges: { a: [], b: ["a"] } });
    const moments: Journey[] = [];
    for (const say of [() => spec.success("a"), () => spec.failure("b"), () => spec.undone("a")]) {
      say();
      moments.push(spec.journey);
    }
    for (const moment of moments) {
      expect(JSON.stringify(fold(spec.events.slice(0, moment.seq)))).toBe(JSON.stringify(moment));
    }
  });
  it("never changes what it is given", () => {
    const spec = given({ edges: { a: [], b: ["a"] } });
    spec.success("a");
    const before = deepFreeze(spec.journey);
    evolve(before, event("step.succeeded", 99, { step: "b", data: 1 }));
    expect(spec.journey).toBe(before);
  });
  it("counts the ids of actions, refused ones too, each once", () => {
    const by = { id: "x", actor: "olga", reason: "r" };
    const journey = fold([
      event("journey.started", 1),
      event("journey.paused", 2, by),
      event("action.refused", 3, { ...by, id: "y" }),
      event("journey.resumed", 4, by),
      event("step.dispatched", 5, { step: "a", id: "command" }),
    ]);
    expect(journey.actions).toEqual(["x", "y"]);
  });
});

describe("an event that lacks what its type should bring", () => {
  it.each(EVENT_TYPES)("%s is borne: the fold goes on", (type) => {
    const start = [event("journey.started", 1), event("step.dispatched", 2, { step: "a", service: "svc" })];
    for (const before of [start, [...start, event("rollback.started", 3)], [...start, event("journey.held", 3)]]) {
      const seq = before.length + 1;
      for (const step of [undefined, "a", "new"]) {
        expect(fold([...before, event(type, seq, { step })]).seq).toBe(seq);
      }
    }
  });
  it.each([
    ["a late reply of a negation nobody knows", { detail: { negation: "undo_a" } }],
    ["a late element of a step that has none", { detail: { element: { index: 0, status: "failed" } } }],
  ])("%s is borne too", (_what, more) => {
    const before = fold([event("journey.started", 1), event("step.dispatched", 2, { step: "a", attempt: 1 })]);
    const after = evolve(before, event("step.late", 3, { step: "a", ...more }));
    expect(after.steps.a?.status).toBe("dispatched");
  });
  it("of a type from a later version changes nothing but seq", () => {
    const before = fold([event("journey.started", 1)]);
    expect(evolve(before, event("journey.frobnicated", 2))).toEqual({ ...before, seq: 2 });
  });
  it("of a second start changes nothing but seq", () => {
    const before = fold([event("journey.started", 1, { data: 1 })]);
    expect(evolve(before, event("journey.started", 2, { data: 2 }))).toEqual({ ...before, seq: 2 });
  });
});

describe("a decision", () => {
  const flow = compiled({ edges: { a: [] } });
  const ctx = {
    now: Date.parse("2026-11-22T03:12:44.000Z"),
    random: 0,
    health: () => "up" as const,
    flowOf: () => undefined,
    maximumDataBytes: DEFAULT_MAXIMUM_DATA_BYTES,
    schemas: NO_SCHEMAS,
  };
  const start = { kind: "start", start: { uuid: UUID, data: 1 } } as const;
  it("is the events of one input, in order, each with the record that caused it", () => {
    const cause = { topic: "tomanager", partition: 3, offset: 7 };
    const events = decide(undefined, { ...start, cause }, flow, ctx);
    expect(events).toMatchObject([
      { type: "journey.started", seq: 1, cause },
      { type: "step.dispatched", seq: 2, cause, at: "2026-11-22T03:12:44.000Z" },
    ]);
    const timer = decide(fold(events), { kind: "timer" }, flow, { ...ctx, now: ctx.now + 30_000 });
    expect(timer.map((e) => [e.type, e.cause])).toContainEqual(["step.timed_out", undefined]);
  });
  it("on something it doesn't know is nothing", () => {
    const journey = fold(decide(undefined, start, flow, ctx));
    expect(decide(journey, { kind: "nonsense" } as never, flow, ctx)).toEqual([]);
  });
  it("passes on errors that are none of the journey's", () => {
    const broken = {
      ...ctx,
      flowOf: () => {
        throw new Error("the registry is gone");
      },
    };
    const journey = fold(decide(undefined, start, flow, ctx));
    const replay = (plan?: string) => () =>
      decide(
        journey,
        { kind: "action", action: "replay", data: { id: "x", actor: "o", reason: "", plan } },
        flow,
        broken,
      );
    expect(replay()).toThrow("the registry is gone");
    expect(replay("some plan")).toThrow("the registry is gone");
  });
  it("comes to rest, or says that it doesn't", () => {
    const flapping = compiled({ edges: { a: [] }, steps: { a: { onServiceDown: "wait" } } });
    let calls = 0;
    const world = { ...ctx, health: () => (calls++ % 2 === 0 ? ("down" as const) : ("up" as const)) };
    const down = { ...ctx, health: () => "down" as const };
    const journey = fold(decide(undefined, start, flapping, down));
    calls = 1;
    expect(() => decide(journey, { kind: "timer" }, flapping, world)).toThrow(`journey ${UUID} did not come to rest`);
  });
});
