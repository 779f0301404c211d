/** Caches in folders of their own, histories made by hand, and dumps to compare caches with. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { onTestFinished } from "vitest";
import type { AuditRecord } from "../../../engine/audit/audit-record.ts";
import { AuditCache, type AuditCacheOptions } from "../../../engine/audit/cache.ts";
import type { AuditLogger } from "../../../engine/audit/logger.ts";
import type { EventType, JourneyEvent } from "../../../engine/core/events.ts";

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-audit-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function openCache(options: Partial<AuditCacheOptions> = {}): { cache: AuditCache; file: string } {
  const file = options.file ?? join(temporaryFolder(), "audit.sqlite");
  const cache = new AuditCache({ ...options, file });
  onTestFinished(() => cache.close());
  return { cache, file };
}

export interface LogLine {
  level: string;
  details: object;
  message: string;
}

export function listeningLogger(): AuditLogger & { lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: string) => (details: object, message: string) => void lines.push({ level, details, message });
  return { lines, info: at("info"), warn: at("warn"), error: at("error") };
}

export const START_MS = Date.UTC(2026, 10, 22, 10);
export const isoAt = (ms: number): string => new Date(START_MS + ms).toISOString();

export const uuidOf = (number: number): string =>
  `${number.toString(16).padStart(8, "0")}-1111-4111-8111-${number.toString(16).padStart(12, "0")}`;

/** The story of one journey, told event by event. Times are milliseconds after START_MS and go on from call to call. */
export class History {
  readonly events: JourneyEvent[] = [];
  readonly uuid: string;
  readonly name: string;
  version: string;
  atMs: number;

  constructor(number: number, options: { name?: string; version?: string; atMs?: number; data?: unknown } = {}) {
    this.uuid = uuidOf(number);
    this.name = options.name ?? "onboarding";
    this.version = options.version ?? "1";
    this.atMs = options.atMs ?? 0;
    this.add("journey.started", { data: options.data ?? { customer: `C-${number}` } });
  }

  add(type: EventType, more: Partial<JourneyEvent> = {}, afterMs = 0): this {
    this.atMs += afterMs;
    const { uuid, name, version } = this;
    const at = isoAt(this.atMs);
    this.events.push({ uuid, seq: this.events.length + 1, at, type, name, version, ...more });
    return this;
  }

  dispatched(step: string, called: string, attempt = 1): this {
    return this.add("step.dispatched", {
      ...call(step, called),
      attempt,
      id: `${this.uuid}/${step}/${attempt}`,
      data: {},
    });
  }

  succeeded(step: string, called: string, data: unknown = { ok: true }, afterMs = 100): this {
    return this.add("step.succeeded", { ...call(step, called), attempt: 1, data }, afterMs);
  }

  /** Sent and answered. */
  ran(step: string, called: string, data: unknown = { ok: true }, afterMs = 100): this {
    return this.dispatched(step, called).succeeded(step, called, data, afterMs);
  }

  completed(data: unknown = null): this {
    return this.add("journey.completed", { data });
  }

  /** A step fails and its journey begins to roll back. */
  failed(step: string, called: string, error: { code?: string; message: string }, afterMs = 50): this {
    this.dispatched(step, called).add("step.failed", { ...call(step, called), attempt: 1, error }, afterMs);
    return this.add("rollback.started", {
      step,
      reason: `${called} failed`,
      error,
      detail: { trigger: "failure", scope: "journey", set: [step], blind: [] },
    });
  }

  undone(step: string, called: string, afterMs = 30): this {
    const undo = { ...call(step, called), attempt: 1 };
    return this.add("undo.dispatched", { ...undo, data: {} }).add("undo.succeeded", { ...undo, data: null }, afterMs);
  }

  by(type: EventType, id: string, actor: string, reason: string, more: Partial<JourneyEvent> = {}): this {
    return this.add(type, { id, actor, reason, ...more }, 10);
  }
}

/** `called`: "service.function". */
function call(step: string, called: string): { step: string; service: string; function: string } {
  const [service = "", name = ""] = called.split(".");
  return { step, service, function: name };
}

/** All events of the histories as records of one partition, history by history. */
export function recordsOf(histories: History[], partition = 0, firstOffset = 0): AuditRecord[] {
  return histories
    .flatMap((history) => history.events)
    .map((event, index) => ({ partition, offset: firstOffset + index, value: JSON.stringify(event) }));
}

/** Everything a closed cache says, with names in the place of its own numbers; equal dumps are equal caches. */
export function dump(file: string): string[] {
  const database = new Database(file);
  try {
    const tables = DUMPS.map(([title, sql]) =>
      database
        .prepare<[], unknown[]>(sql)
        .raw()
        .all()
        .map((row) => `${title} ${JSON.stringify(row)}`),
    );
    database.exec("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, journey_text, instance)");
    const words = database
      .prepare<[], unknown[]>(
        `SELECT w.term, j.uuid, w.col, w.offset FROM words w JOIN journeys j ON j.id = w.doc WHERE w.col != 'marks'`,
      )
      .raw()
      .all()
      .map((row) => `word ${JSON.stringify(row)}`);
    return [...tables.flat(), ...words].sort();
  } finally {
    database.close();
  }
}

const DUMPS: [string, string][] = [
  ["position", "SELECT partition, next_offset FROM positions"],
  [
    "journey",
    `SELECT j.uuid, f.name, f.version, j.status, j.started_ms, j.updated_ms, j.ended_ms, j.duration_ms, j.seq, j.missing,
       j.places, j.error_code, j.error_message, j.replay_of, j.parent_uuid, j.parent_step,
       (SELECT group_concat(s.name, ',') FROM (SELECT name FROM services WHERE id IN (SELECT value FROM json_each(c.services)) ORDER BY name) s),
       k.fingerprint, k.service, k.function, k.message
     FROM journeys j JOIN facets c ON c.id = j.facet_id JOIN flows f ON f.id = c.flow_id LEFT JOIN failures k ON k.id = j.failure_id`,
  ],
  ["event", "SELECT j.uuid, e.seq, e.value FROM events e JOIN journeys j ON j.id = e.journey_id"],
  [
    "call",
    `SELECT j.uuid, f.name, f.version, s.step, s.service, s.function, s.undo, c.attempt, c.dispatched_ms, c.ended_ms,
       c.outcome, c.error_code, c.error_message
     FROM calls c JOIN journeys j ON j.id = c.journey_id JOIN call_sites s ON s.id = c.site_id JOIN flows f ON f.id = s.flow_id`,
  ],
  [
    "activity",
    `SELECT j.uuid, a.seq, a.at_ms, a.action_id, a.action, a.actor, a.reason, a.outcome
     FROM activity a JOIN journeys j ON j.id = a.journey_id`,
  ],
  [
    "count",
    `SELECT f.name, f.version, n.status, sum(n.journeys) FROM facet_counts n JOIN facets c ON c.id = n.facet_id
     JOIN flows f ON f.id = c.flow_id GROUP BY 1, 2, 3 HAVING sum(n.journeys) != 0`,
  ],
];
