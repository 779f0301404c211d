/** What do we run, and is it right? */
import { Button, TextInput } from "@mantine/core";
import { Link, useNavigate, useSearchParams } from "react-router";
import type { FlowList as FlowListAnswer } from "../../engine/api/schemas/flow.ts";
import { usePaletteActions } from "../frame/palette-actions.ts";
import { useShortcut } from "../frame/shortcuts.ts";
import { count, duration, percent, plural } from "../parts/format.ts";
import { IconAlertTriangle, IconPlus, IconSearch, IconSitemap, IconUpload } from "../parts/icons.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { EmptyState, ErrorState, ErrorStrip, SkeletonRows } from "../parts/states.tsx";
import { Badge } from "../parts/status-badge.tsx";
import { useFlows, useProfile } from "../queries.ts";
import { listDrafts } from "./draft.ts";
import classes from "./flow-list.module.css";
import { sumUp } from "./flow-stats.ts";
import { ImportButton } from "./import-button.tsx";

type Flow = FlowListAnswer["flows"][number];

export function FlowList() {
  const flows = useFlows();
  const profile = useProfile();
  const [search, setSearch] = useSearchParams();
  const kept = listDrafts(localStorage, profile?.name ?? "");
  const navigate = useNavigate();
  const draw = () => void navigate("/flows/new/draw");
  useShortcut({ keys: "n", does: "Draw a new flow", group: "Flows", run: draw });
  usePaletteActions([{ id: "flows draw", label: "Draw a new flow", icon: IconPlus, run: draw }]);
  const wanted = (search.get("q") ?? "").toLowerCase();
  const all = flows.data?.flows ?? [];
  const shown = all.filter(({ name }) => name.toLowerCase().includes(wanted));
  return (
    <>
      <PageHeader
        title="Flows"
        note={flows.data === undefined ? undefined : plural(all.length, "flow")}
        actions={
          <>
            <ImportButton icon={<IconUpload size={15} />} />
            <NewFlowButton draft={kept.fresh} />
          </>
        }
      />
      {flows.isError && flows.data !== undefined && (
        <ErrorStrip what="What you see may be old." error={flows.error} onRetry={() => flows.refetch()} />
      )}
      {all.length > 6 && (
        <TextInput
          className={classes.search}
          placeholder="Find a flow"
          aria-label="Find a flow"
          leftSection={<IconSearch size={15} />}
          value={search.get("q") ?? ""}
          onChange={(event) =>
            setSearch(event.currentTarget.value === "" ? {} : { q: event.currentTarget.value }, { replace: true })
          }
        />
      )}
      {flows.data === undefined ? (
        flows.isError ? (
          <ErrorState what="The flows can't be read." error={flows.error} onRetry={() => flows.refetch()} />
        ) : (
          <SkeletonRows rows={6} height={44} />
        )
      ) : all.length === 0 ? (
        <EmptyState
          title="No flow has been published yet"
          icon={IconSitemap}
          actions={<NewFlowButton draft={kept.fresh} />}
        >
          A flow is a graph of calls to your services. Draw one, or import a flow file or a Flume export.
        </EmptyState>
      ) : shown.length === 0 ? (
        <EmptyState title={`No flow is called like "${wanted}"`} icon={IconSearch} />
      ) : (
        <Table flows={shown} drafts={kept.flows} />
      )}
    </>
  );
}

function NewFlowButton({ draft }: { draft: boolean }) {
  return (
    <Button component={Link} to="/flows/new/draw" variant="filled" leftSection={<IconPlus size={15} />}>
      {draft ? "Go on with your new flow" : "Draw a flow"}
    </Button>
  );
}

function Table({ flows, drafts }: { flows: Flow[]; drafts: string[] }) {
  return (
    <div className={classes.card}>
      <table className={classes.table}>
        <caption className="ag-visually-hidden">Flows</caption>
        <thead>
          <tr>
            <th scope="col">Flow</th>
            <th scope="col">Newest</th>
            <th scope="col" className="ag-num">
              Running
            </th>
            <th scope="col" className="ag-num">
              Ended
            </th>
            <th scope="col" className="ag-num">
              Success
            </th>
            <th scope="col" className="ag-num">
              Rolled back
            </th>
            <th scope="col" className="ag-num">
              p50
            </th>
            <th scope="col" className="ag-num">
              p95
            </th>
            <th scope="col">Slowest step</th>
          </tr>
        </thead>
        <tbody>
          {flows.map((flow) => (
            <Row key={flow.name} flow={flow} draft={drafts.includes(flow.name)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ flow, draft }: { flow: Flow; draft: boolean }) {
  const navigate = useNavigate();
  const newest = flow.versions[0];
  const sums = sumUp(flow.versions);
  // Percentiles can't be added up: those of the newest version that has run.
  const timed = flow.versions.find((version) => version.p50_ms !== undefined);
  const to = `/flows/${encodeURIComponent(flow.name)}`;
  const findings = newest?.findings.length ?? 0;
  return (
    <tr onClick={() => void navigate(to)} className={classes.row}>
      <th scope="row">
        <Link to={to} onClick={(event) => event.stopPropagation()}>
          {flow.name}
        </Link>
        {draft && <Badge tone="run">draft</Badge>}
        {findings > 0 && (
          <Badge tone="warn" title={newest?.findings.map(({ message }) => message).join("\n")}>
            <IconAlertTriangle size={14} aria-hidden /> {plural(findings, "finding")}
          </Badge>
        )}
      </th>
      <td>
        <TwoLines
          first={`v${newest?.version}`}
          second={`${plural(newest?.steps ?? 0, "step")}${flow.versions.length > 1 ? ` · ${flow.versions.length} versions` : ""}`}
        />
      </td>
      <td className="ag-num">
        <RunningCell flow={flow} total={sums.running} />
      </td>
      <td className="ag-num">{count(sums.ended)}</td>
      <td className="ag-num">{sums.success === undefined ? "–" : percent(sums.success)}</td>
      <td className="ag-num">{sums.rollback === undefined ? "–" : percent(sums.rollback)}</td>
      <td className="ag-num">{timed?.p50_ms === undefined ? "–" : duration(timed.p50_ms)}</td>
      <td className="ag-num">{timed?.p95_ms === undefined ? "–" : duration(timed.p95_ms)}</td>
      <td>
        {timed?.slowest_step === undefined ? (
          "–"
        ) : (
          <TwoLines first={timed.slowest_step.step} second={`p95 ${duration(timed.slowest_step.p95_ms)}`} />
        )}
      </td>
    </tr>
  );
}

/** In all, and on which versions where it is more than one. */
function RunningCell({ flow, total }: { flow: Flow; total: number }) {
  const busy = flow.versions.filter(({ running }) => running > 0);
  if (busy.length < 2) return <>{count(total)}</>;
  return (
    <TwoLines
      first={count(total)}
      second={busy.map(({ version, running }) => `v${version}: ${count(running)}`).join(", ")}
    />
  );
}

function TwoLines({ first, second }: { first: string; second: string }) {
  return (
    <span className={classes.twoLines}>
      {first}
      <span className="ag-dim">{second}</span>
    </span>
  );
}
