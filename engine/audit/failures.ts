/** Failed journeys grouped by the fingerprint of what went wrong. */
import type Database from "better-sqlite3";
import type { Dimensions, FailureKind } from "./dimensions.ts";
import { type Selection, select } from "./journey-filter.ts";
import type { JourneyIds } from "./journey-ids.ts";
import { ALL_STATUS_CODES } from "./journey-key.ts";
import { MAX_TEXT_JOURNEYS } from "./journey-list.ts";
import type { Values } from "./journey-streams.ts";
import type { FailureGroup, JourneyFilter } from "./store.ts";

/** The largest groups are shown. */
const MAX_GROUPS = 200;
const NEWEST_JOURNEYS = 5;

interface KindCount {
  failure_id: number;
  status: number;
  journeys: number;
  first_id: number;
  last_id: number;
}

interface Group {
  kind: FailureKind;
  /** Where its journeys are to be found. */
  places: { failure: number; status: number }[];
  count: number;
  firstId: number;
  lastId: number;
}

export class Failures {
  readonly #database: Database.Database;
  readonly #dimensions: Dimensions;
  readonly #ids: JourneyIds;

  constructor(database: Database.Database, dimensions: Dimensions, ids: JourneyIds) {
    this.#database = database;
    this.#dimensions = dimensions;
    this.#ids = ids;
  }

  /** The largest groups first. `service` is the one that failed; the rest of the filter is as for lists. */
  groups(filter: JourneyFilter): FailureGroup[] {
    const { service, ...rest } = filter;
    const selection = select(rest, this.#dimensions);
    const groups = new Map<string, Group>();
    for (const row of this.#countKinds(selection)) {
      const kind = this.#dimensions.failures.get(row.failure_id);
      if (!kind || (service !== undefined && kind.service !== service)) continue;
      const begun: Group = { kind, places: [], count: 0, firstId: row.first_id, lastId: row.last_id };
      const group = groups.get(kind.fingerprint) ?? begun;
      group.places.push({ failure: kind.id, status: row.status });
      group.count += row.journeys;
      group.firstId = Math.min(group.firstId, row.first_id);
      group.lastId = Math.max(group.lastId, row.last_id);
      groups.set(kind.fingerprint, group);
    }
    const largest = [...groups.values()]
      .sort((a, b) => b.count - a.count || b.lastId - a.lastId)
      .slice(0, MAX_GROUPS);
    return largest.map((group) => this.#toRow(group, selection));
  }

  #countKinds(selection: Selection): KindCount[] {
    const { facets, failures, statuses, text, fromId, toId } = selection;
    if (facets?.size === 0 || failures?.length === 0) return [];
    const conditions: string[] = [];
    const values: Values = [];
    const add = (condition: string, ...more: Values): void => {
      conditions.push(condition);
      values.push(...more);
    };
    let index = "journeys_by_failure";
    if (text) {
      const ids = this.#ids.byStart(selection, { descending: true, limit: MAX_TEXT_JOURNEYS });
      add("id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
      index = "";
    } else {
      add("id >= ? AND id < ?", fromId, toId);
    }
    if (failures) add("failure_id IN (SELECT value FROM json_each(?))", JSON.stringify(failures));
    if (facets) add("failure_id IN (SELECT value FROM json_each(?))", JSON.stringify(this.#kindsOf(facets.values())));
    if (statuses.length < ALL_STATUS_CODES.length) {
      add("status IN (SELECT value FROM json_each(?))", JSON.stringify(statuses));
    }
    return this.#database
      .prepare<Values, KindCount>(
        `SELECT failure_id, status, count(*) AS journeys, min(id) AS first_id, max(id) AS last_id
         FROM journeys ${index === "" ? "" : `INDEXED BY ${index}`}
         WHERE failure_id IS NOT NULL AND ${conditions.join(" AND ")} GROUP BY failure_id, status`,
      )
      .all(...values);
  }

  /** A kind belongs to one flow version, so name and version need no look at journeys. */
  #kindsOf(facets: Iterable<{ flow: { id: number } }>): number[] {
    const flows = new Set([...facets].map((facet) => facet.flow.id));
    return [...this.#dimensions.failures.values()].flatMap((kind) => (flows.has(kind.flow.id) ? [kind.id] : []));
  }

  #toRow(group: Group, selection: Selection): FailureGroup {
    const { kind } = group;
    return {
      fingerprint: kind.fingerprint,
      name: kind.flow.name,
      service: kind.service,
      function: kind.function,
      ...(kind.code === undefined ? {} : { code: kind.code }),
      message: kind.message,
      count: group.count,
      first_at: this.#startOf(group.firstId),
      last_at: this.#startOf(group.lastId),
      journeys: this.#newest(group, selection).flatMap((id) => this.#uuidOf(id)),
    };
  }

  #newest({ places }: Group, selection: Selection): number[] {
    const ids = places.flatMap(({ failure, status }) =>
      this.#ids.byStart(
        { ...selection, failures: [failure], statuses: [status] },
        { descending: true, limit: NEWEST_JOURNEYS },
      ),
    );
    return ids.sort((a, b) => b - a).slice(0, NEWEST_JOURNEYS);
  }

  #startOf(id: number): string {
    const statement = this.#database
      .prepare<[number], number>("SELECT started_ms FROM journeys WHERE id = ?")
      .pluck();
    return new Date(statement.get(id) ?? 0).toISOString();
  }

  #uuidOf(id: number): string[] {
    return this.#database.prepare<[number], string>("SELECT uuid FROM journeys WHERE id = ?").pluck().all(id);
  }
}
