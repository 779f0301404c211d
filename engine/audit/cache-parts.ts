/** The parts of the audit cache, and how they hang together. */
import type Database from "better-sqlite3";
import { evolve } from "../core/evolve.ts";
import { Activity } from "./activity.ts";
import { Calls } from "./calls.ts";
import { Dimensions } from "./dimensions.ts";
import { EventLog } from "./event-log.ts";
import { Failures } from "./failures.ts";
import { FlowStatistics } from "./flow-stats.ts";
import type { Evolve } from "./fold.ts";
import { FunctionStatistics } from "./function-stats.ts";
import { Ingest } from "./ingest.ts";
import { JourneyCounts } from "./journey-counts.ts";
import { JourneyIds } from "./journey-ids.ts";
import { DEFAULT_SORT_BOUNDS, JourneyList, type SortBounds } from "./journey-list.ts";
import { JourneyRows } from "./journey-rows.ts";
import { DEFAULT_STATE_BOUNDS, JourneyStates, type StateBounds } from "./journey-states.ts";
import type { AuditLogger } from "./logger.ts";
import { Retention } from "./retention.ts";
import { TextIndex } from "./text-index.ts";
import { Totals } from "./totals.ts";

export interface CacheParts {
  database: Database.Database;
  dimensions: Dimensions;
  totals: Totals;
  log: EventLog;
  rows: JourneyRows;
  text: TextIndex;
  ingest: Ingest;
  list: JourneyList;
  counts: JourneyCounts;
  failures: Failures;
  functionStats: FunctionStatistics;
  flowStats: FlowStatistics;
  activity: Activity;
  retention: Retention;
}

/** What can be set of a cache's parts. */
export interface CacheSettings {
  /** Folds journeys; core's `evolve` by default. */
  evolve?: Evolve;
  /** Journeys kept in memory. */
  states?: StateBounds;
  sorting?: SortBounds;
}

/** Puts the parts of a cache together over an open file. */
export function partsOf(database: Database.Database, settings: CacheSettings, logger: AuditLogger): CacheParts {
  const states = new JourneyStates(settings.states ?? DEFAULT_STATE_BOUNDS);
  const dimensions = new Dimensions(database);
  const totals = new Totals(database);
  const log = new EventLog(database);
  const text = new TextIndex(database);
  const activity = new Activity(database);
  const rows = new JourneyRows(database, dimensions);
  const calls = new Calls(database, dimensions);
  const warn = (details: Record<string, unknown>, message: string): void => logger.warn(details, message);
  const ingest = new Ingest({
    database,
    evolve: settings.evolve ?? evolve,
    dimensions,
    states,
    rows,
    calls,
    activity,
    text,
    totals,
    log,
    warn,
  });
  const ids = new JourneyIds(database);
  const counts = new JourneyCounts(database, dimensions, ids);
  return {
    database,
    dimensions,
    totals,
    log,
    rows,
    text,
    ingest,
    activity,
    counts,
    list: new JourneyList(database, dimensions, ids, rows, settings.sorting ?? DEFAULT_SORT_BOUNDS),
    failures: new Failures(database, dimensions, ids),
    functionStats: new FunctionStatistics(database, dimensions),
    flowStats: new FlowStatistics(database, dimensions, ids, counts),
    retention: new Retention(database, dimensions, ingest, log),
  };
}
