/**
 * The ids of the journeys that a selection holds, in the order of their starts: its streams merged. Once a page is full,
 * a further stream is read only as far as it could still matter.
 */
import type Database from "better-sqlite3";
import type { Selection } from "./journey-filter.ts";
import { matchMarks, rowConditions, type Stream, streamsOf, type Values } from "./journey-streams.ts";

/** Journeys whose uuids begin with what was typed. */
const MAX_UUIDS = 1_000;

export interface Range {
  descending: boolean;
  /** Go on behind this id. */
  after?: number;
  limit: number;
}

interface Bounds {
  fromId: number;
  toId: number;
  limit: number;
}

export class JourneyIds {
  readonly #database: Database.Database;
  /** By their text; how many there are is bounded by the forms that streams take. */
  readonly #statements = new Map<string, Database.Statement<Values, number>>();

  constructor(database: Database.Database) {
    this.#database = database;
  }

  byStart(selection: Selection, { descending, after, limit }: Range): number[] {
    const bounds: Bounds = { fromId: selection.fromId, toId: selection.toId, limit };
    if (after !== undefined && descending) bounds.toId = Math.min(bounds.toId, after);
    if (after !== undefined && !descending) bounds.fromId = Math.max(bounds.fromId, after + 1);
    if (selection.facets?.size === 0 || selection.failures?.length === 0) return [];
    if (selection.text) return this.#byText(selection, bounds, descending);
    return this.#merge(streamsOf(selection), bounds, descending);
  }

  /** Journeys of a stream with ids from `fromId` (inclusive) to `toId` (exclusive). */
  count({ condition, values }: Stream, fromId: number, toId: number): number {
    const sql = `SELECT count(*) FROM journeys ${condition} AND id >= ? AND id < ?`;
    return this.#statement(sql).get(...values, fromId, toId) ?? 0;
  }

  /** The smallest and the largest id there is; undefined without journeys. */
  extent(): { first: number; last: number } | undefined {
    const first = this.#statement("SELECT id FROM journeys ORDER BY id LIMIT 1").get();
    const last = this.#statement("SELECT id FROM journeys ORDER BY id DESC LIMIT 1").get();
    return first === undefined || last === undefined ? undefined : { first, last };
  }

  #merge(streams: Stream[], bounds: Bounds, descending: boolean): number[] {
    let kept: number[] = [];
    let { fromId, toId } = bounds;
    for (const { condition, values } of streams) {
      const sql = `SELECT id FROM journeys ${condition} AND id >= ? AND id < ? ${orderBy("id", descending)} LIMIT ?`;
      const ids = this.#statement(sql).all(...values, fromId, toId, bounds.limit);
      if (ids.length === 0) continue;
      kept = mergeSorted(kept, ids, bounds.limit, descending);
      const last = kept.at(-1);
      if (kept.length < bounds.limit || last === undefined) continue;
      if (descending) fromId = Math.max(fromId, last);
      else toId = Math.min(toId, last + 1);
    }
    return kept;
  }

  #byText(selection: Selection, { fromId, toId, limit }: Bounds, descending: boolean): number[] {
    const { text } = selection;
    const { sql, values } = rowConditions(selection);
    let ids: number[] = [];
    if (text?.match !== undefined) {
      const statement = this.#statement(
        `SELECT t.rowid FROM journey_text t CROSS JOIN journeys j ON j.id = t.rowid
         WHERE journey_text MATCH ? AND t.rowid >= ? AND t.rowid < ? ${sql} ${orderBy("t.rowid", descending)} LIMIT ?`,
      );
      ids = statement.all(text.match + matchMarks(selection), fromId, toId, ...values, limit);
    }
    if (!text?.uuids) return ids;
    const statement = this.#statement(
      `SELECT j.id FROM journeys j INDEXED BY journeys_by_uuid
       WHERE j.uuid >= ? AND j.uuid < ? AND j.id >= ? AND j.id < ? ${sql} LIMIT ${MAX_UUIDS}`,
    );
    const found = statement.all(text.uuids.from, text.uuids.to, fromId, toId, ...values);
    found.sort((a, b) => (descending ? b - a : a - b));
    return mergeSorted(ids, found, limit, descending);
  }

  #statement(sql: string): Database.Statement<Values, number> {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare<Values, number>(sql).pluck();
    this.#statements.set(sql, statement);
    return statement;
  }
}

const orderBy = (column: string, descending: boolean): string => `ORDER BY ${column} ${descending ? "DESC" : "ASC"}`;

/** Both sorted the same way; without doubles. */
function mergeSorted(one: number[], other: number[], limit: number, descending: boolean): number[] {
  const merged: number[] = [];
  let a = 0;
  let b = 0;
  while (merged.length < limit) {
    const left = one[a];
    const right = other[b];
    if (left === undefined && right === undefined) break;
    if (right === undefined || (left !== undefined && (descending ? left >= right : left <= right))) {
      if (left !== undefined) merged.push(left);
      a += 1;
      if (left === right) b += 1;
    } else {
      merged.push(right);
      b += 1;
    }
  }
  return merged;
}
