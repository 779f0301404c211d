/** Opaque cursors of lists, and the bounds of a page. */
import { AntigraphError } from "../core/errors.ts";

const DEFAULT_PAGE_ROWS = 50;
export const MAX_PAGE_ROWS = 200;
const MAX_CURSOR_CHARS = 500;

export type CursorPart = string | number | null;

export function encodeCursor(parts: CursorPart[]): string {
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** Throws AntigraphError `invalid_request` when it isn't one of ours. */
export function decodeCursor(cursor: string): CursorPart[] {
  if (cursor.length <= MAX_CURSOR_CHARS) {
    try {
      const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
      if (Array.isArray(parts) && parts.every(isPart)) return parts;
    } catch {
      // Falls through: not JSON, so not ours.
    }
  }
  throw new AntigraphError("invalid_request", "cursor: take it from the `next` of a former answer");
}

const isPart = (part: unknown): part is CursorPart =>
  part === null || typeof part === "string" || (typeof part === "number" && Number.isFinite(part));

/** 1 to 200 rows; 50 when nothing is said. */
export function pageLimit(limit: number | undefined): number {
  if (limit === undefined) return DEFAULT_PAGE_ROWS;
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE_ROWS) return limit;
  throw new AntigraphError("invalid_request", `limit: a whole number from 1 to ${MAX_PAGE_ROWS}`);
}

/** Milliseconds of an ISO 8601 time; throws AntigraphError `invalid_request` naming the field. */
export function timeOf(field: string, iso: string): number {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) throw new AntigraphError("invalid_request", `${field}: not a time (ISO 8601): ${iso}`);
  return time;
}
