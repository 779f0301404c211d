import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
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
const file = () => join(dataDir, "kafka-checkpoint.sqlite");
const entriesOf = (checkpoints: Checkpoints, partition = 3) => {
  const { entries, next } = checkpoints.load(partition) ?? {};
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
  expect(entriesOf(second)).toEqual({ entries: { a: "3", c: "4" }, next: 14 });
  expect(entriesOf(second, 4)).toEqual({ entries: undefined, next: undefined });
  await second.close();
});

it("keeps topics apart", async () => {
  const first = open();
  first.follow(3, new Map([["a", "1"]]), 10, true);
  await first.close();
  const other = open("another.state");
  expect(other.load(3)).toBeUndefined();
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
  expect(entriesOf(checkpoints)).toEqual({ entries: { a: "1", c: "3" }, next: 20 });
  checkpoints.follow(3, new Map([["d", "4"]]), 30, true);
  expect(entriesOf(checkpoints)).toEqual({ entries: { d: "4" }, next: 30 });
  await checkpoints.close();
});

it("takes nothing of an owner before the one that has read on since", async () => {
  const checkpoints = open();
  checkpoints.follow(3, new Map([["a", "new"]]), 20, true);
  checkpoints.committed(3, [{ key: "a", value: "old" }], 15, 16);
  expect(entriesOf(checkpoints)).toEqual({ entries: { a: "new" }, next: 20 });
  await checkpoints.close();
});

it("notes no offset before all up to there is written", async () => {
  const checkpoints = open();
  checkpoints.follow(3, new Map([["first", "1"]]), 5, true);
  await checkpoints.flush();
  const many = Array.from({ length: 2_000 }, (_, index) => ({ key: `k${index}`, value: "v" }));
  checkpoints.committed(3, many, 5, 2_005);
  const flushed = checkpoints.flush();
  // As after a kill: another process looks at the file in the middle of it.
  await new Promise((resolve) => setImmediate(resolve));
  const other = open();
  const found = other.load(3);
  expect(found?.next).toBe(5);
  expect(found?.entries.size).toBeGreaterThan(1);
  await other.close();
  await flushed;
  await checkpoints.close();
});

it("isn't trusted when it is older than deletions stay in the changelog", async () => {
  const first = open();
  first.follow(3, new Map([["a", "1"]]), 10, true);
  await first.close();
  now += 13 * HOUR_MS;
  const second = open();
  expect(second.load(3)).toBeUndefined();
  await second.close();
});

it.each([
  ["is no database", () => writeFileSync(file(), "not a database at all ".repeat(500))],
  ["was cut off", () => truncateSync(file(), readFileSync(file()).length / 2)],
  ["has garbage in it", () => writeFileSync(file(), readFileSync(file()).fill(0xa5, 20_000))],
])("is dropped when its file %s, and grows again", async (_, spoil) => {
  const first = open();
  first.follow(3, new Map(Array.from({ length: 500 }, (_, index) => [`k${index}`, "v".repeat(200)])), 10, true);
  await first.close();
  spoil();
  const second = open();
  expect(second.load(3)).toBeUndefined();
  expect(warnings[0]).toContain("built anew");
  second.follow(3, new Map([["a", "1"]]), 10, true);
  await second.close();
  const third = open();
  expect(entriesOf(third)).toEqual({ entries: { a: "1" }, next: 10 });
  await third.close();
});
