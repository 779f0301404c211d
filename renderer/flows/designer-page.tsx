/** Opens a flow in the designer: its newest version, another one (?from=), the draft that was left, or a new flow. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useParams, useSearchParams } from "react-router";
import { api } from "../api.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { EmptyState, ErrorState, SkeletonBlock } from "../parts/states.tsx";
import { useFlows, useProfile } from "../queries.ts";
import { keys } from "../query-keys.ts";
import { DesignerView } from "./designer-view.tsx";
import { emptyDocument, type FlowDocument } from "./document.ts";
import { loadDraft } from "./draft.ts";
import { readWorkflow } from "./import-flow.ts";

/** `/flows/new/draw` */
export function NewFlowPage() {
  const profile = useProfile();
  const [base] = useState(() => emptyDocument());
  if (profile === undefined) return <Opening title="New flow" />;
  return <OpenDesigner profile={profile.name} base={{ document: base }} />;
}

/** `/flows/:name/design?from=VERSION` */
export function DesignFlowPage() {
  const { name = "" } = useParams();
  const [search] = useSearchParams();
  const profile = useProfile();
  const flows = useFlows();
  const versions = flows.data?.flows.find((flow) => flow.name === name)?.versions;
  const newest = versions?.[0]?.version;
  // A version that is published meanwhile must not take the place of what is being drawn.
  const [opened, setOpened] = useState(newest);
  if (opened === undefined && newest !== undefined) setOpened(newest);
  const version = search.get("from") ?? opened;
  const record = useQuery({
    queryKey: keys.flow(name, version ?? ""),
    queryFn: ({ signal }) => api.flow(name, version ?? "", signal),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: version !== undefined,
  });
  if (flows.isError) {
    return <ErrorState what="The flows can't be read." error={flows.error} onRetry={() => flows.refetch()} />;
  }
  if (record.isError) {
    return <ErrorState what={`${name} can't be opened.`} error={record.error} onRetry={() => record.refetch()} />;
  }
  if (flows.isSuccess && newest === undefined) {
    return <EmptyState title={`There is no flow ${name}`}>It may have been published on another profile.</EmptyState>;
  }
  if (record.data === undefined || profile === undefined || version === undefined) return <Opening title={name} />;
  const read = readWorkflow(record.data.workflow);
  if (!read.ok) {
    return (
      <EmptyState title={`${name} ${version} can't be drawn`}>
        What was published can't be read: {read.problem}
      </EmptyState>
    );
  }
  const document = { name, workflow: read.workflow };
  return <OpenDesigner key={version} profile={profile.name} flow={name} base={{ version, document }} />;
}

function OpenDesigner(props: { profile: string; flow?: string; base: { version?: string; document: FlowDocument } }) {
  const [base] = useState(props.base);
  const [draft] = useState(() => loadDraft(localStorage, props.profile, props.flow));
  return <DesignerView profile={props.profile} flow={props.flow} base={base} draft={draft} />;
}

function Opening({ title }: { title: string }) {
  return (
    <>
      <PageHeader title={title} parent={{ to: "/flows", label: "Flows" }} />
      <SkeletonBlock height="60vh" />
    </>
  );
}
