/** The rows an operator has chosen: exactly these journeys, whatever the filter does next. */
import { useMemo, useState } from "react";
import type { JourneyRow } from "../../engine/audit/store.ts";

/** The API takes so many journeys in one bulk action. */
export const MAXIMUM_SELECTED = 1_000;

export interface Selection {
  size: number;
  rows: () => JourneyRow[];
  has: (uuid: string) => boolean;
  toggle: (row: JourneyRow) => void;
  add: (rows: readonly JourneyRow[]) => void;
  /** From the row chosen last to this one, as they stand in the list. */
  addRange: (list: readonly JourneyRow[], to: JourneyRow) => void;
  clear: () => void;
}

interface Chosen {
  rows: ReadonlyMap<string, JourneyRow>;
  last: string | undefined;
}

const NOTHING: Chosen = { rows: new Map(), last: undefined };

export function useSelection(): Selection {
  const [chosen, choose] = useState<Chosen>(NOTHING);
  return useMemo(
    () => ({
      size: chosen.rows.size,
      rows: () => [...chosen.rows.values()],
      has: (uuid) => chosen.rows.has(uuid),
      toggle: (row) => choose((before) => toggled(before, row)),
      add: (rows) => choose((before) => added(before, rows)),
      addRange: (list, to) => choose((before) => added(before, between(list, before.last, to))),
      clear: () => choose(NOTHING),
    }),
    [chosen],
  );
}

function toggled(before: Chosen, row: JourneyRow): Chosen {
  const rows = new Map(before.rows);
  if (!rows.delete(row.uuid) && rows.size < MAXIMUM_SELECTED) rows.set(row.uuid, row);
  return { rows, last: row.uuid };
}

function added(before: Chosen, more: readonly JourneyRow[]): Chosen {
  const rows = new Map(before.rows);
  for (const row of more) if (rows.size < MAXIMUM_SELECTED) rows.set(row.uuid, row);
  return { rows, last: more.at(-1)?.uuid ?? before.last };
}

/** The rows from the one named to the other, in either direction; only the other one when the first isn't there. */
export function between(list: readonly JourneyRow[], from: string | undefined, to: JourneyRow): JourneyRow[] {
  const start = list.findIndex(({ uuid }) => uuid === from);
  const end = list.findIndex(({ uuid }) => uuid === to.uuid);
  if (start === -1 || end === -1) return [to];
  return list.slice(Math.min(start, end), Math.max(start, end) + 1);
}
