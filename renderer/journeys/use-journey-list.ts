import { useEffect, useState, useSyncExternalStore } from "react";
import type { JourneyQuery } from "../../engine/audit/store.ts";
import { api } from "../api.ts";
import { useStreamMessages } from "../live-queries.ts";
import { serverNow } from "../server-time.ts";
import { createJourneyList } from "./journey-list.ts";
import type { WindowsState } from "./windows.ts";

/** A list that was left is shown again as it was, if one comes back within this time. */
const KEEP_MS = 10 * 60_000;

interface Kept {
  key: string;
  rows: WindowsState;
  /** Pixels. */
  scrollOffset: number;
  at: number;
}

/** The list that was left last: coming back from a journey finds it where it was. */
let kept: Kept | undefined;

/** The scroll offset to begin with, in pixels. */
export function keptScrollOffset(key: string): number {
  return takeKept(key)?.scrollOffset ?? 0;
}

export function keepList(key: string, rows: WindowsState, scrollOffset: number): void {
  kept = { key, rows, scrollOffset, at: Date.now() };
}

function takeKept(key: string): Kept | undefined {
  return kept?.key === key && Date.now() - kept.at < KEEP_MS ? kept : undefined;
}

/**
 * The list under a filter, live. The list belongs to its key: give the component that calls this the same React key,
 * so that another filter is another list.
 *
 * @param probe false when the list is pinned to the past, so that nothing in it can be new
 */
export function useJourneyList(key: string, query: JourneyQuery, probe: boolean) {
  const [list] = useState(() =>
    createJourneyList({ query, probe, initial: takeKept(key)?.rows, ask: api.journeys, now: serverNow }),
  );
  const state = useSyncExternalStore(list.subscribe, list.get);
  useStreamMessages((message) => {
    if (document.visibilityState === "visible") list.onMessage(message);
  });
  useEffect(() => {
    const onVisible = () => {
      if (document.visibilityState === "visible") list.refresh();
    };
    list.open();
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      list.close();
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [list]);
  return { list, state };
}
