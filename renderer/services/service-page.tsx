import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams, useSearchParams } from "react-router";
import type { ServiceStats } from "../../engine/api/schemas/service.ts";
import { api } from "../api.ts";
import { Card } from "../parts/card.tsx";
import { count, duration, percent, plural } from "../parts/format.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { ErrorState, ErrorStrip, SkeletonBlock } from "../parts/states.tsx";
import { Badge, ServiceStatusBadge } from "../parts/status-badge.tsx";
import table from "../parts/table.module.css";
import { Ago } from "../parts/time.tsx";
import { useProfile, useServices } from "../queries.ts";
import { keys } from "../query-keys.ts";
import { FaultInjection } from "./fault-injection.tsx";
import { FunctionSchemas } from "./function-schemas.tsx";
import { RecentFailures, WaitingJourneys } from "./service-journeys.tsx";
import classes from "./services.module.css";
import { Latency } from "./services-page.tsx";
import { Sparkline } from "./sparkline.tsx";
import { TimeChart } from "./time-chart.tsx";

const RANGES = { "15m": 15 * 60_000, "1h": 3_600_000, "6h": 6 * 3_600_000, "24h": 86_400_000 } as const;
type Range = keyof typeof RANGES;
const REFRESH_MS = 10_000;

/** One service: how it does over time, function by function, what failed lately, who waits for it. */
export function ServicePage() {
  const { service: name = "" } = useParams();
  const [parameters, setParameters] = useSearchParams();
  const range = toRange(parameters.get("range"));
  const service = useServices().data?.services.find((candidate) => candidate.service === name);
  const profile = useProfile();
  const stats = useQuery({
    queryKey: keys.serviceStats(name, range),
    queryFn: ({ signal }) => {
      const now = Date.now();
      const from = new Date(now - RANGES[range]).toISOString();
      return api.serviceStats(name, { from, to: new Date(now).toISOString() }, signal);
    },
    refetchInterval: REFRESH_MS,
    placeholderData: (before) => before,
  });

  return (
    <>
      <PageHeader
        title={name}
        parent={{ to: "/services", label: "Services" }}
        note={
          service !== undefined && (
            <>
              <ServiceStatusBadge status={service.status} />
              <span>{service.why}</span>
            </>
          )
        }
        actions={
          <SegmentedControl
            aria-label="Time range"
            data={Object.keys(RANGES)}
            value={range}
            onChange={(next) => setParameters(next === "15m" ? {} : { range: next }, { replace: true })}
          />
        }
      />
      {stats.error !== null && stats.data !== undefined && (
        <ErrorStrip what="Not up to date." error={stats.error} onRetry={() => void stats.refetch()} />
      )}
      {stats.data !== undefined ? (
        <Figures stats={stats.data} />
      ) : stats.isPending ? (
        <SkeletonBlock height={320} />
      ) : (
        <ErrorState
          what={`The figures of ${name} can't be read.`}
          error={stats.error}
          onRetry={() => void stats.refetch()}
        />
      )}
      <div className={classes.columns}>
        <RecentFailures service={name} />
        <WaitingJourneys service={name} />
      </div>
      {service !== undefined && (
        <Card title="Instances" note={plural(service.instances.length, "instance")}>
          <ul className={classes.list}>
            {service.instances.map(({ instance, at, version, holding }) => (
              <li key={instance}>
                <span className="ag-mono">{instance}</span>
                {version !== undefined && <span className="ag-dim">v{version}</span>}
                {holding && <Badge tone="warn">holding</Badge>}
                <span className={classes.grow} />
                <span className="ag-dim">
                  heartbeat <Ago at={at} />
                </span>
              </li>
            ))}
            {service.instances.length === 0 && <li className="ag-dim">No instance sends heartbeats.</li>}
          </ul>
        </Card>
      )}
      <FunctionSchemas service={name} />
      {profile?.kind === "embedded" && profile.environment !== "prod" && (
        <FaultInjection
          service={name}
          functions={(service?.functions ?? []).map((entry) => entry.function)}
          readOnly={profile.read_only}
        />
      )}
    </>
  );
}

