import { describe, expect, it } from "vitest";
import type { BulkActionRequest, BulkOutcomes } from "../../../../engine/api/schemas/action.ts";
import type { JourneyEvent } from "../../../../engine/core/events.ts";
import type { JourneyView, StepView } from "../../../../engine/core/view.ts";
import { ApiError } from "../../../../renderer/api.ts";
import { BULK_ACTIONS, stuckCall } from "../../../../renderer/journeys/bulk/bulk-actions.ts";
import {
  actAll,
  BATCH_JOURNEYS,
  type BulkCalls,
  batches,
  dryRunAll,
  type Outcome,
} from "../../../../renderer/journeys/bulk/bulk-run.ts";
import { findActionEvent } from "../../../../renderer/journeys/bulk/use-action-events.ts";

const uuids = Array.from({ length: BATCH_JOURNEYS + 3 }, (_, n) => `u${n}`);
const step = (change: Partial<StepView>): StepView => ({
  service: "license",
  function: "add_license",
  status: "succeeded",
  attempts: 1,
  ...change,
});

function journey(steps: Record<string, StepView>, change: Partial<JourneyView> = {}): JourneyView {
  return {
    uuid: "u",
    name: "onboarding",
    version: "1",
    status: "held",
    input: {},
    started_at: "2026-11-22T00:00:00.000Z",
    seq: 5,
    steps,
    ...change,
  };
}

function action(name: string) {
  const found = BULK_ACTIONS.find((candidate) => candidate.action === name);
  if (found === undefined) throw new Error(name);
  return found;
}

/** A fake API: every journey bears the action, unless it is named. */
function fakeCalls({ refused = [] as string[], views = {} as Record<string, JourneyView>, broken = false } = {}) {
  const sent: BulkActionRequest[] = [];
  const calls: BulkCalls = {
    bulk: async (body): Promise<BulkOutcomes> => {
      sent.push(body);
      if (broken)
        throw new ApiError({ code: "bus_unavailable", status: 503, detail: "The bus is away.", fix: "Wait." });
      return {
        outcomes: body.uuids.map((uuid) => {
          if (refused.includes(uuid)) {
            return { uuid, outcome: "refused", error: { code: "action_not_allowed", message: "It is over." } };
          }
          if (!body.dry_run) return { uuid, outcome: "accepted", id: body.id };
          const preview = {
            plan: `plan ${uuid}`,
            seq: 5,
            levels: [],
            irreversible: [],
            left_standing: [],
            in_flight: [],
          };
          return { uuid, outcome: "previewed", preview };
        }),
      };
    },
    journey: async (uuid) => views[uuid] ?? journey({}),
  };
  return { calls, sent };
}

async function dryRun(name: string, list: string[], calls: BulkCalls) {
  const outcomes = new Map<string, Outcome>();
  const signal = new AbortController().signal;
  const onOutcome = (uuid: string, outcome: Outcome) => outcomes.set(uuid, outcome);
  await dryRunAll({ action: action(name), calls, signal, onOutcome }, list);
  return outcomes;
}

function previewsOf(outcomes: Map<string, Outcome>) {
  const previews = new Map<string, Extract<Outcome, { kind: "previewed" }>>();
  for (const [uuid, outcome] of outcomes) if (outcome.kind === "previewed") previews.set(uuid, outcome);
  return previews;
}

