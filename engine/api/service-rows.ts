/** The rows of the services page: heartbeats, the audit's numbers and consumer groups put together. Pure. */
import type { FunctionStats } from "../audit/store.ts";
import type { GroupInfo } from "../bus/bus.ts";
import type { ServiceHealth } from "../manager/health.ts";
import type { Service } from "./schemas/service.ts";

/** One row a service that has been heard of or called in the asked time, by name. */
export function serviceRows(
  health: ServiceHealth[],
  stats: FunctionStats[],
  groups: GroupInfo[],
  range: { from: string; to: string },
): Service[] {
  const healthOf = new Map(health.map((each) => [each.service, each]));
  const statsOf = Map.groupBy(stats, (each) => each.service);
  const names = [...new Set([...healthOf.keys(), ...statsOf.keys()])].sort((a, b) => a.localeCompare(b));
  const seconds = (Date.parse(range.to) - Date.parse(range.from)) / 1000;
  return names.map((name) =>
    serviceRow(name, healthOf.get(name), statsOf.get(name) ?? [], lagOf(groups, name), seconds),
  );
}

function serviceRow(
  service: string,
  health: ServiceHealth | undefined,
  stats: FunctionStats[],
  lag: number | undefined,
  seconds: number,
): Service {
  const calls = sum(stats, (each) => each.calls);
  const failures = sum(stats, (each) => each.failed + each.timed_out);
  return {
    service,
    status: health?.status ?? "unknown",
    why: health?.why ?? "No heartbeat has been seen.",
    instances: health?.instances ?? [],
    functions: functionRows(health?.functions ?? [], stats),
    calls,
    rate_per_s: seconds > 0 ? calls / seconds : 0,
    error_rate: calls > 0 ? Math.min(1, failures / calls) : 0,
    in_flight: sum(stats, (each) => each.in_flight),
    lag,
    p50_ms: highest(stats.map((each) => each.p50_ms)),
    p95_ms: highest(stats.map((each) => each.p95_ms)),
    p99_ms: highest(stats.map((each) => each.p99_ms)),
    buckets: mergedBuckets(stats),
  };
}

/** A row a function: those called, and those the service says it has. */
function functionRows(offered: string[], stats: FunctionStats[]): Service["functions"] {
  const called = new Set(stats.map((each) => each.function));
  const uncalled = offered.filter((name) => !called.has(name));
  return [
    ...stats.map((each) => ({
      function: each.function,
      undo: each.undo,
      calls: each.calls,
      failed: each.failed + each.timed_out,
      in_flight: each.in_flight,
      p50_ms: each.p50_ms,
      p95_ms: each.p95_ms,
      p99_ms: each.p99_ms,
    })),
    ...uncalled.map((name) => ({ function: name, undo: false, calls: 0, failed: 0, in_flight: 0 })),
  ].sort((a, b) => a.function.localeCompare(b.function));
}

function mergedBuckets(stats: FunctionStats[]): Service["buckets"] {
  const merged = new Map<string, Service["buckets"][number]>();
  for (const { at, calls, failed, p95_ms } of stats.flatMap((each) => each.buckets)) {
    const bucket = merged.get(at) ?? { at, calls: 0, failed: 0 };
    bucket.calls += calls;
    bucket.failed += failed;
    bucket.p95_ms = highest([bucket.p95_ms, p95_ms]);
    merged.set(at, bucket);
  }
  return [...merged.values()].sort((a, b) => a.at.localeCompare(b.at));
}

/** What the service's consumer group has not read yet; services on an HTTP transport have no group. */
function lagOf(groups: GroupInfo[], service: string): number | undefined {
  const group = groups.find(
    (each) => each.group === `service.${service}` || each.group.endsWith(`.service.${service}`),
  );
  return group && sum(group.topics, (each) => each.lag);
}

function sum<T>(items: T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

/** Percentiles of several functions can't be combined; a service is as slow as its slowest function. */
function highest(values: (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}
