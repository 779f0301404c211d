import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";

/** Runs of the test suite; `npm run simulate -- --seeds 10000` runs more. */
const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 100);
/** Seeds that once failed stay here for ever. */
const REGRESSIONS: number[] = [];

describe("journeys in a world of crashes, moves, delays and doubles", () => {
  it(`keep the promises over ${SEEDS} fresh seeds`, { timeout: 300_000 }, async () => {
    const first = Math.floor(Math.random() * 1_000_000_000);
    for (let seed = first; seed < first + SEEDS; seed++) {
      await simulate(seed).catch((error: Error) => {
        throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
      });
    }
  });
  it.each(REGRESSIONS)("keep the promises with seed %i", async (seed) => {
    expect((await simulate(seed)).journeys).toBeGreaterThan(0);
  });
});
