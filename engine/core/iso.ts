/** Moments as the events have them, ISO 8601 in UTC, and as numbers: a few moments come again and again. */

const MAXIMUM_KNOWN = 64;
const texts = new Map<number, string>();
const times = new Map<string, number>();

/** Of milliseconds since 1970. Throws RangeError where there is no such date. */
export function iso(timeMs: number): string {
  return texts.get(timeMs) ?? remember(texts, timeMs, new Date(timeMs).toISOString());
}

/** Milliseconds since 1970; NaN for what is no moment. */
export function ms(text: string): number {
  return times.get(text) ?? remember(times, text, Date.parse(text));
}

export const optionalMs = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : ms(text);

function remember<K, V>(known: Map<K, V>, key: K, value: V): V {
  if (known.size >= MAXIMUM_KNOWN) known.clear();
  known.set(key, value);
  return value;
}
