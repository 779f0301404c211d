import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Checkpoints } from "../../../../engine/bus/kafka/checkpoint.ts";
import { TextMap } from "../../../../engine/bus/kafka/text-map.ts";

const HOUR_MS = 3_600_000;

let dataDir: string;
let now: number;
let warnings: string[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "antigraph-checkpoint-"));
  now = 1_000_000;
  warnings = [];
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const open = (topic = "state") => {
  const logger = { warn: (_: unknown, message: string) => void warnings.push(message), error: () => {} };
  return new Checkpoints({ dataDir, topic, clock: () => now, logger });
};
const file = (partition = 3) => join(dataDir, "kafka-checkpoint", "state", `${partition}.log`);

/** Whoever works on the partition: keeps up what it was restored from, and says so. */
const owned = new WeakMap<Checkpoints, TextMap>();
const follow = (checkpoints: Checkpoints, entries: TextMap, next: number, changed: string[] | undefined) => {
  owned.set(checkpoints, entries);
  checkpoints.follow(3, entries, next, changed);
};
const ownedBy = (checkpoints: Checkpoints): TextMap => owned.get(checkpoints) ?? new TextMap();
const committed = (
  checkpoints: Checkpoints,
  changes: { key: string; value: string | null }[],
  first: number,
  end: number,
  entries = ownedBy(checkpoints),
) => {
  for (const { key, value } of changes) {
    if (value === null) entries.delete(key);
    else entries.set(key, value);
  }
  checkpoints.committed(3, entries, changes, first, end);
};
const leave = (checkpoints: Checkpoints) => checkpoints.leave(3, ownedBy(checkpoints));
const entriesOf = async (checkpoints: Checkpoints, partition = 3) => {
  const { entries, next } = (await checkpoints.load(partition)) ?? {};
  return { entries: entries && Object.fromEntries(entries), next };
};

it("has after a restart what was read and what was committed since, and where to read on", async () => {
  const first = open();
  follow(
    first,
    new TextMap([
      ["a", "1"],
      ["b", "2"],
    ]),
    10,
    undefined,
  );
  committed(
    first,
    [
      { key: "a", value: "3" },
      { key: "b", value: null },
      { key: "c", value: "4" },
    ],
    11,
    14,
  );
  await first.close();
  const second = open();
  expect(await entriesOf(second)).toEqual({ entries: { a: "3", c: "4" }, next: 14 });
  expect(await entriesOf(second, 4)).toEqual({ entries: undefined, next: undefined });
  await second.close();
});

it("keeps topics apart", async () => {
  const first = open();
  follow(first, new TextMap([["a", "1"]]), 10, undefined);
  await first.close();
  const other = open("another.state");
  expect(await other.load(3)).toBeUndefined();
  await other.close();
});

it("adds what was read behind it to what it has, or begins anew", async () => {
  const checkpoints = open();
  follow(
    checkpoints,
    new TextMap([
      ["a", "1"],
      ["b", "2"],
    ]),
    10,
    undefined,
  );
  const now = new TextMap([
    ["a", "1"],
    ["c", "3"],
  ]);
  follow(checkpoints, now, 20, ["b", "c"]);
  expect(await entriesOf(checkpoints)).toEqual({ entries: { a: "1", c: "3" }, next: 20 });
  follow(checkpoints, new TextMap([["d", "4"]]), 30, undefined);
  expect(await entriesOf(checkpoints)).toEqual({ entries: { d: "4" }, next: 30 });
  await checkpoints.close();
});

it("takes nothing of an owner before the one that has read on since", async () => {
  const checkpoints = open();
  const former = new TextMap([["a", "1"]]);
  follow(checkpoints, former, 10, undefined);
  follow(checkpoints, new TextMap([["a", "new"]]), 20, ["a"]);
  committed(checkpoints, [{ key: "a", value: "old" }], 15, 16, former);
  committed(checkpoints, [{ key: "a", value: "old" }], 25, 26, former);
  // It has read its own, of which it is told late.
  committed(checkpoints, [{ key: "a", value: "new" }], 18, 19);
  expect(await entriesOf(checkpoints)).toEqual({ entries: { a: "new" }, next: 20 });
  await checkpoints.close();
});

it("isn't left by an owner before the one that works on it", async () => {
  const checkpoints = open();
  const former = new TextMap([["a", "1"]]);
  follow(checkpoints, former, 10, undefined);
  follow(checkpoints, new TextMap([["a", "2"]]), 20, ["a"]);
  checkpoints.leave(3, former);
  committed(checkpoints, [{ key: "a", value: "3" }], 20, 21);
  await checkpoints.flush();
  expect(await entriesOf(checkpoints)).toEqual({ entries: { a: "3" }, next: 21 });
  await checkpoints.close();
});

