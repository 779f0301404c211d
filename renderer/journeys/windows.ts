/**
 * The rows of the journeys table as keyset windows: page after page by cursor, rows far away given up again, and what
 * changes meanwhile merged so that no row moves under the cursor. Pure; use-windows.ts does the asking.
 */
import type { JourneyPage } from "../../engine/api/schemas/journey.ts";
import type { StreamChanges } from "../../engine/api/schemas/stream.ts";
import type { JourneyRow } from "../../engine/audit/store.ts";
import { ENDED } from "../parts/status.ts";

/** Rows of one window: the most the API answers at once. */
export const WINDOW_ROWS = 200;
/** Windows whose rows are kept; those farthest from what is in sight are given up and asked again when needed. */
export const MAXIMUM_KEPT_WINDOWS = 12;

export interface JourneyWindow {
  /** Where it begins: the cursor that answers it; undefined for the first. */
  cursor: string | undefined;
  size: number;
  /** Missing when given up. */
  rows: JourneyRow[] | undefined;
  /** The cursor of the window behind it, null at the end. */
  next: string | null;
  /** The stream told of changes in it since it was read. */
  stale: boolean;
}

export interface WindowsState {
  windows: readonly JourneyWindow[];
  /** Journeys that belong into the list but aren't shown yet, by uuid: the pill counts them. */
  fresh: ReadonlySet<string>;
  /** There may be more new ones than the probe could count. */
  freshOverflow: boolean;
  /** Rows that are still shown but would not be found by the filter any more. */
  gone: ReadonlySet<string>;
}

export const EMPTY_WINDOWS: WindowsState = {
  windows: [],
  fresh: new Set(),
  freshOverflow: false,
  gone: new Set(),
};

export function rowCount(state: WindowsState): number {
  return state.windows.reduce((sum, { size }) => sum + size, 0);
}

/** The cursor to go on with: undefined before the first window, null at the end. */
export function nextCursor(state: WindowsState): string | null | undefined {
  return state.windows.at(-1)?.next;
}

/** Where a row stands: its window and its place in it. */
export function locate(state: WindowsState, index: number): { window: number; place: number } | undefined {
  let left = index;
  for (const [window, { size }] of state.windows.entries()) {
    if (left < size) return { window, place: left };
    left -= size;
  }
  return undefined;
}

/** The row at an index; undefined when its window was given up. */
export function rowAt(state: WindowsState, index: number): JourneyRow | undefined {
  const found = locate(state, index);
  return found === undefined ? undefined : state.windows[found.window]?.rows?.[found.place];
}

export function* loadedRows(state: WindowsState): Generator<JourneyRow> {
  for (const { rows } of state.windows) if (rows !== undefined) yield* rows;
}

/** Begins anew with the first window: everything pending is in it. */
export function restarted(page: JourneyPage): WindowsState {
  return appended(EMPTY_WINDOWS, undefined, page);
}

/** The window behind the last one has come. */
export function appended(state: WindowsState, cursor: string | undefined, page: JourneyPage): WindowsState {
  const window: JourneyWindow = {
    cursor,
    size: page.journeys.length,
    rows: page.journeys,
    next: page.next,
    stale: false,
  };
  const windows = [...state.windows, window];
  return { ...state, windows: keepNear(windows, windows.length - 1) };
}

/**
 * A window was read again. Its rows keep their places and take the new content; journeys that are new in its middle
 * wait for the operator (`fresh`), rows that the answer lacks are marked (`gone`).
 */
export function reread(state: WindowsState, index: number, page: JourneyPage): WindowsState {
  const window = state.windows[index];
  if (window === undefined) return state;
  if (window.rows === undefined) {
    // It comes back after having been given up; its size must not change, the scroll position hangs on it.
    const rows = page.journeys.slice(0, window.size);
    const back: JourneyWindow = { ...window, rows, size: rows.length, next: page.next ?? window.next, stale: false };
    const windows = state.windows.with(index, back);
    return { ...state, windows: keepNear(windows, index) };
  }
  const answer = new Map(page.journeys.map((row) => [row.uuid, row]));
  const gone = new Set(state.gone);
  const rows = window.rows.map((row) => {
    const now = answer.get(row.uuid);
    if (now === undefined) {
      gone.add(row.uuid);
      return row;
    }
    gone.delete(row.uuid);
    return now.seq >= row.seq ? now : row;
  });
  const windows = state.windows.with(index, { ...window, rows, stale: false });
  // Rows that slid in from the next window, because others left this one, are not news.
  const last = page.journeys.findLastIndex(({ uuid }) => window.rows?.some((row) => row.uuid === uuid));
  return withFresh({ ...state, windows, gone }, page.journeys.slice(0, last + 1), false);
}

/** The newest journeys of the list, read to see whether there are some that aren't shown. */
export function probed(state: WindowsState, page: JourneyPage): WindowsState {
  return withFresh(state, page.journeys, page.next !== null);
}

/**
 * The stream's word on rows that are shown: status and seq at once. What else changed isn't known until the window is
 * read again: where the journey stands is left open, and an end is taken to be `at` (ISO 8601) for so long.
 */
export function changed(
  state: WindowsState,
  changes: NonNullable<StreamChanges["journeys"]>,
  at: string,
): WindowsState {
  const byUuid = new Map(changes.map((change) => [change.uuid, change]));
  let touched = false;
  const windows = state.windows.map((window) => {
    const isNews = (row: JourneyRow) => (byUuid.get(row.uuid)?.seq ?? 0) > row.seq;
    if (window.rows === undefined || !window.rows.some(isNews)) return window;
    touched = true;
    const rows = window.rows.map((row) => {
      const change = byUuid.get(row.uuid);
      if (change === undefined || change.seq <= row.seq) return row;
      const { status, seq } = change;
      const ended_at = ENDED.includes(status) ? (row.ended_at ?? at) : undefined;
      return { ...row, status, seq, ended_at, where: status === row.status ? row.where : [] };
    });
    return { ...window, rows, stale: true };
  });
  return touched ? { ...state, windows } : state;
}

function withFresh(state: WindowsState, rows: JourneyRow[], overflow: boolean): WindowsState {
  const known = new Set<string>();
  for (const { uuid } of loadedRows(state)) known.add(uuid);
  const fresh = new Set([...state.fresh].filter((uuid) => !known.has(uuid)));
  for (const { uuid } of rows) if (!known.has(uuid)) fresh.add(uuid);
  const same = fresh.size === state.fresh.size && overflow === state.freshOverflow;
  return same ? state : { ...state, fresh, freshOverflow: overflow };
}

/** Gives up the rows of the windows farthest from the one in use. */
function keepNear(windows: readonly JourneyWindow[], used: number): readonly JourneyWindow[] {
  const kept = windows.filter(({ rows }) => rows !== undefined).length;
  if (kept <= MAXIMUM_KEPT_WINDOWS) return windows;
  const farthest = windows
    .map((window, index) => ({ index, distance: window.rows === undefined ? -1 : Math.abs(index - used) }))
    .reduce((far, next) => (next.distance > far.distance ? next : far));
  const window = windows[farthest.index];
  return window === undefined ? windows : windows.with(farthest.index, { ...window, rows: undefined });
}
