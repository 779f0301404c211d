import { Button, Progress, Textarea, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import type { JourneyRow } from "../../../engine/audit/store.ts";
import type { JourneyStatus } from "../../../engine/core/view.ts";
import { useStreamMessages } from "../../live-queries.ts";
import { plural } from "../../parts/format.ts";
import { IconAlertTriangle } from "../../parts/icons.ts";
import { SideSheet } from "../../parts/side-sheet.tsx";
import { useProfile } from "../../queries.ts";
import type { BulkAction } from "./bulk-actions.ts";
import { BulkRow } from "./bulk-row.tsx";
import classes from "./bulk-sheet.module.css";
import { type BulkRun, type RowState, useBulkRun } from "./use-bulk-run.ts";

interface BulkSheetProps {
  action: BulkAction;
  /** Exactly these. */
  journeys: JourneyRow[];
  onClose: () => void;
}

/** One action on many journeys: the dry run of each, a reason, one button, and the outcome of each. */
export function BulkSheet({ action, journeys, onClose }: BulkSheetProps) {
  const uuids = useMemo(() => journeys.map(({ uuid }) => uuid), [journeys]);
  const run = useBulkRun(action, uuids);
  const prod = useProfile()?.environment === "prod";
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const statuses = useLiveStatuses(uuids);
  const sum = summarize(run.rows.values());
  const asking = run.phase === "dry run" || run.phase === "ready";
  const confirmed = !prod || (reason.trim() !== "" && typed.trim() === String(sum.previewed));
  const total = asking ? journeys.length : journeys.length - sum.refusedByDryRun;

  return (
    <SideSheet
      opened
      onClose={onClose}
      busy={run.phase === "sending"}
      title={`${action.label} ${plural(journeys.length, "journey")}`}
      width={720}
      footer={
        <Footer
          action={action}
          run={run}
          count={sum.previewed}
          confirmed={confirmed}
          onSend={() => run.send(reason.trim())}
          onClose={onClose}
        />
      }
    >
      <p className={classes.explain}>
        {action.explain} {asking && "This is what will be sent, and nothing else."}
      </p>
      {(run.phase === "dry run" || run.phase === "sending") && (
        <div>
          <Progress
            value={(run.settled / Math.max(1, total)) * 100}
            aria-label={run.phase === "dry run" ? "Dry runs done" : "Journeys sent to"}
          />
          <p className={classes.progress} role="status">
            {run.phase === "dry run" ? "Dry run" : "Sending"}: {run.settled} of {total}
          </p>
        </div>
      )}
      {(run.phase === "ready" || run.phase === "sent") && (
        <p className={classes.sum} role="status">
          {run.phase === "ready" ? describeDryRun(sum) : describeOutcome(sum)}
        </p>
      )}
      {run.phase === "ready" && sum.irreversible > 0 && (
        <p className={classes.warn}>
          <IconAlertTriangle size={16} aria-hidden />
          {sum.irreversible === 1 ? "One journey has" : `${sum.irreversible} journeys have`} a step that can't be
          undone; it is named below.
        </p>
      )}
      <ul className={classes.rows} aria-label="Journeys of this action">
        {journeys.map((journey) => (
          <BulkRow
            key={journey.uuid}
            journey={journey}
            status={statuses.get(journey.uuid) ?? journey.status}
            state={run.rows.get(journey.uuid) ?? { kind: "waiting" }}
          />
        ))}
      </ul>
      {asking && (
        <>
          <Textarea
            label="Reason"
            description="It stands in each journey's history, with your name."
            withAsterisk={prod}
            required={prod}
            autosize
            minRows={1}
            maxRows={5}
            maxLength={2000}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            data-autofocus
          />
          {prod && run.phase === "ready" && (
            <TextInput
              label={`Type the number of journeys, ${sum.previewed}, to confirm on prod`}
              inputMode="numeric"
              required
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
          )}
        </>
      )}
    </SideSheet>
  );
}

/** The statuses as they change while the sheet is open. */
function useLiveStatuses(uuids: readonly string[]): ReadonlyMap<string, JourneyStatus> {
  const [statuses, setStatuses] = useState<ReadonlyMap<string, JourneyStatus>>(new Map());
  useStreamMessages((message) => {
    const changes = message.type === "changes" ? (message.changes.journeys ?? []) : [];
    const ours = changes.filter(({ uuid }) => uuids.includes(uuid));
    if (ours.length === 0) return;
    setStatuses((before) => new Map([...before, ...ours.map(({ uuid, status }) => [uuid, status] as const)]));
  });
  return statuses;
}

interface FooterProps {
  action: BulkAction;
  run: BulkRun;
  /** How many journeys it will be sent to. */
  count: number;
  confirmed: boolean;
  onSend: () => void;
  onClose: () => void;
}

function Footer({ action, run, count, confirmed, onSend, onClose }: FooterProps) {
  if (run.phase === "sent") {
    return (
      <Button variant="filled" onClick={onClose}>
        Close
      </Button>
    );
  }
  if (run.phase === "sending") return <Button onClick={run.stop}>Stop after this batch</Button>;
  return (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button
        variant="filled"
        color={action.grave ? "bad" : undefined}
        disabled={run.phase !== "ready" || count === 0 || !confirmed}
        onClick={onSend}
      >
        {action.label} {plural(count, "journey")}
      </Button>
    </>
  );
}

interface Sum {
  previewed: number;
  commands: number;
  irreversible: number;
  refused: number;
  refusedByDryRun: number;
  accepted: number;
  done: number;
}

function summarize(rows: Iterable<RowState>): Sum {
  const sum: Sum = {
    previewed: 0,
    commands: 0,
    irreversible: 0,
    refused: 0,
    refusedByDryRun: 0,
    accepted: 0,
    done: 0,
  };
  for (const row of rows) {
    switch (row.kind) {
      case "previewed":
        sum.previewed += 1;
        sum.commands += row.preview.levels.flat().length;
        if (row.preview.irreversible.length > 0) sum.irreversible += 1;
        break;
      case "refused":
        sum.refused += 1;
        break;
      case "accepted":
        sum.accepted += 1;
        break;
      case "done":
        sum.done += 1;
        break;
      case "waiting":
        break;
      default:
        row satisfies never;
    }
  }
  sum.refusedByDryRun = sum.accepted + sum.done === 0 ? 0 : sum.refused;
  return sum;
}

function describeDryRun({ previewed, commands, refused }: Sum): string {
  const first =
    previewed === 0
      ? "None of these journeys bears this action; nothing would be sent."
      : `${plural(previewed, "journey")}, ${plural(commands, "command")} in all.`;
  return refused === 0 || previewed === 0 ? first : `${first} ${plural(refused, "journey")} refused and left out.`;
}

function describeOutcome({ previewed, accepted, done, refused }: Sum): string {
  const parts = [`${plural(done, "journey")} done`];
  if (accepted > 0) parts.push(`${accepted} accepted, not yet in the history`);
  if (refused > 0) parts.push(`${refused} refused`);
  if (previewed > 0) parts.push(`${previewed} not sent`);
  return `${parts.join(", ")}.`;
}
