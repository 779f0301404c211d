/** Taking old journeys out, and writing all events out as lines; both in portions that a caller repeats. */
import type Database from "better-sqlite3";
import type { Dimensions } from "./dimensions.ts";
import type { EventLog } from "./event-log.ts";
import type { Ingest } from "./ingest.ts";
import { ENDED_CODES } from "./journey-key.ts";
import { readMeta, writeMeta } from "./totals.ts";

/** Journeys taken out in one transaction. */
const PRUNE_PORTION_JOURNEYS = 200;
/** Journeys and characters that one portion of an export holds, but at least one journey. */
const EXPORT_PORTION_JOURNEYS = 500;
const EXPORT_PORTION_CHARS = 1_048_576;

export interface ExportPortion {
  /** One event each, as in the topic, journeys in the order of their starts. */
  lines: string[];
  /** Pass it back for the next portion; null: that was all. */
  next: number | null;
}

export class Retention {
  readonly #database: Database.Database;
  readonly #dimensions: Dimensions;
  readonly #ingest: Ingest;
  readonly #log: EventLog;

  constructor(database: Database.Database, dimensions: Dimensions, ingest: Ingest, log: EventLog) {
    this.#database = database;
    this.#dimensions = dimensions;
    this.#ingest = ingest;
    this.#log = log;
  }

  /** Takes out journeys that ended before `beforeMs`, some at a time; returns how many, 0 when there are none left. */
  prune(beforeMs: number): number {
    if (beforeMs > this.prunedBeforeMs()) writeMeta(this.#database, "pruned_before_ms", String(beforeMs));
    const statement = this.#database.prepare<[number, number, number, number], { id: number; uuid: string }>(
      `SELECT id, uuid FROM journeys INDEXED BY journeys_by_end
       WHERE facet_id = ? AND status = ? AND ended_ms IS NOT NULL AND ended_ms < ? LIMIT ?`,
    );
    const found: { id: number; uuid: string }[] = [];
    for (const facet of this.#dimensions.facets.values()) {
      for (const status of ENDED_CODES) {
        const room = PRUNE_PORTION_JOURNEYS - found.length;
        if (room === 0) break;
        if ((facet.counts.get(status) ?? 0) > 0) found.push(...statement.all(facet.id, status, beforeMs, room));
      }
    }
    if (found.length > 0) this.#ingest.delete(found);
    return found.length;
  }

  /** The latest time that was pruned up to: a rebuilt cache is pruned up to there again. 0: never. */
  prunedBeforeMs(): number {
    return Number(readMeta(this.#database, "pruned_before_ms") ?? 0);
  }

  rememberPruned(beforeMs: number): void {
    if (beforeMs > 0) writeMeta(this.#database, "pruned_before_ms", String(beforeMs));
  }

  export(after: number | null): ExportPortion {
    const ids = this.#database
      .prepare<[number, number], number>("SELECT id FROM journeys WHERE id > ? ORDER BY id LIMIT ?")
      .pluck()
      .all(after ?? -Number.MAX_SAFE_INTEGER, EXPORT_PORTION_JOURNEYS);
    const lines: string[] = [];
    let chars = 0;
    for (const id of ids) {
      for (const value of this.#log.valuesOf(id)) {
        // One line an event, also where a producer wrote it over several.
        const line = value.includes("\n") ? JSON.stringify(JSON.parse(value)) : value;
        lines.push(line);
        chars += line.length;
      }
      if (chars >= EXPORT_PORTION_CHARS) return { lines, next: id };
    }
    return { lines, next: ids.length < EXPORT_PORTION_JOURNEYS ? null : (ids.at(-1) ?? null) };
  }
}
