/**
 * Ended journeys in the order of their end or duration. The index has that order within each facet and status; a page is
 * merged from these places.
 */
import type Database from "better-sqlite3";
import type { Dimensions } from "./dimensions.ts";
import { hasTimeRange, type Selection } from "./journey-filter.ts";
import { ENDED_CODES, startedMsOf } from "./journey-key.ts";
import type { Values } from "./journey-streams.ts";
import { compareKeys, type Key, type ValueOrder } from "./list-order.ts";

/** How far the clocks of two managers may be apart: a journey may seem to end before it started. */
const MAX_SKEW_MS = 3_600_000;

interface Place {
  facet: number;
  status: number;
  /** Values outside can't belong to journeys of the selection. */
  low: number;
  high: number;
}

type Read = (place: Place, worst: number | undefined, count: number) => Key[];

export class EndedJourneys {
  readonly #database: Database.Database;
  readonly #dimensions: Dimensions;

  constructor(database: Database.Database, dimensions: Dimensions) {
    this.#database = database;
    this.#dimensions = dimensions;
  }

  /** The first `limit` ended journeys behind `after`. The selection has no text. */
  page(selection: Selection, order: ValueOrder, after: Key | undefined, limit: number): Key[] {
    const { column, descending } = order;
    const direction = descending ? "DESC" : "ASC";
    const sign = descending ? "<" : ">";
    const conditions: Values = [selection.fromId, selection.toId];
    if (selection.failures) conditions.push(JSON.stringify(selection.failures));
    const statement = this.#database.prepare<Values, Key>(
      `SELECT id, ${column} AS value
       FROM journeys INDEXED BY ${column === "ended_ms" ? "journeys_by_end" : "journeys_by_duration"}
       WHERE facet_id = ? AND status = ? AND ${column} IS NOT NULL AND ${column} >= ? AND ${column} <= ?
         AND (${column} ${sign} ? OR id ${sign} ?)
         AND id >= ? AND id < ? ${selection.failures ? "AND failure_id IN (SELECT value FROM json_each(?))" : ""}
       ORDER BY ${column} ${direction}, id ${direction} LIMIT ?`,
    );
    const from = after?.value ?? (descending ? Number.MAX_SAFE_INTEGER : -Number.MAX_SAFE_INTEGER);
    const read: Read = ({ facet, status, ...bounds }, worst, count) => {
      const low = Math.max(bounds.low, descending ? (worst ?? bounds.low) : from);
      const high = Math.min(bounds.high, descending ? from : (worst ?? bounds.high));
      return statement.all(facet, status, low, high, from, after?.id ?? 0, ...conditions, count);
    };
    return mergePlaces(this.#placesOf(selection, order), order, limit, read);
  }

  /** Where there are ended journeys of the selection. */
  #placesOf(selection: Selection, order: ValueOrder): Place[] {
    const isNarrow = order.column === "ended_ms" && hasTimeRange(selection);
    return this.#facetsOf(selection).map(([facet, status]): Place => {
      if (!isNarrow) return { facet, status, low: -Number.MAX_SAFE_INTEGER, high: Number.MAX_SAFE_INTEGER };
      // What started in a range of time ended within it, or later by the longest duration there is.
      const low = startedMsOf(selection.fromId) - MAX_SKEW_MS;
      const high = startedMsOf(selection.toId) + this.#longestMs(facet, status) + MAX_SKEW_MS;
      return { facet, status, low, high };
    });
  }

  #facetsOf({ facets, failures, statuses }: Selection): [facet: number, status: number][] {
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

  #longestMs(facet: number, status: number): number {
    const longest = this.#database
      .prepare<[number, number], number>(
        `SELECT duration_ms FROM journeys INDEXED BY journeys_by_duration
         WHERE facet_id = ? AND status = ? AND duration_ms IS NOT NULL ORDER BY duration_ms DESC LIMIT 1`,
      )
      .pluck();
    return longest.get(facet, status) ?? 0;
  }
}

/**
 * Each place gives its share of the page first. That tells how far the page can reach at worst, and no place is read
 * beyond that.
 */
function mergePlaces(places: Place[], order: ValueOrder, limit: number, read: Read): Key[] {
  const share = Math.min(limit, Math.ceil(limit / Math.max(1, places.length)) + 1);
  const firsts = places.map((place) => read(place, undefined, share));
  const found = new Map(firsts.flat().map((key) => [key.id, key]));
  const best = (): Key[] => [...found.values()].sort((a, b) => compareKeys(order, a, b)).slice(0, limit);
  let page = best();
  for (const [index, place] of places.entries()) {
    const first = firsts[index] ?? [];
    const last = first.at(-1);
    const worst = page.length === limit ? page.at(-1) : undefined;
    const isDone = !last || first.length < share || share === limit;
    if (isDone || (worst && compareKeys(order, last, worst) > 0)) continue;
    for (const key of read(place, worst?.value ?? undefined, limit)) found.set(key.id, key);
    page = best();
    found.clear();
    for (const key of page) found.set(key.id, key);
  }
  return page;
}
