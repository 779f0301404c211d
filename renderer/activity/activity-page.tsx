import { ActionIcon, Button, Select, Tooltip } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";
import type { ActivityPage as ActivityAnswer } from "../../engine/api/schemas/history.ts";
import { api } from "../api.ts";
import type { CsvColumn } from "../parts/csv.ts";
import { ExportButton } from "../parts/export-button.tsx";
import { shortId, zone } from "../parts/format.ts";
import { IconFilterOff, IconHistory } from "../parts/icons.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { EmptyState, ErrorState, ErrorStrip, SkeletonRows } from "../parts/states.tsx";
import { Badge } from "../parts/status-badge.tsx";
import table from "../parts/table.module.css";
import { Time } from "../parts/time.tsx";
import { TypedFilter } from "../parts/typed-filter.tsx";
import { keys } from "../query-keys.ts";
import { ACTION_WORDS, actionWord, refusalWord } from "./action-words.ts";
import classes from "./activity.module.css";

type ActivityRow = ActivityAnswer["activity"][number];

const PAGE_ROWS = 100;
/** Pages that are kept and read anew when something happens; older ones are a click away in the export. */
const MAXIMUM_PAGES = 20;

const ACTIONS = Object.entries(ACTION_WORDS).map(([value, label]) => ({ value, label }));

const COLUMNS: readonly CsvColumn<ActivityRow>[] = [
  { head: "at", value: (row) => row.at },
  { head: "actor", value: (row) => row.actor },
  { head: "action", value: (row) => row.action },
  { head: "outcome", value: (row) => row.outcome },
  { head: "reason", value: (row) => row.reason },
  { head: "flow", value: (row) => ("uuid" in row ? row.name : "") },
  { head: "version", value: (row) => ("uuid" in row ? row.version : "") },
  { head: "uuid", value: (row) => ("uuid" in row ? row.uuid : "") },
  { head: "seq", value: (row) => ("uuid" in row ? row.seq : "") },
  { head: "profile", value: (row) => ("profile" in row ? row.profile : "") },
];

/** Who did what? */
export function ActivityPage() {
  const [parameters, setParameters] = useSearchParams();
  const filter = {
    actor: parameters.get("actor") ?? undefined,
    action: parameters.get("action") ?? undefined,
    q: parameters.get("q") ?? undefined,
  };
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  const { data, error, isPending, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: keys.activity(filter),
    queryFn: ({ pageParam, signal }) => api.activity({ ...filter, cursor: pageParam, limit: PAGE_ROWS }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }, pages) => (pages.length < MAXIMUM_PAGES ? (next ?? undefined) : undefined),
    placeholderData: (before) => before,
  });
  const rows = data?.pages.flatMap(({ activity }) => activity) ?? [];

  const change = (name: "actor" | "action" | "q", value: string | undefined) =>
    setParameters(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === undefined || value === "") next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: name !== "action" },
    );

  return (
    <>
      <PageHeader
        title="Activity"
        note="what operators did, newest first"
        actions={
          <ExportButton
            fileName="activity"
            columns={COLUMNS}
            readPage={async (cursor, signal) => {
              const { activity, next } = await api.activity({ ...filter, cursor, limit: 200 }, signal);
              return { rows: activity, next };
            }}
          />
        }
      />
      <search className={classes.bar} aria-label="Filter activity">
        <TypedFilter
          label="Actor"
          placeholder="Any actor"
          value={filter.actor}
          onChange={(actor) => change("actor", actor)}
        />
        <Select
          aria-label="Action"
          placeholder="Any action"
          data={ACTIONS}
          searchable
          value={filter.action ?? null}
          onChange={(action) => change("action", action ?? undefined)}
          clearable
        />
        <TypedFilter
          label="Text in journeys, flows and reasons"
          placeholder="in journeys, flows, reasons"
          value={filter.q}
          onChange={(text) => change("q", text)}
          shortcut="Search in activity"
        />
        {isFiltered && (
          <Tooltip label="Clear the filter">
            <ActionIcon onClick={() => setParameters({})} aria-label="Clear the filter">
              <IconFilterOff size={17} />
            </ActionIcon>
          </Tooltip>
        )}
      </search>
      {error !== null && data !== undefined && (
        <ErrorStrip what="Not up to date." error={error} onRetry={() => void refetch()} />
      )}
      {isPending ? (
        <SkeletonRows rows={10} />
      ) : data === undefined ? (
        <ErrorState what="The activity can't be read." error={error} onRetry={() => void refetch()} />
      ) : rows.length === 0 ? (
        <EmptyState title={isFiltered ? "No action fits" : "Nobody has done anything yet"} icon={IconHistory}>
          {isFiltered
            ? "Look for another actor or action, or for less text."
            : "Rollbacks, retries, replays and everything else that operators do with journeys will stand here, with who and why."}
        </EmptyState>
      ) : (
        <>
          <ActivityTable rows={rows} />
          {hasNextPage && (
            <div className={classes.more}>
              <Button onClick={() => void fetchNextPage()} loading={isFetchingNextPage}>
                Show older ones
              </Button>
            </div>
          )}
        </>
      )}
    </>
  );
}

function ActivityTable({ rows }: { rows: readonly ActivityRow[] }) {
  return (
    <div className={table.box}>
      <table className={table.table}>
        <caption className="ag-visually-hidden">Operators' actions, newest first</caption>
        <thead>
          <tr>
            <th>When ({zone()})</th>
            <th>Actor</th>
            <th>Action</th>
            <th>Journey or profile</th>
            <th>Reason</th>
            <th>Outcome</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.at} ${"uuid" in row ? `${row.uuid} ${row.seq}` : row.profile} ${row.action}`}>
              <td>
                <Time at={row.at} copy />
              </td>
              <td>{row.actor}</td>
              <td>
                <b title={row.action}>{actionWord(row.action)}</b>
              </td>
              <td>
                <What row={row} />
              </td>
              <td className={`${table.wrap} ${classes.reason}`}>
                {row.reason === "" ? <span className="ag-dim">none given</span> : row.reason}
              </td>
              <td>{row.outcome === "done" ? <Badge tone="ok">done</Badge> : <Refused code={row.outcome} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Refused({ code }: { code: string }) {
  const why = refusalWord(code);
  return (
    <>
      <Badge tone="bad">refused</Badge>
      {why !== undefined && <div className={classes.why}>{why}</div>}
    </>
  );
}

/** What it was done to: a journey, or a profile of this console. */
function What({ row }: { row: ActivityRow }) {
  if ("profile" in row) return <span className="ag-truncate">profile {row.profile}</span>;
  return (
    <>
      <Link to={`/journeys/${row.uuid}?seq=${row.seq}`} className={`${classes.journey} ag-mono`} title={row.uuid}>
        {shortId(row.uuid)}
      </Link>{" "}
      <span className={`${classes.flow} ag-truncate`} title={`${row.name} version ${row.version}`}>
        {row.name} <span className="ag-dim">v{row.version}</span>
      </span>
    </>
  );
}
