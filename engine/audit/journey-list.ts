/**
 * Pages of journeys by keyset cursors: a cursor holds the sort value and the id of the last row, so that rows which come
 * in meanwhile neither shift the page nor double a row.
 */
import type Database from "better-sqlite3";
import { AntigraphError } from "../core/errors.ts";
import { decodeCursor, encodeCursor, pageLimit } from "./cursor.ts";
import type { Dimensions } from "./dimensions.ts";
import { hasTimeRange, type Selection, select } from "./journey-filter.ts";
import type { JourneyIds } from "./journey-ids.ts";
import { ENDED_CODES, isEnded } from "./journey-key.ts";
import type { JourneyRows } from "./journey-rows.ts";
import type { Values } from "./journey-streams.ts";
import type { JourneyQuery, JourneyRow } from "./store.ts";

/** Where no index has the order asked for (free text, short ranges of time, rare errors), so many of the newest are sorted. */
export const MAX_SORTED_JOURNEYS = 5_000;

type Sort = NonNullable<JourneyQuery["sort"]>;
const SORTS: readonly Sort[] = ["started_at", "-started_at", "ended_at", "-ended_at", "duration", "-duration"];

/** `value`: end or duration in milliseconds; null for journeys that haven't ended, which stand last. */
interface Key {
  value: number | null;
  id: number;
}

interface Order {
  sort: Sort;
  column: "id" | "ended_ms" | "duration_ms";
  descending: boolean;
}

export class JourneyList {
  readonly #database: Database.Database;
  readonly #dimensions: Dimensions;
  readonly #ids: JourneyIds;
  readonly #rows: JourneyRows;

  constructor(database: Database.Database, dimensions: Dimensions, ids: JourneyIds, rows: JourneyRows) {
    this.#database = database;
    this.#dimensions = dimensions;
    this.#ids = ids;
    this.#rows = rows;
  }

  list(query: JourneyQuery): { journeys: JourneyRow[]; next: string | null } {
    const limit = pageLimit(query.limit);
    const order = orderOf(query.sort);
    const after = query.cursor === undefined ? undefined : keyOf(query.cursor, order);
    const selection = select(query, this.#dimensions);
    const keys = this.#keys(selection, order, after, limit + 1);
    const page = keys.slice(0, limit);
    const last = page.at(-1);
    const next = keys.length > limit && last ? encodeCursor([order.sort, last.value, last.id]) : null;
    return { journeys: this.#rows.read(page.map((key) => key.id)), next };
  }

  #keys(selection: Selection, order: Order, after: Key | undefined, limit: number): Key[] {
    if (order.column === "id") return this.#byStart(selection, order, after?.id, limit);
    if (selection.text || selection.failures || hasTimeRange(selection)) {
      const newest = this.#ids.byStart(selection, { descending: true, limit: MAX_SORTED_JOURNEYS + 1 });
      if (newest.length <= MAX_SORTED_JOURNEYS || selection.text) {
        return this.#sorted(newest.slice(0, MAX_SORTED_JOURNEYS), order, after, limit);
      }
    }
    return this.#byValue(selection, order, after, limit);
  }

  #byStart(selection: Selection, { descending }: Order, after: number | undefined, limit: number): Key[] {
    return this.#ids.byStart(selection, { descending, after, limit }).map((id) => ({ value: null, id }));
  }

