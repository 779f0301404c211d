/** The page of one journey: what happened, and what can be done. */
import { Button } from "@mantine/core";
import { useMemo, useRef } from "react";
import { Link, useParams } from "react-router";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { ApiError } from "../api.ts";
import { IconSearch } from "../parts/icons.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { EmptyState, ErrorState, SkeletonBlock } from "../parts/states.tsx";
import { useCompiledFlow, useInfo, useJourneyEvents } from "../queries.ts";
import { foldHistory, type History } from "./history.ts";
import classes from "./journey.module.css";
import { JourneyView } from "./journey-view.tsx";

const PARENT = { to: "/journeys", label: "Journeys" };

export function JourneyPage() {
  const uuid = (useParams().uuid ?? "").toLowerCase();
  const { data, error, refetch } = useJourneyEvents(uuid);
  if (data !== undefined) return <Told key={uuid} events={data.events} />;
  if (error instanceof ApiError && (error.status === 404 || error.code === "invalid_request")) {
    return <Unknown uuid={uuid} />;
  }
  return (
    <>
      <PageHeader title="Journey" parent={PARENT} />
      {error === null ? (
        <Loading />
      ) : (
        <ErrorState what="This journey can't be read." error={error} onRetry={() => void refetch()} />
      )}
    </>
  );
}

/** The journey, folded from its events; what was folded before is not folded again. */
function Told({ events }: { events: readonly JourneyEvent[] }) {
  const former = useRef<History>(undefined);
  const told = useMemo(() => {
    try {
      former.current = foldHistory(events, former.current);
      return { history: former.current };
    } catch (error) {
      return { error };
    }
  }, [events]);
  if (told.history !== undefined) return <Drawn history={told.history} />;
  return (
    <>
      <PageHeader title="Journey" parent={PARENT} />
      <ErrorState what="This journey's history can't be shown." error={told.error} />
    </>
  );
}

/** Waits for the flow, which is on its way already, so that the page is drawn once. */
function Drawn({ history }: { history: History }) {
  const { name, version } = history.now;
  if (!useCompiledFlow(name, version).isPending) return <JourneyView history={history} />;
  return (
    <>
      <PageHeader title={name} parent={PARENT} />
      <Loading />
    </>
  );
}

function Unknown({ uuid }: { uuid: string }) {
  const days = useInfo().data?.retention_days;
  return (
    <>
      <PageHeader title="Journey" windowTitle="No such journey" parent={PARENT} />
      <EmptyState
        title="There is no such journey"
        icon={IconSearch}
        actions={
          <Button component={Link} to="/journeys" variant="filled">
            All journeys
          </Button>
        }
      >
        Nothing is known of <span className="ag-mono">{uuid}</span> on this profile. Check the uuid and the profile
        above; a journey that ended more than {days ?? 30} days ago may have left the retention time.
      </EmptyState>
    </>
  );
}

/** The places that the parts will take, so that nothing jumps when they come. */
function Loading() {
  return (
    <div className={classes.columns} aria-busy="true">
      <span className="ag-visually-hidden" role="status">
        Loading
      </span>
      <div className={classes.left}>
        <SkeletonBlock height="100%" />
        <SkeletonBlock height={170} />
      </div>
      <SkeletonBlock height="100%" />
    </div>
  );
}
