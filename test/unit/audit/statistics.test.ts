import { describe, expect, it } from "vitest";
import { percentile, percentilesOf } from "../../../engine/audit/percentiles.ts";
import { History, isoAt, openCache, recordsOf, uuidOf } from "./cache-fixture.ts";

const HOUR = { from: isoAt(0), to: isoAt(3_600_000) };

describe("percentiles", () => {
  it("are values that were measured, by the nearest rank", () => {
    const values = [5, 1, 4, 2, 3];
    expect(percentilesOf(values)).toEqual({ p50_ms: 3, p95_ms: 5, p99_ms: 5 });
    expect(values).toEqual([5, 1, 4, 2, 3]);
    expect(
      percentile(
        Array.from({ length: 100 }, (_, index) => index + 1),
        95,
      ),
    ).toBe(95);
    expect(percentilesOf([])).toEqual({});
    expect(percentile([7], 0)).toBe(7);
  });
});

describe("groups of failures", () => {
  const declined = (number: number, atMs: number, version = "1") =>
    new History(number, { name: "order", version, atMs }).failed("a", "card.charge", {
      code: "DECLINED",
      message: `card ${number * 1_000} of 'customer ${number}' was declined`,
    });

  it("hold the journeys that failed for the same cause, over versions, the largest group first", () => {
    const { cache } = openCache();
    const other = new History(50, { atMs: 9_000 }).failed("b", "license.add_license", { message: "pool 3 is full" });
    const fine = new History(51).ran("a", "card.charge").completed();
    const many = Array.from({ length: 7 }, (_, number) => declined(number, number * 1_000, number < 3 ? "1" : "2"));
    cache.ingest(recordsOf([...many, other, fine]));
    expect(cache.failures({})).toEqual([
      {
        fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
        name: "order",
        service: "card",
        function: "charge",
        code: "DECLINED",
        message: "card <n> of <value> was declined",
        count: 7,
        first_at: isoAt(0),
        last_at: isoAt(6_000),
        journeys: [6, 5, 4, 3, 2].map(uuidOf),
      },
      expect.objectContaining({ name: "onboarding", service: "license", message: "pool <n> is full", count: 1 }),
    ]);
  });

  it("are filtered like lists; the service is the one that failed", () => {
    const { cache } = openCache();
    const mixed = new History(60, { atMs: 2_000 })
      .ran("a", "card.charge")
      .failed("b", "license.add_license", { message: "full" });
    cache.ingest(recordsOf([declined(1, 0), declined(2, 5_000, "2"), mixed]));
    const counts = (filter: Parameters<typeof cache.failures>[0]) =>
      cache.failures(filter).map((group) => [group.service, group.count]);
    expect(counts({ service: "card" })).toEqual([["card", 2]]);
    expect(counts({ service: "license" })).toEqual([["license", 1]]);
    expect(counts({ name: "order", version: "2" })).toEqual([["card", 1]]);
    expect(counts({ from: isoAt(1_000) })).toEqual([
      ["card", 1],
      ["license", 1],
    ]);
    expect(counts({ error: "declined" })).toEqual([["card", 2]]);
    expect(counts({ status: ["rolled_back"] })).toEqual([]);
    expect(counts({ q: "full" })).toEqual([["license", 1]]);
  });

  it("name the undo that is stuck rather than the failure before it, until it is mended", () => {
    const { cache } = openCache();
    const stuck = new History(1)
      .ran("a", "user.create_user")
      .failed("b", "license.add_license", { code: "FULL", message: "no seats" })
      .add("undo.dispatched", { step: "a", service: "user", function: "delete_user", attempt: 1, data: {} })
      .add("undo.failed", {
        step: "a",
        service: "user",
        function: "delete_user",
        attempt: 1,
        error: { message: "locked" },
      })
      .add("rollback.failed", { step: "a", service: "user", function: "delete_user", error: { message: "locked" } });
    cache.ingest(recordsOf([stuck]));
    expect(cache.failures({})).toMatchObject([
      { service: "user", function: "delete_user", message: "locked", count: 1 },
    ]);
    expect(cache.list({ error: "locked" }).journeys).toMatchObject([{ status: "rollback_failed", where: ["a"] }]);
    stuck.by("undo.settled_by_hand", "act", "eve", "by hand", {
      step: "a",
      service: "user",
      function: "delete_user",
    });
    cache.ingest(recordsOf([stuck.add("rollback.completed")]));
    expect(cache.failures({})).toMatchObject([
      { service: "license", function: "add_license", code: "FULL", count: 1 },
    ]);
  });

  it("don't hold what an operator terminated", () => {
    const { cache } = openCache();
    const error = { code: "terminated", message: "not needed 17" };
    cache.ingest(recordsOf([new History(1).by("journey.terminated", "act", "eve", "not needed 17", { error })]));
    expect(cache.failures({})).toEqual([]);
    expect(cache.list({ error: "terminated" }).journeys.length).toBe(1);
  });
});

