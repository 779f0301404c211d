import { describe, expect, it } from "vitest";
import type { AuditRecord } from "../../../engine/audit/audit-record.ts";
import type { AuditCache } from "../../../engine/audit/cache.ts";
import { foldAll } from "../../../engine/audit/fold.ts";
import type { SortBounds } from "../../../engine/audit/journey-list.ts";
import type { JourneyFilter, JourneyQuery, JourneyRow } from "../../../engine/audit/store.ts";
import type { JourneyEvent } from "../../../engine/core/events.ts";
import type { Journey } from "../../../engine/core/journey.ts";
import { JOURNEY_STATUSES } from "../../../engine/core/view.ts";
import { makeRecords, randomNumbers } from "../../support/audit-journeys.ts";
import { History, isoAt, openCache, recordsOf, uuidOf } from "./cache-fixture.ts";

const FROM_MS = Date.UTC(2026, 10, 1);
const TO_MS = Date.UTC(2026, 10, 2);

/** The folded journeys, as plainly as can be: what any filter and order is compared with. */
class Oracle {
  readonly journeys: Journey[];
  readonly byUuid: ReadonlyMap<string, Journey>;
  constructor(records: AuditRecord[]) {
    const events = records.map((record) => JSON.parse(record.value ?? "") as JourneyEvent);
    this.journeys = [...Map.groupBy(events, (event) => event.uuid).values()].flatMap((own) => {
      const journey = foldAll(own);
      return journey ? [journey] : [];
    });
    this.byUuid = new Map(this.journeys.map((journey) => [journey.uuid, journey]));
  }

  select(filter: JourneyFilter): Journey[] {
    return this.journeys.filter(
      (journey) =>
        (!filter.status || filter.status.includes(journey.status)) &&
        (filter.name === undefined || journey.name === filter.name) &&
        (filter.version === undefined || journey.version === filter.version) &&
        (filter.service === undefined ||
          Object.values(journey.steps).some((step) => step.service === filter.service)) &&
        (filter.error === undefined ||
          shownError(journey)?.code?.toLowerCase() === filter.error.toLowerCase() ||
          (shownError(journey)?.message ?? "").toLowerCase().includes(filter.error.toLowerCase())) &&
        (filter.from === undefined || journey.startedAt >= Date.parse(filter.from)) &&
        (filter.to === undefined || journey.startedAt < Date.parse(filter.to)),
    );
  }
}

/** Of a rollback that is stuck, what it is stuck on. */
function shownError(journey: Journey): Journey["error"] {
  if (journey.status !== "rollback_failed") return journey.error;
  const negations = Object.values(journey.steps).flatMap((step) => Object.values(step.undo ?? {}));
  return negations.find((negation) => negation.error)?.error;
}

const sortValue = (journey: Journey | undefined, sort: string): number | undefined => {
  if (!journey) return undefined;
  if (sort.endsWith("started_at")) return journey.startedAt;
  if (journey.endedAt === undefined) return undefined;
  return sort.endsWith("ended_at") ? journey.endedAt : journey.endedAt - journey.startedAt;
};

