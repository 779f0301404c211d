/**
 * While a cluster is away, everything here tries again twice a second, and each try has something to say. An operator
 * wants to read that once: what was said before is said again only after a while, with how often it was kept back.
 */
import type { BusLogger } from "../bus.ts";

/** A little less than what is said every ten seconds anyway takes. */
const REPEAT_AFTER_MS = 9_000;
/** More than a cluster of twelve partitions has to say; then all is forgotten, and said again. */
const MAXIMUM_SAYINGS = 1_000;
/** What a saying is about, beside its words. */
const SUBJECTS = ["topic", "partition", "group", "broker", "reader", "kafkajs"];

/** Warnings only; errors are told as they are. `clock` in milliseconds. */
export function calmLogger(logger: BusLogger, clock: () => number = Date.now): BusLogger {
  const said = new Map<string, { at: number; keptBack: number }>();
  return {
    error: (details, message) => logger.error(details, message),
    warn(details, message) {
      const key = JSON.stringify([message, ...SUBJECTS.map((subject) => details[subject])]);
      const last = said.get(key);
      const now = clock();
      if (last !== undefined && Math.abs(now - last.at) < REPEAT_AFTER_MS) {
        last.keptBack++;
        return;
      }
      if (said.size >= MAXIMUM_SAYINGS) said.clear();
      said.set(key, { at: now, keptBack: 0 });
      const keptBack = last?.keptBack ?? 0;
      logger.warn(keptBack > 0 ? { ...details, keptBack } : details, message);
    },
  };
}
