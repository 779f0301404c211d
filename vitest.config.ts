// One Vitest project for each kind of test; `npm test` (test/run.mjs) runs them all and Playwright beside them.
// Alone: `npx vitest run --project unit`, or `npx vitest run test/unit/core`.

import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Test files at a time. Many of them start processes of their own, so more than four would only make clocks slip. */
const MAX_WORKERS = Math.min(4, Math.max(1, availableParallelism()));

/** @param order projects of one number run together, lower numbers first */
function project(name: string, order: number, testTimeoutMs: number, maxWorkers = MAX_WORKERS) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.{test,spec}.{ts,tsx}`],
      environment: "node",
      pool: "forks" as const,
      maxWorkers,
      testTimeout: testTimeoutMs,
      hookTimeout: 30_000,
      sequence: { groupOrder: order },
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      project("unit", 0, 10_000),
      project("contract", 0, 30_000),
      project("integration", 1, 60_000),
      project("simulation", 2, 120_000),
      // Suites on a real broker, one file at a time: they share the machine with the cluster they start.
      {
        test: { ...project("kafka", 3, 240_000, 1).test, globalSetup: ["test/support/kafka-brokers.ts"] },
      },
      {
        test: { ...project("python", 4, 60_000, 1).test, globalSetup: ["test/support/kafka-brokers.ts"] },
      },
      // Three brokers of its own.
      project("chaos", 5, 180_000, 1),
    ],
    passWithNoTests: true,
    // `npm run test:coverage`: every line and branch of the core is specified by its unit specs.
    coverage: {
      provider: "v8",
      include: ["engine/core/**/*.ts"],
      reporter: [["text", { skipFull: true }], "html"],
      thresholds: { 100: true },
    },
  },
});
