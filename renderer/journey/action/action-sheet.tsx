/**
 * One action on one journey: what will be sent, in order; why it is done; one button; and what came of it. The evidence
 * stays in sight beside it.
 */
import { Button, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import type { CompiledFlow } from "../../../engine/core/flow.ts";
import type { Preview } from "../../../engine/core/view.ts";
import { ApiError } from "../../api.ts";
import { formatJson } from "../../parts/json-view.tsx";
import { SideSheet } from "../../parts/side-sheet.tsx";
import { ErrorStrip, SkeletonRows } from "../../parts/states.tsx";
import { useProfile } from "../../queries.ts";
import type { History } from "../history.ts";
import { type Offer, offersOf } from "../offers.ts";
import classes from "./action.module.css";
import { ActionFields } from "./action-fields.tsx";
import { type ActionForm, failedStep, firstForm, makeRequest } from "./action-form.ts";
import { Outcome } from "./action-outcome.tsx";
import { PlanView } from "./plan-view.tsx";
import { explainAction, sendLabel } from "./texts.ts";
import { type DryRun, useDryRun } from "./use-dry-run.ts";
import { type Send, useSending } from "./use-sending.ts";

interface ActionSheetProps {
  offer: Offer;
  history: History;
  flow: CompiledFlow;
  onClose: () => void;
  /** Opens another action in its place. */
  onOffer: (offer: Offer) => void;
}

/** So many characters of the uuid's end are typed on prod. */
const TYPED_CHARS = 6;
const NOTHING: Preview = { plan: "", seq: 0, levels: [], irreversible: [], left_standing: [], in_flight: [] };

export function ActionSheet({ offer, history, flow, onClose, onOffer }: ActionSheetProps) {
  const { uuid, now: journey, events } = history;
  const prod = useProfile()?.environment === "prod";
  const [form, setForm] = useState<ActionForm>(() => firstForm(offer, journey));
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const [sent, setSent] = useState<Preview>();
  const made = makeRequest(offer, form, failedStep(journey, flow) !== undefined);
  const sending = useSending(uuid, events);
  const { phase } = sending.state;
  const asking = phase === "ready" || phase === "refused" || phase === "failed";
  const dryRun = useDryRun(uuid, made, journey.seq, asking);
  const pastPivot = dryRun.error instanceof ApiError && dryRun.error.code === "past_pivot";
  const shown = asking ? dryRun.preview : sent;
  const confirmed = !prod || (reason.trim() !== "" && typed.trim().toLowerCase() === uuid.slice(-TYPED_CHARS));

  const send = () => {
    if (!made.ok || dryRun.preview === undefined) return;
    setSent(dryRun.preview);
    sending.send(made.request, dryRun.preview, reason.trim());
  };
  const change = (next: ActionForm) => {
    if (phase === "refused") sending.restart();
    setForm(next);
  };
  const first = shown?.levels[0]?.[0];
  const canEdit = offer.action === "retry" && form.data === undefined && asking && first !== undefined;

  return (
    <SideSheet
      opened
      onClose={onClose}
      busy={phase === "sending"}
      title={offer.label}
      footer={
        <Footer
          offer={offer}
          sending={sending}
          preview={dryRun.preview}
          ready={made.ok && !dryRun.stale && !dryRun.resting && confirmed}
          alternative={asking ? alternativeTo(offer, history, flow) : undefined}
          onSend={() => {
            if (phase === "refused") sending.restart();
            else send();
          }}
          onClose={onClose}
          onOffer={onOffer}
        />
      }
    >
      <p className={classes.explain}>
        {explainAction(offer)} {asking && "This is what will be sent, and nothing else."}
      </p>
      {asking && (
        <ActionFields
          offer={offer}
          form={form}
          journey={journey}
          flow={flow}
          pastPivot={pastPivot}
          onChange={change}
        />
      )}
      <Outcome state={sending.state} />
      {asking && <PlanState dryRun={dryRun} missing={made.ok ? undefined : made.message} pastPivot={pastPivot} />}
      {shown !== undefined && (
        <div className={classes.plan} data-stale={(asking && dryRun.stale) || undefined}>
          <PlanView
            preview={shown}
            journey={journey}
            flow={flow}
            following={!asking && phase !== "sending"}
            onEdit={canEdit ? () => setForm({ ...form, data: formatJson(first.data) }) : undefined}
          />
        </div>
      )}
      {asking && (
        <>
          <Textarea
            className={classes.reason}
            label="Reason"
            description="It stands in the journey's history, with your name."
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
          {prod && (
            <TextInput
              label={`Type the last six characters of the uuid, ${uuid.slice(-TYPED_CHARS)}, to confirm on prod`}
              required
              autoComplete="off"
              spellCheck={false}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
          )}
        </>
      )}
    </SideSheet>
  );
}

/** What is to be said about the plan beside its commands. */
function PlanState({
  dryRun,
  missing,
  pastPivot,
}: {
  dryRun: DryRun;
  missing: string | undefined;
  pastPivot: boolean;
}) {
  if (missing !== undefined) return <p className={classes.small}>{missing}</p>;
  if (dryRun.error !== null && !pastPivot) {
    return <ErrorStrip what="It can't be planned." error={dryRun.error} onRetry={dryRun.again} />;
  }
  if (dryRun.changed) {
    return (
      <p className={classes.warn} role="status">
        <span>
          <b>The journey has moved.</b> This is the new plan.
        </span>
      </p>
    );
  }
  return dryRun.preview === undefined && !pastPivot ? <SkeletonRows rows={3} height={30} /> : null;
}

interface FooterProps {
  offer: Offer;
  sending: Send;
  preview: Preview | undefined;
  ready: boolean;
  alternative: Offer | undefined;
  onSend: () => void;
  onClose: () => void;
  onOffer: (offer: Offer) => void;
}

function Footer({ offer, sending, preview, ready, alternative, onSend, onClose, onOffer }: FooterProps) {
  const { phase } = sending.state;
  if (phase === "done" || phase === "accepted") {
    return (
      <Button variant={phase === "done" ? "filled" : "default"} onClick={onClose}>
        Close
      </Button>
    );
  }
  return (
    <>
      {alternative !== undefined && (
        <span className={classes.alternative}>
          or{" "}
          <button type="button" className={classes.edit} onClick={() => onOffer(alternative)}>
            {alternative.label.toLowerCase()}
          </button>
        </span>
      )}
      <Button onClick={onClose} disabled={phase === "sending"}>
        Close
      </Button>
      <Button
        variant="filled"
        color={offer.grave ? "bad" : undefined}
        loading={phase === "sending"}
        // To try again sends nothing yet; a press that a new plan comes between would be lost.
        disabled={phase !== "refused" && (!ready || preview === undefined)}
        onClick={onSend}
      >
        {phase === "refused" ? "Try again" : phase === "failed" ? "Send again" : sendLabel(offer, preview ?? NOTHING)}
      </Button>
    </>
  );
}

/** The other way to settle the same call: tried again, or done by hand. */
function alternativeTo(offer: Offer, history: History, flow: CompiledFlow): Offer | undefined {
  if (offer.step === undefined) return undefined;
  return offersOf(history.now, flow).find(
    (other) => other.id !== offer.id && other.step === offer.step && other.function === offer.function,
  );
}
