/**
 * Times as operators write them: durations (`"500ms"`, `"30s"`, `"5m"`, `"2h"`, `"1d"`, or a number of milliseconds) and
 * moments (ISO 8601 with a zone).
 */

const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
const WRITTEN = /^(\d{1,15})(ms|s|m|h|d)$/;

/** Longer ones are mistakes, and would leave the range of dates. Ten years. */
export const LONGEST_MS = 3650 * UNITS_MS.d;

/** Milliseconds, whole and not negative; undefined when `value` is no duration or longer than ten years. */
export function parseDuration(value: unknown): number | undefined {
  const ms = typeof value === "string" ? parseWritten(value) : value;
  if (typeof ms !== "number" || !Number.isInteger(ms) || ms < 0 || ms > LONGEST_MS) return undefined;
  return ms === 0 ? 0 : ms;
}

/** The shortest way to write it in one unit: 90,000 is `"90s"`, 120,000 is `"2m"`. The inverse of `parseDuration`. */
export function formatDuration(ms: number): string {
  for (const [unit, size] of Object.entries(UNITS_MS)) {
    if (ms > 0 && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Milliseconds since 1970; undefined when `text` is no moment. Stricter than Date.parse, which takes much else for a
 * date ("input.x 1" among it), and reads times without a zone by the machine's.
 */
export function parseMoment(text: string): number | undefined {
  const ms = MOMENT.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function parseWritten(text: string): number | undefined {
  const [, amount, unit] = WRITTEN.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS];
}
