/** One flow: its versions with how they fare, and what the chosen one looks like. */
import { Button, Checkbox } from "@mantine/core";
import { lazy, Suspense, useMemo, useState } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import type { FlowVersion } from "../../engine/api/schemas.ts";
import { count, duration, percent, plural } from "../parts/format.ts";
import { IconAlertTriangle, IconPencil, IconPlayerPlay } from "../parts/icons.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { EmptyState, ErrorState, ErrorStrip, SkeletonBlock, SkeletonRows } from "../parts/states.tsx";
import { Badge } from "../parts/status-badge.tsx";
import { Time } from "../parts/time.tsx";
import { useFlow, useFlows, useProfile } from "../queries.ts";
import { openStartJourney } from "../start/start-store.ts";
import classes from "./flow-list.module.css";
import { sumUp } from "./flow-stats.ts";
import { readWorkflow } from "./import-flow.ts";

const RunGraphs = lazy(() => import("./run-graphs.tsx").then((module) => ({ default: module.RunGraphs })));

export function FlowPage() {
  const { name = "" } = useParams();
  const flows = useFlows();
  const readOnly = useProfile()?.read_only === true;
  const [search, setSearch] = useSearchParams();
  const flow = flows.data?.flows.find((known) => known.name === name);
  const version = search.get("version") ?? flow?.versions[0]?.version;
  const parent = { to: "/flows", label: "Flows" };
  const path = `/flows/${encodeURIComponent(name)}`;
  if (flows.data === undefined) {
    return (
      <>
        <PageHeader title={name} parent={parent} />
        {flows.isError ? (
          <ErrorState what="The flows can't be read." error={flows.error} onRetry={() => flows.refetch()} />
        ) : (
          <SkeletonRows rows={8} />
        )}
      </>
    );
  }
  if (flow === undefined || version === undefined) {
    return (
      <>
        <PageHeader title={name} parent={parent} />
        <EmptyState
          title={`There is no flow ${name}`}
          actions={
            <Button component={Link} to="/flows">
              All flows
            </Button>
          }
        >
          It may have been published on another profile.
        </EmptyState>
      </>
    );
  }
  return (
    <>
      <PageHeader
        title={name}
        parent={parent}
        note={plural(flow.versions.length, "version")}
        actions={
          <>
            <Button component={Link} to={`/journeys?name=${encodeURIComponent(name)}`}>
              Its journeys
            </Button>
            {!readOnly && (
              <Button leftSection={<IconPlayerPlay size={15} />} onClick={() => openStartJourney({ name, version })}>
                Start v{version}
              </Button>
            )}
            <Button
              component={Link}
              to={`${path}/design?from=${encodeURIComponent(version)}`}
              variant="filled"
              leftSection={<IconPencil size={15} />}
            >
              Design from v{version}
            </Button>
          </>
        }
      />
      {flows.isError && (
        <ErrorStrip what="What you see may be old." error={flows.error} onRetry={() => flows.refetch()} />
      )}
      <Versions
        path={path}
        versions={flow.versions}
        shown={version}
        onShow={(chosen) => setSearch({ version: chosen }, { replace: true })}
      />
      <Picture
        name={name}
        version={version}
        findings={flow.versions.find((v) => v.version === version)?.findings ?? []}
      />
    </>
  );
}

interface VersionsProps {
  path: string;
  versions: FlowVersion[];
  shown: string;
  onShow: (version: string) => void;
}

