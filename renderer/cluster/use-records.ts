/** The records of a topic: a look at a place, and from there on a live tail by long poll that drops nothing unsaid. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { RecordPage, TopicRecord } from "../../engine/api/schemas/record.ts";
import { api } from "../api.ts";
import { keys } from "../query-keys.ts";
import { SHOWN_RECORDS } from "./positions.ts";

/** A long poll answers at the latest after this time. */
const WAIT_MS = 25_000;
/** After an error the tail waits before it asks again. */
const PAUSE_AFTER_ERROR_MS = 3_000;
/** The tail keeps so many records in the page; older ones are dropped from its top, and it says so. */
export const MAXIMUM_TAILED_RECORDS = 1_000;

export interface Records {
  records: TopicRecord[];
  /** Of the tail: dropped from the top of the page because there were too many. */
  dropped: number;
  /** Records that retention took before the tail had read them. */
  skipped: number;
  /** Partitions that had no leader when the records were read. */
  away: number[];
  loading: boolean;
  error: unknown;
  retry: () => void;
}

interface Tail {
  key: string;
  records: TopicRecord[];
  dropped: number;
  skipped: number;
  error: unknown;
}

const nothing = (key: string): Tail => ({ key, records: [], dropped: 0, skipped: 0, error: undefined });

/** Where to begin: an offset as the API takes it, or a time in ISO 8601; undefined: nothing is read. */
export type From = { offset: string } | { at: string } | undefined;

export function useRecords(topic: string, start: From, partition: number | undefined, live: boolean): Records {
  const from = `${partition ?? "all"} ${JSON.stringify(start)}`;
  const look = useQuery({
    queryKey: keys.records(topic, from),
    queryFn: ({ signal }) => api.records(topic, { partition, ...start, limit: SHOWN_RECORDS }, signal),
    enabled: start !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const key = `${topic} ${from}`;
  const [tail, setTail] = useState<Tail>(nothing(key));
  const next = look.data?.next;

  useEffect(() => {
    if (!live || next === undefined) return;
    const controller = new AbortController();
    setTail((before) => (before.key === key ? before : nothing(key)));
    void follow(topic, next, controller.signal, (change) =>
      setTail((before) => change(before.key === key ? before : nothing(key))),
    );
    return () => controller.abort();
  }, [topic, key, next, live]);

  const tailed = tail.key === key ? tail : undefined;
  return {
    records: [...(look.data?.records ?? []), ...(tailed?.records ?? [])],
    dropped: tailed?.dropped ?? 0,
    skipped: tailed?.skipped ?? 0,
    away: look.data?.away ?? [],
    loading: look.isPending,
    error: look.error ?? tailed?.error,
    retry: () => void look.refetch(),
  };
}

async function follow(
  topic: string,
  start: string,
  signal: AbortSignal,
  change: (apply: (tail: Tail) => Tail) => void,
): Promise<void> {
  let offset = start;
  while (!signal.aborted) {
    try {
      const page = await api.records(topic, { offset, limit: SHOWN_RECORDS, wait: WAIT_MS, skip: true }, signal);
      offset = page.next;
      if (signal.aborted) return;
      if (page.records.length > 0 || (page.skipped ?? 0) > 0) change((tail) => grown(tail, page));
    } catch (error) {
      if (signal.aborted) return;
      change((tail) => ({ ...tail, error }));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_AFTER_ERROR_MS));
    }
  }
}

function grown(tail: Tail, page: RecordPage): Tail {
  const records = [...tail.records, ...page.records];
  const over = Math.max(0, records.length - MAXIMUM_TAILED_RECORDS);
  const skipped = tail.skipped + (page.skipped ?? 0);
  return { ...tail, records: records.slice(over), dropped: tail.dropped + over, skipped, error: undefined };
}
