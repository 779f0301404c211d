import { memo } from "react";
import { Link } from "react-router";
import type { JourneyRow } from "../../engine/audit/store.ts";
import { shortId } from "../parts/format.ts";
import { IconArrowBackUp, IconCornerDownRight, IconReplace } from "../parts/icons.ts";
import { JourneyStatusBadge } from "../parts/status-badge.tsx";
import { Duration, Time } from "../parts/time.tsx";
import classes from "./journeys-table.module.css";

export const ROW_HEIGHT_PX = 37;

interface JourneyTableRowProps {
  row: JourneyRow;
  /** From 0, over the whole list. */
  index: number;
  /** Pixels from the list's top. */
  top: number;
  /** The one row that Tab reaches. */
  focusable: boolean;
  selected: boolean;
  /** It would not be found by the filter any more. */
  gone: boolean;
  onOpen: (row: JourneyRow) => void;
  onFocus: (index: number) => void;
  /** It has the pointer or the focus, and may be opened next. Undefined: it hasn't any more. */
  onPoint: (row: JourneyRow | undefined) => void;
  onSelect: (row: JourneyRow, range: boolean) => void;
}

export const JourneyTableRow = memo(function JourneyTableRow(props: JourneyTableRowProps) {
  const { row, index, top, focusable, selected, gone, onOpen, onFocus, onPoint, onSelect } = props;
  const undoing = row.status === "rolling_back" || row.status === "rollback_failed";
  return (
    // biome-ignore lint/a11y/useSemanticElements: a grid of divs, see journeys-table.tsx
    <div
      role="row"
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={selected}
      tabIndex={focusable ? 0 : -1}
      className={`${classes.row} ${classes.item} ${selected ? classes.selected : ""} ${gone ? classes.gone : ""}`}
      style={{ transform: `translateY(${top}px)` }}
      title={gone ? "It changed and no longer fits the filter" : undefined}
      onFocus={() => {
        onFocus(index);
        onPoint(row);
      }}
      onPointerEnter={() => onPoint(row)}
      onPointerLeave={() => onPoint(undefined)}
      onClick={(event) => {
        // A text being marked, or a link that opens elsewhere, is not a click on the row.
        if (event.defaultPrevented || event.ctrlKey || event.metaKey || hasMarkedText()) return;
        onOpen(row);
      }}
      onKeyDown={undefined}
    >
      <Cell>
        <input
          type="checkbox"
          tabIndex={-1}
          checked={selected}
          aria-label={`Select journey ${shortId(row.uuid)}`}
          onClick={(event) => {
            event.stopPropagation();
            onSelect(row, event.shiftKey);
          }}
          onChange={() => {}}
        />
      </Cell>
      <Cell>
        <JourneyStatusBadge status={row.status} />
      </Cell>
      <Cell>
        <span className="ag-truncate" title={`${row.name} version ${row.version}`}>
          {row.name}
        </span>
        <span className={`ag-dim ag-truncate ${classes.version}`} title={`${row.name} version ${row.version}`}>
          v{row.version}
        </span>
      </Cell>
      <Cell>
        <Link
          to={`/journeys/${row.uuid}`}
          tabIndex={-1}
          className={`${classes.id} ag-mono`}
          title={row.uuid}
          onClick={(event) => event.stopPropagation()}
        >
          {shortId(row.uuid)}
        </Link>
        {row.parent !== undefined && (
          <span className={classes.mark} title={`Step ${row.parent.step} of ${row.parent.uuid}`}>
            <IconCornerDownRight size={14} aria-hidden />
            <span className="ag-visually-hidden">run by journey {shortId(row.parent.uuid)}</span>
          </span>
        )}
        {row.replay_of !== undefined && (
          <span className={classes.mark} title={`Replay of ${row.replay_of}`}>
            <IconReplace size={14} aria-hidden />
            <span className="ag-visually-hidden">replay of {shortId(row.replay_of)}</span>
          </span>
        )}
      </Cell>
      <Cell>
        {row.where.length === 0 ? (
          <None />
        ) : (
          <span className={`${classes.where} ag-truncate`} title={row.where.join(", ")}>
            {undoing && <IconArrowBackUp size={14} aria-label="undo" className={classes.undo} />}
            {row.where.join(", ")}
          </span>
        )}
      </Cell>
      <Cell>
        {row.error === undefined ? (
          <None />
        ) : (
          <span
            className="ag-truncate"
            title={row.error.code === undefined ? row.error.message : `${row.error.message}\n${row.error.code}`}
          >
            {row.error.message || row.error.code}
          </span>
        )}
      </Cell>
      <Cell right>
        <Time at={row.started_at} />
      </Cell>
      <Cell right>
        <Duration from={row.started_at} to={row.ended_at} />
      </Cell>
    </div>
  );
});

/** Holds the place of a row whose window is being read again. */
export function SkeletonTableRow({ index, top }: { index: number; top: number }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a grid of divs, see journeys-table.tsx
    <div
      role="row"
      tabIndex={-1}
      data-index={index}
      aria-rowindex={index + 2}
      className={`${classes.row} ${classes.item}`}
      style={{ transform: `translateY(${top}px)` }}
    >
      <Cell> </Cell>
      <Cell>
        <span className="ag-dim">reading…</span>
      </Cell>
    </div>
  );
}

function Cell({ children, right = false }: { children: React.ReactNode; right?: boolean }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a grid of divs, see journeys-table.tsx
    // biome-ignore lint/a11y/useFocusableInteractive: the row takes the focus
    <div role="gridcell" className={right ? classes.right : undefined}>
      {children}
    </div>
  );
}

function None() {
  return (
    <span className="ag-dim">
      <span aria-hidden>–</span>
      <span className="ag-visually-hidden">none</span>
    </span>
  );
}

function hasMarkedText(): boolean {
  return (getSelection()?.toString() ?? "") !== "";
}
