/**
 * Turns the stream's changes into refreshed queries. What belongs to one journey is read again at once; what adds up
 * many journeys in batches, however much happens.
 */
import type { QueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent } from "react";
import { keys } from "./query-keys.ts";
import { type Stream, type StreamMessage, sharedStream } from "./stream.ts";

/** Counts and what somebody switched are read again at most this often. */
const SOON_MS = 1_000;
/** Statistics over many calls cost more to work out, and nobody reads them faster. */
const STATISTICS_MS = 5_000;

export function feedQueries(stream: Stream, queries: QueryClient): () => void {
  const soon = createBatch(SOON_MS, (queryKey) => void queries.invalidateQueries({ queryKey }));
  const statistics = createBatch(STATISTICS_MS, (queryKey) => void queries.invalidateQueries({ queryKey }));
  const stop = stream.onMessage((message) => {
    if (message.type === "reset") {
      void queries.invalidateQueries();
      return;
    }
    const { journeys, flows, services, manager, connection } = message.changes;
    for (const { uuid } of journeys ?? []) void queries.invalidateQueries({ queryKey: keys.journey(uuid) });
    if (journeys !== undefined) {
      soon.add(keys.allCounts, keys.allActivity);
      statistics.add(keys.services, keys.flows);
    }
    if (flows !== undefined) soon.add(keys.flows);
    if (services) soon.add(keys.services, keys.faults);
    if (manager) soon.add(keys.manager);
    // The connection to the cluster, or the outbox: both stand in what the console says of itself.
    if (connection) void queries.invalidateQueries({ queryKey: keys.info });
  });
  return () => {
    stop();
    soon.close();
    statistics.close();
  };
}

/** Collects keys and hands each of them on once when the time is over. */
function createBatch(afterMs: number, onKey: (key: readonly unknown[]) => void) {
  const due = new Map<string, readonly unknown[]>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  function flush(): void {
    timer = undefined;
    const waiting = [...due.values()];
    due.clear();
    for (const key of waiting) onKey(key);
  }
  return {
    add(...added: (readonly unknown[])[]) {
      for (const key of added) due.set(JSON.stringify(key), key);
      timer ??= setTimeout(flush, afterMs);
    },
    close: () => clearTimeout(timer),
  };
}

/** Calls back with each message of the stream, for pages that keep rows of their own. */
export function useStreamMessages(onMessage: (message: StreamMessage) => void): void {
  const listener = useEffectEvent(onMessage);
  useEffect(() => sharedStream()?.onMessage((message) => listener(message)), []);
}
