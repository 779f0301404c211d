/** Strips above every page that say when what it shows isn't the whole truth. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api } from "../api.ts";
import { useNow } from "../parts/clock.ts";
import { count, duration, percent, plural, shortTime } from "../parts/format.ts";
import { IconAlertTriangle, IconClock, IconFlask, IconPlugConnectedX } from "../parts/icons.ts";
import { Time } from "../parts/time.tsx";
import { useFaults, useInfo, useSetFaults } from "../queries.ts";
import { keys } from "../query-keys.ts";
import { useReach } from "../reach.ts";
import { clockSkewMs } from "../server-time.ts";
import { sharedStream } from "../stream.ts";
import classes from "./frame.module.css";

/** The audit cache may lag this many records before it is worth a strip: it is always a few behind under load. */
const TOLERATED_LAG_RECORDS = 500;
const LAG_REFRESH_MS = 10_000;

export function Banners() {
  return (
    <>
      <Disconnected />
      <OutboxRefused />
      <CatchingUp />
      <ClockSkew />
      <FaultsOn />
    </>
  );
}

function Disconnected() {
  const reach = useReach();
  const now = useNow(reach.kind === "console_lost");
  if (reach.kind === "cluster_lost") return <ClusterAway since={reach.since} why={reach.why} />;
  if (reach.kind !== "console_lost") return null;
  const wait = Math.max(0, reach.retryAt - now);
  return (
    <div className={`${classes.strip} ${classes.stripBad}`} role="status">
      <IconPlugConnectedX size={18} aria-hidden />
      <span>
        <b>Not connected.</b> What you see is from {shortTime(new Date(reach.since).toISOString())}. {reach.why}
      </span>
      <span className={classes.grow} />
      <span className="ag-dim">{wait < 1000 ? "trying…" : `next try in ${Math.ceil(wait / 1000)} s`}</span>
      <Button onClick={() => sharedStream()?.retryNow()}>Try now</Button>
    </div>
  );
}

/** The console runs, its cluster doesn't answer: reading goes on from the cache, what is asked for is kept on disk. */
function ClusterAway({ since, why }: { since: number; why: string | undefined }) {
  const info = useInfo().data;
  const waiting = info?.outbox.waiting ?? 0;
  return (
    <div className={`${classes.strip} ${classes.stripBad}`} role="status">
      <IconPlugConnectedX size={18} aria-hidden />
      <span className={classes.says}>
        <b>{info?.profile.name ?? "The cluster"} can't be reached</b> since{" "}
        <Time at={new Date(since).toISOString()} />
        {why === undefined ? "." : `: ${ended(why)}`} What you see is what was known by then.{" "}
        {info?.profile.read_only !== true &&
          "Starts and actions are kept on this machine's disk and sent in order, once, when it is back."}
        {waiting > 0 && <b> {plural(waiting, "record")} to be sent.</b>}
      </span>
      <Link to={`/profiles/named/${encodeURIComponent(info?.profile.name ?? "")}`}>Test the connection</Link>
    </div>
  );
}

function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** What was accepted while the cluster was away, and that it would never take. */
function OutboxRefused() {
  const refused = useInfo().data?.outbox.refused ?? 0;
  if (refused === 0) return null;
  return (
    <div className={classes.strip} role="status">
      <IconAlertTriangle size={18} aria-hidden />
      <span>
        <b>{plural(refused, "record")} can't be sent.</b> The cluster refuses them for good; they lie in the outbox
        file of the data folder, with the reason.
      </span>
    </div>
  );
}

function CatchingUp() {
  const { data } = useQuery({
    queryKey: keys.cluster,
    queryFn: ({ signal }) => api.cluster(signal),
    refetchInterval: LAG_REFRESH_MS,
  });
  if (data === undefined || data.audit_behind < TOLERATED_LAG_RECORDS) return null;
  return (
    <div className={classes.strip} role="status">
      <IconClock size={18} aria-hidden />
      <span>
        <b>Catching up:</b> the pages are behind by {count(data.audit_behind)} records. Nothing is lost; figures and
        lists fill up as they are read.
      </span>
    </div>
  );
}

function ClockSkew() {
  useNow();
  const skew = clockSkewMs();
  if (skew === 0) return null;
  return (
    <div className={classes.strip} role="status">
      <IconClock size={18} aria-hidden />
      <span>
        <b>Clocks differ:</b> this machine is {duration(Math.abs(skew))} {skew > 0 ? "behind" : "ahead of"} the
        console. Durations follow the console's clock.
      </span>
    </div>
  );
}

function FaultsOn() {
  const faults = useFaults().data?.faults ?? [];
  const change = useSetFaults();
  if (faults.length === 0) return null;
  const says = faults
    .map(({ service, function: name, rate, delay_ms }) => {
      const parts = [rate > 0 ? `fails ${percent(rate)}` : "", delay_ms > 0 ? `waits ${duration(delay_ms)}` : ""];
      return `${service}.${name} ${parts.filter((part) => part !== "").join(", ")}`;
    })
    .join("; ");
  return (
    <div className={classes.strip} role="status">
      <IconFlask size={18} aria-hidden />
      <span>
        <b>Faults are on:</b> {says}.
      </span>
      <span className={classes.grow} />
      {change.error !== null && (
        <span>
          <IconAlertTriangle size={15} /> {change.error.message}
        </span>
      )}
      <Button loading={change.isPending} onClick={() => change.mutate({ faults: [] })}>
        Turn all off
      </Button>
    </div>
  );
}
