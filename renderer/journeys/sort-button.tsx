import { IconArrowDown, IconArrowUp } from "../parts/icons.ts";
import type { Sort } from "./filters.ts";
import classes from "./journeys-table.module.css";

interface SortButtonProps {
  label: string;
  field: "started_at" | "duration";
  sort: Sort;
  onSort: (sort: Sort) => void;
}

/** A column's head that sorts: the largest or newest first, then the other way round. */
export function SortButton({ label, field, sort, onSort }: SortButtonProps) {
  const descending = sort === `-${field}`;
  const ascending = sort === field;
  return (
    <button type="button" className={classes.sort} onClick={() => onSort(descending ? field : `-${field}`)}>
      {label}
      {descending && <IconArrowDown size={13} aria-hidden />}
      {ascending && <IconArrowUp size={13} aria-hidden />}
    </button>
  );
}
