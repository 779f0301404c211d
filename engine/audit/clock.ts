/** Time as the cache's host sees it; tests put their own in place. */
export interface AuditClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `run` once after `delayMs`. Returns the way to call it off. */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: AuditClock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
