/**
 * Kills processes that work on an embedded bus with SIGKILL at random moments, hundreds of times, and compares what is
 * in their file with what was acknowledged. BUS_KILL_SEED and BUS_KILL_LIVES repeat or lengthen a run.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { BusRecord } from "../../engine/bus/bus.ts";
import { openEmbeddedBus } from "../../engine/bus/embedded/bus.ts";
import { type LogRow, type PositionRow, Storage } from "../../engine/bus/embedded/storage.ts";
import { TOPICS } from "../../engine/core/protocol.ts";
import { KILL_TEST_NAMES, KILL_TEST_TOPICS, randomFrom } from "../support/bus-kill-plan.ts";
import { CountingWorker } from "../support/bus-worker.ts";

const LIVES = Number(process.env.BUS_KILL_LIVES ?? 200);
/** On a busy machine the lives end earlier than asked for, but for BUS_KILL_LIVES: the start of a process takes long. */
const BUDGET_MS = process.env.BUS_KILL_LIVES === undefined ? 45_000 : Number.POSITIVE_INFINITY;
const MINIMUM_LIVES = 60;
const SEED = Number(process.env.BUS_KILL_SEED ?? Date.now() % 1_000_000);
/** Files worked on at the same time. */
const FILES = 2;
/** Longest life after the process is ready, and longest life of those killed while they start. */
const LIFE_MS = 40;
const START_MS = 250;
const LIVES_BETWEEN_CHECKS = 30;

describe("the embedded bus under kill -9", () => {
  it(`loses nothing and doubles nothing (seed ${SEED})`, { timeout: 300_000 }, async () => {
    const runs = Array.from({ length: FILES }, (_, index) => killOften(SEED + index, LIVES / FILES));
    // All of them end before the test does, also when one fails: they run processes.
    await Promise.allSettled(runs);
    const lives = (await Promise.all(runs)).reduce((sum, count) => sum + count, 0);
    console.log(`BUS_KILL_SEED=${SEED}: ${lives} lives`);
  });
});

/** What the killed processes were promised. */
interface Promised {
  /** Id -> "partition/offset". */
  acknowledged: Map<string, string>;
  consumed: Set<string>;
}

/** Answers how many lives there were. */
async function killOften(seed: number, lives: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-kill-"));
  const file = join(folder, "bus.sqlite");
  const random = randomFrom(seed);
  const promised: Promised = { acknowledged: new Map(), consumed: new Set() };
  try {
    const start = performance.now();
    let life = 0;
    for (; life < lives; life++) {
      if (performance.now() - start > BUDGET_MS && life >= MINIMUM_LIVES / FILES) break;
      await liveAndDie(file, `${seed}-${life}`, random, promised);
      if (life % LIVES_BETWEEN_CHECKS === 0) check(file, promised);
    }
    await drain(file);
    check(file, promised, { drained: true });
    return life;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function liveAndDie(file: string, life: string, random: () => number, promised: Promised): Promise<void> {
  const seed = Math.floor(random() * 2 ** 31);
  const child = spawn(process.execPath, ["test/support/bus-kill-life.ts", file, life, `${seed}`], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: join(file, "..", "compile-cache") },
  });
  const closed = once(child, "close");
  const kill = () => child.kill("SIGKILL");
  let text = "";
  let ready = false;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    if (ready || !text.startsWith("ready\n")) return;
    ready = true;
    setTimeout(kill, random() * LIFE_MS);
  });
  if (random() < 0.15) setTimeout(kill, random() * START_MS);
  const [code, signal] = await closed;
  expect({ code, signal }).toEqual({ code: null, signal: "SIGKILL" });
  // What stands behind the last line break was cut off by the kill.
  for (const line of text.split("\n").slice(0, -1)) {
    const [word, ...rest] = line.split(" ");
    if (word === "a") promised.acknowledged.set(rest[0] ?? "", `${rest[1]}/${rest[2]}`);
    if (word === "c") promised.consumed.add(`${rest[0]}/${rest[1]}`);
  }
}

/** Lets a worker finish what the killed ones have left. */
async function drain(file: string): Promise<void> {
  const bus = openEmbeddedBus({ file, topics: KILL_TEST_TOPICS });
  const worker = new CountingWorker(KILL_TEST_NAMES);
  await bus.work(worker);
  const isDone = async () => {
    const group = (await bus.groups()).find((candidate) => candidate.group === KILL_TEST_NAMES.group);
    const timers = [0, 1, 2, 3].some((partition) => worker.nextDue(partition) !== null);
    return !timers && group?.topics.every(({ lag }) => lag === 0);
  };
  let seen = 0;
  while (!(await isDone())) {
    await worker.calls.atLeast(seen + 1);
    seen = worker.calls.items.length;
  }
  await bus.close();
}

