/**
 * How the versions of flows do, over the journeys started in a range of time. Counts are exact; durations and the slowest
 * step come from the newest ones of the range, a bounded number.
 */
import type Database from "better-sqlite3";
import { MANAGER } from "../core/protocol.ts";
import { OUTCOME } from "./calls.ts";
import { timeOf } from "./cursor.ts";
import type { Dimensions, Facet, Flow } from "./dimensions.ts";
import type { JourneyCounts } from "./journey-counts.ts";
import type { Selection } from "./journey-filter.ts";
import type { JourneyIds } from "./journey-ids.ts";
import { ALL_STATUS_CODES, firstIdAt, STATUS_CODE } from "./journey-key.ts";
import { percentile, percentilesOf } from "./percentiles.ts";
import type { FlowStats } from "./store.ts";

const MAX_DURATIONS = 500;
const MAX_CALLS_PER_STEP = 200;

export class FlowStatistics {
  readonly #dimensions: Dimensions;
  readonly #ids: JourneyIds;
  readonly #counts: JourneyCounts;
  readonly #durations: Database.Statement<[string], number>;
  readonly #latencies: Database.Statement<[number, number, number, number], number>;

  constructor(database: Database.Database, dimensions: Dimensions, ids: JourneyIds, counts: JourneyCounts) {
    this.#dimensions = dimensions;
    this.#ids = ids;
    this.#counts = counts;
    this.#durations = database
      .prepare<[string], number>(
        `SELECT duration_ms FROM journeys
         WHERE id IN (SELECT value FROM json_each(?)) AND duration_ms IS NOT NULL`,
      )
      .pluck();
    this.#latencies = database
      .prepare<[number, number, number, number], number>(
        `SELECT ended_ms - dispatched_ms FROM calls INDEXED BY calls_by_site
         WHERE site_id = ? AND dispatched_ms >= ? AND dispatched_ms < ? AND outcome = ${OUTCOME.succeeded}
         ORDER BY dispatched_ms DESC LIMIT ?`,
      )
      .pluck();
  }

  /** By name, then the busiest version first. Flows without journeys in the range are left out. */
  flowStats(query: { from: string; to: string }): FlowStats[] {
    const fromMs = timeOf("from", query.from);
    const toMs = timeOf("to", query.to);
    const byFlow = Map.groupBy(this.#dimensions.facets.values(), (facet) => facet.flow);
    const stats: FlowStats[] = [];
    for (const [flow, facets] of byFlow) {
      const row = this.#statsOf(flow, facets, fromMs, toMs);
      if (row.total > 0) stats.push(row);
    }
    return stats.sort((a, b) => a.name.localeCompare(b.name) || b.total - a.total);
  }

  #statsOf(flow: Flow, facets: Facet[], fromMs: number, toMs: number): FlowStats {
    const selection: Selection = {
      statuses: ALL_STATUS_CODES,
      facets: new Map(facets.map((facet) => [facet.id, facet])),
      failures: undefined,
      text: undefined,
      fromId: firstIdAt(fromMs),
      toId: firstIdAt(toMs),
    };
    const { name, version } = flow;
    const stats: FlowStats = { name, version, running: 0, completed: 0, rolled_back: 0, total: 0 };
    for (const [status, journeys] of this.#counts.byStatus(selection)) {
      stats.total += journeys;
      if (status === STATUS_CODE.completed) stats.completed += journeys;
      else if (status === STATUS_CODE.rolled_back) stats.rolled_back += journeys;
      else if (status !== STATUS_CODE.terminated) stats.running += journeys;
    }
    if (stats.total === 0) return stats;
    const completed = { ...selection, statuses: [STATUS_CODE.completed] };
    const newest = this.#ids.byStart(completed, { descending: true, limit: MAX_DURATIONS });
    const { p50_ms, p95_ms } = percentilesOf(this.#durations.all(JSON.stringify(newest)));
    const slowest = this.#slowestStep(flow, fromMs, toMs);
    return {
      ...stats,
      ...(p50_ms === undefined ? {} : { p50_ms, p95_ms }),
      ...(slowest === undefined ? {} : { slowest_step: slowest }),
    };
  }

  /** By the 95th percentile of its successful calls; built-in steps wait on purpose and don't count. */
  #slowestStep(flow: Flow, fromMs: number, toMs: number): FlowStats["slowest_step"] {
    let slowest: FlowStats["slowest_step"];
    for (const site of this.#dimensions.sites.values()) {
      if (site.flow !== flow || site.undo || site.service === MANAGER) continue;
      const latencies = this.#latencies.all(site.id, fromMs, toMs, MAX_CALLS_PER_STEP);
      const p95 = percentile(
        latencies.sort((a, b) => a - b),
        95,
      );
      if (p95 === undefined || (slowest && slowest.p95_ms >= p95)) continue;
      slowest = { step: site.step, service: site.service, function: site.function, p95_ms: p95 };
    }
    return slowest;
  }
}
