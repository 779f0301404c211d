import { Link } from "react-router";
import type { Service } from "../../engine/api/schemas/service.ts";
import { count, duration, percent, plural, rate } from "../parts/format.ts";
import { IconServer } from "../parts/icons.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { EmptyState, ErrorState, ErrorStrip, SkeletonRows } from "../parts/states.tsx";
import { Badge, ServiceStatusBadge } from "../parts/status-badge.tsx";
import table from "../parts/table.module.css";
import { useServices } from "../queries.ts";
import classes from "./services.module.css";
import { Sparkline } from "./sparkline.tsx";

/** From this share of failed calls on, the figure is loud. */
const LOUD_ERROR_RATE = 0.05;

/** Who is slow or down? */
export function ServicesPage() {
  const { data, error, isPending, refetch } = useServices();
  return (
    <>
      <PageHeader title="Services" note="rates and latencies of the last 15 minutes" />
      {error !== null && data !== undefined && (
        <ErrorStrip what="Not up to date." error={error} onRetry={() => void refetch()} />
      )}
      {isPending ? (
        <SkeletonRows rows={8} height={28} />
      ) : data === undefined ? (
        <ErrorState what="The services can't be read." error={error} onRetry={() => void refetch()} />
      ) : data.services.length === 0 ? (
        <EmptyState title="No service has been seen" icon={IconServer}>
          A service appears here once it sends a heartbeat, or once a journey calls it.
        </EmptyState>
      ) : (
        <ServicesTable services={[...data.services].sort(byUrgency)} />
      )}
    </>
  );
}

function ServicesTable({ services }: { services: readonly Service[] }) {
  const withLag = services.some(({ lag }) => lag !== undefined);
  return (
    <div className={table.box}>
      <table className={table.table}>
        <caption className="ag-visually-hidden">Services, those that are down first</caption>
        <thead>
          <tr>
            <th>Status</th>
            <th>Service</th>
            <th className={table.num}>Instances</th>
            <th className={table.num}>Functions</th>
            <th>Calls</th>
            <th className={table.num}>Rate</th>
            <th className={table.num}>Errors</th>
            <th className={table.num}>p50</th>
            <th className={table.num}>p95</th>
            <th className={table.num}>p99</th>
            <th className={table.num}>In flight</th>
            {withLag && <th className={table.num}>Lag</th>}
          </tr>
        </thead>
        <tbody>
          {services.map((service) => (
            <ServiceRow key={service.service} service={service} withLag={withLag} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ServiceRow({ service, withLag }: { service: Service; withLag: boolean }) {
  const holding = service.instances.filter((instance) => instance.holding).length;
  return (
    <tr className={table.linked}>
      <td>
        <ServiceStatusBadge status={service.status} />
      </td>
      <td className={table.wide}>
        <Link to={`/services/${encodeURIComponent(service.service)}`} className={table.link} title={service.service}>
          {service.service}
        </Link>
        <div className={classes.why} title={service.why}>
          {service.why}
        </div>
      </td>
      <td className={table.num}>
        {count(service.instances.length)}
        {holding > 0 && (
          <div>
            <Badge tone="warn" title="It keeps a record until what it depends on is back">
              {holding} holding
            </Badge>
          </div>
        )}
      </td>
      <td className={table.num}>{count(service.functions.length)}</td>
      <td>
        <Sparkline buckets={service.buckets} />
      </td>
      <td className={table.num} title={plural(service.calls, "call")}>
        {rate(service.rate_per_s)}
      </td>
      <td className={`${table.num} ${service.error_rate >= LOUD_ERROR_RATE ? table.bad : ""}`}>
        {service.calls === 0 ? <Nothing /> : percent(service.error_rate)}
      </td>
      <Latency ms={service.p50_ms} />
      <Latency ms={service.p95_ms} />
      <Latency ms={service.p99_ms} />
      <td className={table.num}>{count(service.in_flight)}</td>
      {withLag && <td className={table.num}>{service.lag === undefined ? <Nothing /> : count(service.lag)}</td>}
    </tr>
  );
}

export function Latency({ ms }: { ms: number | undefined }) {
  return <td className={table.num}>{ms === undefined ? <Nothing /> : duration(ms)}</td>;
}

export function Nothing() {
  return (
    <span className="ag-dim">
      <span aria-hidden>–</span>
      <span className="ag-visually-hidden">none</span>
    </span>
  );
}

const URGENCY: Record<Service["status"], number> = { down: 0, up: 1, unknown: 2 };

function byUrgency(left: Service, right: Service): number {
  return URGENCY[left.status] - URGENCY[right.status] || left.service.localeCompare(right.service);
}
