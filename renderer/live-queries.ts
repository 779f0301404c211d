/**
 * Turns the stream's changes into refreshed queries. What belongs to one journey is read again at once; what adds up
 * many journeys (counts, services, flows) at most once a second, however much happens.
 */
import type { QueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent } from "react";
import type { StreamChanges } from "../engine/api/schemas.ts";
import { keys } from "./query-keys.ts";
import { type Stream, type StreamMessage, sharedStream } from "./stream.ts";

/** Aggregates are read again at most this often. */
const AGGREGATE_MS = 1_000;

export function feedQueries(stream: Stream, queries: QueryClient): () => void {
  const due = new Map<string, readonly unknown[]>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function later(key: readonly unknown[]): void {
    due.set(JSON.stringify(key), key);
    timer ??= setTimeout(flush, AGGREGATE_MS);
  }

  function flush(): void {
    timer = undefined;
    const waiting = [...due.values()];
    due.clear();
    for (const queryKey of waiting) void queries.invalidateQueries({ queryKey });
  }

  const stop = stream.onMessage((message) => {
    if (message.type === "reset") {
      void queries.invalidateQueries();
      return;
    }
    for (const queryKey of touchedJourneys(message.changes)) void queries.invalidateQueries({ queryKey });
    for (const queryKey of touchedAggregates(message.changes)) later(queryKey);
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}

function touchedJourneys(changes: StreamChanges): (readonly unknown[])[] {
  return (changes.journeys ?? []).map(({ uuid }) => keys.journey(uuid));
}

function touchedAggregates(changes: StreamChanges): (readonly unknown[])[] {
  const touched: (readonly unknown[])[] = [];
  if (changes.journeys !== undefined) touched.push(keys.allCounts, keys.allFailures, keys.services, keys.allActivity);
  if (changes.journeys !== undefined || changes.flows !== undefined) touched.push(keys.flows);
  if (changes.services) touched.push(keys.services, keys.faults);
  if (changes.manager) touched.push(keys.manager);
  return touched;
}

/** Calls back with each message of the stream, for pages that keep rows of their own. */
export function useStreamMessages(onMessage: (message: StreamMessage) => void): void {
  const listener = useEffectEvent(onMessage);
  useEffect(() => sharedStream()?.onMessage((message) => listener(message)), []);
}
