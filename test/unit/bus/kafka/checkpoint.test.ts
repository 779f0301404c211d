import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Checkpoints } from "../../../../engine/bus/kafka/checkpoint.ts";

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
const entriesOf = async (checkpoints: Checkpoints, partition = 3) => {
  const { entries, next } = (await checkpoints.load(partition)) ?? {};
  return { entries: entries && Object.fromEntries(entries), next };
};

it("has after a restart what was read and what was committed since, and where to read on", async () => {
  const first = open();
  first.follow(
    3,
    new Map([
      ["a", "1"],
      ["b", "2"],
    ]),
    10,
    true,
  );
  first.committed(
    3,
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
  first.follow(3, new Map([["a", "1"]]), 10, true);
  await first.close();
  const other = open("another.state");
  expect(await other.load(3)).toBeUndefined();
  await other.close();
});

it("adds what was read behind it to what it has, or begins anew", async () => {
  const checkpoints = open();
  checkpoints.follow(
    3,
    new Map([
      ["a", "1"],
      ["b", "2"],
    ]),
    10,
    true,
  );
  checkpoints.follow(
    3,
    new Map([
      ["b", null],
      ["c", "3"],
    ]),
    20,
    false,
  );
  expect(await entriesOf(checkpoints)).toEqual({ entries: { a: "1", c: "3" }, next: 20 });
  checkpoints.follow(3, new Map([["d", "4"]]), 30, true);
  expect(await entriesOf(checkpoints)).toEqual({ entries: { d: "4" }, next: 30 });
  await checkpoints.close();
});

it("takes nothing of an owner before the one that has read on since", async () => {
  const checkpoints = open();
  checkpoints.follow(3, new Map([["a", "new"]]), 20, true);
  checkpoints.committed(3, [{ key: "a", value: "old" }], 15, 16);
  expect(await entriesOf(checkpoints)).toEqual({ entries: { a: "new" }, next: 20 });
  await checkpoints.close();
});

it("notes no offset before all up to there is written", async () => {
  const checkpoints = open();
  checkpoints.follow(3, new Map([["first", "1"]]), 5, true);
  await checkpoints.flush();
  const before = statSync(file()).size;
  const many = Array.from({ length: 3_000 }, (_, index) => ({ key: `k${index}`, value: "v".repeat(1_000) }));
  checkpoints.committed(3, many, 5, 3_005);
  await checkpoints.close();
  // As after a kill in the middle of it.
  truncateSync(file(), Math.floor(before + (statSync(file()).size - before) * 0.6));
  const other = open();
  const found = await other.load(3);
  expect(found?.next).toBe(5);
  expect(found?.entries.size).toBeGreaterThan(1);
  // What comes later is added behind what is whole.
  other.follow(3, new Map([["later", "2"]]), 4_000, false);
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
  checkpoints.follow(3, new Map([["kept", "ä€𝄞"]]), 1, true);
  for (let offset = 1; offset <= 200; offset++) {
    const entries = [
      { key: "changed", value: value + offset },
      { key: `gone ${offset}`, value },
      { key: `gone ${offset - 1}`, value: null },
    ];
    checkpoints.committed(3, entries, offset, offset + 1);
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

it("has what is committed while it is written", async () => {
  const checkpoints = open();
  const many = new Map(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, "v".repeat(1_000)]));
  checkpoints.follow(3, many, 10, true);
  const flushed = checkpoints.flush();
  for (let offset = 10; offset < 40; offset++) {
    checkpoints.committed(3, [{ key: "k0", value: String(offset) }], offset, offset + 1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // The partition changes hands and comes back in the middle of it.
  checkpoints.follow(3, new Map([["k1", "back"]]), 50, false);
  await flushed;
  await checkpoints.close();
  const other = open();
  const found = await other.load(3);
  expect([found?.entries.size, found?.entries.get("k0"), found?.entries.get("k1")]).toEqual([5_000, "39", "back"]);
  expect(found?.next).toBeLessThanOrEqual(50);
  expect(found?.next).toBeGreaterThanOrEqual(40);
  await other.close();
});

it("adds nothing to what was dropped meanwhile", async () => {
  const first = open();
  first.follow(3, new Map([["a", "1"]]), 10, true);
  await first.close();
  const second = open();
  expect(await entriesOf(second)).toEqual({ entries: { a: "1" }, next: 10 });
  second.follow(3, new Map([["b", "2"]]), 20, false);
  writeFileSync(file(), "");
  expect(await entriesOf(second)).toEqual({ entries: undefined, next: undefined });
  second.follow(3, new Map([["c", "3"]]), 30, false);
  await second.close();
  const third = open();
  expect(await third.load(3)).toBeUndefined();
  await third.close();
});

it("isn't trusted when it is older than deletions stay in the changelog", async () => {
  const first = open();
  first.follow(3, new Map([["a", "1"]]), 10, true);
  await first.close();
  now += 13 * HOUR_MS;
  const second = open();
  expect(await second.load(3)).toBeUndefined();
  await second.close();
});

it.each([
  ["is something else", () => writeFileSync(file(), "not a database at all ".repeat(500))],
  ["was cut off", () => truncateSync(file(), readFileSync(file()).length / 2)],
  ["has garbage in it", () => writeFileSync(file(), readFileSync(file()).fill(0xa5, 20_000))],
])("is dropped when its file %s, and grows again", async (_, spoil) => {
  const first = open();
  first.follow(3, new Map(Array.from({ length: 500 }, (_, index) => [`k${index}`, "v".repeat(200)])), 10, true);
  await first.close();
  spoil();
  const second = open();
  expect(await second.load(3)).toBeUndefined();
  expect(warnings[0]).toContain("built anew");
  second.follow(3, new Map([["a", "1"]]), 10, true);
  await second.close();
  const third = open();
  expect(await entriesOf(third)).toEqual({ entries: { a: "1" }, next: 10 });
  await third.close();
});