it("notes no offset before all up to there is written", async () => {
  const checkpoints = open();
  follow(checkpoints, new TextMap([["first", "1"]]), 5, undefined);
  await checkpoints.flush();
  const before = statSync(file()).size;
  const many = Array.from({ length: 3_000 }, (_, index) => ({ key: `k${index}`, value: "v".repeat(1_000) }));
  committed(checkpoints, many, 5, 3_005);
  await checkpoints.close();
  // As after a kill in the middle of it.
  truncateSync(file(), Math.floor(before + (statSync(file()).size - before) * 0.6));
  const other = open();
  const found = await other.load(3);
  expect(found?.next).toBe(5);
  expect(found?.entries.size).toBeGreaterThan(1);
  // What comes later is added behind what is whole.
  follow(other, new TextMap(found?.entries).set("later", "2"), 4_000, ["later"]);
  await other.close();
  const third = open();
  const { entries, next } = (await third.load(3)) ?? {};
  expect([entries?.get("first"), entries?.get("later"), next]).toEqual(["1", "2", 4_000]);
  await third.close();
  expect(warnings).toEqual([]);
});

it("is written anew when most of it is out of date", async () => {
  const checkpoints = open();
  const value = "v".repeat(100_000);
  follow(checkpoints, new TextMap([["kept", "ä€𝄞"]]), 1, undefined);
  for (let offset = 1; offset <= 200; offset++) {
    const entries = [
      { key: "changed", value: value + offset },
      { key: `gone ${offset}`, value },
      { key: `gone ${offset - 1}`, value: null },
    ];
    committed(checkpoints, entries, offset, offset + 1);
    await checkpoints.flush();
  }
  await checkpoints.close();
  expect(statSync(file()).size).toBeLessThan(10_000_000);
  const other = open();
  const found = await other.load(3);
  expect(found?.entries.get("kept")).toBe("ä€𝄞");
  expect([...(found?.entries.keys() ?? [])].sort()).toEqual(["changed", "gone 200", "kept"]);
  expect([found?.entries.get("changed"), found?.next]).toEqual([`${value}200`, 201]);
  await other.close();
});

it("has what was committed last, however often it was written anew", async () => {
  // Of many sizes: some entries fill a block, some are one of thousands in it.
  const keys = Array.from({ length: 30 }, (_, index) => `ключ ${index}`);
  const put = fc.record({ key: fc.constantFrom(...keys), size: fc.constantFrom(0, 1, 500, 60_000, 1_200_000) });
  const changes = fc.array(fc.oneof(put, fc.record({ key: fc.constantFrom(...keys), size: fc.constant(-1) })), {
    minLength: 1,
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(changes, { minLength: 1, maxLength: 8 }), async (rounds) => {
      const checkpoints = open();
      const expected = new Map([["first", "1"]]);
      follow(checkpoints, new TextMap(expected), 1, undefined);
      let offset = 1;
      for (const round of rounds) {
        const entries = round.map(({ key, size }) => ({ key, value: size < 0 ? null : "v".repeat(size) + offset }));
        for (const { key, value } of entries) {
          if (value === null) expected.delete(key);
          else expected.set(key, value);
        }
        committed(checkpoints, entries, offset, offset + entries.length);
        offset += entries.length;
        await checkpoints.flush();
      }
      await checkpoints.close();
      const other = open();
      const { entries, next } = (await other.load(3)) ?? {};
      await other.close();
      expect(next).toBe(offset);
      expect(Object.fromEntries(entries ?? [])).toEqual(Object.fromEntries(expected));
    }),
    { numRuns: 25 },
  );
  expect(warnings).toEqual([]);
});

it("has what is committed while it is written", async () => {
  const checkpoints = open();
  const many = new TextMap(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, "v".repeat(1_000)]));
  follow(checkpoints, many, 10, undefined);
  const flushed = checkpoints.flush();
  for (let offset = 10; offset < 40; offset++) {
    committed(checkpoints, [{ key: "k0", value: String(offset) }], offset, offset + 1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // The partition changes hands and comes back in the middle of it.
  leave(checkpoints);
  const { entries = new TextMap() } = (await checkpoints.load(3)) ?? {};
  follow(checkpoints, entries.set("k1", "back"), 50, ["k1"]);
  await flushed;
  await checkpoints.close();
  const other = open();
  const found = await other.load(3);
  expect([found?.entries.size, found?.entries.get("k0"), found?.entries.get("k1")]).toEqual([5_000, "39", "back"]);
  expect(found?.next).toBeLessThanOrEqual(50);
  expect(found?.next).toBeGreaterThanOrEqual(40);
  await other.close();
});

it("is written whole when its file was dropped since it was loaded", async () => {
  const first = open();
  follow(first, new TextMap([["a", "1"]]), 10, undefined);
  await first.close();
  const second = open();
  expect(await entriesOf(second)).toEqual({ entries: { a: "1" }, next: 10 });
  const entries = new TextMap([
    ["a", "1"],
    ["b", "2"],
  ]);
  follow(second, entries, 20, ["b"]);
  writeFileSync(file(), "");
  await second.flush();
  expect(warnings[0]).toContain("built anew");
  follow(second, entries, 30, ["b"]);
  await second.close();
  const third = open();
  expect(await entriesOf(third)).toEqual({ entries: { a: "1", b: "2" }, next: 30 });
  await third.close();
});

