/** Looks a topic through for the records of one key, a bounded stretch at a time, and says how far it has come. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { TopicRecord } from "../../engine/api/schemas/record.ts";
import { api } from "../api.ts";
import { keys } from "../query-keys.ts";
import { SHOWN_RECORDS, type TopicOffsets } from "./positions.ts";

/** So many records are asked for at once; the API bounds what it looks through for them. */
const PAGE_RECORDS = 500;
/** After so many stretches without enough finds it waits to be told to go on. */
const STRETCHES_AT_ONCE = 20;

export interface KeySearch {
  records: readonly TopicRecord[];
  /** Records looked through. */
  scanned: number;
  /** The topic's end has been reached. */
  done: boolean;
  searching: boolean;
  error: unknown;
  /** Looks through the next stretches. */
  further: () => void;
}

interface Where {
  topic: string;
  partition: number | undefined;
  /** ISO 8601; undefined: from the topic's start. */
  since: string | undefined;
  offsets: TopicOffsets;
}

/** @param key undefined: nothing is looked for */
export function useKeySearch(key: string | undefined, { topic, partition, since, offsets }: Where): KeySearch {
  const query = useInfiniteQuery({
    queryKey: [...keys.records(topic, `key ${partition ?? "all"} ${since ?? ""}`), key],
    queryFn: ({ pageParam, signal }) => {
      const from = pageParam !== undefined ? { offset: pageParam } : since !== undefined ? { at: since } : {};
      return api.records(topic, { partition, key, limit: PAGE_RECORDS, ...from }, signal);
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => (isAtEnd(next, offsets, partition) ? undefined : next),
    enabled: key !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const pages = query.data?.pages ?? [];
  const records = pages.flatMap((page) => page.records);
  const { hasNextPage, isFetching, fetchNextPage, error } = query;
  const resting = pages.length % STRETCHES_AT_ONCE === 0 || records.length >= SHOWN_RECORDS;
  const goOn = hasNextPage && !isFetching && error === null && !resting;
  useEffect(() => {
    if (goOn) void fetchNextPage();
  }, [goOn, fetchNextPage]);
  return {
    records,
    scanned: pages.reduce((sum, page) => sum + (page.scanned ?? 0), 0),
    done: pages.length > 0 && !hasNextPage,
    searching: key !== undefined && (isFetching || goOn),
    error,
    further: () => void fetchNextPage(),
  };
}

/** `next` has reached the ends as they were when the page was opened. */
export function isAtEnd(next: string, offsets: TopicOffsets, partition: number | undefined): boolean {
  const at = new Map(next.split(",").map((pair) => pair.split(":").map(Number) as [number, number]));
  return offsets
    .filter((each) => partition === undefined || each.partition === partition)
    .every(({ partition: index, end }) => (at.get(index) ?? end) >= end);
}
