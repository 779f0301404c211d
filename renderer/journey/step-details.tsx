import { Button } from "@mantine/core";
import { Suspense, useMemo } from "react";
import type { Step } from "../../engine/core/journey.ts";
import { IconArrowsDiff } from "../parts/icons.ts";
import { SkeletonRows } from "../parts/states.tsx";
import { StepStatusBadge } from "../parts/status-badge.tsx";
import { useAddress } from "./address.ts";
import { AttemptList } from "./attempt-list.tsx";
import { type Call, callKey, collectCalls } from "./calls.ts";
import { CompareButton } from "./compare-host.tsx";
import classes from "./details.module.css";
import type { DetailsProps } from "./details.tsx";
import { type ChosenStepTab, readStepTab, undoTab } from "./details-tab.ts";
import { EventList, SettingsList } from "./lazy-panels.tsx";
import { useStepLook } from "./look-store.ts";
import { type Offer, stepOffers } from "./offers.ts";
import type { StepLook } from "./step-look.ts";
import { Tabs } from "./tabs.tsx";
import { UndoPanel } from "./undo-panel.tsx";

export function StepDetails(props: DetailsProps & { step: string }) {
  const { journey, history, events, flow, step, moment, writable, onOffer, onSelect } = props;
  const look = useStepLook(step);
  const drawn = flow?.steps[step];
  const calls = useMemo(() => collectCalls(events), [events]);
  const own = useMemo(() => events.filter((event) => event.step === step), [events, step]);
  const forward = calls.get(callKey(step));
  const undo = useMemo(() => [...calls.values()].filter((call) => call.undo && call.step === step), [calls, step]);
  const { get, write } = useAddress();
  const chosen = readStepTab(get("tab")) ?? defaultTab(look, undo);
  const offers = writable && moment.live ? stepOffers(history.now, flow, step) : [];

  return (
    <>
      <div className={classes.headLine}>
        <div className={classes.head}>
          <button type="button" className={classes.up} onClick={() => onSelect(undefined)}>
            journey
          </button>
          <span className="ag-dim">/</span>
          <h2 className={classes.title}>{look.title}</h2>
          <StepStatusBadge status={look.status} />
        </div>
        <CompareButton uuid={history.uuid} step={step} icon={IconArrowsDiff} />
      </div>
      <div className={classes.sub}>
        {step !== look.function && step !== look.title && <span className="ag-mono">{step}</span>}
        {drawn?.settings.pivot && <span>point of no return</span>}
        {look.note !== "" && look.status !== "failed" && <span>{look.note}</span>}
      </div>
      {offers.length > 0 && (
        <div className={classes.buttons}>
          {offers.map((offer) => (
            <Button key={offer.id} size="compact-sm" onClick={() => onOffer(offer)}>
              {stepLabel(offer)}…
            </Button>
          ))}
        </div>
      )}
      <Tabs
        label="Of the step"
        tabs={[
          { name: "forward", title: "Forward" },
          { name: "undo", title: "Undo" },
          { name: "events", title: `Events (${own.length})` },
          { name: "settings", title: "Settings" },
        ]}
        chosen={chosen.tab}
        onChoose={(tab) => write({ tab })}
      >
        {chosen.tab === "forward" && (
          <Forward call={forward} look={look} journeyKey={history.uuid} state={journey.steps[step]} />
        )}
        {chosen.tab === "undo" && (
          <UndoPanel
            calls={undo}
            drawn={drawn}
            look={look}
            state={journey.steps[step]}
            journeyKey={history.uuid}
            chosen={chosen.negation}
            onChoose={(negation) => write({ tab: undoTab(negation) })}
          />
        )}
        <Suspense fallback={<SkeletonRows />}>
          {chosen.tab === "events" && <EventList events={own} moment={moment} onStep={onSelect} />}
          {chosen.tab === "settings" &&
            (drawn === undefined ? (
              <p className="ag-dim">The flow isn't known here.</p>
            ) : (
              <SettingsList step={drawn} />
            ))}
        </Suspense>
      </Tabs>
    </>
  );
}

/** Short, but saying which negation where it is about one. */
function stepLabel({ short, function: negation }: Offer): string {
  return negation === undefined || short.includes(" ") ? short : `${short} ${negation}`;
}

interface ForwardProps {
  call: Call | undefined;
  look: StepLook;
  journeyKey: string;
  state: Step | undefined;
}

function Forward({ call, look, journeyKey, state }: ForwardProps) {
  if (call !== undefined && call.attempts.length > 0) {
    return <AttemptList call={call} journeyKey={journeyKey} state={state} />;
  }
  const why =
    look.status === "skipped"
      ? "It was skipped: none of the ways that lead here was taken."
      : look.note === ""
        ? "Nothing has been sent yet."
        : `Nothing has been sent: ${look.note}.`;
  return <p className="ag-dim">{why}</p>;
}

/** What matters most of the step: a negation that failed, else its undo once it began, else the way forward. */
function defaultTab(look: StepLook, undo: readonly Call[]): ChosenStepTab {
  const failed = look.negations.find(({ status }) => status === "failed" || status === "timed_out");
  if (failed !== undefined) return { tab: "undo", negation: failed.name };
  return undo.length > 0 ? { tab: "undo" } : { tab: "forward" };
}