  #sorted(ids: number[], order: Order, after: Key | undefined, limit: number): Key[] {
    const keys = this.#database
      .prepare<[string], Key>(
        `SELECT id, ${order.column} AS value FROM journeys WHERE id IN (SELECT value FROM json_each(?))`,
      )
      .all(JSON.stringify(ids));
    const rest = after ? keys.filter((key) => compare(order, key, after) > 0) : keys;
    return rest.sort((a, b) => compare(order, a, b)).slice(0, limit);
  }

  /** First the ended ones, stream by stream in the order of the value; then the others, in the order of their starts. */
  #byValue(selection: Selection, order: Order, after: Key | undefined, limit: number): Key[] {
    const keys = after?.value === null ? [] : this.#ended(selection, order, after, limit);
    if (keys.length >= limit) return keys;
    const statuses = selection.statuses.filter((status) => !isEnded(status));
    if (statuses.length === 0) return keys;
    const afterId = after?.value === null ? after.id : undefined;
    return [...keys, ...this.#byStart({ ...selection, statuses }, order, afterId, limit - keys.length)];
  }

  #ended(selection: Selection, order: Order, after: Key | undefined, limit: number): Key[] {
    const { column, descending } = order;
    const direction = descending ? "DESC" : "ASC";
    const [sign, opposite] = descending ? ["<", ">"] : [">", "<"];
    const index = column === "ended_ms" ? "journeys_by_end" : "journeys_by_duration";
    const statement = this.#database.prepare<Values, Key>(
      `SELECT id, ${column} AS value FROM journeys INDEXED BY ${index}
       WHERE facet_id = ? AND status = ? AND ${column} IS NOT NULL
         AND ${column} ${sign}= ? AND ${column} ${opposite}= ? AND (${column} ${sign} ? OR id ${sign} ?)
         AND id >= ? AND id < ? ${selection.failures ? "AND failure_id IN (SELECT value FROM json_each(?))" : ""}
       ORDER BY ${column} ${direction}, id ${direction} LIMIT ?`,
    );
    const [start, end] = descending ? [Number.MAX_SAFE_INTEGER, 0] : [0, Number.MAX_SAFE_INTEGER];
    const value = after?.value ?? start;
    const id = after?.id ?? (descending ? Number.MAX_SAFE_INTEGER : -Number.MAX_SAFE_INTEGER);
    const conditions: Values = [value, id, selection.fromId, selection.toId];
    if (selection.failures) conditions.push(JSON.stringify(selection.failures));
    let kept: Key[] = [];
    for (const [facet, status] of this.#placesOf(selection)) {
      // Once the page is full, a further stream matters only up to the page's last value.
      const worst = (kept.length === limit ? kept.at(-1)?.value : undefined) ?? end;
      const found = statement.all(facet, status, value, worst, ...conditions, limit);
      if (found.length > 0) kept = [...kept, ...found].sort((a, b) => compare(order, a, b)).slice(0, limit);
    }
    return kept;
  }

  /** Facets and statuses in which there are ended journeys of the selection. */
  #placesOf({ facets, failures, statuses }: Selection): [facet: number, status: number][] {
    const ended = ENDED_CODES.filter((status) => statuses.includes(status));
    if (failures) {
      return this.#database
        .prepare<Values, [number, number]>(
          `SELECT DISTINCT facet_id, status FROM journeys INDEXED BY journeys_by_failure
           WHERE failure_id IN (SELECT value FROM json_each(?)) AND status IN (SELECT value FROM json_each(?))`,
        )
        .raw()
        .all(JSON.stringify(failures), JSON.stringify(ended))
        .filter(([facet]) => !facets || facets.has(facet));
    }
    return [...(facets ?? this.#dimensions.facets).values()].flatMap((facet) =>
      ended.flatMap((status): [number, number][] =>
        (facet.counts.get(status) ?? 0) > 0 ? [[facet.id, status]] : [],
      ),
    );
  }
}

function orderOf(sort: JourneyQuery["sort"] = "-started_at"): Order {
  if (!SORTS.includes(sort))
    throw new AntigraphError("invalid_request", `sort: ${sort} is none of ${SORTS.join(", ")}`);
  const descending = sort.startsWith("-");
  if (sort.endsWith("started_at")) return { sort, column: "id", descending };
  return { sort, column: sort.endsWith("ended_at") ? "ended_ms" : "duration_ms", descending };
}

function keyOf(cursor: string, order: Order): Key {
  const [sort, value, id] = decodeCursor(cursor);
  if (sort !== order.sort || typeof id !== "number" || typeof value === "string" || value === undefined) {
    throw new AntigraphError("invalid_request", `cursor: it doesn't come from a list sorted by ${order.sort}`);
  }
  return { value, id };
}

function compare({ descending }: Order, a: Key, b: Key): number {
  if (a.value === null || b.value === null) {
    if (a.value !== b.value) return a.value === null ? 1 : -1;
  } else if (a.value !== b.value) {
    return descending ? b.value - a.value : a.value - b.value;
  }
  return descending ? b.id - a.id : a.id - b.id;
}
