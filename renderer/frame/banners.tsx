/** Strips above every page that say when what it shows isn't the whole truth. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api } from "../api.ts";
import { useNow } from "../parts/clock.ts";
import { count, duration, percent, shortTime } from "../parts/format.ts";
import { IconAlertTriangle, IconClock, IconFlask, IconPlugConnectedX } from "../parts/icons.ts";
import { useFaults, useSetFaults } from "../queries.ts";
import { keys } from "../query-keys.ts";
import { clockSkewMs } from "../server-time.ts";
import { sharedStream, useConnection } from "../stream.ts";
import classes from "./frame.module.css";

/** The audit cache may lag this many records before it is worth a strip: it is always a few behind under load. */
const TOLERATED_LAG_RECORDS = 500;
const LAG_REFRESH_MS = 10_000;

export function Banners() {
  return (
    <>
      <Disconnected />
      <CatchingUp />
      <ClockSkew />
      <FaultsOn />
    </>
  );
}

function Disconnected() {
  const connection = useConnection();
  const now = useNow(connection.kind === "lost");
  if (connection.kind !== "lost") return null;
  const wait = Math.max(0, connection.retryAt - now);
  return (
    <div className={`${classes.strip} ${classes.stripBad}`} role="status">
      <IconPlugConnectedX size={18} aria-hidden />
      <span>
        <b>Not connected.</b> What you see is from {shortTime(new Date(connection.since).toISOString())}.{" "}
        {connection.why}
      </span>
      <span className={classes.grow} />
      <span className="ag-dim">{wait < 1000 ? "trying…" : `next try in ${Math.ceil(wait / 1000)} s`}</span>
      <Button onClick={() => sharedStream()?.retryNow()}>Try now</Button>
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
