/** Records of the audit topic: one journey event each, checked as far as the cache relies on it. */
import { EVENT_TYPES, type EventType, type JourneyEvent } from "../core/events.ts";

/** What the cache needs to know of a record. */
export interface AuditRecord {
  partition: number;
  offset: number;
  value: string | null;
}

export interface ParsedEvent {
  event: JourneyEvent;
  /** The event's time, milliseconds since 1970. */
  atMs: number;
  /** The record's value, word for word. */
  value: string;
}

const TYPES: ReadonlySet<string> = new Set(EVENT_TYPES);
const isEventType = (type: unknown): type is EventType => typeof type === "string" && TYPES.has(type);

/** The event, or in a few words why the record holds none. */
export function parseAuditRecord(value: string | null): ParsedEvent | string {
  if (value === null) return "it is empty";
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return "it is not JSON";
  }
  if (!isObject(parsed)) return "it is not an object";
  if (!isEventType(parsed.type)) return `type: unknown (${String(parsed.type).slice(0, 50)})`;
  if (typeof parsed.uuid !== "string" || parsed.uuid === "") return "uuid: missing";
  if (!Number.isSafeInteger(parsed.seq) || Number(parsed.seq) < 1) return "seq: not a whole number from 1";
  if (typeof parsed.name !== "string" || typeof parsed.version !== "string") return "name or version: missing";
  const atMs = typeof parsed.at === "string" ? Date.parse(parsed.at) : Number.NaN;
  if (Number.isNaN(atMs)) return "at: not a time";
  const { type, uuid, name, version } = parsed;
  return {
    event: {
      ...parsed,
      type,
      uuid: uuid.toLowerCase(),
      seq: Number(parsed.seq),
      at: String(parsed.at),
      name,
      version,
    },
    atMs,
    value,
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
