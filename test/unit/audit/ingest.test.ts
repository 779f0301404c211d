import { cpSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { AuditRecord } from "../../../engine/audit/audit-record.ts";
import { AuditCache } from "../../../engine/audit/cache.ts";
import { defaultMigrations } from "../../../engine/audit/database.ts";
import { foldAll } from "../../../engine/audit/fold.ts";
import { makeRecords, randomNumbers } from "../../support/audit-journeys.ts";
import { dump, History, listeningLogger, openCache, recordsOf, temporaryFolder, uuidOf } from "./cache-fixture.ts";

const story = (number: number) => new History(number).ran("a", "user.create_user").ran("b", "license.add_license");

/** Ingests in batches of this size, indexes the words, closes; returns what the cache then holds. */
function dumpOf(records: AuditRecord[], batchSize = 100): string[] {
  const file = join(temporaryFolder(), "audit.sqlite");
  const cache = new AuditCache({ file });
  for (let at = 0; at < records.length; at += batchSize) cache.ingest(records.slice(at, at + batchSize));
  while (!cache.indexText(1_000, true));
  cache.close();
  return dump(file);
}

const madeRecords = (journeys: number, seed = 1): AuditRecord[] =>
  [...makeRecords({ journeys, seed, partitions: 3, inFlight: 20 }, 500)].flat();

const withoutPositions = (lines: string[]): string[] => lines.filter((line) => !line.startsWith("position"));

describe("ingesting", () => {
  it("keeps the events word for word, and the journey is their fold", () => {
    const { cache } = openCache();
    const history = story(1).completed({ done: true });
    cache.ingest(recordsOf([history]));
    expect(cache.events(history.uuid)).toEqual(history.events);
    expect(cache.journey(history.uuid)).toEqual(foldAll(history.events));
    expect(cache.journey(history.uuid.toUpperCase())?.status).toBe("completed");
  });

  it("answers with the journeys that changed, each once, where they stand now", () => {
    const { cache } = openCache();
    const one = story(1);
    const two = story(2).completed();
    expect(cache.ingest(recordsOf([one, two])).changes).toEqual([
      { uuid: one.uuid, seq: 5, status: "running", name: "onboarding", version: "1" },
      { uuid: two.uuid, seq: 6, status: "completed", name: "onboarding", version: "1" },
    ]);
    expect(cache.ingest(recordsOf([one])).changes).toEqual([]);
  });

  it("gives the same cache whatever the batches are", () => {
    const records = madeRecords(60);
    expect(dumpOf(records, 7)).toEqual(dumpOf(records, 5_000));
  });

  it("changes nothing when events come twice", () => {
    const records = madeRecords(60);
    const twice = [...records, ...records];
    expect(dumpOf(twice, 50)).toEqual(dumpOf(records));
    const { cache } = openCache();
    cache.ingest(twice);
    expect(cache.status()).toMatchObject({ events: records.length, duplicates: records.length, missing: 0 });
  });

  it("gives the same cache whatever the order events come in", () => {
    const records = madeRecords(40);
    const random = randomNumbers(5);
    const shuffled = records
      .map((record) => ({ record, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ record }) => record);
    const inOrder = dumpOf(records);
    for (const batchSize of [1, 13, 1_000]) expect(dumpOf(shuffled, batchSize)).toEqual(inOrder);
  });

  it("gives the same cache whichever partition is read first", () => {
    const records = madeRecords(60);
    const byPartition = [2, 0, 1].flatMap((partition) => records.filter((record) => record.partition === partition));
    expect(dumpOf(byPartition, 40)).toEqual(dumpOf(records, 40));
  });

  it("counts and reports gaps in seq until what was missing comes", () => {
    const { cache } = openCache();
    const records = recordsOf([story(1).completed()]);
    cache.ingest(records.filter((_, index) => index !== 2 && index !== 3));
    expect(cache.status().missing).toBe(2);
    expect(cache.journey(uuidOf(1))).toMatchObject({ status: "completed", seq: 6 });
    cache.ingest(records);
    expect(cache.status()).toMatchObject({ missing: 0, events: 6, duplicates: 4 });
  });

  it("shows what can be told of a journey whose beginning has left the topic", () => {
    const { cache } = openCache();
    const history = story(1).completed({ done: true });
    cache.ingest(recordsOf([history]).slice(3));
    expect(cache.status().missing).toBe(3);
    expect(cache.list({}).journeys).toMatchObject([
      { uuid: history.uuid, name: "onboarding", status: "completed", seq: 6 },
    ]);
    expect(cache.journey(history.uuid)?.steps.b).toMatchObject({ status: "succeeded", output: { ok: true } });
  });

  it("leaves out records that hold no event, and says which", () => {
    const logger = listeningLogger();
    const { cache } = openCache({ logger });
    const [good] = recordsOf([new History(1)]);
    const bad = [null, "", "no json", "[]", '{"type":"journey.started"}', '{"type":"journey.exploded"}', "42"];
    const event = JSON.parse(good?.value ?? "") as object;
    for (const wrong of [{ seq: 0 }, { seq: 1.5 }, { at: "yesterday" }, { uuid: "" }, { name: 3 }]) {
      bad.push(JSON.stringify({ ...event, ...wrong }));
    }
    const records = bad.map((value, offset) => ({ partition: 4, offset, value }));
    expect(cache.ingest(records)).toMatchObject({ events: 0, malformed: bad.length });
    expect(cache.positions()).toEqual({ 4: bad.length });
    expect(logger.lines.map((line) => line.details)).toContainEqual({ partition: 4, offset: 2 });
  });

  it("goes on after an event that can't be folded", () => {
    const { cache } = openCache({
      evolve: (journey, event) => {
        if (event.type === "step.progressed") throw new Error("never seen such a thing");
        const next = foldAll([...(journey ? [] : [event])]);
        return next ?? { ...journeyOrThrow(journey), seq: event.seq };
      },
    });
    const history = new History(1)
      .dispatched("a", "user.create_user")
      .add("step.progressed", { step: "a" })
      .completed();
    expect(cache.ingest(recordsOf([history])).changes).toMatchObject([{ seq: 4 }]);
  });

  it("takes all of a batch or nothing, and stays right in memory", () => {
    const { cache, file } = openCache();
    cache.ingest(recordsOf([story(1)]));
    const before = cache.status();
    const blocked: AuditRecord[] = recordsOf([story(2), story(3)], 0, 5);
    // A value that SQLite refuses to bind makes the transaction fail after the first journey was written.
    const poisoned = blocked.map((record, index) => (index === 7 ? { ...record, offset: Number.NaN } : record));
    expect(() => cache.ingest(poisoned)).toThrow();
    expect(cache.status()).toEqual(before);
    cache.ingest(blocked);
    expect(cache.counts({}).running).toBe(3);
    cache.close();
    expect(new AuditCache({ file }).counts({}).running).toBe(3);
  });
});

function journeyOrThrow<T>(journey: T | undefined): T {
  if (!journey) throw new Error("no journey");
  return journey;
}

describe("a cache that is opened again", () => {
  it("goes on from its positions, with everything it had", () => {
    const records = madeRecords(50);
    const file = join(temporaryFolder(), "audit.sqlite");
    for (let at = 0; at < records.length; at += 97) {
      const cache = new AuditCache({ file });
      const positions = cache.positions();
      // As after a crash, the last records before the position are delivered once more.
      const batch = records.slice(Math.max(0, at - 20), at + 97);
      const isNew = batch.some(({ partition, offset }) => offset >= (positions[partition] ?? 0));
      expect(isNew).toBe(true);
      cache.ingest(batch);
      cache.close();
    }
    const cache = new AuditCache({ file });
    while (!cache.indexText(1_000, true));
    cache.close();
    expect(dump(file)).toEqual(dumpOf(records));
  });

  it("folds from the events what is no longer in memory", () => {
    const records = madeRecords(80);
    const { cache, file } = openCache({ states: { maximumStates: 3, maximumSize: 1_000_000 } });
    for (let at = 0; at < records.length; at += 10) cache.ingest(records.slice(at, at + 10));
    while (!cache.indexText(1_000, true));
    cache.close();
    expect(dump(file)).toEqual(dumpOf(records));
  });

  it("is moved aside and begun anew when the file is damaged", () => {
    const logger = listeningLogger();
    const file = join(temporaryFolder(), "audit.sqlite");
    writeFileSync(file, "this is not a database, however long one looks at it. ".repeat(100));
    const { cache } = openCache({ file, logger });
    expect(cache.status()).toMatchObject({ journeys: 0, positions: {} });
    expect(logger.lines).toMatchObject([{ level: "warn", details: { file, to: `${file}.unusable` } }]);
    expect(logger.lines[0]?.message).toMatch(/can't be used: it is damaged .* rebuilt from the topic/);
    expect(readdirSync(dirname(file))).toContain("audit.sqlite.unusable");
  });

  it("is moved aside and begun anew when a newer Antigraph wrote it, or it is another program's", () => {
    for (const [change, why] of [
      ["PRAGMA user_version = 999", /a newer Antigraph wrote it \(schema 999/],
      ["PRAGMA application_id = 7", /it is not an audit cache/],
    ] as const) {
      const logger = listeningLogger();
      const file = join(temporaryFolder(), "audit.sqlite");
      new AuditCache({ file }).close();
      new Database(file).exec(change).close();
      const { cache } = openCache({ file, logger });
      cache.ingest(recordsOf([story(1)]));
      expect(logger.lines[0]?.message).toMatch(why);
      expect(cache.status().journeys).toBe(1);
    }
  });

  it("is refused, not moved aside, while another process has it", () => {
    const { file } = openCache();
    expect(() => new AuditCache({ file })).toThrowError(expect.objectContaining({ code: "data_folder_locked" }));
    expect(readdirSync(dirname(file))).not.toContain("audit.sqlite.unusable");
  });

  it("is brought up to date from any earlier schema", () => {
    const names = readdirSync(defaultMigrations()).sort();
    const records = madeRecords(20);
    for (let count = 1; count < names.length; count += 1) {
      const folder = temporaryFolder();
      const migrations = join(folder, "migrations");
      cpSync(defaultMigrations(), migrations, { recursive: true });
      for (const name of names.slice(count)) rmSync(join(migrations, name));
      const file = join(folder, "audit.sqlite");
      // An older program can't run its statements here; its schema is what counts.
      expect(() => new AuditCache({ file, migrations: pathToFileURL(`${migrations}/`) })).toThrow();
      const logger = listeningLogger();
      const cache = new AuditCache({ file, logger });
      cache.ingest(records);
      while (!cache.indexText(1_000, true));
      cache.close();
      expect(logger.lines).toEqual([]);
      expect(dump(file)).toEqual(dumpOf(records));
    }
  });
});

describe("beginning anew", () => {
  it("gives the same cache again", () => {
    const records = madeRecords(60);
    const { cache, file } = openCache();
    cache.ingest(records);
    cache.reset();
    expect(cache.status()).toMatchObject({ journeys: 0, events: 0, positions: {} });
    cache.ingest(records);
    while (!cache.indexText(1_000, true));
    cache.close();
    expect(dump(file)).toEqual(dumpOf(records));
  });

  it("gives the same content from an export", () => {
    const records = madeRecords(60);
    const { cache } = openCache();
    cache.ingest(records);
    const lines: string[] = [];
    let after: number | null = null;
    do {
      const portion = cache.export(after);
      lines.push(...portion.lines);
      after = portion.next;
    } while (after !== null);
    expect(lines.length).toBe(records.length);
    const { cache: copy, file } = openCache();
    copy.import(lines);
    expect(copy.import(["", ...lines.slice(0, 10)])).toMatchObject({ events: 0, duplicates: 10, malformed: 0 });
    while (!copy.indexText(1_000, true));
    copy.close();
    expect(dump(file)).toEqual(withoutPositions(dumpOf(records)));
  });
});

describe("pruning", () => {
  it("takes out what ended before, and nothing else", () => {
    const { cache } = openCache();
    const old = new History(1).ran("a", "user.create_user").completed();
    const young = new History(2, { atMs: 60_000 }).ran("a", "user.create_user").completed();
    const stuck = new History(3).dispatched("a", "user.create_user");
    cache.ingest(recordsOf([old, young, stuck]));
    while (!cache.indexText(1_000, true));
    expect(cache.prune(new Date(Date.parse(young.events[0]?.at ?? "")).toISOString())).toBe(1);
    expect(cache.prune(young.events[0]?.at ?? "")).toBe(0);
    expect(cache.list({}).journeys.map((row) => row.uuid)).toEqual([young.uuid, stuck.uuid]);
    expect(cache.events(old.uuid)).toEqual([]);
    expect(cache.counts({})).toMatchObject({ completed: 1, running: 1 });
    expect(cache.list({ q: "C-1" }).journeys).toEqual([]);
  });

  it("is remembered over a new beginning, so that old journeys don't come back", () => {
    const { cache } = openCache();
    const records = recordsOf([new History(1).completed(), new History(2, { atMs: 60_000 }).completed()]);
    cache.ingest(records);
    cache.prune(new Date(Date.parse("2026-11-22T10:00:30Z")).toISOString());
    cache.reset();
    cache.ingest(records);
    while (cache.pruneAgain() > 0);
    expect(cache.list({}).journeys.map((row) => row.uuid)).toEqual([uuidOf(2)]);
  });
});
