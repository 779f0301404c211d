import { describe, expect, it } from "vitest";
import { REGRESSIONS } from "./regressions.ts";
import { simulate } from "./simulate.ts";

/** Runs of the test suite; `npm run simulate -- --seeds 10000` runs more. */
const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 150);
/** Runs that are done twice, the second time with a restart after every commit. */
const RESTARTED_SEEDS = Math.ceil(SEEDS / 5);

const fresh = (): number => Math.floor(Math.random() * 1_000_000_000);

describe("journeys in a world of crashes, moves, delays and doubles", () => {
  it(`keep the promises over ${SEEDS} fresh seeds`, { timeout: 300_000 }, async () => {
    const first = fresh();
    for (let seed = first; seed < first + SEEDS; seed++) await simulate(seed);
  });

  it(`go the same way, to the byte, when everything is restarted after every commit (${RESTARTED_SEEDS} seeds)`, {
    timeout: 300_000,
  }, async () => {
    const first = fresh();
    for (let seed = first; seed < first + RESTARTED_SEEDS; seed++) await simulate(seed, { restartAlways: true });
  });

  it.each(REGRESSIONS)("keep the promises with seed $seed: $found", async ({ seed, restartAlways }) => {
    expect((await simulate(seed, { restartAlways })).events).toBeGreaterThan(0);
  });
});
