import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { JourneyStatus } from "../../engine/core/view.ts";
import { api } from "../api.ts";
import { Card } from "../parts/card.tsx";
import { count, shortId } from "../parts/format.ts";
import { ErrorStrip, SkeletonRows } from "../parts/states.tsx";
import { JourneyStatusBadge } from "../parts/status-badge.tsx";
import { Ago } from "../parts/time.tsx";
import { keys } from "../query-keys.ts";
import classes from "./services.module.css";

const SHOWN = 6;
const UNSETTLED: JourneyStatus[] = ["rollback_failed", "held", "rolling_back", "running", "paused"];

/** What went wrong at this service, by cause. */
export function RecentFailures({ service }: { service: string }) {
  const { data, error, isPending, refetch } = useQuery({
    queryKey: keys.failures({ service }),
    queryFn: ({ signal }) => api.failures({ service }, signal),
  });
  const groups = (data?.failures ?? []).filter((group) => group.service === service).slice(0, SHOWN);
  return (
    <Card
      title="Recent failures"
      note={
        <Link to={`/journeys?service=${encodeURIComponent(service)}&view=groups`}>all of its journeys, grouped</Link>
      }
    >
      {isPending && <SkeletonRows rows={3} />}
      {error !== null && <ErrorStrip what="Not read." error={error} onRetry={() => void refetch()} />}
      <ul className={classes.list}>
        {groups.map((group) => (
          <li key={group.fingerprint}>
            <b>{count(group.count)}</b>
            <span className={`${classes.grow} ag-truncate`} title={group.message}>
              {group.message || group.code}{" "}
              <span className="ag-dim">
                {group.function} in {group.name}
              </span>
            </span>
            {group.journeys[0] !== undefined && (
              <Link to={`/journeys/${group.journeys[0]}`} className="ag-mono" title={group.journeys[0]}>
                {shortId(group.journeys[0])}
              </Link>
            )}
            <span className="ag-dim">
              <Ago at={group.last_at} />
            </span>
          </li>
        ))}
        {data !== undefined && groups.length === 0 && <li className="ag-dim">Nothing failed here.</li>}
      </ul>
    </Card>
  );
}

/** Journeys that have called the service and aren't settled. */
export function WaitingJourneys({ service }: { service: string }) {
  const filter = { service, status: UNSETTLED };
  const { data, error, isPending, refetch } = useQuery({
    queryKey: [...keys.services, service, "waiting"],
    queryFn: ({ signal }) => api.journeys({ ...filter, limit: SHOWN }, signal),
  });
  const search = new URLSearchParams({ service, status: UNSETTLED.join(",") });
  return (
    <Card title="Journeys not settled" note={<Link to={`/journeys?${search}`}>show all</Link>}>
      {isPending && <SkeletonRows rows={3} />}
      {error !== null && <ErrorStrip what="Not read." error={error} onRetry={() => void refetch()} />}
      <ul className={classes.list}>
        {(data?.journeys ?? []).map((row) => (
          <li key={row.uuid}>
            <JourneyStatusBadge status={row.status} />
            <span className={`${classes.grow} ag-truncate`}>
              {row.name} <span className="ag-dim">{row.where.join(", ")}</span>
            </span>
            <Link to={`/journeys/${row.uuid}`} className="ag-mono" title={row.uuid}>
              {shortId(row.uuid)}
            </Link>
          </li>
        ))}
        {data?.journeys.length === 0 && <li className="ag-dim">None waits.</li>}
      </ul>
    </Card>
  );
}
