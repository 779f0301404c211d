/** The filters of the page Journeys, which live in its URL: so a link shows a colleague the same list. */
import type { JourneyFilter, JourneyQuery } from "../../engine/audit/store.ts";
import type { JourneyStatus } from "../../engine/core/view.ts";
import { JOURNEY_STATUS_ORDER } from "../parts/status.ts";

/** Relative ranges by the word in the URL, in milliseconds. */
export const RANGES = {
  "15m": { label: "Last 15 minutes", ms: 15 * 60_000 },
  "1h": { label: "Last hour", ms: 3_600_000 },
  "24h": { label: "Last 24 hours", ms: 86_400_000 },
  "7d": { label: "Last 7 days", ms: 7 * 86_400_000 },
} as const;
export type Range = keyof typeof RANGES;

export const SORTS = ["-started_at", "started_at", "-ended_at", "ended_at", "-duration", "duration"] as const;
export type Sort = (typeof SORTS)[number];

export interface PageFilter {
  status: JourneyStatus[];
  flow?: string;
  version?: string;
  service?: string;
  /** Only those that wait for a person's approval. */
  waiting?: "approval";
  error?: string;
  q?: string;
  range?: Range;
  /** ISO 8601; when given, `range` is not. */
  from?: string;
  to?: string;
  /** Jumped to this moment: the list begins there and goes back in time. */
  at?: string;
  sort: Sort;
  view: "rows" | "groups";
}

/** Reads the URL; what it can't understand is left out. */
export function readFilter(parameters: URLSearchParams): PageFilter {
  const text = (name: string) => parameters.get(name)?.trim() || undefined;
  const range = text("range");
  const sort = text("sort");
  return {
    status: (text("status") ?? "").split(",").filter(isStatus),
    flow: text("flow"),
    version: text("flow") === undefined ? undefined : text("version"),
    service: text("service"),
    waiting: text("waiting") === "approval" ? "approval" : undefined,
    error: text("error"),
    q: text("q"),
    range: isRange(range) ? range : undefined,
    from: time(text("from")),
    to: time(text("to")),
    at: time(text("at")),
    sort: SORTS.find((known) => known === sort) ?? "-started_at",
    view: text("view") === "groups" ? "groups" : "rows",
  };
}

/** Writes the URL; defaults are left out, so the plain page has a plain address. */
export function writeFilter(filter: PageFilter): URLSearchParams {
  const parameters = new URLSearchParams();
  const put = (name: string, value: string | undefined) => {
    if (value !== undefined && value !== "") parameters.set(name, value);
  };
  put("status", filter.status.join(","));
  put("flow", filter.flow);
  put("version", filter.flow === undefined ? undefined : filter.version);
  put("service", filter.service);
  put("waiting", filter.waiting);
  put("error", filter.error);
  put("q", filter.q);
  put("range", filter.range);
  put("from", filter.range === undefined ? filter.from : undefined);
  put("to", filter.range === undefined ? filter.to : undefined);
  put("at", filter.at);
  if (filter.sort !== "-started_at") put("sort", filter.sort);
  if (filter.view !== "rows") put("view", filter.view);
  return parameters;
}

/** What the API is asked, with a relative range counted back from `now` (milliseconds). */
export function toQuery(filter: PageFilter, now: number): JourneyQuery {
  return { ...toApiFilter(filter, now), sort: filter.sort };
}

export function toApiFilter(filter: PageFilter, now: number): JourneyFilter {
  return {
    status: filter.status.length === 0 ? undefined : filter.status,
    name: filter.flow,
    version: filter.version,
    service: filter.service,
    waiting: filter.waiting,
    error: filter.error,
    q: filter.q,
    from: filter.range === undefined ? filter.from : new Date(now - RANGES[filter.range].ms).toISOString(),
    to: filter.at ?? filter.to,
  };
}

/** Whether anything but the view and the order narrows the list. */
export function isFiltered(filter: PageFilter): boolean {
  const { sort: _, view: __, ...narrowing } = filter;
  return Object.values(narrowing).some((value) => (Array.isArray(value) ? value.length > 0 : value !== undefined));
}

/** The longest piece of a failure group's message that stood in the journeys' errors word for word. */
export function literalPiece(pattern: string): string {
  return pattern
    .split(/<(?:value|id|time|email|n)>/)
    .map((piece) => piece.trim())
    .reduce((longest, piece) => (piece.length > longest.length ? piece : longest), "");
}

function isStatus(text: string): text is JourneyStatus {
  return JOURNEY_STATUS_ORDER.some((status) => status === text);
}

function isRange(text: string | undefined): text is Range {
  return text !== undefined && Object.hasOwn(RANGES, text);
}

function time(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
