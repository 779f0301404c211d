import { useCallback, useLayoutEffect, useMemo, useState } from "react";
import { useShortcut } from "../frame/shortcuts.ts";
import { exactTime, shortTime } from "../parts/format.ts";
import { useCompiledFlow, useProfile } from "../queries.ts";
import { ActionHost } from "./action-host.tsx";
import { useAddress } from "./address.ts";
import { Details } from "./details.tsx";
import { undoTab } from "./details-tab.ts";
import { GraphCard } from "./graph-card.tsx";
import type { History } from "./history.ts";
import classes from "./journey.module.css";
import { JourneyHeader } from "./journey-header.tsx";
import { createLookStore, LookProvider } from "./look-store.ts";
import { useMoment } from "./moment.ts";
import { type Offer, offersOf } from "./offers.ts";
import { troubledStep } from "./step-look.ts";
import { TimeCard } from "./time-card.tsx";
import { explain } from "./why.ts";
import { WhyBanner } from "./why-banner.tsx";

const SHORTCUTS = "This journey";

/** One journey at one moment: live, or wherever the cursor of the time line stands. */
export function JourneyView({ history }: { history: History }) {
  const moment = useMoment(history);
  const { seq } = moment;
  const journey = useMemo(() => history.at(seq), [history, seq]);
  const events = useMemo(
    () => (seq === history.events.length ? history.events : history.events.slice(0, seq)),
    [history, seq],
  );
  const flowQuery = useCompiledFlow(journey.name, journey.version);
  const flow = flowQuery.data;
  const why = useMemo(() => explain(journey, events, flow, shortTime), [journey, events, flow]);
  const { selected, select } = useSelection(history, flow);

  const [looks] = useState(() => createLookStore(journey, flow));
  useLayoutEffect(() => looks.show(journey, flow), [looks, journey, flow]);

  const writable = useProfile()?.read_only === false;
  const offers = useMemo(() => (writable ? offersOf(history.now, flow) : []), [writable, history, flow]);
  const [offer, setOffer] = useState<Offer>();
  const open = useCallback(
    (chosen: Offer) => {
      // An action is about the journey as it is, not as it was.
      moment.goLive();
      setOffer(chosen);
    },
    [moment],
  );

  useShortcut({ keys: "[", does: "One event back", group: SHORTCUTS, run: () => moment.goTo(seq - 1) });
  useShortcut({ keys: "]", does: "One event on", group: SHORTCUTS, run: () => moment.goTo(seq + 1) });
  useShortcut({ keys: "l", does: "Back to live", group: SHORTCUTS, run: moment.goLive });
  useShortcut({
    keys: "f",
    does: "The step in trouble",
    group: SHORTCUTS,
    run: () => select(troubledStep(journey, flow)),
  });
  useShortcut({
    keys: "a",
    does: "The action most likely to settle it",
    group: SHORTCUTS,
    run: () => offers[0] !== undefined && open(offers[0]),
  });

  return (
    <LookProvider value={looks}>
      <div className={classes.page} data-sheet={offer === undefined ? undefined : true}>
        <JourneyHeader
          journey={journey}
          history={history}
          moment={moment}
          offers={offers}
          onOffer={open}
          acting={offer !== undefined}
        />
        {why !== undefined && <WhyBanner why={why} onStep={select} />}
        <div className={classes.columns}>
          <div className={classes.left}>
            <GraphCard
              flow={flowQuery}
              journey={journey}
              moment={moment}
              at={exactTime(history.events[seq - 1]?.at ?? "")}
              total={history.events.length}
              selected={selected}
              onSelect={select}
            />
            <TimeCard history={history} flow={flow} moment={moment} selected={selected} onSelect={select} />
          </div>
          <Details
            history={history}
            journey={journey}
            events={events}
            flow={flow}
            moment={moment}
            selected={selected}
            onSelect={select}
            writable={writable && offer === undefined}
            onOffer={open}
          />
        </div>
      </div>
      <ActionHost history={history} flow={flow} offers={offers} offer={offer} onOffer={setOffer} />
    </LookProvider>
  );
}

/** The chosen step: the one in the address, else the one in trouble. */
function useSelection(history: History, flow: Parameters<typeof troubledStep>[1]) {
  const { get, write } = useAddress();
  const asked = get("step");
  const selected = asked === null ? troubledStep(history.now, flow) : asked === "" ? undefined : asked;
  const select = useCallback(
    (step: string | undefined, negation?: string) =>
      write({ step: step ?? "", tab: negation === undefined ? undefined : undoTab(negation) }),
    [write],
  );
  return { selected, select };
}
