/** Any two versions of a flow, in words and side by side: `?a=` and `?b=`. */
import { SegmentedControl, Select } from "@mantine/core";
import { lazy, Suspense, useMemo } from "react";
import { useParams, useSearchParams } from "react-router";
import { PageHeader } from "../parts/page-header.tsx";
import { EmptyState, ErrorState, SkeletonBlock } from "../parts/states.tsx";
import { useFlow, useFlows } from "../queries.ts";
import { ChangeList } from "./change-list.tsx";
import { canonicalText, changesBetween, comparableText } from "./changes.ts";
import classes from "./flow-list.module.css";
import { readWorkflow } from "./import-flow.ts";

const FlowDiff = lazy(() => import("./flow-diff.tsx").then((module) => ({ default: module.FlowDiff })));

export function ComparePage() {
  const { name = "" } = useParams();
  const [search, setSearch] = useSearchParams();
  const flows = useFlows();
  const versions = flows.data?.flows.find((flow) => flow.name === name)?.versions.map(({ version }) => version) ?? [];
  const b = search.get("b") ?? versions[0];
  const a = search.get("a") ?? versions[1] ?? b;
  const whole = search.get("view") === "file";
  const set = (change: Record<string, string>) =>
    setSearch({ ...Object.fromEntries(search), ...change }, { replace: true });
  const parent = { to: `/flows/${encodeURIComponent(name)}`, label: name };
  return (
    <>
      <PageHeader title="Compare" windowTitle={`Compare ${name}`} parent={parent} />
      {flows.isError && (
        <ErrorState what="The flows can't be read." error={flows.error} onRetry={() => flows.refetch()} />
      )}
      {flows.isSuccess && versions.length === 0 && <EmptyState title={`There is no flow ${name}`} />}
      {a !== undefined && b !== undefined && (
        <>
          <div className={classes.choose}>
            <Select
              label="From version"
              data={versions}
              value={a}
              onChange={(v) => v !== null && set({ a: v })}
              allowDeselect={false}
              searchable
            />
            <Select
              label="To version"
              data={versions}
              value={b}
              onChange={(v) => v !== null && set({ b: v })}
              allowDeselect={false}
              searchable
            />
            <SegmentedControl
              aria-label="What to compare"
              value={whole ? "file" : "runs"}
              onChange={(view) => set({ view })}
              data={[
                { value: "runs", label: "What runs" },
                { value: "file", label: "The whole file" },
              ]}
            />
          </div>
          <Difference key={`${a} ${b}`} name={name} a={a} b={b} whole={whole} />
        </>
      )}
    </>
  );
}

function Difference({ name, a, b, whole }: { name: string; a: string; b: string; whole: boolean }) {
  const before = useFlow(name, a);
  const after = useFlow(name, b);
  const [old, now] = [before.data, after.data];
  const compared = useMemo(() => {
    if (old === undefined || now === undefined) return undefined;
    const [was, is] = [readWorkflow(old.workflow), readWorkflow(now.workflow)];
    // What can't be read as a flow can still be compared as a file.
    if (!was.ok || !is.ok || whole) {
      const changes = was.ok && is.ok ? changesBetween(was.workflow, is.workflow) : undefined;
      return { changes, before: canonicalText(old), after: canonicalText(now) };
    }
    return {
      changes: changesBetween(was.workflow, is.workflow),
      before: comparableText(was.workflow),
      after: comparableText(is.workflow),
    };
  }, [old, now, whole]);
  const failed = before.isError ? before : after.isError ? after : undefined;
  if (failed !== undefined) {
    return <ErrorState what="A version can't be read." error={failed.error} onRetry={() => failed.refetch()} />;
  }
  if (compared === undefined) return <SkeletonBlock height="50vh" />;
  return (
    <>
      {compared.changes !== undefined && <ChangeList changes={compared.changes} />}
      <div className={classes.compare}>
        <Suspense fallback={<SkeletonBlock height="50vh" />}>
          <FlowDiff
            before={{ label: `Version ${a}`, text: compared.before }}
            after={{ label: `Version ${b}`, text: compared.after }}
          />
        </Suspense>
      </div>
    </>
  );
}
