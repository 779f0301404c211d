/**
 * The console's clock beside ours. Ages of running journeys are counted on the console's clock, so that a wrong clock
 * on this machine doesn't invent durations; a large difference is shown.
 */

/** Below this the `Date` header (whole seconds) and the way of the answer explain the difference. */
const TOLERATED_SKEW_MS = 3_000;

let skewMs = 0;

/** Takes the `Date` header of an answer. */
export function noteServerTime(header: string | null, now = Date.now()): void {
  if (header === null) return;
  const server = Date.parse(header);
  if (Number.isNaN(server)) return;
  const difference = server - now;
  skewMs = Math.abs(difference) > TOLERATED_SKEW_MS ? difference : 0;
}

/** Milliseconds since 1970 by the console's clock. */
export function serverNow(): number {
  return Date.now() + skewMs;
}

/** How far this machine's clock is from the console's, 0 when it is close enough. */
export function clockSkewMs(): number {
  return skewMs;
}
