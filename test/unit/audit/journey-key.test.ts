import { describe, expect, it } from "vitest";
import {
  ALL_STATUS_CODES,
  firstIdAt,
  newJourneyId,
  SLOTS_PER_MS,
  STATUS_CODE,
  statusOf,
} from "../../../engine/audit/journey-key.ts";
import { JOURNEY_STATUSES } from "../../../engine/core/view.ts";
import { uuidOf } from "./cache-fixture.ts";

const NOON_MS = Date.UTC(2026, 10, 22, 12);

describe("journey ids", () => {
  it("grow with the start, to the millisecond", () => {
    const early = newJourneyId(NOON_MS, uuidOf(1), () => false);
    const late = newJourneyId(NOON_MS + 1, uuidOf(2), () => false);
    expect(early).toBeGreaterThanOrEqual(firstIdAt(NOON_MS));
    expect(early).toBeLessThan(firstIdAt(NOON_MS + 1));
    expect(late).toBeGreaterThanOrEqual(firstIdAt(NOON_MS + 1));
  });

  it("are the same in a rebuilt cache", () => {
    expect(newJourneyId(NOON_MS, uuidOf(7), () => false)).toBe(newJourneyId(NOON_MS, uuidOf(7), () => false));
  });

  it("are free ones, in the next millisecond when one is full", () => {
    const taken = new Set<number>();
    for (let number = 0; number < SLOTS_PER_MS + 10; number += 1) {
      taken.add(newJourneyId(NOON_MS, uuidOf(number), (id) => taken.has(id)));
    }
    expect(taken.size).toBe(SLOTS_PER_MS + 10);
    expect([...taken].filter((id) => id >= firstIdAt(NOON_MS + 1)).length).toBe(10);
  });

  it("stay safe integers for times out of all range", () => {
    for (const ms of [-1e15, 0, 1e15])
      expect(Number.isSafeInteger(newJourneyId(ms, uuidOf(1), () => false))).toBe(true);
  });
});

describe("status numbers", () => {
  it("cover all statuses, each with its own number", () => {
    expect(ALL_STATUS_CODES.length).toBe(JOURNEY_STATUSES.length);
    for (const status of JOURNEY_STATUSES) expect(statusOf(STATUS_CODE[status])).toBe(status);
  });
});