describe("statistics of functions", () => {
  it("count calls, outcomes and latency, undo calls by themselves", () => {
    const { cache } = openCache();
    const histories = [10, 20, 30, 40].map((ms, number) =>
      new History(number).ran("a", "user.create_user", null, ms),
    );
    const failed = new History(5)
      .ran("a", "user.create_user", null, 50)
      .failed("b", "license.add_license", { message: "no" }, 7)
      .undone("a", "user.delete_user", 9);
    const timedOut = new History(6)
      .dispatched("a", "user.create_user")
      .add("step.timed_out", { step: "a", service: "user", function: "create_user", attempt: 1 }, 30_000);
    cache.ingest(recordsOf([...histories, failed, timedOut]));
    const stats = cache.functionStats(HOUR);
    const figures = stats.map(({ buckets, ...row }) => row);
    expect(figures).toEqual([
      {
        service: "license",
        function: "add_license",
        undo: false,
        calls: 1,
        succeeded: 0,
        failed: 1,
        timed_out: 0,
        in_flight: 0,
        p50_ms: 7,
        p95_ms: 7,
        p99_ms: 7,
      },
      {
        service: "user",
        function: "create_user",
        undo: false,
        calls: 6,
        succeeded: 5,
        failed: 0,
        timed_out: 1,
        in_flight: 0,
        p50_ms: 30,
        p95_ms: 50,
        p99_ms: 50,
      },
      expect.objectContaining({
        service: "user",
        function: "delete_user",
        undo: true,
        calls: 1,
        succeeded: 1,
        p50_ms: 9,
      }),
    ]);
  });

  it("have buckets over the asked time, oldest first, that add up", () => {
    const { cache } = openCache();
    const histories = Array.from({ length: 60 }, (_, number) =>
      new History(number, { atMs: number * 60_000 }).ran("a", "user.create_user", null, 5),
    );
    cache.ingest(recordsOf(histories));
    const [row] = cache.functionStats(HOUR);
    expect(row?.buckets.length).toBe(30);
    expect(row?.buckets[0]).toEqual({ at: isoAt(0), calls: 2, failed: 0, p95_ms: 5 });
    expect(row?.buckets[29]?.at).toBe(isoAt(58 * 60_000));
    expect(row?.buckets.reduce((sum, bucket) => sum + bucket.calls, 0)).toBe(60);
    const [later] = cache.functionStats({ from: isoAt(30 * 60_000), to: HOUR.to });
    expect(later?.calls).toBe(30);
  });

  it("are filtered by service and function; built-in steps are shown only when asked for", () => {
    const { cache } = openCache();
    cache.ingest(
      recordsOf([new History(1).ran("a", "user.create_user").ran("w", "manager.wait").ran("b", "user.other")]),
    );
    const functions = (query: object) => cache.functionStats({ ...HOUR, ...query }).map((row) => row.function);
    expect(functions({})).toEqual(["create_user", "other"]);
    expect(functions({ service: "user", function: "other" })).toEqual(["other"]);
    expect(functions({ service: "manager" })).toEqual(["wait"]);
    expect(functions({ from: isoAt(-10), to: isoAt(0) })).toEqual([]);
    expect(() => cache.functionStats({ from: "x", to: HOUR.to })).toThrowError(/^from:/);
  });

  it("know the calls in flight, whatever time is asked for, until they are answered, given up or settled by hand", () => {
    const inFlight = (...histories: History[]): number => {
      const { cache } = openCache();
      for (const history of histories) for (const record of recordsOf([history])) cache.ingest([record]);
      const [row] = cache.functionStats({ from: isoAt(-2_000), to: isoAt(-1_000), service: "user" });
      return row?.in_flight ?? 0;
    };
    const sent = (number: number) => new History(number).dispatched("a", "user.create_user");
    expect(inFlight(sent(1), sent(2))).toBe(2);
    expect(inFlight(sent(1).succeeded("a", "user.create_user"))).toBe(0);
    expect(inFlight(sent(1).by("journey.terminated", "act", "eve", "", { error: { message: "" } }))).toBe(0);
    expect(
      inFlight(
        sent(1).by("step.settled_by_hand", "act", "eve", "", { step: "a", service: "user", function: "create_user" }),
      ),
    ).toBe(0);
    const late = { step: "a", service: "user", function: "create_user", attempt: 1, detail: { status: "success" } };
    expect(inFlight(sent(1).add("step.late", late))).toBe(0);
  });
});

describe("statistics of flows", () => {
  it("count journeys by version, and name the slowest step", () => {
    const { cache } = openCache();
    const good = [100, 200, 300].map((ms, number) =>
      new History(number)
        .ran("a", "user.create_user", null, 10)
        .ran("b", "license.add_license", null, ms)
        .completed(),
    );
    const bad = new History(4).failed("a", "user.create_user", { message: "no" }).add("rollback.completed");
    const other = new History(5, { version: "2" }).dispatched("a", "user.create_user");
    const gone = new History(6).by("journey.terminated", "act", "eve", "", { error: { message: "" } });
    cache.ingest(recordsOf([...good, bad, other, gone]));
    expect(cache.flowStats(HOUR)).toEqual([
      {
        name: "onboarding",
        version: "1",
        running: 0,
        completed: 3,
        rolled_back: 1,
        total: 5,
        p50_ms: 210,
        p95_ms: 310,
        slowest_step: { step: "b", service: "license", function: "add_license", p95_ms: 300 },
      },
      { name: "onboarding", version: "2", running: 1, completed: 0, rolled_back: 0, total: 1 },
    ]);
    expect(cache.flowStats({ from: isoAt(1), to: HOUR.to })).toEqual([]);
  });
});