describe("a bulk action", () => {
  it("asks in batches what it would do, and sends nothing by that", async () => {
    const { calls, sent } = fakeCalls({ refused: ["u1"] });
    const outcomes = await dryRun("rollback", uuids, calls);
    expect(sent.map(({ uuids: batch }) => batch.length)).toEqual([BATCH_JOURNEYS, 3]);
    expect(sent.every(({ dry_run }) => dry_run === true)).toBe(true);
    expect(outcomes.get("u0")).toMatchObject({ kind: "previewed" });
    expect(outcomes.get("u1")).toEqual({ kind: "refused", code: "action_not_allowed", message: "It is over." });
  });

  it("is sent to exactly those whose dry run succeeded, each standing on its own plan, under one id", async () => {
    const { calls, sent } = fakeCalls({ refused: ["u1"] });
    const previews = previewsOf(await dryRun("rollback", ["u0", "u1", "u2"], calls));
    sent.length = 0;
    const outcomes = new Map<string, Outcome>();
    const onOutcome = (uuid: string, outcome: Outcome) => outcomes.set(uuid, outcome);
    const run = { action: action("rollback"), calls, signal: new AbortController().signal, onOutcome };
    await actAll(run, previews, { id: "id-1", reason: "because" });
    expect(sent).toEqual([
      {
        uuids: ["u0", "u2"],
        action: "rollback",
        reason: "because",
        id: "id-1",
        plans: { u0: { plan: "plan u0", seq: 5 }, u2: { plan: "plan u2", seq: 5 } },
      },
    ]);
    expect(outcomes.get("u2")).toEqual({ kind: "accepted", queued: false, id: "id-1", replay: undefined });
  });

  it("looks up where each journey is stuck when the action is about that", async () => {
    const failedUndo = { remove_license: { status: "undo_failed" as const, attempts: 3 } };
    const { calls, sent } = fakeCalls({
      views: {
        u0: journey({ n2: step({ undo: failedUndo }) }),
        u1: journey({ n3: step({ status: "failed" }) }),
        u2: journey({ n2: step({ undo: failedUndo }) }),
        u3: journey({ n2: step({}) }),
      },
    });
    const outcomes = await dryRun("retry", ["u0", "u1", "u2", "u3"], calls);
    expect(sent.map(({ uuids: batch, step: at, function: negation }) => ({ batch, at, negation }))).toEqual([
      { batch: ["u0", "u2"], at: "n2", negation: "remove_license" },
      { batch: ["u1"], at: "n3", negation: undefined },
    ]);
    expect(outcomes.get("u3")).toMatchObject({ kind: "refused" });
    expect(outcomes.get("u0")).toMatchObject({ target: { step: "n2", function: "remove_license" } });
  });

  it("gives a call that fails as the outcome of each of its journeys", async () => {
    const { calls } = fakeCalls({ broken: true });
    const outcomes = await dryRun("rollback", ["u0", "u1"], calls);
    expect([...outcomes.values()]).toEqual(
      ["u0", "u1"].map(() => ({ kind: "refused", code: "bus_unavailable", message: "The bus is away." })),
    );
  });

  it("can be stopped between two batches", async () => {
    const { calls, sent } = fakeCalls();
    const controller = new AbortController();
    const run = {
      action: action("rollback"),
      calls,
      signal: controller.signal,
      onOutcome: () => controller.abort(),
    };
    await expect(dryRunAll(run, uuids)).rejects.toThrow();
    expect(sent).toHaveLength(1);
  });

  it("keeps journeys with different targets in batches of their own", () => {
    const targets = new Map([
      ["a", { step: "n1" }],
      ["b", { step: "n2" }],
      ["c", { step: "n1" }],
    ]);
    expect(batches(["a", "b", "c", "d"], targets)).toEqual([
      { members: ["a", "c"], target: { step: "n1" } },
      { members: ["b"], target: { step: "n2" } },
    ]);
  });
});

describe("where a journey is stuck", () => {
  it("is the negation that failed before the step that failed", () => {
    const undo = { remove_license: { status: "undo_failed" as const, attempts: 3 } };
    const found = stuckCall(journey({ n1: step({ status: "failed" }), n2: step({ undo }) }));
    expect(found).toEqual({ step: "n2", function: "remove_license" });
  });

  it("is nowhere when nothing failed", () => {
    expect(stuckCall(journey({ n1: step({}) }))).toBeUndefined();
  });
});

describe("an action's own event", () => {
  const event = (change: Partial<JourneyEvent>): JourneyEvent => ({
    uuid: "u",
    seq: 1,
    at: "2026-11-22T00:00:00.000Z",
    type: "rollback.started",
    name: "onboarding",
    version: "1",
    ...change,
  });

  it("says that it happened", () => {
    expect(findActionEvent([event({ id: "a" })], "a")).toEqual({ kind: "done" });
  });

  it("says that the journey refused it, and why", () => {
    const refused = event({ id: "a", type: "action.refused", error: { message: "It has moved." } });
    expect(findActionEvent([refused], "a")).toEqual({ kind: "refused", message: "It has moved." });
  });

  it("may not be there yet", () => {
    expect(findActionEvent([event({ id: "b" })], "a")).toBeUndefined();
  });
});
