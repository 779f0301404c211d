/**
 * What operators did to the profiles of this console (changed, chosen, unlocked) and on them by hand. No journey's history has it, so the
 * console keeps it itself, in `profile-log.jsonl`, and shows it in GET /activity.
 */
import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readIfThere, writePrivately } from "./data-folder.ts";

/** Lines that are kept; the file is cut back to them when it has grown to twice as many. */
const MAXIMUM_LINES = 1_000;

const eventSchema = z.object({
  at: z.string(),
  profile: z.string(),
  action: z.enum([
    "profile.changed",
    "profile.removed",
    "profile.chosen",
    "profile.unlocked",
    "profile.locked",
    "record.resent",
    "schema.registered",
  ]),
  actor: z.string(),
  reason: z.string(),
});

/** `at` is ISO 8601. */
export type ProfileEvent = z.infer<typeof eventSchema>;

export interface ProfileLog {
  /** Newest first. */
  events(): readonly ProfileEvent[];
  add(event: ProfileEvent): void;
}

export function openProfileLog(dataDir: string): ProfileLog {
  const path = join(dataDir, "profile-log.jsonl");
  const events = (readIfThere(path) ?? "").split("\n").flatMap(parsed).reverse();
  return {
    events: () => events,
    add(event) {
      events.unshift(event);
      if (!existsSync(path) || events.length >= 2 * MAXIMUM_LINES) {
        events.length = Math.min(events.length, MAXIMUM_LINES);
        writePrivately(path, lines([...events].reverse()));
      } else {
        appendFileSync(path, lines([event]), { flush: true });
      }
    },
  };
}

function lines(events: readonly ProfileEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

/** A line that was cut short by a crash is left out. */
function parsed(line: string): ProfileEvent[] {
  try {
    return [eventSchema.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
