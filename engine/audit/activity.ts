/** Operators' actions as they stand in the journeys' histories: one row an action, however many events it made. */
import type Database from "better-sqlite3";
import { AntigraphError } from "../core/errors.ts";
import type { JourneyEvent } from "../core/events.ts";
import { decodeCursor, encodeCursor, pageLimit } from "./cursor.ts";
import type { ActivityQuery, ActivityRow } from "./store.ts";

/** Rows that one search looks at, newest first, before it answers with what it has and a cursor to go on from. */
const MAX_ROWS_SEARCHED = 100_000;
const DONE = "done";

/** The action that an event shows, when an operator's action made it; undefined for all other events. */
export function actionOf(event: JourneyEvent): string | undefined {
  if (event.actor === undefined || event.id === undefined) return undefined;
  const named = event.detail?.action;
  if (typeof named === "string") return named;
  switch (event.type) {
    case "journey.paused":
      return "pause";
    case "journey.resumed":
      return "resume";
    case "journey.terminated":
      return "terminate";
    case "journey.migrated":
      return "migrate";
    case "journey.replayed":
      return "replay";
    case "rollback.started":
    case "rollback.joined":
      return typeof event.detail?.trigger === "string" ? event.detail.trigger : "rollback";
    case "step.retry_scheduled":
    case "undo.retry_scheduled":
      return "retry";
    case "undo.settled_by_hand":
      return "skip";
    case "step.settled_by_hand":
      // A skip gives null where no output is named; what a person brings is the result of a completion.
      return event.data === undefined || event.data === null ? "skip" : "complete";
    case "action.refused":
      return "unknown";
    default:
      // Starts aren't actions on a journey, and dispatches carry the command's id.
      return undefined;
  }
}

interface Row {
  at_ms: number;
  journey_id: number;
  seq: number;
  action: string;
  actor: string;
  reason: string;
  outcome: string;
  uuid: string;
  name: string;
  version: string;
}

export class Activity {
  readonly #database: Database.Database;
  readonly #insert: Database.Statement;
  readonly #delete: Database.Statement<[number]>;

  constructor(database: Database.Database) {
    this.#database = database;
    this.#insert = database.prepare(
      `INSERT INTO activity (at_ms, journey_id, seq, action_id, action, actor, reason, outcome)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#delete = database.prepare("DELETE FROM activity WHERE journey_id = ?");
  }

  track(journeyId: number, event: JourneyEvent, atMs: number): void {
    if (event.actor === undefined) return;
    const action = actionOf(event);
    if (action === undefined || event.id === undefined) return;
    const outcome = event.type === "action.refused" ? (event.error?.code ?? "refused") : DONE;
    this.#insert.run(atMs, journeyId, event.seq, event.id, action, event.actor, event.reason ?? "", outcome);
  }

  deleteOf(journeyId: number): void {
    this.#delete.run(journeyId);
  }

  /** Newest first. `q`: a part of the uuid, flow, actor, reason, action or outcome. */
  list(query: ActivityQuery): { activity: ActivityRow[]; next: string | null } {
    const limit = pageLimit(query.limit);
    const after = query.cursor === undefined ? undefined : decodeActivityCursor(query.cursor);
    const conditions: string[] = [];
    const values: (string | number)[] = [];
    if (query.actor !== undefined) add("a.actor = ?", query.actor);
    if (query.action !== undefined) add("a.action = ?", query.action);
    if (after) add("(a.at_ms, a.journey_id, a.seq) < (?, ?, ?)", ...after);
    function add(condition: string, ...more: (string | number)[]): void {
      conditions.push(condition);
      values.push(...more);
    }
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const rows = this.#database
      .prepare<(string | number)[], Row>(
        `SELECT a.at_ms, a.journey_id, a.seq, a.action, a.actor, a.reason, a.outcome, j.uuid, f.name, f.version
         FROM activity a
         JOIN journeys j ON j.id = a.journey_id
         JOIN facets c ON c.id = j.facet_id
         JOIN flows f ON f.id = c.flow_id
         ${where}
         ORDER BY a.at_ms DESC, a.journey_id DESC, a.seq DESC`,
      )
      .iterate(...values);
    return page(rows, limit, query.q?.trim().toLowerCase() ?? "");
  }
}

function page(rows: Iterable<Row>, limit: number, q: string): { activity: ActivityRow[]; next: string | null } {
  const activity: ActivityRow[] = [];
  let last: Row | undefined;
  let searched = 0;
  for (const row of rows) {
    if (activity.length === limit || searched === MAX_ROWS_SEARCHED) return { activity, next: cursorOf(last) };
    last = row;
    searched += 1;
    if (q === "" || textOf(row).includes(q)) activity.push(toActivityRow(row));
  }
  return { activity, next: null };
}

const textOf = (row: Row): string =>
  [row.uuid, row.name, row.version, row.actor, row.reason, row.action, row.outcome].join("\n").toLowerCase();

function toActivityRow(row: Row): ActivityRow {
  const { uuid, name, version, seq, action, actor, reason, outcome } = row;
  return { at: new Date(row.at_ms).toISOString(), uuid, name, version, seq, action, actor, reason, outcome };
}

const cursorOf = (row: Row | undefined): string | null =>
  row ? encodeCursor(["activity", row.at_ms, row.journey_id, row.seq]) : null;

function decodeActivityCursor(cursor: string): [number, number, number] {
  const [kind, at, journey, seq] = decodeCursor(cursor);
  if (kind === "activity" && typeof at === "number" && typeof journey === "number" && typeof seq === "number") {
    return [at, journey, seq];
  }
  throw new AntigraphError("invalid_request", "cursor: it doesn't come from a list of activity");
}
