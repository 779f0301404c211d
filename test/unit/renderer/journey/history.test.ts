import { describe, expect, it } from "vitest";
import type { JourneyEvent } from "../../../../engine/core/events.ts";
import { evolve } from "../../../../engine/core/evolve.ts";
import type { Journey } from "../../../../engine/core/journey.ts";
import { BrokenHistory, foldHistory } from "../../../../renderer/journey/history.ts";
import { given } from "../../../support/journey-spec.ts";

/** A chain long enough for several checkpoints, all its steps succeeded and then rolled back. */
function longStory(): JourneyEvent[] {
  const edges: Record<string, string[]> = { s0: [] };
  for (let index = 1; index < 60; index += 1) edges[`s${index}`] = [`s${index - 1}`];
  const spec = given({ edges });
  for (let index = 0; index < 60; index += 1) spec.success(`s${index}`);
  spec.action("rollback");
  for (let index = 59; index >= 0; index -= 1) spec.undone(`s${index}`);
  return spec.events;
}

describe("the history of a journey", () => {
  const events = longStory();

  it("is at every moment what the engine's own fold says", () => {
    const history = foldHistory(events);
    let state: Journey | undefined;
    for (const event of events) {
      state = evolve(state, event);
      expect(history.at(event.seq)).toEqual(state);
    }
    expect(history.now).toEqual(state);
    expect(history.now.status).toBe("rolled_back");
  });

  it("that goes on doesn't fold again what was folded", () => {
    const first = foldHistory(events.slice(0, 130));
    const longer = foldHistory(events, first);
    expect(longer.now).toEqual(foldHistory(events).now);
    // The very objects of the former fold, not equal ones.
    expect(longer.at(128)).toBe(first.at(128));
    expect(longer.at(150)).toEqual(foldHistory(events).at(150));
  });

  it("keeps a moment outside of it to its ends", () => {
    const history = foldHistory(events);
    expect(history.at(0).seq).toBe(1);
    expect(history.at(10_000).seq).toBe(events.length);
  });

  it("without its beginning, or with a gap, says so instead of showing a half truth", () => {
    expect(() => foldHistory(events.slice(3))).toThrow(BrokenHistory);
    expect(() => foldHistory(events.filter(({ seq }) => seq !== 5))).toThrow(/some are missing/);
    expect(() => foldHistory([])).toThrow(BrokenHistory);
  });
});
