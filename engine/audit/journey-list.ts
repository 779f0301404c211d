/**
 * Pages of journeys by keyset cursors: a cursor holds the sort value and the id of the last row, so that rows which come
 * in meanwhile neither shift the page nor double a row.
 */
import type Database from "better-sqlite3";
import { pageLimit } from "./cursor.ts";
import type { Dimensions } from "./dimensions.ts";
import { EndedJourneys } from "./ended-journeys.ts";
import { hasTimeRange, type Selection, select } from "./journey-filter.ts";
import type { JourneyIds } from "./journey-ids.ts";
import { isEnded } from "./journey-key.ts";
import type { JourneyRows } from "./journey-rows.ts";
import { rowConditions, type Values } from "./journey-streams.ts";
import { compareKeys, cursorOf, isByValue, type Key, keyOf, orderOf, type ValueOrder } from "./list-order.ts";
import type { JourneyQuery, JourneyRow } from "./store.ts";

/** What free text finds has no order but that of starts: so many of the newest are sorted otherwise, or counted. */
export const MAX_TEXT_JOURNEYS = 5_000;

/** Up to how many journeys sorting a selection as a whole is cheaper than looking for it in the sorted index. */
export interface SortBounds {
  fewJourneys: number;
  /** The same for all journeys of a range of time, whose rows lie side by side. */
  fewInRange: number;
}

export const DEFAULT_SORT_BOUNDS: SortBounds = { fewJourneys: 1_000, fewInRange: 30_000 };

export class JourneyList {
  readonly #database: Database.Database;
  readonly #dimensions: Dimensions;
  readonly #ids: JourneyIds;
  readonly #rows: JourneyRows;
  readonly #bounds: SortBounds;
  readonly #ended: EndedJourneys;

  constructor(
    database: Database.Database,
    dimensions: Dimensions,
    ids: JourneyIds,
    rows: JourneyRows,
    bounds: SortBounds,
  ) {
    this.#database = database;
    this.#dimensions = dimensions;
    this.#ids = ids;
    this.#rows = rows;
    this.#bounds = bounds;
    this.#ended = new EndedJourneys(database, dimensions);
  }

  list(query: JourneyQuery): { journeys: JourneyRow[]; next: string | null } {
    const limit = pageLimit(query.limit);
    const order = orderOf(query.sort);
    const after = query.cursor === undefined ? undefined : keyOf(query.cursor, order);
    const selection = select(query, this.#dimensions);
    const keys = isByValue(order)
      ? this.#byValue(selection, order, after, limit + 1)
      : this.#byStart(selection, order.descending, after?.id, limit + 1);
    const page = keys.slice(0, limit);
    const last = page.at(-1);
    const next = keys.length > limit && last ? cursorOf(order, last) : null;
    return { journeys: this.#rows.read(page.map((key) => key.id)), next };
  }

  #byStart(selection: Selection, descending: boolean, after: number | undefined, limit: number): Key[] {
    return this.#ids.byStart(selection, { descending, after, limit }).map((id) => ({ value: null, id }));
  }

  /** Three ways to the same page; the cheapest one is taken. */
  #byValue(selection: Selection, order: ValueOrder, after: Key | undefined, limit: number): Key[] {
    const most = selection.text ? MAX_TEXT_JOURNEYS : this.#bounds.fewJourneys;
    if (selection.text || selection.failures || hasTimeRange(selection)) {
      const newest = this.#ids.byStart(selection, { descending: true, limit: most + 1 });
      if (newest.length <= most || selection.text) {
        return this.#sorted(newest.slice(0, most), order, after, limit);
      }
    }
    if (this.#isFewInRange(selection)) return this.#rangeSorted(selection, order, after, limit);
    return this.#walked(selection, order, after, limit);
  }

  #sorted(ids: number[], order: ValueOrder, after: Key | undefined, limit: number): Key[] {
    const keys = this.#database
      .prepare<[string], Key>(
        `SELECT id, ${order.column} AS value FROM journeys WHERE id IN (SELECT value FROM json_each(?))`,
      )
      .all(JSON.stringify(ids));
    return pageOf(keys, order, after, limit);
  }

  #isFewInRange(selection: Selection): boolean {
    if (!hasTimeRange(selection)) return false;
    const rows = this.#database
      .prepare<Values, number>("SELECT count(*) FROM (SELECT 1 FROM journeys WHERE id >= ? AND id < ? LIMIT ?)")
      .pluck()
      .get(selection.fromId, selection.toId, this.#bounds.fewInRange + 1);
    return (rows ?? 0) <= this.#bounds.fewInRange;
  }

  #rangeSorted(selection: Selection, order: ValueOrder, after: Key | undefined, limit: number): Key[] {
    const { sql, values } = rowConditions(selection);
    const keys = this.#database
      .prepare<Values, Key>(
        `SELECT id, ${order.column} AS value FROM journeys j NOT INDEXED WHERE id >= ? AND id < ? ${sql}`,
      )
      .all(selection.fromId, selection.toId, ...values);
    return pageOf(keys, order, after, limit);
  }

  /** First the ended ones in the order of the value; then the others, in the order of their starts. */
  #walked(selection: Selection, order: ValueOrder, after: Key | undefined, limit: number): Key[] {
    const keys = after?.value === null ? [] : this.#ended.page(selection, order, after, limit);
    if (keys.length >= limit) return keys;
    const statuses = selection.statuses.filter((status) => !isEnded(status));
    if (statuses.length === 0) return keys;
    const afterId = after?.value === null ? after.id : undefined;
    return [...keys, ...this.#byStart({ ...selection, statuses }, order.descending, afterId, limit - keys.length)];
  }
}

function pageOf(keys: Key[], order: ValueOrder, after: Key | undefined, limit: number): Key[] {
  const rest = after ? keys.filter((key) => compareKeys(order, key, after) > 0) : keys;
  return rest.sort((a, b) => compareKeys(order, a, b)).slice(0, limit);
}