function Versions({ path, versions, shown, onShow }: VersionsProps) {
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<string[]>([]);
  // The two chosen last, the older one on the left.
  const choose = (version: string, on: boolean) =>
    setChosen((old) => (on ? [...old, version].slice(-2) : old.filter((other) => other !== version)));
  const pair = versions.map(({ version }) => version).filter((version) => chosen.includes(version));
  const compare = () => {
    const [b = "", a = ""] = pair;
    void navigate(`${path}/compare?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`);
  };
  return (
    <div className={classes.card}>
      <table className={classes.table}>
        <caption className="ag-visually-hidden">Versions, newest first</caption>
        <thead>
          <tr>
            <td>
              {versions.length > 1 && (
                <Button onClick={compare} disabled={pair.length < 2} title="Choose two versions to compare">
                  Compare
                </Button>
              )}
            </td>
            <th scope="col">Version</th>
            <th scope="col">Published</th>
            <th scope="col" className="ag-num">
              Steps
            </th>
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
          {versions.map((version) => (
            <VersionRow
              key={version.version}
              version={version}
              shown={version.version === shown}
              chosen={chosen.includes(version.version)}
              onChoose={versions.length > 1 ? (on) => choose(version.version, on) : undefined}
              onShow={() => onShow(version.version)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface VersionRowProps {
  version: FlowVersion;
  shown: boolean;
  chosen: boolean;
  onChoose?: (on: boolean) => void;
  onShow: () => void;
}

function VersionRow({ version, shown, chosen, onChoose, onShow }: VersionRowProps) {
  const sums = sumUp([version]);
  return (
    <tr className={classes.row} aria-current={shown || undefined} data-shown={shown || undefined} onClick={onShow}>
      <td>
        {onChoose !== undefined && (
          <Checkbox
            checked={chosen}
            aria-label={`Compare version ${version.version}`}
            onClick={(event) => event.stopPropagation()}
            onChange={(event) => onChoose(event.currentTarget.checked)}
          />
        )}
      </td>
      <th scope="row">
        <button type="button" className={classes.versionButton} onClick={onShow} aria-pressed={shown}>
          v{version.version}
        </button>
        {version.conflicts > 0 && (
          <Badge tone="warn" title="Later records of this version with other content are ignored">
            <IconAlertTriangle size={14} aria-hidden /> {plural(version.conflicts, "conflict")}
          </Badge>
        )}
      </th>
      <td>
        <Time at={version.published_at} />
      </td>
      <td className="ag-num">{count(version.steps)}</td>
      <td className="ag-num">{count(version.running)}</td>
      <td className="ag-num">{count(sums.ended)}</td>
      <td className="ag-num">{sums.success === undefined ? "–" : percent(sums.success)}</td>
      <td className="ag-num">{sums.rollback === undefined ? "–" : percent(sums.rollback)}</td>
      <td className="ag-num">{version.p50_ms === undefined ? "–" : duration(version.p50_ms)}</td>
      <td className="ag-num">{version.p95_ms === undefined ? "–" : duration(version.p95_ms)}</td>
      <td>
        {version.slowest_step === undefined
          ? "–"
          : `${version.slowest_step.step} (p95 ${duration(version.slowest_step.p95_ms)})`}
      </td>
    </tr>
  );
}

function Picture({ name, version, findings }: { name: string; version: string; findings: FlowVersion["findings"] }) {
  const record = useFlow(name, version);
  const workflow = useMemo(() => {
    const read = record.data === undefined ? undefined : readWorkflow(record.data.workflow);
    return read?.ok ? read.workflow : undefined;
  }, [record.data]);
  if (record.isError) {
    return (
      <ErrorState what={`Version ${version} can't be read.`} error={record.error} onRetry={() => record.refetch()} />
    );
  }
  if (record.data === undefined) return <SkeletonBlock height={300} />;
  return (
    <>
      <h2 className={classes.sectionTitle}>Version {version}</h2>
      {findings.length > 0 && (
        <ul className={classes.findings}>
          {findings.map((finding) => (
            <li key={`${finding.code} ${finding.message}`}>
              <Badge tone={finding.severity === "error" ? "bad" : "warn"}>{finding.severity}</Badge> {finding.message}
            </li>
          ))}
        </ul>
      )}
      {workflow !== undefined && (
        <div className={classes.graphs}>
          <Suspense fallback={<SkeletonBlock height={300} />}>
            <RunGraphs workflow={workflow} />
          </Suspense>
        </div>
      )}
    </>
  );
}
