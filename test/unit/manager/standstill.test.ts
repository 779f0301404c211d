import { describe, expect, it } from "vitest";
import type { QueuedCommand } from "../../../engine/manager/queue-watch.ts";
import { standstillOf } from "../../../engine/manager/standstill.ts";
import { given, UUID } from "../../support/journey-spec.ts";

const ID = `${UUID}/a/1`;

/** A step of 30 s whose time is over, with what the manager knows besides. */
function due(known: { heldMs?: number; readAgo?: number; queuedFor?: number; isSure?: boolean; flow?: object }) {
  const spec = given({ edges: { a: [] }, ...known.flow });
  const sentAt = spec.now;
  spec.now += 30_000;
  const asked: QueuedCommand[] = [];
  const queues = {
    dueOf(command: QueuedCommand) {
      asked.push(command);
      return { at: sentAt + 30_000 + (known.queuedFor ?? 0), isSure: known.isSure ?? true };
    },
  };
  const context = {
    health: { heldMs: () => known.heldMs ?? 0 },
    queues,
    readSince: known.readAgo === undefined ? 0 : spec.now - known.readAgo,
    now: spec.now,
  };
  const { frozen, lookAt } = standstillOf(spec.journey, spec.flow, context);
  return { frozen, lookIn: lookAt === undefined ? undefined : lookAt - spec.now, asked, spec, context };
}

describe("a clock that has run out", () => {
  it("has run out when nothing held it up", () => {
    expect(due({})).toMatchObject({ frozen: { calls: [], deadline: false }, lookIn: undefined });
  });

  it("stands still for as long as the service held its records", () => {
    expect(due({ heldMs: 400 })).toMatchObject({ frozen: { calls: [ID] }, lookIn: 1_000 });
    expect(due({ heldMs: 20_000 })).toMatchObject({ frozen: { calls: [ID] }, lookIn: 20_000 });
  });

  it("stands still while its command was queued, and the queue is asked with the flow's settings", () => {
    const { frozen, asked } = due({ queuedFor: 5_000, flow: { policy: { queueTimeout: "2m" } } });
    expect(frozen.calls).toEqual([ID]);
    expect(asked).toMatchObject([{ service: "svc", uuid: UUID, timeoutMs: 30_000, queueTimeoutMs: 120_000 }]);
  });

  it("waits a moment for the queue to be looked at", () => {
    expect(due({ isSure: false })).toMatchObject({ frozen: { calls: [ID] }, lookIn: 100 });
  });

  it("adds what was held to what was queued", () => {
    expect(due({ queuedFor: 3_000, heldMs: 400 })).toMatchObject({ lookIn: 3_400 });
  });

  it("is given 10 s after the partition could be read again, its journey's deadline too", () => {
    const flow = { policy: { deadline: "20s" } };
    expect(due({ readAgo: 9_500, flow })).toMatchObject({ frozen: { calls: [ID], deadline: true }, lookIn: 500 });
    expect(due({ readAgo: 10_000, flow })).toMatchObject({ frozen: { calls: [], deadline: false } });
  });

  it("is bounded by the total timeout, whatever holds it up", () => {
    const flow = { steps: { a: { totalTimeout: "30s" } } };
    expect(due({ heldMs: 20_000, queuedFor: 20_000, flow }).frozen.calls).toEqual([]);
    const longer = { steps: { a: { totalTimeout: "30100ms" } } };
    expect(due({ heldMs: 20_000, flow: longer })).toMatchObject({ frozen: { calls: [ID] }, lookIn: 100 });
  });

  it("asks no queue once the service has told its progress", () => {
    const { spec, context, asked } = due({});
    spec.inprogress("a");
    spec.now += 30_000;
    asked.splice(0);
    expect(standstillOf(spec.journey, spec.flow, { ...context, now: spec.now }).frozen.calls).toEqual([]);
    expect(asked).toEqual([]);
  });
});
