/**
 * The console's clock beside ours. Ages of running journeys are counted on the console's clock, so that a wrong clock
 * on this machine doesn't invent durations; a large difference is shown.
 */

/** A difference below this is nothing to speak of. */
const TOLERATED_SKEW_MS = 3_000;
/** The `Date` header has whole seconds. */
const HEADER_MS = 1_000;

let skewMs = 0;

/**
 * Takes the `Date` header of an answer. The console wrote it between the moments at which the call was sent and answered
 * here: what lies within them is the way of a slow answer, not a wrong clock.
 */
export function noteServerTime(header: string | null, sentAt: number, answeredAt = Date.now()): void {
  if (header === null) return;
  const server = Date.parse(header);
  if (Number.isNaN(server)) return;
  const ahead = server - answeredAt;
  const behind = server + HEADER_MS - sentAt;
  const difference = ahead > 0 ? ahead : Math.min(behind, 0);
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
