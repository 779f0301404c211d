/** One flow: its versions with how they fare, and what the chosen one looks like. */
import { Button } from "@mantine/core";
import { lazy, Suspense, useMemo } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import type { FlowVersion } from "../../engine/api/schemas/flow.ts";
import { plural } from "../parts/format.ts";
import { IconPencil, IconPlayerPlay } from "../parts/icons.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { EmptyState, ErrorState, ErrorStrip, SkeletonBlock, SkeletonRows } from "../parts/states.tsx";
import { Badge } from "../parts/status-badge.tsx";
import { useFlow, useFlows, useProfile } from "../queries.ts";
import { openStartJourney } from "../start/start-store.ts";
import classes from "./flow-list.module.css";
import { FlowVersions } from "./flow-versions.tsx";
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
            <Button component={Link} to={`/journeys?flow=${encodeURIComponent(name)}`}>
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
      <FlowVersions
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