it("stays in memory while its partition is worked on, and no longer", async () => {
  const checkpoints = open();
  follow(checkpoints, new TextMap([["a", "1"]]), 10, undefined);
  committed(checkpoints, [{ key: "a", value: "2" }], 10, 11);
  await checkpoints.flush();
  // Only memory doesn't see this.
  truncateSync(file(), 5);
  expect(await entriesOf(checkpoints)).toEqual({ entries: { a: "2" }, next: 11 });
  leave(checkpoints);
  await checkpoints.flush();
  expect(await entriesOf(checkpoints)).toEqual({ entries: undefined, next: undefined });
  await checkpoints.close();
});

it("takes nothing more of a partition that was left: others may have written before it", async () => {
  const checkpoints = open();
  follow(checkpoints, new TextMap([["a", "1"]]), 10, undefined);
  leave(checkpoints);
  committed(checkpoints, [{ key: "claim", value: null }], 14, 15);
  expect(await entriesOf(checkpoints)).toEqual({ entries: { a: "1" }, next: 10 });
  await checkpoints.flush();
  expect(await entriesOf(checkpoints)).toEqual({ entries: { a: "1" }, next: 10 });
  await checkpoints.close();
});

it("is whole when what was followed before could not be written", async () => {
  const checkpoints = open();
  follow(checkpoints, new TextMap([["a", "1"]]), 10, undefined);
  await checkpoints.flush();
  writeFileSync(file(), "");
  committed(checkpoints, [{ key: "a", value: "2" }], 10, 11);
  const flushed = checkpoints.flush();
  // The writing has begun, and has not been to the disk yet.
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  follow(checkpoints, new TextMap([["b", "1"]]), 5, undefined);
  await flushed;
  expect(warnings).toHaveLength(1);
  await checkpoints.close();
  const other = open();
  expect(await entriesOf(other)).toEqual({ entries: { b: "1" }, next: 5 });
  await other.close();
});

it("lends nothing of its own", async () => {
  const checkpoints = open();
  follow(checkpoints, new TextMap([["a", "1"]]), 10, undefined);
  (await checkpoints.load(3))?.entries.delete("a");
  expect(await entriesOf(checkpoints)).toEqual({ entries: { a: "1" }, next: 10 });
  await checkpoints.close();
});

it("has in memory what its owner has, though it can't be written any more", async () => {
  const checkpoints = open();
  follow(checkpoints, new TextMap([["a", "1"]]), 10, undefined);
  await checkpoints.flush();
  writeFileSync(file(), "");
  for (const [value, end] of [["2", 11] as const, ["3", 12] as const]) {
    committed(checkpoints, [{ key: "a", value }], end - 1, end);
    await checkpoints.flush();
  }
  // It isn't tried again and again.
  expect(warnings).toHaveLength(1);
  expect(await entriesOf(checkpoints)).toEqual({ entries: { a: "3" }, next: 12 });
  leave(checkpoints);
  await checkpoints.flush();
  expect(await entriesOf(checkpoints)).toEqual({ entries: undefined, next: undefined });
  await checkpoints.close();
});

it("isn't trusted when it is older than deletions stay in the changelog", async () => {
  const first = open();
  follow(first, new TextMap([["a", "1"]]), 10, undefined);
  await first.close();
  now += 13 * HOUR_MS;
  const second = open();
  expect(await second.load(3)).toBeUndefined();
  // Nor when it is in memory.
  follow(second, new TextMap([["a", "1"]]), 10, undefined);
  now += 13 * HOUR_MS;
  expect(await second.load(3)).toBeUndefined();
  await second.close();
});

it.each([
  ["is something else", () => writeFileSync(file(), "not a database at all ".repeat(500))],
  ["was cut off", () => truncateSync(file(), readFileSync(file()).length / 2)],
  ["has garbage in it", () => writeFileSync(file(), readFileSync(file()).fill(0xa5, 20_000))],
])("is dropped when its file %s, and grows again", async (_, spoil) => {
  const first = open();
  follow(
    first,
    new TextMap(Array.from({ length: 500 }, (_, index) => [`k${index}`, "v".repeat(200)])),
    10,
    undefined,
  );
  await first.close();
  spoil();
  const second = open();
  expect(await second.load(3)).toBeUndefined();
  expect(warnings[0]).toContain("built anew");
  follow(second, new TextMap([["a", "1"]]), 10, undefined);
  await second.close();
  const third = open();
  expect(await entriesOf(third)).toEqual({ entries: { a: "1" }, next: 10 });
  await third.close();
});