function Figures({ stats }: { stats: ServiceStats }) {
  const { times, calls, failed, p95 } = overTime(stats);
  return (
    <>
      <div className={classes.columns}>
        <Card title="Calls" note="per interval, failed ones in red">
          <TimeChart
            label={`Calls of ${stats.service} over time`}
            times={times}
            kind="bars"
            series={[
              { name: "calls", tone: "calls", values: calls },
              { name: "failed", tone: "failed", values: failed },
            ]}
            format={(value) => count(Math.round(value * 10) / 10)}
          />
        </Card>
        <Card title="Latency" note="p95 of the slowest function, from command to reply">
          <TimeChart
            label={`Latency of ${stats.service} over time`}
            times={times}
            kind="line"
            series={[{ name: "p95", tone: "latency", values: p95 }]}
            format={duration}
          />
        </Card>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways in a narrow window, also by keyboard */}
      <section className={table.box} aria-label={`Functions of ${stats.service}`} tabIndex={0}>
        <table className={table.table}>
          <caption className="ag-visually-hidden">Functions of {stats.service}</caption>
          <thead>
            <tr>
              <th>Function</th>
              <th>Over time</th>
              <th className={table.num}>Calls</th>
              <th className={table.num}>Succeeded</th>
              <th className={table.num}>Failed</th>
              <th className={table.num}>Timed out</th>
              <th className={table.num}>Errors</th>
              <th className={table.num}>In flight</th>
              <th className={table.num}>p50</th>
              <th className={table.num}>p95</th>
              <th className={table.num}>p99</th>
            </tr>
          </thead>
          <tbody>
            {stats.functions.map((entry) => (
              <tr key={`${entry.function} ${entry.undo}`}>
                <td className={table.wide} title={entry.function}>
                  <b>{entry.function}</b> {entry.undo && <Badge tone="undo">undo</Badge>}
                </td>
                <td>
                  <Sparkline buckets={entry.buckets} />
                </td>
                <td className={table.num}>{count(entry.calls)}</td>
                <td className={table.num}>{count(entry.succeeded)}</td>
                <td className={`${table.num} ${entry.failed > 0 ? table.bad : ""}`}>{count(entry.failed)}</td>
                <td className={`${table.num} ${entry.timed_out > 0 ? table.bad : ""}`}>{count(entry.timed_out)}</td>
                <td className={table.num}>
                  {entry.calls === 0 ? "–" : percent((entry.failed + entry.timed_out) / entry.calls)}
                </td>
                <td className={table.num}>{count(entry.in_flight)}</td>
                <Latency ms={entry.p50_ms} />
                <Latency ms={entry.p95_ms} />
                <Latency ms={entry.p99_ms} />
              </tr>
            ))}
            {stats.functions.length === 0 && (
              <tr>
                <td colSpan={11} className="ag-dim">
                  Not called in this time.
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </section>
    </>
  );
}

/** The functions' buckets laid over each other: they begin at the same moments. */
function overTime({ functions }: ServiceStats) {
  const merged = new Map<string, { calls: number; failed: number; p95: number | undefined }>();
  for (const { at, calls, failed, p95_ms } of functions.flatMap((entry) => entry.buckets)) {
    const bucket = merged.get(at) ?? { calls: 0, failed: 0, p95: undefined };
    merged.set(at, {
      calls: bucket.calls + calls,
      failed: bucket.failed + failed,
      p95: p95_ms === undefined ? bucket.p95 : Math.max(p95_ms, bucket.p95 ?? 0),
    });
  }
  const times = [...merged.keys()].sort();
  const values = times.map((time) => merged.get(time));
  return {
    times,
    calls: values.map((bucket) => bucket?.calls),
    failed: values.map((bucket) => bucket?.failed),
    p95: values.map((bucket) => bucket?.p95),
  };
}

function toRange(text: string | null): Range {
  return text !== null && Object.hasOwn(RANGES, text) ? (text as Range) : "15m";
}
