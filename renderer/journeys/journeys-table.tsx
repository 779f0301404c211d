import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import type { JourneyQuery, JourneyRow } from "../../engine/audit/store.ts";
import { useShortcut } from "../frame/shortcuts.ts";
import { count, plural, zone } from "../parts/format.ts";
import { IconArrowUp } from "../parts/icons.ts";
import { EmptyState, ErrorState, ErrorStrip, SkeletonRows } from "../parts/states.tsx";
import { usePrefetchJourney } from "../queries.ts";
import type { Sort } from "./filters.ts";
import { JourneyTableRow, ROW_HEIGHT_PX, SkeletonTableRow } from "./journey-row.tsx";
import classes from "./journeys-table.module.css";
import type { Selection } from "./selection.ts";
import { SortButton } from "./sort-button.tsx";
import { keepList, keptScrollOffset, useJourneyList } from "./use-journey-list.ts";
import { loadedRows, nextCursor, rowAt, rowCount } from "./windows.ts";

interface JourneysTableProps {
  /** Names the filter: another filter is another list. Also this component's React key. */
  listKey: string;
  query: JourneyQuery;
  /** False when the list is pinned to the past. */
  live: boolean;
  sort: Sort;
  onSort: (sort: Sort) => void;
  selection: Selection;
  /** Shown when nothing is found. */
  empty: { title: string; text: string; actions?: React.ReactNode };
}

/** The heading in the help for shortcuts. */
const GROUP = "This page";

/** The journeys as a live, virtual table that is fully usable by keyboard. */
export function JourneysTable({ listKey, query, live, sort, onSort, selection, empty }: JourneysTableProps) {
  const { list, state } = useJourneyList(listKey, query, live);
  const { rows, loading, loadingMore, error } = state;
  const navigate = useNavigate();
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const [initialOffset] = useState(() => keptScrollOffset(listKey));
  const total = rowCount(rows);
  const more = typeof nextCursor(rows) === "string";

  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: 8,
    initialOffset,
    rangeExtractor: ({ startIndex, endIndex, overscan, count: all }) => {
      // The active row stays in the page while it is scrolled away, so that the focus isn't lost with it.
      const first = Math.max(0, startIndex - overscan);
      const last = Math.min(all - 1, endIndex + overscan);
      const indexes = Array.from({ length: Math.max(0, last - first + 1) }, (_, step) => first + step);
      if (active < first && active < all) indexes.unshift(active);
      if (active > last && active < all) indexes.push(active);
      return indexes;
    },
  });
  const point = useReadAhead();
  const shown = virtual.getVirtualItems();
  const range = virtual.range;

  useEffect(() => {
    if (total > 0) list.inSight(range?.startIndex ?? 0, range?.endIndex ?? 0);
  }, [list, range?.startIndex, range?.endIndex, total]);

  // Kept when the page is left; by then the scroller itself is gone.
  const leaving = useRef({ rows, scrollOffset: initialOffset });
  useEffect(() => {
    leaving.current.rows = rows;
  }, [rows]);
  useEffect(() => () => keepList(listKey, leaving.current.rows, leaving.current.scrollOffset), [listKey]);

  useApplyWhenIdle(scroller, rows.fresh.size, list.restart);
  useShortcut({ keys: "r", does: "Show the newest journeys", group: GROUP, run: () => showNewest() });
  useShortcut({ keys: "↑ ↓", does: "Move through the journeys", group: GROUP });
  useShortcut({ keys: "Enter", does: "Open the journey in focus", group: GROUP });
  useShortcut({ keys: "Space", does: "Select the journey in focus", group: GROUP });

  function showNewest(): void {
    scroller.current?.scrollTo(0, 0);
    setActive(0);
    list.restart();
  }

  function open(row: JourneyRow): void {
    void navigate(`/journeys/${row.uuid}`);
  }

  function focusRow(index: number): void {
    const next = Math.max(0, Math.min(total - 1, index));
    setActive(next);
    virtual.scrollToIndex(next);
    requestAnimationFrame(() => {
      scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus({ preventScroll: true });
    });
  }

  function onKeyDown(event: React.KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT_PX) - 2);
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      j: active + 1,
      ArrowUp: active - 1,
      k: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: total - 1,
    };
    const target = moves[event.key];
    const row = rowAt(rows, active);
    if (target !== undefined) focusRow(target);
    else if (event.key === "Enter" && row !== undefined) open(row);
    else if ((event.key === " " || event.key === "x") && row !== undefined) selection.toggle(row);
    else if (event.key === "Escape" && selection.size > 0) selection.clear();
    else return;
    event.preventDefault();
  }

  if (loading && error === undefined) {
    return (
      <div className={classes.box}>
        <SkeletonRows rows={12} />
      </div>
    );
  }
  if (total === 0 && error !== undefined) {
    return (
      <div className={classes.box}>
        <ErrorState what="The journeys can't be read." error={error} onRetry={list.restart} />
      </div>
    );
  }
  const loaded = [...loadedRows(rows)];
  const allSelected = loaded.length > 0 && loaded.every(({ uuid }) => selection.has(uuid));

  return (
    <div className={classes.box}>
      {error !== undefined && <ErrorStrip what="Not up to date." error={error} onRetry={list.restart} />}
      {/* biome-ignore lint/a11y/useSemanticElements: rows are virtual and laid out as a grid, which a table can't be */}
      <div
        role="grid"
        aria-label="Journeys"
        aria-rowcount={more ? -1 : total + 1}
        aria-multiselectable="true"
        className={total === 0 ? classes.headOnly : classes.grid}
        onKeyDown={onKeyDown}
        tabIndex={-1}
      >
        {/* biome-ignore lint/a11y/useSemanticElements: see above */}
        {/* biome-ignore lint/a11y/useFocusableInteractive: the rows below take the focus, the header's buttons by themselves */}
        <div role="row" aria-rowindex={1} className={`${classes.row} ${classes.head}`}>
          <HeadCell>
            <input
              type="checkbox"
              aria-label={`Select the ${plural(loaded.length, "journey")} loaded`}
              title={`Select the ${plural(loaded.length, "journey")} loaded`}
              checked={allSelected}
              onChange={() => (allSelected ? selection.clear() : selection.add(loaded))}
            />
          </HeadCell>
          <HeadCell>Status</HeadCell>
          <HeadCell>Flow</HeadCell>
          <HeadCell>Journey</HeadCell>
          <HeadCell>Where</HeadCell>
          <HeadCell>Error</HeadCell>
          <HeadCell sort={sortOf(sort, "started_at")} right>
            <SortButton label={`Started (${zone()})`} field="started_at" sort={sort} onSort={onSort} />
          </HeadCell>
          <HeadCell sort={sortOf(sort, "duration")} right>
            <SortButton label="Took" field="duration" sort={sort} onSort={onSort} />
          </HeadCell>
        </div>
        {total > 0 && (
          // biome-ignore lint/a11y/useSemanticElements: see above
          <div
            role="rowgroup"
            className={classes.scroller}
            ref={scroller}
            onScroll={(event) => {
              leaving.current.scrollOffset = event.currentTarget.scrollTop;
            }}
          >
            <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
              {shown.map(({ index, start }) => {
                const row = rowAt(rows, index);
                if (row === undefined) return <SkeletonTableRow key={index} index={index} top={start} />;
                return (
                  <JourneyTableRow
                    key={row.uuid}
                    row={row}
                    index={index}
                    top={start}
                    focusable={index === Math.min(active, total - 1)}
                    selected={selection.has(row.uuid)}
                    gone={rows.gone.has(row.uuid)}
                    onOpen={open}
                    onFocus={setActive}
                    onPoint={point}
                    onSelect={(chosen, range) =>
                      range ? selection.addRange(loaded, chosen) : selection.toggle(chosen)
                    }
                  />
                );
              })}
            </div>
          </div>
        )}
      </div>
      {total === 0 && (
        <EmptyState title={empty.title} actions={empty.actions}>
          {empty.text}
        </EmptyState>
      )}
      <FreshPill size={rows.fresh.size} overflow={rows.freshOverflow} onShow={showNewest} />
      <div className={classes.foot} aria-live="polite">
        {loadingMore ? "Reading on…" : more ? `${count(total)} shown, scroll for more` : plural(total, "journey")}
      </div>
    </div>
  );
}

