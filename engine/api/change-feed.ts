/**
 * What changed, for the pages: ids and seqs, merged over 250 ms, numbered, and kept for a while so that a client that
 * was cut off can read on. A client that missed more than is kept is told to read anew (`reset`).
 */
import type { JourneyChange } from "../audit/store.ts";
import type { StreamChanges } from "./schemas/stream.ts";

export const MERGE_MS = 250;
/** Merged events kept for clients that come back: about a minute of steady changes. */
const KEPT_EVENTS = 240;
/** More journeys than this in one merged event are not worth listing: clients read anew. */
const MAXIMUM_JOURNEYS_PER_EVENT = 500;

/** `changes` missing: too much happened to be listed. */
export interface FeedEvent {
  id: number;
  changes?: StreamChanges;
}

export interface ChangeFeed {
  journeys(changes: JourneyChange[]): void;
  flows(names: string[]): void;
  services(): void;
  manager(): void;
  connection(): void;
  /** Everything may be another: whoever listens reads anew. */
  reset(): void;
  /** The id of the newest event. */
  lastId(): number;
  /** The events after `id`, or undefined when some of them aren't kept any more (or never were). */
  since(id: number): FeedEvent[] | undefined;
  subscribe(listener: (event: FeedEvent) => void): () => void;
  close(): void;
}

/**
 * @param firstId where the numbering starts; larger from run to run (a clock's milliseconds), so that ids of an earlier
 *   run are never taken for ours
 */
export function createChangeFeed({ firstId, mergeMs = MERGE_MS }: { firstId: number; mergeMs?: number }): ChangeFeed {
  const kept: FeedEvent[] = [];
  const listeners = new Set<(event: FeedEvent) => void>();
  const journeys = new Map<string, JourneyChange>();
  const flows = new Set<string>();
  let services = false;
  let manager = false;
  let connection = false;
  let isReset = false;
  let lastId = firstId;
  let timer: NodeJS.Timeout | undefined;

  const changed = () => {
    timer ??= setTimeout(flush, mergeMs);
  };

  function flush() {
    timer = undefined;
    const event: FeedEvent = { id: ++lastId };
    if (!isReset && journeys.size <= MAXIMUM_JOURNEYS_PER_EVENT) {
      event.changes = {
        ...(journeys.size > 0 && { journeys: [...journeys.values()] }),
        ...(flows.size > 0 && { flows: [...flows] }),
        ...(services && { services: true as const }),
        ...(manager && { manager: true as const }),
        ...(connection && { connection: true as const }),
      };
    }
    journeys.clear();
    flows.clear();
    services = false;
    manager = false;
    connection = false;
    isReset = false;
    kept.push(event);
    if (kept.length > KEPT_EVENTS) kept.shift();
    for (const listener of [...listeners]) listener(event);
  }

  return {
    journeys(changes) {
      for (const change of changes) {
        // Once there are too many to list, more of them change nothing.
        if (journeys.size > MAXIMUM_JOURNEYS_PER_EVENT) break;
        journeys.set(change.uuid, change);
      }
      if (changes.length > 0) changed();
    },
    flows(names) {
      for (const name of names) flows.add(name);
      changed();
    },
    services() {
      services = true;
      changed();
    },
    manager() {
      manager = true;
      changed();
    },
    connection() {
      connection = true;
      changed();
    },
    reset() {
      isReset = true;
      changed();
    },
    lastId: () => lastId,
    since(id) {
      const oldest = kept[0]?.id ?? lastId + 1;
      if (id > lastId || id < oldest - 1) return undefined;
      return kept.filter((event) => event.id > id);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      clearTimeout(timer);
      listeners.clear();
    },
  };
}
