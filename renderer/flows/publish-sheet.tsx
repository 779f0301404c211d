/** Publishing: under which version, what differs, what the checker says, and where it goes. */
import { Button, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import { useNavigate } from "react-router";
import { ApiError, api } from "../api.ts";
import { plural } from "../parts/format.ts";
import { SideSheet } from "../parts/side-sheet.tsx";
import { ErrorStrip, SkeletonBlock } from "../parts/states.tsx";
import { useFlows, useProfile } from "../queries.ts";
import { keys } from "../query-keys.ts";
import { ChangeList } from "./change-list.tsx";
import { changesBetween, comparableText } from "./changes.ts";
import classes from "./designer.module.css";
import { useChecked, useDesignerScope } from "./designer-context.ts";
import { useDesigner } from "./designer-store.ts";
import { type FlowDocument, toRecord, type Workflow } from "./document.ts";
import { renameFlow, usedNegations } from "./edit-settings.ts";
import { FindingText, SeverityMark } from "./findings-list.tsx";
import { readWorkflow } from "./import-flow.ts";
import { suggestVersion } from "./versions.ts";

const FlowDiff = lazy(() => import("./flow-diff.tsx").then((module) => ({ default: module.FlowDiff })));

interface PublishSheetProps {
  opened: boolean;
  onClose: () => void;
  flow: string | undefined;
  base: { version?: string; document: FlowDocument };
  onPublished: () => void;
}

export function PublishSheet(props: PublishSheetProps) {
  return props.opened ? <OpenPublishSheet {...props} /> : null;
}

function OpenPublishSheet({ opened, onClose, flow, onPublished }: PublishSheetProps) {
  const { designer, negations } = useDesignerScope();
  const checked = useChecked((now) => now);
  const document = useDesigner(designer, (state) => state.history.present);
  const profile = useProfile();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const name = document.name.trim();
  const versions = useFlows()
    .data?.flows.find((known) => known.name === name)
    ?.versions.map(({ version }) => version);
  const [written, setWritten] = useState<string>();
  const version = (written ?? suggestVersion(versions?.[0], versions ?? [])).trim();
  const last = useLastVersion(name, versions?.[0]);

  const publish = useMutation({
    mutationFn: () => api.publish(toRecord({ ...document, name }, version)),
    onSuccess: async () => {
      onPublished();
      notifications.show({
        title: `${name} ${version} is published`,
        message: "New journeys take it; running ones stay on theirs.",
      });
      await queries.invalidateQueries({ queryKey: keys.flows });
      void navigate(`/flows/${encodeURIComponent(name)}`);
    },
  });

  const problems = {
    name: name === "" ? "A flow needs a name." : undefined,
    version:
      version === ""
        ? "A version is needed."
        : versions?.includes(version)
          ? `Version ${version} exists, and a published version never changes.`
          : undefined,
  };
  const blocked = checked.errors > 0 || problems.name !== undefined || problems.version !== undefined;
  return (
    <SideSheet
      opened={opened}
      onClose={onClose}
      title={flow === undefined ? "Publish a new flow" : `Publish ${flow}`}
      width={680}
      busy={publish.isPending}
      footer={
        <>
          <Button onClick={onClose} disabled={publish.isPending}>
            Cancel
          </Button>
          <Button variant="filled" disabled={blocked} loading={publish.isPending} onClick={() => publish.mutate()}>
            Publish version {version || "?"} on {profile?.name}
          </Button>
        </>
      }
    >
      <form
        className={classes.publishFields}
        onSubmit={(event) => {
          event.preventDefault();
          if (!blocked && !publish.isPending) publish.mutate();
        }}
      >
        {flow === undefined && (
          <TextInput
            label="Name"
            value={document.name}
            error={problems.name}
            description={
              versions === undefined ? undefined : "A flow of this name exists: this becomes its next version."
            }
            onChange={(event) => {
              const value = event.currentTarget.value;
              designer.change((current) => renameFlow(current, value), "name");
            }}
            data-autofocus
          />
        )}
        <TextInput
          label="Version"
          description={
            versions?.[0] === undefined ? "Any text; the first is usually 1." : `The newest is ${versions[0]}.`
          }
          value={written ?? version}
          error={problems.version}
          onChange={(event) => setWritten(event.currentTarget.value)}
          data-autofocus={flow !== undefined || undefined}
        />
        <button type="submit" hidden disabled={blocked} />
      </form>
      {publish.isError && <ErrorStrip what={whatFailed(publish.error)} error={publish.error} />}
      <Findings />
      <Negations workflow={document.workflow} negations={usedNegations(document.workflow, negations)} />
      {last !== undefined && <Differences last={last} now={document.workflow} version={versions?.[0] ?? ""} />}
    </SideSheet>
  );
}

function Findings() {
  const checked = useChecked((now) => now);
  if (checked.findings.length === 0) return <p className={classes.panelNote}>The checker finds nothing.</p>;
  const sorted = [...checked.findings].sort((a, b) => a.severity.localeCompare(b.severity));
  return (
    <section>
      <h3 className={classes.sheetTitle}>
        {checked.errors > 0
          ? `${plural(checked.errors, "error")} to mend first`
          : plural(checked.warnings, "warning")}
      </h3>
      <ul className={classes.findings}>
        {sorted.map((finding) => (
          <li key={`${finding.code} ${finding.node} ${finding.message}`} className={classes.finding}>
            <SeverityMark severity={finding.severity} />
            <div className={classes.findingText}>
              <FindingText finding={finding} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Without a list of its own the flow gets the profile's now, and keeps it. */
function Negations({
  workflow,
  negations,
}: {
  workflow: Workflow;
  negations: Record<string, Record<string, string[]>>;
}) {
  if (workflow.negations !== undefined) return null;
  const lines = Object.entries(negations).flatMap(([service, functions]) =>
    Object.entries(functions).map(([name, undo]) => `${service}.${name}: ${undo.join(", ")}`),
  );
  return (
    <section>
      <h3 className={classes.sheetTitle}>Negations written into it, from the profile's list</h3>
      {lines.length === 0 ? (
        <p className={classes.panelNote}>The profile knows none for these functions: nothing would be undone.</p>
      ) : (
        <ul className={classes.plainList}>
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Differences({ last, now, version }: { last: Workflow; now: Workflow; version: string }) {
  const [opened, setOpened] = useState(false);
  const changes = useMemo(() => changesBetween(last, now), [last, now]);
  return (
    <section>
      <div className={classes.sheetTitleRow}>
        <h3 className={classes.sheetTitle}>Since version {version}</h3>
        {changes.length > 0 && (
          <Button variant="subtle" onClick={() => setOpened(!opened)} aria-expanded={opened}>
            {opened ? "Hide the texts" : "Side by side"}
          </Button>
        )}
      </div>
      <ChangeList changes={changes} />
      {opened && (
        <Suspense fallback={<SkeletonBlock height={240} />}>
          <FlowDiff
            before={{ label: `Version ${version}`, text: comparableText(last) }}
            after={{ label: "This draft", text: comparableText(now) }}
            height={320}
          />
        </Suspense>
      )}
    </section>
  );
}

function useLastVersion(name: string, version: string | undefined): Workflow | undefined {
  const { data } = useQuery({
    queryKey: keys.flow(name, version ?? ""),
    queryFn: ({ signal }) => api.flow(name, version ?? "", signal),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: version !== undefined,
  });
  return useMemo(() => {
    const read = data === undefined ? undefined : readWorkflow(data.workflow);
    return read?.ok ? read.workflow : undefined;
  }, [data]);
}

function whatFailed(error: unknown): string {
  return error instanceof ApiError && error.code === "flow_version_exists"
    ? "Somebody else has published this version meanwhile."
    : "It wasn't published.";
}
