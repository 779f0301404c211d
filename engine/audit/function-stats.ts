/**
 * Calls, errors and latency of functions over a range of time. Counts are exact; percentiles come from the newest calls
 * of the range, a bounded number of each call site and bucket. Latency is from dispatch to the reply that settled the call, success
 * or failure.
 */
import type Database from "better-sqlite3";
import { MANAGER } from "../core/protocol.ts";
import { OUTCOME } from "./calls.ts";
import { timeOf } from "./cursor.ts";
import type { CallSite, Dimensions } from "./dimensions.ts";
import { percentile, percentilesOf } from "./percentiles.ts";
import type { FunctionStats, FunctionStatsQuery } from "./store.ts";

/** Buckets of the sparkline, over the whole range. */
export const STATS_BUCKETS = 30;
/** Latencies looked at for each call site and bucket. */
const MAX_SAMPLES_PER_BUCKET = 200;

interface Counted {
  calls: number;
  succeeded: number;
  failed: number;
  timed_out: number;
}

const NO_CALLS: Counted = { calls: 0, succeeded: 0, failed: 0, timed_out: 0 };

export class FunctionStatistics {
  readonly #dimensions: Dimensions;
  readonly #count: Database.Statement<[number, number, number], Counted>;
  readonly #anyCall: Database.Statement<[number, number, number], number>;
  readonly #inFlight: Database.Statement<[number], number>;
  readonly #latencies: Database.Statement<[number, number, number, number], number>;

  constructor(database: Database.Database, dimensions: Dimensions) {
    this.#dimensions = dimensions;
    this.#count = database.prepare(
      `SELECT count(*) AS calls, coalesce(sum(outcome = ${OUTCOME.succeeded}), 0) AS succeeded,
         coalesce(sum(outcome = ${OUTCOME.failed}), 0) AS failed,
         coalesce(sum(outcome = ${OUTCOME.timedOut}), 0) AS timed_out
       FROM calls INDEXED BY calls_by_site WHERE site_id = ? AND dispatched_ms >= ? AND dispatched_ms < ?`,
    );
    this.#anyCall = database
      .prepare<[number, number, number], number>(
        "SELECT 1 FROM calls WHERE site_id = ? AND dispatched_ms >= ? AND dispatched_ms < ? LIMIT 1",
      )
      .pluck();
    this.#inFlight = database
      .prepare<[number], number>("SELECT count(*) FROM calls INDEXED BY calls_open WHERE site_id = ? AND outcome = 0")
      .pluck();
    this.#latencies = database
      .prepare<[number, number, number, number], number>(
        `SELECT ended_ms - dispatched_ms FROM calls INDEXED BY calls_by_site
         WHERE site_id = ? AND dispatched_ms >= ? AND dispatched_ms < ?
           AND outcome IN (${OUTCOME.succeeded}, ${OUTCOME.failed})
         ORDER BY dispatched_ms DESC LIMIT ?`,
      )
      .pluck();
  }

  /** Functions without calls in the range are left out, unless one of theirs is in flight now. */
  functionStats(query: FunctionStatsQuery): FunctionStats[] {
    const fromMs = timeOf("from", query.from);
    const toMs = Math.max(timeOf("to", query.to), fromMs + 1);
    const sites = this.#sites(query).filter((site) => this.#isActive(site, fromMs, toMs));
    const byFunction = Map.groupBy(sites, (site) => JSON.stringify([site.service, site.function, site.undo]));
    const stats = [...byFunction.values()].flatMap((ofOne) => this.#statsOf(ofOne, fromMs, toMs));
    return stats.sort((a, b) => a.service.localeCompare(b.service) || a.function.localeCompare(b.function));
  }

  /** The manager's built-in steps are no calls of a service: they are shown when asked for by name. */
  #sites({ service, function: name }: FunctionStatsQuery): CallSite[] {
    return [...this.#dimensions.sites.values()].filter(
      (site) =>
        (service === undefined ? site.service !== MANAGER : site.service === service) &&
        (name === undefined || site.function === name),
    );
  }

  #isActive(site: CallSite, fromMs: number, toMs: number): boolean {
    return this.#anyCall.get(site.id, fromMs, toMs) !== undefined || (this.#inFlight.get(site.id) ?? 0) > 0;
  }

  #statsOf(sites: CallSite[], fromMs: number, toMs: number): FunctionStats[] {
    const [first] = sites;
    if (!first) return [];
    const total = { ...NO_CALLS };
    const all: number[] = [];
    const buckets: FunctionStats["buckets"] = [];
    for (let index = 0; index < STATS_BUCKETS; index += 1) {
      const startMs = fromMs + Math.round(((toMs - fromMs) * index) / STATS_BUCKETS);
      const endMs = fromMs + Math.round(((toMs - fromMs) * (index + 1)) / STATS_BUCKETS);
      const { counted, latencies } = this.#bucket(sites, startMs, endMs);
      for (const key of ["calls", "succeeded", "failed", "timed_out"] as const) total[key] += counted[key];
      all.push(...latencies);
      const p95 = percentile(
        latencies.sort((a, b) => a - b),
        95,
      );
      const at = new Date(startMs).toISOString();
      const failed = counted.failed + counted.timed_out;
      buckets.push({ at, calls: counted.calls, failed, ...(p95 === undefined ? {} : { p95_ms: p95 }) });
    }
    const inFlight = sites.reduce((sum, site) => sum + (this.#inFlight.get(site.id) ?? 0), 0);
    const { service, function: name, undo } = first;
    return [{ service, function: name, undo, ...total, in_flight: inFlight, ...percentilesOf(all), buckets }];
  }

  #bucket(sites: CallSite[], startMs: number, endMs: number): { counted: Counted; latencies: number[] } {
    const counted = { ...NO_CALLS };
    const latencies: number[] = [];
    for (const site of sites) {
      const row = this.#count.get(site.id, startMs, endMs);
      if (!row || row.calls === 0) continue;
      for (const key of ["calls", "succeeded", "failed", "timed_out"] as const) counted[key] += row[key];
      latencies.push(...this.#latencies.all(site.id, startMs, endMs, MAX_SAMPLES_PER_BUCKET));
    }
    return { counted, latencies };
  }
}
