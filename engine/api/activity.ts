/**
 * What operators did: to journeys, as the audit has it, and to this console's profiles, as its own log has it, together
 * and newest first.
 */
import { z } from "zod";
import { AntigraphError } from "../core/errors.ts";
import type { ApiHost } from "./host.ts";
import type { ProfileEvent } from "./profile-log.ts";
import type { ActivityPage } from "./schemas/history.ts";

const DEFAULT_ROWS = 50;

export interface ActivityFilter {
  actor?: string | undefined;
  action?: string | undefined;
  q?: string | undefined;
  /** `next` of the page before. */
  cursor?: string | undefined;
  limit?: number | undefined;
}

/** Where a page ended: in the audit (null: at its end), and how many events of the log were still older. */
const cursorSchema = z.object({ audit: z.string().nullish(), older: z.number().int().nonnegative() });

/** @throws AntigraphError invalid_request (cursor) */
export async function listActivity(
  { audit, profiles }: Pick<ApiHost, "audit" | "profiles">,
  { cursor, limit = DEFAULT_ROWS, ...filter }: ActivityFilter,
): Promise<ActivityPage> {
  const events = profiles.events().filter((event) => fits(event, filter));
  const from = cursor === undefined ? { older: events.length } : decode(cursor);
  const page =
    from.audit === null
      ? { activity: [], next: null }
      : await audit.activity({ ...filter, limit, ...(from.audit !== undefined && { cursor: from.audit }) });
  const older = events.slice(Math.max(0, events.length - from.older));
  const taken = older.slice(0, howMany(older, page, limit));
  const rows = [...page.activity, ...taken.map(({ profile, ...event }) => ({ ...event, profile, outcome: "done" }))];
  const left = older.length - taken.length;
  return {
    activity: rows.sort((a, b) => Date.parse(b.at) - Date.parse(a.at)),
    next: page.next === null && left === 0 ? null : encode({ audit: page.next, older: left }),
  };
}

/** Those as new as the page's last row; at the audit's end what fits on the page beside. */
function howMany(
  older: readonly ProfileEvent[],
  { activity, next }: { activity: readonly { at: string }[]; next: string | null },
  limit: number,
): number {
  const last = activity.at(-1);
  const since = last === undefined ? Number.POSITIVE_INFINITY : Date.parse(last.at);
  const newer = older.filter(({ at }) => Date.parse(at) >= since).length;
  return next === null ? Math.max(newer, limit - activity.length) : newer;
}

function fits(event: ProfileEvent, { actor, action, q }: ActivityFilter): boolean {
  if (actor !== undefined && event.actor !== actor) return false;
  if (action !== undefined && event.action !== action) return false;
  const text = [event.profile, event.actor, event.reason, event.action].join("\n").toLowerCase();
  return text.includes(q?.trim().toLowerCase() ?? "");
}

function encode(cursor: z.infer<typeof cursorSchema>): string {
  return Buffer.from(JSON.stringify(cursor)).toString("base64url");
}

function decode(cursor: string): z.infer<typeof cursorSchema> {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
  } catch {
    throw new AntigraphError("invalid_request", "cursor: it doesn't come from a list of activity");
  }
}
