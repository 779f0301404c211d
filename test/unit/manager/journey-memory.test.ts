import { expect, it } from "vitest";
import type { Journey } from "../../../engine/core/journey.ts";
import { JourneyMemory } from "../../../engine/manager/journey-memory.ts";
import { encodeJourney } from "../../../engine/manager/state-codec.ts";

const uuidOf = (index: number): string => `6f1c2d0e-0000-4000-8000-${String(index).padStart(12, "0")}`;
const journeyOf = (index: number): Journey => ({
  uuid: uuidOf(index),
  name: "flow",
  version: "1",
  status: "running",
  seq: 3,
  input: { index },
  startedAt: 1,
  steps: {
    a: { service: "svc", function: "a", status: "succeeded", attempts: 1, tries: 1, open: [], output: { n: index } },
  },
  actions: [],
});

function filled(count: number, maximum: number) {
  const stored = new Map<string, string>();
  const reads: string[] = [];
  const memory = new JourneyMemory((key) => {
    reads.push(key);
    return stored.get(key);
  }, maximum);
  for (let index = 0; index < count; index++) {
    const journey = journeyOf(index);
    for (const { key, value } of encodeJourney(undefined, journey)) if (value !== null) stored.set(key, value);
    memory.set(journey.uuid, journey);
    memory.endCall();
  }
  return { memory, reads, stored };
}

it("gives every journey in flight as it was set, those that were forgotten too", () => {
  const { memory } = filled(10, 3);
  expect(memory.size).toBe(10);
  for (let index = 0; index < 10; index++) expect(memory.get(uuidOf(index))).toEqual(journeyOf(index));
});

it("keeps those used last decoded, and no more than its maximum", () => {
  const { memory, reads } = filled(4, 3);
  memory.get(uuidOf(1));
  memory.set(uuidOf(4), journeyOf(4));
  memory.endCall();
  expect(reads).toEqual([]);
  for (const index of [1, 3, 4]) memory.get(uuidOf(index));
  expect(reads).toEqual([]);
  memory.get(uuidOf(2));
  expect(reads[0]).toBe(uuidOf(2));
});

it("forgets nothing in a call: what it has set isn't stored yet", () => {
  const { memory, reads } = filled(0, 2);
  for (let index = 0; index < 5; index++) memory.set(uuidOf(index), journeyOf(index));
  for (let index = 0; index < 5; index++) expect(memory.get(uuidOf(index))).toEqual(journeyOf(index));
  expect(reads).toEqual([]);
});

it("holds none where hardly any is asked for again, and tries again later", () => {
  const count = 2_000;
  const { memory, reads } = filled(count, 300);
  const lookups = (indices: Iterable<number>) => {
    reads.length = 0;
    for (const index of indices) {
      memory.get(uuidOf(index));
      memory.endCall();
    }
    return reads.filter((key) => key.length === uuidOf(0).length).length;
  };
  const round = Array.from({ length: count }, (_, index) => index);
  const hot = Array.from({ length: 1_000 }, (_, index) => index % 100);
  // Each journey is asked for as rarely as the others: the last ones are held, and asked for too late.
  expect(lookups(round)).toBe(count);
  // Nothing is held, though it would be worth it now ...
  expect(lookups(hot)).toBe(hot.length);
  // ... until it is tried again.
  let misses = hot.length;
  let rounds = 0;
  for (; misses === hot.length && rounds < 20; rounds++) misses = lookups(hot);
  expect(rounds).toBeGreaterThan(5);
  expect(misses).toBeLessThanOrEqual(100);
  for (let again = 0; again < 20; again++) expect(lookups(hot)).toBe(0);
});

it("knows nothing of journeys that are not in flight, and says so when a state is missing", () => {
  const { memory, stored } = filled(3, 1);
  memory.delete(uuidOf(0));
  expect(memory.get(uuidOf(0))).toBeUndefined();
  stored.delete(uuidOf(1));
  expect(() => memory.get(uuidOf(1))).toThrow("missing");
});
