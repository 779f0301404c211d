/** Journeys by status under a filter. Without text and time they are read off counters that ingestion keeps. */
import type Database from "better-sqlite3";
import { JOURNEY_STATUSES, type JourneyStatus } from "../core/view.ts";
import type { Dimensions } from "./dimensions.ts";
import { type Selection, select } from "./journey-filter.ts";
import type { JourneyIds } from "./journey-ids.ts";
import { statusOf } from "./journey-key.ts";
import { MAX_TEXT_JOURNEYS } from "./journey-list.ts";
import { streamsOf, streamsOfFacet } from "./journey-streams.ts";
import type { JourneyFilter } from "./store.ts";

export class JourneyCounts {
  readonly #database: Database.Database;
  readonly #dimensions: Dimensions;
  readonly #ids: JourneyIds;

  constructor(database: Database.Database, dimensions: Dimensions, ids: JourneyIds) {
    this.#database = database;
    this.#dimensions = dimensions;
    this.#ids = ids;
  }

  counts(filter: JourneyFilter): Record<JourneyStatus, number> {
    const counts = Object.fromEntries(JOURNEY_STATUSES.map((status) => [status, 0])) as Record<JourneyStatus, number>;
    for (const [status, journeys] of this.byStatus(select(filter, this.#dimensions))) {
      counts[statusOf(status)] += journeys;
    }
    return counts;
  }

  /** Numbers of statuses with numbers of journeys; a status may come more than once. */
  *byStatus(selection: Selection): Generator<[status: number, journeys: number]> {
    if (selection.facets?.size === 0 || selection.failures?.length === 0) return;
    if (selection.text) yield* this.#ofNewest(selection);
    else if (selection.failures) yield* this.#ofFailures(selection);
    else yield* this.#ofFacets(selection);
  }

  #ofNewest(selection: Selection): [number, number][] {
    const ids = this.#ids.byStart(selection, { descending: true, limit: MAX_TEXT_JOURNEYS });
    return this.#database
      .prepare<[string], [number, number]>(
        "SELECT status, count(*) FROM journeys WHERE id IN (SELECT value FROM json_each(?)) GROUP BY status",
      )
      .raw()
      .all(JSON.stringify(ids));
  }

  *#ofFailures(selection: Selection): Generator<[number, number]> {
    for (const stream of streamsOf(selection)) {
      if (stream.status === undefined) continue;
      yield [stream.status, this.#ids.count(stream, selection.fromId, selection.toId)];
    }
  }

  *#ofFacets({ facets, statuses, fromId, toId }: Selection): Generator<[number, number]> {
    const extent = this.#ids.extent();
    if (!extent) return;
    const { first, last } = extent;
    const from = Math.max(fromId, first);
    const to = Math.min(toId, last + 1);
    if (from >= to) return;
    const isSmallerPart = to - from <= (last + 1 - first) / 2;
    for (const facet of (facets ?? this.#dimensions.facets).values()) {
      for (const stream of streamsOfFacet(facet, statuses)) {
        const { status = 0 } = stream;
        if (isSmallerPart) {
          yield [status, this.#ids.count(stream, from, to)];
          continue;
        }
        // Most of the time there is: what lies outside is counted, often nothing.
        const before = from === first ? 0 : this.#ids.count(stream, first, from);
        const behind = to === last + 1 ? 0 : this.#ids.count(stream, to, last + 1);
        yield [status, (facet.counts.get(status) ?? 0) - before - behind];
      }
    }
  }
}
