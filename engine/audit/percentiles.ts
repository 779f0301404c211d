/** Percentiles by the nearest rank: always a value that was measured. */

export interface Percentiles {
  p50_ms?: number;
  p95_ms?: number;
  p99_ms?: number;
}

/** The p-th percentile (0 to 100) of values in ascending order; undefined without values. */
export function percentile(ascending: readonly number[], p: number): number | undefined {
  if (ascending.length === 0) return undefined;
  return ascending[Math.max(0, Math.ceil((p / 100) * ascending.length) - 1)];
}

/** Nothing at all without durations, so that the fields are left out. */
export function percentilesOf(durationsMs: readonly number[]): Percentiles {
  const ascending = durationsMs.toSorted((a, b) => a - b);
  if (ascending.length === 0) return {};
  return {
    p50_ms: percentile(ascending, 50),
    p95_ms: percentile(ascending, 95),
    p99_ms: percentile(ascending, 99),
  };
}
