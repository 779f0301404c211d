import { describe, expect, it } from "vitest";
import { foldAll } from "../../../engine/audit/fold.ts";
import { History, isoAt, openCache, recordsOf, uuidOf } from "./cache-fixture.ts";

describe("a journey at a moment", () => {
  const history = new History(1)
    .ran("a", "user.create_user")
    .ran("b", "license.add_license")
    .completed({ done: true });

  it("is the fold of its events up to a seq", () => {
    const { cache } = openCache();
    cache.ingest(recordsOf([history]));
    for (let seq = 1; seq <= history.events.length + 1; seq += 1) {
      expect(cache.journey(history.uuid, { seq })).toEqual(foldAll(history.events.slice(0, seq)));
    }
    expect(cache.journey(history.uuid, { seq: 0 })).toBeUndefined();
  });

  it("is the fold of its events up to a time", () => {
    const { cache } = openCache();
    cache.ingest(recordsOf([history]));
    expect(cache.journey(history.uuid, { time: isoAt(-1) })).toBeUndefined();
    expect(cache.journey(history.uuid, { time: isoAt(0) })?.seq).toBe(2);
    expect(cache.journey(history.uuid, { time: isoAt(150) })?.steps.b?.status).toBe("dispatched");
    expect(cache.journey(history.uuid, { time: isoAt(10_000) })).toEqual(cache.journey(history.uuid));
    expect(() => cache.journey(history.uuid, { time: "then" })).toThrowError(/^at: not a time/);
  });

  it("stays a beginning of the history though a manager's clock was behind", () => {
    const skewed = new History(2)
      .dispatched("a", "user.create_user")
      .succeeded("a", "user.create_user", null, -5_000);
    const { cache } = openCache();
    cache.ingest(recordsOf([skewed]));
    expect(cache.journey(skewed.uuid, { time: isoAt(-1) })).toBeUndefined();
    expect(cache.journey(skewed.uuid, { time: isoAt(0) })?.seq).toBe(3);
  });

  it("is unknown for an unknown uuid", () => {
    const { cache } = openCache();
    expect(cache.journey(uuidOf(9))).toBeUndefined();
    expect(cache.events(uuidOf(9))).toEqual([]);
  });
});

describe("activity", () => {
  const first = new History(1, { name: "order" })
    .failed("a", "card.charge", { code: "DECLINED", message: "no" })
    .by("rollback.joined", "act-1", "alice", "customer called", {
      detail: { trigger: "cancel", scope: "journey", set: [] },
    })
    .by("journey.paused", "act-2", "bob", "let me look")
    .by("action.refused", "act-3", "bob", "again", {
      error: { code: "action_not_allowed", message: "it is paused already" },
      detail: { action: "pause" },
    })
    .by("journey.resumed", "act-4", "bob", "seen");
  const second = new History(2, { atMs: 1_000 })
    .by("undo.retry_scheduled", "act-5", "alice", "both again", { step: "a", service: "user", function: "x" })
    .by("undo.retry_scheduled", "act-5", "alice", "both again", { step: "a", service: "user", function: "y" })
    .by("undo.settled_by_hand", "act-6", "carol", "done by hand", { step: "a", service: "user", function: "x" })
    .by("step.settled_by_hand", "act-7", "carol", "it was so", { step: "b", data: { id: 7 } })
    .by("step.settled_by_hand", "act-8", "carol", "not needed", { step: "c", data: null })
    .by("journey.migrated", "act-9", "dave", "new version", { version: "2" })
    .by("journey.replayed", "act-10", "dave", "once more")
    .by("step.retry_scheduled", "act-11", "dave", "try", { step: "b" })
    .by("journey.terminated", "act-12", "dave", "enough", { error: { code: "terminated", message: "enough" } });

  const filled = () => {
    const { cache } = openCache();
    cache.ingest(recordsOf([first, second]));
    return cache;
  };

  it("has one row for each action, newest first, however many events the action made", () => {
    const { activity, next } = filled().activity({});
    expect(next).toBeNull();
    expect(activity.map((row) => [row.action, row.actor, row.outcome])).toEqual([
      ["terminate", "dave", "done"],
      ["retry", "dave", "done"],
      ["replay", "dave", "done"],
      ["migrate", "dave", "done"],
      ["skip", "carol", "done"],
      ["complete", "carol", "done"],
      ["skip", "carol", "done"],
      ["retry", "alice", "done"],
      ["resume", "bob", "done"],
      ["pause", "bob", "action_not_allowed"],
      ["pause", "bob", "done"],
      ["cancel", "alice", "done"],
    ]);
    expect(activity.at(-1)).toEqual({
      at: isoAt(60),
      uuid: first.uuid,
      name: "order",
      version: "1",
      seq: 5,
      action: "cancel",
      actor: "alice",
      reason: "customer called",
      outcome: "done",
    });
  });

  it("knows no action where nobody acted", () => {
    const { cache } = openCache();
    const started = new History(3);
    started.events[0] = { ...started.events[0]!, actor: "alice", reason: "asked for" };
    cache.ingest(recordsOf([started.failed("a", "card.charge", { message: "no" })]));
    expect(cache.activity({}).activity).toEqual([]);
  });

  it("is filtered by actor, action and free text", () => {
    const cache = filled();
    const ids = (query: Parameters<typeof cache.activity>[0]) => cache.activity(query).activity.map((row) => row.seq);
    expect(cache.activity({ actor: "bob" }).activity.every((row) => row.actor === "bob")).toBe(true);
    expect(ids({ actor: "bob", action: "pause" })).toEqual([7, 6]);
    expect(ids({ q: "CUSTOMER" })).toEqual([5]);
    expect(ids({ q: first.uuid.slice(0, 8) }).length).toBe(4);
    expect(ids({ q: "not_allowed" })).toEqual([7]);
    expect(ids({ actor: "nobody" })).toEqual([]);
  });

  it("pages without gaps or doubles, under filters too", () => {
    const cache = filled();
    for (const [query, total] of [
      [{}, 12],
      [{ q: "e" }, 12],
      [{ actor: "dave" }, 4],
    ] as const) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const { activity, next } = cache.activity({ ...query, limit: 5, cursor });
        seen.push(...activity.map((row) => `${row.uuid} ${row.seq}`));
        cursor = next ?? undefined;
      } while (cursor !== undefined);
      expect(new Set(seen).size).toBe(total);
      expect(seen.length).toBe(total);
    }
    expect(() => cache.activity({ cursor: "W10" })).toThrowError(/^cursor:/);
  });
});