function allPages(cache: AuditCache, query: JourneyQuery): JourneyRow[] {
  const rows: JourneyRow[] = [];
  let cursor: string | undefined;
  do {
    const { journeys, next } = cache.list({ ...query, cursor });
    expect(journeys.length).toBeLessThanOrEqual(query.limit ?? 50);
    if (next !== null) expect(journeys.length).toBe(query.limit ?? 50);
    rows.push(...journeys);
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return rows;
}

function madeCache(journeys: number, sorting?: SortBounds): { cache: AuditCache; oracle: Oracle } {
  const records = [...makeRecords({ journeys, seed: 3, fromMs: FROM_MS, toMs: TO_MS, inFlight: 30 }, 400)].flat();
  const { cache } = openCache({ sorting });
  for (let at = 0; at < records.length; at += 300) cache.ingest(records.slice(at, at + 300));
  return { cache, oracle: new Oracle(records) };
}

describe("a list of journeys", () => {
  it.each([
    ["sorted as a whole", undefined],
    ["sorted by ranges of time", { fewJourneys: 0, fewInRange: 1_000_000 }],
    ["read off the sorted indexes", { fewJourneys: 0, fewInRange: 0 }],
  ])("holds exactly what any combination of filters says, in the order asked for, %s", (_, sorting) => {
    const { cache, oracle } = madeCache(600, sorting);
    const random = randomNumbers(11);
    const one = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
    const maybe = <T>(share: number, value: () => T): T | undefined => (random() < share ? value() : undefined);
    const at = () => new Date(FROM_MS + random() * (TO_MS - FROM_MS)).toISOString();
    let found = 0;
    for (let round = 0; round < 80; round += 1) {
      const filter: JourneyFilter = {
        status: maybe(0.5, () => JOURNEY_STATUSES.filter(() => random() < 0.4)),
        name: maybe(0.3, () => one(["onboarding", "order", "shipping", "nothing"])),
        version: maybe(0.2, () => one(["1", "2", "3"])),
        service: maybe(0.3, () => one(["user", "license", "order", "mail", "card", "nobody"])),
        error: maybe(0.2, () => one(["CARD_DECLINED", "license pool", "is blocked", "card_declined", "no such"])),
        from: maybe(0.3, at),
        to: maybe(0.3, at),
      };
      if (filter.status?.length === 0) filter.status = undefined;
      const sort = one(["started_at", "-started_at", "ended_at", "-ended_at", "duration", "-duration"] as const);
      const limit = one([1, 7, 50, 200]);
      const expected = oracle.select(filter);
      if (limit === 1 && expected.length > 40) continue;
      found += expected.length;
      const rows = allPages(cache, { ...filter, sort, limit });
      expect(rows.map((row) => row.uuid).toSorted(), JSON.stringify(filter)).toEqual(
        expected.map((journey) => journey.uuid).toSorted(),
      );
      const values = rows.map((row) => sortValue(oracle.byUuid.get(row.uuid), sort));
      const ended = values.filter((value) => value !== undefined);
      const inOrder = ended.toSorted((a, b) => (sort.startsWith("-") ? b - a : a - b));
      expect(values, `${sort} ${JSON.stringify(filter)}`).toEqual([
        ...inOrder,
        ...Array(values.length - ended.length).fill(undefined),
      ]);
      const counts = cache.counts(filter);
      for (const status of JOURNEY_STATUSES) {
        const count = expected.filter((journey) => journey.status === status).length;
        expect(counts[status], `${status} ${JSON.stringify(filter)}`).toBe(count);
      }
    }
    expect(found).toBeGreaterThan(300);
  });

  it("finds the journeys that wait for an approval, as long as they wait", () => {
    const waiting = new History(1).ran("a", "user.create_user").dispatched("b", "manager.approve");
    const approved = new History(2).ran("a", "manager.approve").dispatched("b", "user.create_user");
    const other = new History(3, { name: "order" }).dispatched("a", "user.create_user");
    const { cache } = openCache();
    cache.ingest(recordsOf([waiting, approved, other]));
    const found = (filter: JourneyFilter) => cache.list(filter).journeys.map(({ uuid }) => uuid);
    expect(found({ waiting: "approval" })).toEqual([waiting.uuid]);
    expect(cache.counts({ waiting: "approval" }).running).toBe(1);
    expect(found({ waiting: "approval", service: "user" })).toEqual([waiting.uuid]);
    expect(found({ waiting: "approval", name: "order" })).toEqual([]);
    const answer = recordsOf([waiting.succeeded("b", "manager.approve")]).slice(-1);
    cache.ingest(answer.map((record) => ({ ...record, offset: 100 })));
    expect(found({ waiting: "approval" })).toEqual([]);
    expect(found({ service: "user" })).toHaveLength(3);
  });

  it("is the newest first, 50 rows, when nothing is said", () => {
    const { cache, oracle } = madeCache(60);
    const { journeys, next } = cache.list({});
    const newest = oracle.journeys.toSorted((a, b) => b.startedAt - a.startedAt).slice(0, 50);
    expect(journeys.map((row) => row.started_at)).toEqual(
      newest.map((journey) => new Date(journey.startedAt).toISOString()),
    );
    expect(next).not.toBeNull();
  });

  it("shows of each journey where it stands, what went wrong and where it comes from", () => {
    const { cache } = openCache();
    const running = new History(1).ran("a", "user.create_user").dispatched("b", "license.add_license");
    const failed = new History(2)
      .ran("a", "user.create_user")
      .failed("b", "license.add_license", { code: "FULL", message: "pool 7 is full" })
      .undone("a", "user.delete_user")
      .add("rollback.completed");
    const child = new History(3);
    child.events[0] = {
      ...(child.events[0] as JourneyEvent),
      detail: { parent: { uuid: uuidOf(1), step: "sub" }, replay_of: uuidOf(2) },
    };
    cache.ingest(recordsOf([running, failed, child]));
    const rows = cache.list({ sort: "started_at" }).journeys.toSorted((a, b) => a.uuid.localeCompare(b.uuid));
    expect(rows).toEqual([
      {
        uuid: uuidOf(1),
        name: "onboarding",
        version: "1",
        status: "running",
        started_at: isoAt(0),
        updated_at: isoAt(100),
        seq: 4,
        where: ["b"],
      },
      {
        uuid: uuidOf(2),
        name: "onboarding",
        version: "1",
        status: "rolled_back",
        started_at: isoAt(0),
        updated_at: isoAt(180),
        ended_at: isoAt(180),
        seq: 9,
        where: ["b"],
        error: { code: "FULL", message: "pool 7 is full" },
      },
      {
        uuid: uuidOf(3),
        name: "onboarding",
        version: "1",
        status: "running",
        started_at: isoAt(0),
        updated_at: isoAt(0),
        seq: 1,
        where: [],
        replay_of: uuidOf(2),
        parent: { uuid: uuidOf(1), step: "sub" },
      },
    ]);
  });

  it("has neither gaps nor doubles while new journeys come in and others go on", () => {
    const records = [...makeRecords({ journeys: 400, seed: 8, fromMs: FROM_MS, toMs: TO_MS, inFlight: 300 }, 50)];
    for (const sort of ["-started_at", "started_at"] as const) {
      const { cache } = openCache();
      const early = records.slice(0, 20).flat();
      cache.ingest(early);
      const there = new Set(new Oracle(early).journeys.map((journey) => journey.uuid));
      const seen: string[] = [];
      let cursor: string | undefined;
      let later = 20;
      do {
        const { journeys, next } = cache.list({ sort, limit: 7, cursor });
        seen.push(...journeys.map((row) => row.uuid));
        cursor = next ?? undefined;
        cache.ingest(records[later] ?? []);
        later += 1;
      } while (cursor !== undefined);
      expect(new Set(seen).size).toBe(seen.length);
      for (const uuid of there) expect(seen).toContain(uuid);
    }
  });

  it("pages through journeys that started, ended or lasted the same to the millisecond", () => {
    const { cache } = openCache();
    const histories = Array.from({ length: 25 }, (_, number) =>
      new History(number).ran("a", "user.create_user").completed(),
    );
    cache.ingest(recordsOf(histories));
    for (const sort of ["started_at", "-started_at", "ended_at", "-ended_at", "duration", "-duration"] as const) {
      const uuids = allPages(cache, { sort, limit: 4 }).map((row) => row.uuid);
      expect(uuids.length).toBe(25);
      expect(new Set(uuids).size).toBe(25);
    }
  });

  it.each([
    [{ cursor: "nonsense" }, "cursor"],
    [{ cursor: Buffer.from('["duration",1,2]').toString("base64url") }, "cursor"],
    [{ cursor: "x".repeat(10_000) }, "cursor"],
    [{ limit: 0 }, "limit"],
    [{ limit: 201 }, "limit"],
    [{ from: "yesterday" }, "from"],
    [{ to: "" }, "to"],
    [{ sort: "name" as "duration" }, "sort"],
    [{ status: ["lost" as "held"] }, "status"],
  ])("refuses %j, naming the field", (query, field) => {
    const { cache } = openCache();
    expect(() => cache.list(query)).toThrowError(
      expect.objectContaining({ code: "invalid_request", message: expect.stringMatching(new RegExp(`^${field}:`)) }),
    );
  });

  it("is empty, and counts nothing, in an empty cache", () => {
    const { cache } = openCache();
    expect(cache.list({ q: "x", sort: "duration" })).toEqual({ journeys: [], next: null });
    expect(Object.values(cache.counts({ from: isoAt(0) }))).toEqual(JOURNEY_STATUSES.map(() => 0));
  });
});

describe("free text", () => {
  const order = new History(1, {
    name: "order",
    data: { customer: "Alice Miller", email: "alice@example.com", ref: "ORD-4711" },
  })
    .ran("a", "card.charge", { receipt: "R-99", nested: { trace: "3f2a1b2c-9d0e-4f1a-8b2c-1234567890ab" } })
    .completed();
  const failed = new History(2, { name: "order", atMs: 10_000, data: { customer: "Bob", ref: "ORD-4712" } }).failed(
    "a",
    "card.charge",
    { code: "CARD_DECLINED", message: "card ending 0042 was declined" },
  );
  const running = new History(0xabcdef01, { atMs: 20_000, data: { customer: "Zoë Alicente" } });

  const search = (query: JourneyQuery): string[] => {
    const { cache } = openCache();
    cache.ingest(recordsOf([order, failed, running]));
    return cache.list(query).journeys.map((row) => row.uuid);
  };

  it.each([
    ["a word of the input", "miller", [order]],
    ["words in any order, without regard to case", "MILLER alice", [order]],
    ["the beginning of a word", "mill", [order]],
    ["an address", "alice@example.com", [order]],
    ["a reference", "ORD-4712", [failed]],
    ["several journeys, newest first", "ord", [failed, order]],
    ["an output", "R-99", [order]],
    ["a uuid in the data", "3f2a1b2c-9d0e-4f1a-8b2c-1234567890ab", [order]],
    ["the beginning of a uuid in the data", "3f2a1b2c-9d0e", [order]],
    ["a flow's name", "onboarding", [running]],
    ["an error's code", "card_declined", [failed]],
    ["an error's message", "declined 0042", [failed]],
    ["a journey's uuid", running.uuid, [running]],
    ["the beginning of a journey's uuid", "abcdef01", [running]],
    ["a name with an accent, typed without", "zoe", [running]],
    ["nothing where one word is missing", "alice bob", []],
    ["nothing for signs alone", "***", []],
    ["nothing for what would mean something to the index", '") OR (marks : s6 *^ NEAR(a b) {text}:', []],
    ["nothing for a zero byte", "mil\0ler", []],
  ])("finds %s", (_, q, expected) => {
    expect(search({ q })).toEqual(expected.map((history) => history.uuid));
  });

  it("goes together with all other filters and orders", () => {
    expect(search({ q: "ord", status: ["completed"] })).toEqual([order.uuid]);
    expect(search({ q: "ord", error: "CARD_DECLINED" })).toEqual([failed.uuid]);
    expect(search({ q: "ord", from: isoAt(5_000) })).toEqual([failed.uuid]);
    expect(search({ q: "ord", service: "license" })).toEqual([]);
    expect(search({ q: "ord", name: "order", service: "card", version: "1" })).toEqual([failed.uuid, order.uuid]);
    expect(search({ q: "ord", sort: "-duration" })).toEqual([order.uuid, failed.uuid]);
    expect(search({ q: "alice", sort: "ended_at" })).toEqual([order.uuid, running.uuid]);
  });

  it("looks for an error's id or number in the message itself", () => {
    expect(search({ error: "ending 0042" })).toEqual([failed.uuid]);
    expect(search({ error: "ending 0043" })).toEqual([]);
  });

  it("counts what it finds", () => {
    const { cache } = openCache();
    cache.ingest(recordsOf([order, failed, running]));
    expect(cache.counts({ q: "ord" })).toMatchObject({ completed: 1, rolling_back: 1, running: 0 });
  });

  it("finds a journey by what it became, not by what it was", () => {
    const { cache } = openCache();
    cache.ingest(recordsOf([failed]));
    expect(cache.list({ q: "ORD-4712", status: ["rolling_back"] }).journeys.length).toBe(1);
    cache.ingest(recordsOf([new History(2, { name: "order", atMs: 10_000 })]));
    failed.add("rollback.completed");
    cache.ingest(recordsOf([failed]));
    expect(cache.list({ q: "ORD-4712", status: ["rolling_back"] }).journeys).toEqual([]);
    expect(cache.list({ q: "ORD-4712", status: ["rolled_back"] }).journeys.length).toBe(1);
  });

  it("pages through many finds without gaps or doubles", () => {
    const { cache } = openCache();
    const histories = Array.from(
      { length: 120 },
      (_, number) => new History(number, { atMs: number % 10, data: "needle" }),
    );
    cache.ingest(recordsOf(histories));
    while (!cache.indexText(1_000, true));
    for (const sort of ["-started_at", "started_at", "-duration"] as const) {
      const uuids = allPages(cache, { q: "needle", sort, limit: 13 }).map((row) => row.uuid);
      expect(uuids.toSorted()).toEqual(histories.map((history) => history.uuid).toSorted());
    }
  });
});
