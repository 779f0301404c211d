/** Asks for the windows of the journeys table: the first, the next, those that changed, and whether there is news. */
import type { JourneyPage } from "../../engine/api/schemas/journey.ts";
import type { StreamChanges } from "../../engine/api/schemas/stream.ts";
import type { JourneyQuery } from "../../engine/audit/store.ts";
import type { StreamMessage } from "../stream.ts";
import {
  appended,
  changed,
  EMPTY_WINDOWS,
  locate,
  nextCursor,
  probed,
  reread,
  restarted,
  rowAt,
  rowCount,
  WINDOW_ROWS,
  type WindowsState,
} from "./windows.ts";

/** A change is followed by reading what is in sight again after this time, together with what changes meanwhile. */
const GATHER_MS = 150;
/** While things go on changing, what is in sight is read again at most this often. */
export const REFRESH_MS = 1_000;
/** The next window is asked for when so few rows are left below what is in sight. */
const AHEAD_ROWS = 60;

export interface JourneyListState {
  rows: WindowsState;
  /** The first answer of this filter hasn't come yet. */
  loading: boolean;
  loadingMore: boolean;
  /** Why the last question failed; rows that were there stay. */
  error: unknown;
}

/** Asks nothing until it is opened; may be closed and opened again. */
export interface JourneyList {
  get(): JourneyListState;
  subscribe(listener: () => void): () => void;
  /** Begins anew with the newest rows. */
  restart(): void;
  /** Tells which rows are in sight (indexes, inclusive), so that the right windows are asked for. */
  inSight(first: number, last: number): void;
  /** The stream's messages; what they touch is read again. */
  onMessage(message: StreamMessage): void;
  /** Reads again what is in sight, and looks for news above it. */
  refresh(): void;
  open(): void;
  close(): void;
}

export interface JourneyListOptions {
  query: JourneyQuery;
  /** False when the list is pinned to the past, so that nothing in it can be new. */
  probe: boolean;
  ask: (query: JourneyQuery, signal: AbortSignal) => Promise<JourneyPage>;
  /** Rows to begin with: a list that was left and is shown again. */
  initial?: WindowsState;
  /** Milliseconds since 1970. */
  now?: () => number;
}

export function createJourneyList({ query, probe, ask, initial, now = Date.now }: JourneyListOptions): JourneyList {
  let state: JourneyListState = {
    rows: initial ?? EMPTY_WINDOWS,
    loading: initial === undefined,
    loadingMore: false,
    error: undefined,
  };
  let sight = { first: 0, last: 0 };
  let lifetime = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let refreshedAt = 0;
  /** Questions on their way: each is asked once at a time. */
  const busy = new Set<string>();
  const listeners = new Set<() => void>();
  const newestFirst = query.sort === undefined || query.sort === "-started_at";

  function become(next: Partial<JourneyListState>): void {
    state = { ...state, ...next };
    for (const listener of listeners) listener();
  }

  async function question(
    name: string,
    bounds: Partial<JourneyQuery>,
    merge: (rows: WindowsState, page: JourneyPage) => WindowsState,
  ): Promise<void> {
    if (busy.has(name)) return;
    busy.add(name);
    const { signal } = lifetime;
    try {
      const page = await ask({ ...query, limit: WINDOW_ROWS, ...bounds }, signal);
      if (!signal.aborted) become({ rows: merge(state.rows, page), error: undefined });
    } catch (error) {
      if (!signal.aborted) become({ error });
    } finally {
      if (!signal.aborted) busy.delete(name);
    }
  }

  async function restart(): Promise<void> {
    // Whatever is on its way belongs to rows that go.
    lifetime.abort();
    lifetime = new AbortController();
    busy.clear();
    const { signal } = lifetime;
    become({ loadingMore: false });
    await question("first", {}, (_, page) => restarted(page));
    if (!signal.aborted) become({ loading: false });
  }

  function refresh(): void {
    refreshedAt = now();
    const top = rowAt(state.rows, 0);
    if (top === undefined) {
      if (!state.loading) void question("first", {}, (_, page) => restarted(page));
      return;
    }
    for (const index of windowsInSight()) if (state.rows.windows[index]?.rows !== undefined) readAgain(index);
    if (!probe || !newestFirst) return;
    const from = query.from !== undefined && query.from > top.started_at ? query.from : top.started_at;
    void question("probe", { from }, probed);
  }

  function windowsInSight(): Set<number> {
    const first = locate(state.rows, sight.first)?.window ?? 0;
    return new Set([first, locate(state.rows, sight.last)?.window ?? first]);
  }

  function readAgain(index: number): void {
    const top = rowAt(state.rows, 0);
    // The first window has no cursor: it begins at its top row, whatever has come above it since.
    const isTop = index === 0 && newestFirst && top !== undefined;
    const from = isTop ? { to: justAfter(top.started_at, query.to) } : { cursor: state.rows.windows[index]?.cursor };
    void question(`window ${index}`, from, (rows, page) => reread(rows, index, page));
  }

  function inSight(firstRow: number, lastRow: number): void {
    sight = { first: firstRow, last: lastRow };
    // After a failure the next try is the operator's or the stream's, not the scroll bar's.
    if (state.error !== undefined) return;
    const { rows } = state;
    for (const index of windowsInSight()) {
      const window = rows.windows[index];
      if (window !== undefined && (window.rows === undefined || window.stale)) readAgain(index);
    }
    const cursor = nextCursor(rows);
    if (typeof cursor !== "string" || lastRow < rowCount(rows) - AHEAD_ROWS || busy.has("more")) return;
    const { signal } = lifetime;
    become({ loadingMore: true });
    void question("more", { cursor }, (now, page) =>
      nextCursor(now) === cursor ? appended(now, cursor, page) : now,
    ).then(() => {
      if (!signal.aborted) become({ loadingMore: false });
    });
  }

  function onMessage(message: StreamMessage): void {
    const journeys: StreamChanges["journeys"] = message.type === "changes" ? message.changes.journeys : [];
    if (journeys === undefined) return;
    const rows = changed(state.rows, journeys, new Date(now()).toISOString());
    if (rows !== state.rows) become({ rows });
    timer ??= setTimeout(
      () => {
        timer = undefined;
        refresh();
      },
      Math.max(GATHER_MS, refreshedAt + REFRESH_MS - now()),
    );
  }

  return {
    get: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    restart: () => void restart(),
    inSight,
    onMessage,
    refresh,
    open() {
      if (state.loading) return void restart();
      lifetime = new AbortController();
      refresh();
    },
    close() {
      lifetime.abort();
      busy.clear();
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

/** The end of a range that still holds a row, but no later than the filter's own end. */
function justAfter(time: string, limit: string | undefined): string {
  const end = new Date(Date.parse(time) + 1).toISOString();
  return limit !== undefined && limit < end ? limit : end;
}