/** The pointer rests on a row, or the focus, for so long before its journey is read: who passes by reads nothing. */
const READ_AHEAD_AFTER_MS = 80;

/** Reads the journey that is likely to be opened next. */
function useReadAhead(): (row: JourneyRow | undefined) => void {
  const prefetch = usePrefetchJourney();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(
    (row) => {
      clearTimeout(timer.current);
      if (row !== undefined) timer.current = setTimeout(() => prefetch(row), READ_AHEAD_AFTER_MS);
    },
    [prefetch],
  );
}

function HeadCell({
  children,
  sort,
  right = false,
}: {
  children: React.ReactNode;
  sort?: "ascending" | "descending" | "none";
  right?: boolean;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a grid of divs, see above
    // biome-ignore lint/a11y/useFocusableInteractive: what is in it takes the focus
    <div role="columnheader" aria-sort={sort} className={right ? classes.right : undefined}>
      {children}
    </div>
  );
}

/** "12 new": journeys that wait to be shown, so that rows don't jump under the cursor. */
function FreshPill({ size, overflow, onShow }: { size: number; overflow: boolean; onShow: () => void }) {
  if (size === 0) return null;
  return (
    <button type="button" className={classes.pill} onClick={onShow}>
      <IconArrowUp size={14} aria-hidden />
      {overflow ? `more than ${count(size)} new` : `${count(size)} new`} · show
    </button>
  );
}

/** At the top of the list with the pointer and the focus elsewhere nothing can jump under anybody: show them at once. */
function useApplyWhenIdle(scroller: React.RefObject<HTMLDivElement | null>, fresh: number, apply: () => void): void {
  useEffect(() => {
    if (fresh === 0) return;
    const element = scroller.current;
    if (element === null) return apply();
    const idle = element.scrollTop === 0 && !element.matches(":hover") && !element.matches(":focus-within");
    if (idle) apply();
  }, [fresh, apply, scroller]);
}

function sortOf(sort: Sort, field: string): "ascending" | "descending" | "none" {
  if (sort === field) return "ascending";
  return sort === `-${field}` ? "descending" : "none";
}
