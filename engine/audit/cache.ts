/**
 * The audit cache, synchronous: a SQLite file fed with the records of the audit topic, and the questions it answers
 * (store.ts says what they mean). It runs in a worker thread (worker.ts); tests and tools may use it directly.
 */
import type { JourneyEvent } from "../core/events.ts";
import { evolve } from "../core/evolve.ts";
import type { Journey } from "../core/journey.ts";
import type { JourneyStatus } from "../core/view.ts";
import type { AuditRecord } from "./audit-record.ts";
import { type CacheParts, type CacheSettings, partsOf } from "./cache-parts.ts";
import { timeOf } from "./cursor.ts";
import { deleteCacheFile, moveAside, openCacheFile } from "./database.ts";
import { type Evolve, foldAll } from "./fold.ts";
import type { IngestResult } from "./ingest.ts";
import { type AuditLogger, silentLogger } from "./logger.ts";
import type { ExportPortion } from "./retention.ts";
import type * as store from "./store.ts";

/** Before a free text search, so much time is spent on words that aren't indexed yet. */
const INDEX_BEFORE_SEARCH_MS = 10;

export interface AuditCacheOptions extends CacheSettings {
  file: string;
  /** The folder of the numbered migrations; by default the one beside this module. */
  migrations?: URL;
  logger?: AuditLogger;
  /** Milliseconds, for budgets of time only. */
  now?: () => number;
}

export class AuditCache {
  readonly #options: AuditCacheOptions;
  readonly #logger: AuditLogger;
  readonly #now: () => number;
  #parts: CacheParts;

  /**
   * Opens or makes the file. One that can't be used is moved aside, with a warning. Throws AntigraphError
   * `data_folder_locked` or `data_folder_unwritable`.
   */
  constructor(options: AuditCacheOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#now = options.now ?? (() => performance.now());
    this.#parts = this.#open();
  }

  /** All records of the batch, with the positions behind them, or nothing when it throws. */
  ingest(records: readonly AuditRecord[]): IngestResult {
    return this.#parts.ingest.ingest(records);
  }

  /** Events of an export, one a line. */
  import(lines: readonly string[]): IngestResult {
    return this.#parts.ingest.import(lines.filter((line) => line.trim() !== ""));
  }

  /** Partition -> the offset to read on from. */
  positions(): Record<number, number> {
    return this.#parts.log.positions();
  }

  list(query: store.JourneyQuery): { journeys: store.JourneyRow[]; next: string | null } {
    this.#indexBeforeSearch(query);
    return this.#parts.list.list(query);
  }

  counts(filter: store.JourneyFilter): Record<JourneyStatus, number> {
    this.#indexBeforeSearch(filter);
    return this.#parts.counts.counts(filter);
  }

  journey(uuid: string, at?: { seq: number } | { time: string }): Journey | undefined {
    const key = uuid.toLowerCase();
    if (!at) return this.#parts.ingest.peek(key)?.journey;
    const untilMs = "time" in at ? timeOf("at", at.time) : undefined;
    const past: JourneyEvent[] = [];
    for (const event of this.events(key)) {
      // In the order of seq: what followed an event of that time is later, whatever another manager's clock said.
      if ("seq" in at ? event.seq > at.seq : Date.parse(event.at) > (untilMs ?? 0)) break;
      past.push(event);
    }
    return foldAll(past, this.#evolve);
  }

  /** In the order of seq; empty for an unknown journey. */
  events(uuid: string): JourneyEvent[] {
    const { rows, log } = this.#parts;
    const id = rows.idOf(uuid.toLowerCase());
    return id === undefined ? [] : log.eventsOf(id).map(({ event }) => event);
  }

  failures(filter: store.JourneyFilter): store.FailureGroup[] {
    this.#indexBeforeSearch(filter);
    return this.#parts.failures.groups(filter);
  }

  functionStats(query: store.FunctionStatsQuery): store.FunctionStats[] {
    return this.#parts.functionStats.functionStats(query);
  }

  flowStats(query: { from: string; to: string }): store.FlowStats[] {
    return this.#parts.flowStats.flowStats(query);
  }

  activity(query: store.ActivityQuery): { activity: store.ActivityRow[]; next: string | null } {
    return this.#parts.activity.list(query);
  }

  status(): Omit<store.AuditStatus, "behind"> {
    const { database, dimensions, totals, text } = this.#parts;
    const missing = database
      .prepare<[], number>("SELECT coalesce(sum(missing), 0) FROM journeys WHERE missing > 0")
      .pluck()
      .get();
    let journeys = 0;
    for (const facet of dimensions.facets.values()) for (const count of facet.counts.values()) journeys += count;
    return {
      journeys,
      ...totals.get(),
      missing: missing ?? 0,
      unindexed: text.left(),
      positions: this.positions(),
    };
  }

  /**
   * Brings free text up to date for about so many milliseconds; running journeys only with `withRunning`. True when
   * there was nothing left to do.
   */
  indexText(budgetMs: number, withRunning: boolean): boolean {
    const endMs = this.#now() + budgetMs;
    const { text, ingest } = this.#parts;
    return text.run(
      (uuid) => ingest.peek(uuid),
      withRunning,
      () => this.#now() >= endMs,
    );
  }

  /** Takes out journeys that ended before this time (ISO 8601), some at a time: repeat until it answers 0. */
  prune(before: string): number {
    return this.#parts.retention.prune(timeOf("before", before));
  }

  /** Repeats the last prune, for a cache that was rebuilt. */
  pruneAgain(): number {
    const beforeMs = this.#parts.retention.prunedBeforeMs();
    return beforeMs === 0 ? 0 : this.#parts.retention.prune(beforeMs);
  }

  export(after: number | null): ExportPortion {
    return this.#parts.retention.export(after);
  }

  /** Deletes everything and begins anew, from the topic's start; only what was pruned is remembered. */
  reset(): void {
    const prunedBeforeMs = this.#parts.retention.prunedBeforeMs();
    this.#parts.database.close();
    deleteCacheFile(this.#options.file);
    this.#parts = this.#open();
    this.#parts.retention.rememberPruned(prunedBeforeMs);
  }

  /** As `reset`, but the file is kept beside the new one: it turned out to be damaged. */
  abandon(): void {
    this.#parts.database.close();
    const to = moveAside(this.#options.file);
    this.#logger.warn({ file: this.#options.file, to }, "The audit cache is damaged. It is rebuilt from the topic.");
    this.#parts = this.#open();
  }

  close(): void {
    this.#parts.database.close();
  }

  get #evolve(): Evolve {
    return this.#options.evolve ?? evolve;
  }

  #indexBeforeSearch({ q, error }: store.JourneyFilter): void {
    if (q !== undefined || error !== undefined) this.indexText(INDEX_BEFORE_SEARCH_MS, true);
  }

  #open(): CacheParts {
    const { file, migrations } = this.#options;
    const { database, movedAside } = openCacheFile(file, migrations);
    if (movedAside) {
      const details = { file, ...movedAside };
      this.#logger.warn(details, `The audit cache can't be used: ${movedAside.why}. It is rebuilt from the topic.`);
    }
    try {
      return partsOf(database, this.#options, this.#logger);
    } catch (error) {
      database.close();
      throw error;
    }
  }
}
