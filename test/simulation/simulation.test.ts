import { describe, expect, it } from "vitest";
import { REGRESSIONS } from "./regressions.ts";
import { simulate } from "./simulate.ts";

/** The same runs each time, so that a change is what turns one red; `npm run simulate -- --seeds 10000` draws fresh ones. */
const FIRST_SEED = Number(process.env.SIMULATION_SEED ?? 6_000_000);
const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 150);
/** Runs that are done twice, the second time with a restart after every commit. */
const RESTARTED_SEEDS = Math.ceil(SEEDS / 5);

describe("journeys in a world of crashes, moves, delays and doubles", () => {
  it(`keep the promises over ${SEEDS} seeds`, { timeout: 300_000 }, async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) await simulate(seed);
  });

  it(`go the same way, to the byte, when everything is restarted after every commit (${RESTARTED_SEEDS} seeds)`, {
    timeout: 300_000,
  }, async () => {
    for (let n = 0; n < RESTARTED_SEEDS; n++) await simulate(FIRST_SEED + n, { restartAlways: true });
  });

  it.each(REGRESSIONS)("keep the promises with seed $seed: $found", async ({ seed, restartAlways }) => {
    expect((await simulate(seed, { restartAlways })).events).toBeGreaterThan(0);
  });
});
