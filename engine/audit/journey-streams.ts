/**
 * A selection as a union of streams (say: facet 7 in status 3), each of them a range of one index in the order of the
 * journeys' starts. So no filter makes the database look at rows that it doesn't return, but for those of text searches
 * that a second condition drops.
 */
import type { Facet } from "./dimensions.ts";
import { hasAllStatuses, type Selection } from "./journey-filter.ts";
import { facetMark, statusMark } from "./text-index.ts";

/** A union of more streams is read by status alone instead, and facets are looked up row by row. */
const MAX_STREAMS = 1_000;
/** With more facets than this the text index isn't asked for them; rows are looked at instead. */
const MAX_MARKS = 64;

export type Values = (string | number)[];

export interface Stream {
  /** undefined: journeys of all statuses. */
  status: number | undefined;
  /** The index to take and what holds in it, up to the ids. */
  condition: string;
  values: Values;
}

type Facets = ReadonlyMap<number, Facet> | undefined;

/** The streams of a selection; its text is not looked at. */
export function streamsOf(selection: Selection): Stream[] {
  const { facets, failures, statuses } = selection;
  if (failures) {
    if (failures.length * statuses.length > MAX_STREAMS) return manyFailures(failures, statuses, facets);
    return failures.flatMap((failure) => statuses.map((status) => byFailure(failure, status, facets)));
  }
  if (facets) {
    const streams = [...facets.values()].flatMap((facet) => streamsOfFacet(facet, statuses));
    if (streams.length <= MAX_STREAMS) return streams;
  }
  if (!facets && hasAllStatuses(selection)) return [{ status: undefined, condition: "WHERE true", values: [] }];
  return statuses.map((status) => byStatus(status, facets));
}

/** One stream for each of these statuses in which the facet has journeys. */
export function streamsOfFacet(facet: Facet, statuses: readonly number[]): Stream[] {
  return statuses.flatMap((status) => ((facet.counts.get(status) ?? 0) > 0 ? [byFacet(facet, status)] : []));
}

function byFacet(facet: Facet, status: number): Stream {
  return {
    status,
    condition: "INDEXED BY journeys_by_facet WHERE facet_id = ? AND status = ?",
    values: [facet.id, status],
  };
}

function byStatus(status: number, facets: Facets): Stream {
  const condition = `INDEXED BY journeys_by_status WHERE status = ?${inFacets(facets)}`;
  return { status, condition, values: [status, ...keysOf(facets)] };
}

function byFailure(failure: number, status: number, facets: Facets): Stream {
  const condition = `INDEXED BY journeys_by_failure WHERE failure_id = ? AND status = ?${inFacets(facets)}`;
  return { status, condition, values: [failure, status, ...keysOf(facets)] };
}

/** Too many kinds of failures for a stream each: the journeys of a status are walked. */
function manyFailures(failures: readonly number[], statuses: readonly number[], facets: Facets): Stream[] {
  return statuses.map((status) => {
    const { condition, values } = byStatus(status, facets);
    return {
      status,
      condition: `${condition} AND failure_id IN (SELECT value FROM json_each(?))`,
      values: [...values, JSON.stringify(failures)],
    };
  });
}

const inFacets = (facets: Facets): string => (facets ? " AND facet_id IN (SELECT value FROM json_each(?))" : "");

const keysOf = (facets: Facets): string[] => (facets ? [JSON.stringify([...facets.keys()])] : []);

/** What has to hold for the journeys `j` that a text search finds. */
export function rowConditions(selection: Selection): { sql: string; values: Values } {
  const conditions: string[] = [];
  const values: Values = [];
  const add = (column: string, numbers: Iterable<number>): void => {
    conditions.push(`AND j.${column} IN (SELECT value FROM json_each(?))`);
    values.push(JSON.stringify([...numbers]));
  };
  if (!hasAllStatuses(selection)) add("status", selection.statuses);
  if (selection.facets) add("facet_id", selection.facets.keys());
  if (selection.failures) add("failure_id", selection.failures);
  return { sql: conditions.join(" "), values };
}

/** Facets and statuses as words, so that the text index can leap over journeys that don't fit. */
export function matchMarks(selection: Selection): string {
  const { facets, statuses } = selection;
  let marks = "";
  if (facets && facets.size <= MAX_MARKS) marks += ` AND marks : (${[...facets.keys()].map(facetMark).join(" OR ")})`;
  if (!hasAllStatuses(selection)) marks += ` AND marks : (${statuses.map(statusMark).join(" OR ")})`;
  return marks;
}
