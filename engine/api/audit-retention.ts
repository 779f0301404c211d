/** Old journeys leave the audit cache in the background. */
import type { Logger } from "../manager/logger.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** How often they are looked for; the first time a while after the start, which has better to do. */
const EVERY_MS = 6 * 60 * 60 * 1000;
const FIRST_AFTER_MS = 60_000;

/**
 * Takes out journeys that ended more than `days` days ago, again and again; none while that isn't known. Returns the way
 * to stop.
 */
export function keepAuditSmall(options: {
  audit: { prune(before: string): Promise<number> };
  days(): number | undefined;
  now: () => number;
  logger: Logger;
}): () => void {
  const { audit, now, logger } = options;
  let stopped = false;
  let timer = later(FIRST_AFTER_MS);
  function later(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => void run(), delayMs).unref();
  }
  async function run(): Promise<void> {
    const days = options.days();
    try {
      const pruned = days === undefined ? 0 : await audit.prune(new Date(now() - days * DAY_MS).toISOString());
      if (pruned > 0) logger.info({ pruned, days }, "Old journeys have left the audit cache");
    } catch (error) {
      if (!stopped) logger.warn({ err: error }, "Old journeys could not be taken out of the audit cache");
    }
    if (!stopped) timer = later(EVERY_MS);
  }
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