/** Compares the file with the promises, and with itself. */
function check(file: string, promised: Promised, { drained = false } = {}): void {
  const storage = new Storage(file);
  try {
    const logs = new Map(storage.topics().map(({ name, logs }) => [name, logs]));
    const read = (topic: string) => (logs.get(topic) ?? []).flatMap((log) => readLog(storage, log));
    const inputs = read(KILL_TEST_NAMES.topic);
    const outputs = read(KILL_TEST_NAMES.out);
    const letters = read(TOPICS.deadLetter);
    checkAppends(inputs, promised);
    const positions = storage.positions().filter(({ group }) => group === KILL_TEST_NAMES.group);
    checkWork(storage, positions, inputs, outputs, letters);
    checkConsumed(storage, promised);
    if (drained) {
      const ends = logs.get(KILL_TEST_NAMES.topic)?.map(({ next }) => next);
      expect(positions.map(({ next }) => next)).toEqual(ends);
      expect(promised.acknowledged.size).toBeGreaterThan(0);
    }
  } finally {
    storage.close();
  }
}

/** All records of a partition; their offsets have no gaps. */
function readLog(storage: Storage, log: LogRow): BusRecord[] {
  const all: BusRecord[] = [];
  for (let from = 0; from < log.next; ) {
    const { records, next } = storage.readRecords(log, from, log.next, 10_000);
    all.push(...records);
    from = next;
  }
  expect(all.every(({ offset }, index) => offset === index)).toBe(true);
  expect(all).toHaveLength(log.next);
  return all;
}

/** Each acknowledged record is where it was said to be, each record is there once, each append whole or not at all. */
function checkAppends(inputs: readonly BusRecord[], { acknowledged }: Promised): void {
  const places = new Map<string, string>();
  const batches = new Map<string, { found: number; size: number }>();
  for (const { value, partition, offset } of inputs) {
    const id = value?.split(" ")[2];
    if (id === undefined) continue;
    if (places.has(id)) expect.fail(`${id} is there twice`);
    places.set(id, `${partition}/${offset}`);
    const [batch = "", , size] = id.split("/");
    batches.set(batch, { found: (batches.get(batch)?.found ?? 0) + 1, size: Number(size) });
  }
  for (const [id, place] of acknowledged) {
    if (places.get(id) !== place) expect.fail(`${id} was acknowledged at ${place}, and is at ${places.get(id)}`);
  }
  for (const [batch, { found, size }] of batches) {
    if (found !== size) expect.fail(`${batch} has ${found} of its ${size} records`);
  }
}

/** State, outputs, dead letters and what was sent to the own topic are exactly what the inputs read so far make. */
function checkWork(
  storage: Storage,
  positions: readonly PositionRow[],
  inputs: readonly BusRecord[],
  outputs: readonly BusRecord[],
  letters: readonly BusRecord[],
): void {
  const counts = new Map<string, number>();
  const poison: string[] = [];
  const sent = { "again 1": 0, "again 0": 0 };
  for (const { key, value, partition, offset } of inputs) {
    if (offset >= (positions[partition]?.next ?? 0)) continue;
    if (value?.startsWith("poison")) poison.push(`${partition}/${offset}`);
    else counts.set(key ?? "", (counts.get(key ?? "") ?? 0) + 1);
    if (value?.startsWith("again 2")) sent["again 1"]++;
    if (value === "again 1") sent["again 0"]++;
  }
  for (const [key, count] of counts) {
    const entries = positions.flatMap(({ id }) => storage.getState(id, key) ?? []);
    expect(entries.map((value) => JSON.parse(value).count)).toEqual([count]);
  }

  const answers = new Map<string, string[]>();
  for (const { key, value } of outputs) {
    if (value?.startsWith("timer")) continue;
    const answersOfKey = answers.get(key ?? "") ?? [];
    answersOfKey.push(value ?? "");
    answers.set(key ?? "", answersOfKey);
  }
  for (const [key, count] of counts) {
    expect(answers.get(key)).toEqual(Array.from({ length: count }, (_, i) => `${key} ${i + 1}`));
  }
  expect(answers.size).toBe(counts.size);

  const letterPlaces = letters.map(({ headers }) => `${headers.partition}/${headers.offset}`);
  expect(letterPlaces.sort()).toEqual(poison.sort());
  for (const [value, count] of Object.entries(sent)) {
    expect(inputs.filter((input) => input.value === value)).toHaveLength(count);
  }
}

/** Everything before the readers' positions was handed to a reader. */
function checkConsumed(storage: Storage, { consumed }: Promised): void {
  for (const { group, partition, next } of storage.positions()) {
    if (group !== "readers") continue;
    for (let offset = 0; offset < next; offset++) {
      if (!consumed.has(`${partition}/${offset}`)) expect.fail(`out ${partition}/${offset} was never delivered`);
    }
  }
}
