/** A filter as the tables understand it: numbers of facets, statuses and failures, a range of ids, an expression. */
import { AntigraphError } from "../core/errors.ts";
import { JOURNEY_STATUSES } from "../core/view.ts";
import { timeOf } from "./cursor.ts";
import type { Dimensions, Facet } from "./dimensions.ts";
import { messagePattern } from "./fingerprint.ts";
import { ALL_STATUS_CODES, firstIdAt, STATUS_CODE } from "./journey-key.ts";
import { APPROVAL } from "./journey-summary.ts";
import type { JourneyFilter } from "./store.ts";
import { matchPart, matchWords, uuidRange } from "./text-query.ts";

export interface Selection {
  statuses: readonly number[];
  /** The facets that fit name, version and service; undefined: these don't matter. */
  facets: ReadonlyMap<number, Facet> | undefined;
  /** The kinds of failures that fit the error; undefined: that doesn't matter, or the text index has to tell. */
  failures: readonly number[] | undefined;
  text: TextSelection | undefined;
  /** Journeys started in the time range have ids from `fromId` (inclusive) to `toId` (exclusive). */
  fromId: number;
  toId: number;
}

export interface TextSelection {
  /** An expression of the text index; undefined when no word can be looked for. */
  match: string | undefined;
  /** Or: uuids in this range. */
  uuids: { from: string; to: string } | undefined;
}

/** Throws AntigraphError `invalid_request` naming the field that makes no sense. */
export function select(filter: JourneyFilter, dimensions: Dimensions): Selection {
  const facets = facetsOf(filter, dimensions);
  const failures = failuresOf(filter, dimensions, facets);
  return {
    statuses: statusesOf(filter.status),
    facets,
    failures,
    text: textOf(filter, failures === undefined),
    fromId: filter.from === undefined ? -Number.MAX_SAFE_INTEGER : firstIdAt(timeOf("from", filter.from)),
    toId: filter.to === undefined ? Number.MAX_SAFE_INTEGER : firstIdAt(timeOf("to", filter.to)),
  };
}

export const hasAllStatuses = (selection: Selection): boolean =>
  selection.statuses.length === ALL_STATUS_CODES.length;

export const hasTimeRange = (selection: Selection): boolean =>
  selection.fromId > -Number.MAX_SAFE_INTEGER || selection.toId < Number.MAX_SAFE_INTEGER;

function statusesOf(statuses: JourneyFilter["status"]): readonly number[] {
  if (!statuses || statuses.length === 0) return ALL_STATUS_CODES;
  return [...new Set(statuses)].map((status) => {
    const code: number | undefined = STATUS_CODE[status];
    if (code !== undefined) return code;
    throw new AntigraphError("invalid_request", `status: ${status} is none of ${JOURNEY_STATUSES.join(", ")}`);
  });
}

function facetsOf(filter: JourneyFilter, dimensions: Dimensions): ReadonlyMap<number, Facet> | undefined {
  const { name, version } = filter;
  const services = [...(filter.service === undefined ? [] : [filter.service]), ...(filter.waiting ? [APPROVAL] : [])];
  if (name === undefined && version === undefined && services.length === 0) return undefined;
  const serviceIds = services.map((service) => dimensions.serviceId(service));
  const found = new Map<number, Facet>();
  for (const facet of dimensions.facets.values()) {
    if (name !== undefined && facet.flow.name !== name) continue;
    if (version !== undefined && facet.flow.version !== version) continue;
    if (serviceIds.some((id) => id === undefined || !facet.services.has(id))) continue;
    found.set(facet.id, facet);
  }
  return found;
}

/**
 * Kinds of failures whose code is the given one, or whose message has it as a part. Undefined without an error filter,
 * and when the text names what is taken out of messages (an id, a number), so that the text index has to tell.
 */
function failuresOf(
  filter: JourneyFilter,
  dimensions: Dimensions,
  facets: ReadonlyMap<number, Facet> | undefined,
): readonly number[] | undefined {
  const error = filter.error?.trim() ?? "";
  if (error === "") return undefined;
  const flows = facets && new Set([...facets.values()].map((facet) => facet.flow.id));
  const part = error.toLowerCase();
  const isWholeInPatterns = messagePattern(error) === error;
  let isKnown = false;
  const found: number[] = [];
  for (const kind of dimensions.failures.values()) {
    const fits =
      kind.code?.toLowerCase() === part || (isWholeInPatterns && kind.message.toLowerCase().includes(part));
    if (!fits) continue;
    isKnown = true;
    if (!flows || flows.has(kind.flow.id)) found.push(kind.id);
  }
  return isKnown ? found : undefined;
}

function textOf(filter: JourneyFilter, errorByText: boolean): TextSelection | undefined {
  const q = filter.q?.trim() ?? "";
  const error = errorByText ? (filter.error?.trim() ?? "") : "";
  if (q === "" && error === "") return undefined;
  const parts: (string | undefined)[] = [];
  if (q !== "") parts.push(within("{text errors}", matchWords(q)));
  if (error !== "") parts.push(within("errors", matchPart(error)));
  return {
    match: parts.includes(undefined) ? undefined : parts.join(" AND "),
    uuids: q !== "" && error === "" ? uuidRange(q) : undefined,
  };
}

const within = (columns: string, expression: string | undefined): string | undefined =>
  expression === undefined ? undefined : `${columns} : (${expression})`;
