/**
 * The starts this console has put on the bus lately. Between a start's 202 and its first event in the audit cache a
 * little time passes: with this list a reader waits for that event instead of being told that there is no such journey,
 * and a start repeated at once isn't sent again.
 */

/** The oldest are forgotten first; by then they are in the audit cache. */
const MAXIMUM_REMEMBERED = 10_000;

export interface StartedJourney {
  name: string;
  version: string;
  /** Settles when the start is durable, on the bus or on this disk: until then it may yet fail. */
  sent: Promise<{ queued: boolean }>;
}

export interface StartedJourneys {
  /** Remembers the start; forgets it again when the append fails. */
  add(uuid: string, start: StartedJourney): void;
  get(uuid: string): StartedJourney | undefined;
}

export function createStartedJourneys(): StartedJourneys {
  const starts = new Map<string, StartedJourney>();
  return {
    add(uuid, start) {
      starts.set(uuid, start);
      start.sent.catch(() => starts.delete(uuid));
      for (const oldest of starts.keys()) {
        if (starts.size <= MAXIMUM_REMEMBERED) break;
        starts.delete(oldest);
      }
    },
    get: (uuid) => starts.get(uuid),
  };
}
