import { Button, Select, Switch, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useId, useState } from "react";
import { Link, useNavigate } from "react-router";
import { api } from "../api.ts";
import { shortId } from "../parts/format.ts";
import { formatJson, JsonField, parseJson } from "../parts/json-view.tsx";
import { SideSheet } from "../parts/side-sheet.tsx";
import { describeError, EmptyState, ErrorState, ErrorStrip, SkeletonRows } from "../parts/states.tsx";
import { useFlows, useProfile } from "../queries.ts";
import { rememberedFlow, rememberedInput, rememberInput } from "./remembered-input.ts";
import classes from "./start-sheet.module.css";
import type { StartSuggestion } from "./start-store.ts";

interface StartSheetProps {
  suggestion: StartSuggestion;
  onClose: () => void;
}

/** Starts a journey: which flow, which version, with which input. The input of last time is there already. */
export function StartSheet({ suggestion, onClose }: StartSheetProps) {
  const flows = useFlows();
  const list = flows.data?.flows ?? [];
  if (flows.isPending || flows.isError || list.length === 0) {
    return (
      <SideSheet opened onClose={onClose} title="Start a journey">
        {flows.isPending && <SkeletonRows rows={4} />}
        {flows.isError && (
          <ErrorState what="The flows can't be read." error={flows.error} onRetry={() => void flows.refetch()} />
        )}
        {flows.isSuccess && (
          <EmptyState title="No flow is published yet">
            Draw one, or import a flow file, on the page <Link to="/flows">Flows</Link>.
          </EmptyState>
        )}
      </SideSheet>
    );
  }
  return <StartForm flows={list} suggestion={suggestion} onClose={onClose} />;
}

interface StartFormProps extends StartSheetProps {
  flows: { name: string; versions: { version: string }[] }[];
}

function StartForm({ flows, suggestion, onClose }: StartFormProps) {
  const navigate = useNavigate();
  const errorId = useId();
  const prod = useProfile()?.environment === "prod";
  const first = flows.find(({ name }) => name === (suggestion.name ?? rememberedFlow())) ?? flows[0];
  const [name, setName] = useState(first?.name ?? "");
  const [version, setVersion] = useState(suggestion.version ?? "");
  const [text, setText] = useState(() =>
    suggestion.data === undefined ? rememberedInput(name) : formatJson(suggestion.data),
  );
  const [reason, setReason] = useState("");
  const [another, setAnother] = useState(false);
  // Made once per sent journey: a second press of the button, or a retry, can't start two.
  const [uuid, setUuid] = useState(() => crypto.randomUUID());
  const parsed = parseJson(text);
  const complete = parsed.ok && (!prod || reason.trim() !== "");
  const versions = flows.find((flow) => flow.name === name)?.versions ?? [];

  const start = useMutation({
    mutationFn: (data: unknown) =>
      api.start({ name, version: version === "" ? undefined : version, data, uuid, reason: reason.trim() }),
    onSuccess: (answer) => {
      if (!prod) rememberInput(name, text);
      const queued = "queued" in answer && answer.queued;
      notifications.show({
        title: queued ? "Kept, and sent later" : "Journey started",
        message: queued
          ? "The bus can't be reached. The start is on disk and goes out once it is back."
          : shortId(uuid),
        color: queued ? "yellow" : "accent",
      });
      setUuid(crypto.randomUUID());
      if (another) return;
      onClose();
      // Kept on disk only, it has no page yet.
      if (!queued) void navigate(`/journeys/${uuid}`);
    },
  });

  const choose = (next: string) => {
    setName(next);
    setVersion("");
    setText(rememberedInput(next));
    start.reset();
  };
  const send = () => {
    if (parsed.ok && complete && !start.isPending) start.mutate(parsed.value ?? {});
  };

  return (
    <SideSheet
      opened
      onClose={onClose}
      title="Start a journey"
      busy={start.isPending}
      footer={
        <>
          <Switch
            label="Keep this open to start another"
            checked={another}
            onChange={(event) => setAnother(event.currentTarget.checked)}
            className={classes.another}
          />
          <Button onClick={onClose} disabled={start.isPending}>
            Cancel
          </Button>
          <Button variant="filled" onClick={send} loading={start.isPending} disabled={!complete}>
            Start {name}
          </Button>
        </>
      }
    >
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
        }}
      >
        <div className={classes.flow}>
          <Select
            label="Flow"
            data={flows.map((flow) => flow.name)}
            value={name}
            onChange={(next) => next !== null && choose(next)}
            searchable
            allowDeselect={false}
          />
          <Select
            label="Version"
            data={[
              { value: "", label: `newest (${versions[0]?.version ?? "none"})` },
              ...versions.map((entry) => ({ value: entry.version, label: entry.version })),
            ]}
            value={version}
            onChange={(next) => setVersion(next ?? "")}
            allowDeselect={false}
          />
        </div>
        <div>
          <div className={classes.label}>
            Input
            <NewestInput flow={name} onInput={(input) => setText(formatJson(input))} />
            <span className={classes.grow} />
            <span className="ag-dim">JSON; Ctrl Enter starts</span>
          </div>
          <JsonField
            label={`Input of the journey of ${name}`}
            value={text}
            onChange={setText}
            minHeight={180}
            maxHeight={420}
            describedBy={errorId}
          />
          <p id={errorId} className={classes.invalid} aria-live="polite">
            {parsed.ok ? "" : parsed.message}
          </p>
        </div>
        <TextInput
          label="Reason"
          description="It stands in the journey's history, with your name."
          maxLength={2000}
          withAsterisk={prod}
          required={prod}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {start.error !== null && <ErrorStrip what="Not started." error={start.error} onRetry={send} />}
      </form>
    </SideSheet>
  );
}

/** Takes over the input of the flow's newest journey: the quickest way to an input that fits. */
function NewestInput({ flow, onInput }: { flow: string; onInput: (input: unknown) => void }) {
  const take = useMutation({
    mutationFn: async () => {
      const { journeys } = await api.journeys({ name: flow, limit: 1 });
      const newest = journeys[0];
      if (newest === undefined) throw new Error(`No journey of ${flow} has been started yet.`);
      return (await api.journey(newest.uuid)).input;
    },
    onSuccess: onInput,
    onError: (error) => {
      const { message } = describeError(error);
      notifications.show({ color: "yellow", title: "No input to take over", message });
    },
  });
  return (
    <Button size="compact-xs" variant="subtle" loading={take.isPending} onClick={() => take.mutate()}>
      as in the newest journey
    </Button>
  );
}
