import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useState } from "react";
import { Link } from "react-router";
import type { Journey } from "../../engine/core/journey.ts";
import { CopyId } from "../parts/copy.tsx";
import { shortId } from "../parts/format.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { JourneyStatusBadge } from "../parts/status-badge.tsx";
import { Duration, Time } from "../parts/time.tsx";
import { CompareHost } from "./compare-host.tsx";
import type { History } from "./history.ts";
import classes from "./journey.module.css";
import type { Moment } from "./moment.ts";
import { MoreActions } from "./more-actions.tsx";
import { type Offer, settles } from "./offers.ts";
import { operatorActions } from "./operators.ts";

interface JourneyHeaderProps {
  /** At the shown moment. */
  journey: Journey;
  history: History;
  moment: Moment;
  offers: Offer[];
  onOffer: (offer: Offer) => void;
  /** The sheet of an action is open: its own buttons count now. */
  acting: boolean;
}

export function JourneyHeader({ journey, history, moment, offers, onOffer, acting }: JourneyHeaderProps) {
  const [comparing, setComparing] = useState(false);
  const now = history.now;
  const at = history.events[moment.seq - 1]?.at;
  const startedAt = new Date(journey.startedAt).toISOString();
  const endedAt = journey.endedAt === undefined ? undefined : new Date(journey.endedAt).toISOString();
  const until = endedAt ?? (moment.live ? undefined : at);
  const buttons = offers.slice(0, useButtonCount());
  const more = offers.slice(buttons.length);
  const filled = settles(now.status);
  return (
    <>
      <PageHeader
        parent={{ to: "/journeys", label: "Journeys" }}
        title={
          <>
            {journey.name} <span className={classes.version}>v{journey.version}</span>
          </>
        }
        windowTitle={`${journey.name} ${shortId(journey.uuid)}`}
        note={
          <>
            <CopyId id={journey.uuid} />
            <JourneyStatusBadge status={journey.status} />
            <span>
              started <Time at={startedAt} copy /> · <Duration from={startedAt} to={until} />
            </span>
            <Relations journey={journey} history={history} />
          </>
        }
        actions={
          acting ? undefined : (
            <>
              {buttons.map((offer, index) => (
                <Button
                  key={offer.id}
                  variant={filled && index === 0 ? "filled" : "default"}
                  color={filled && index === 0 && offer.grave ? "bad" : undefined}
                  onClick={() => onOffer(offer)}
                >
                  {index === 0 && offer.step !== undefined ? offer.label : offer.short}…
                </Button>
              ))}
              {more.length === 0 ? (
                <Button onClick={() => setComparing(true)}>Compare…</Button>
              ) : (
                <MoreActions offers={more} onOffer={onOffer} onCompare={() => setComparing(true)} />
              )}
            </>
          )
        }
      />
      {comparing && <CompareHost uuid={now.uuid} onClose={() => setComparing(false)} />}
    </>
  );
}

/** As many actions as fit beside the title; the others stand in the menu. */
function useButtonCount(): number {
  const some = useMediaQuery("(min-width: 1440px)", window.innerWidth >= 1440);
  const many = useMediaQuery("(min-width: 1700px)", window.innerWidth >= 1700);
  return many ? 3 : some ? 2 : 1;
}

/** Journeys that this one came from, and those that came from it. */
function Relations({ journey, history }: { journey: Journey; history: History }) {
  const replays = operatorActions(history.events).flatMap(({ replay }) => (replay === undefined ? [] : [replay]));
  return (
    <>
      {journey.replayOf !== undefined && <Relation what="replay of" uuid={journey.replayOf} />}
      {journey.parent !== undefined && (
        <Relation what={`step ${journey.parent.step} of`} uuid={journey.parent.uuid} step={journey.parent.step} />
      )}
      {replays.map((uuid) => (
        <Relation key={uuid} what="replayed as" uuid={uuid} />
      ))}
    </>
  );
}

function Relation({ what, uuid, step }: { what: string; uuid: string; step?: string }) {
  const search = step === undefined ? "" : `?step=${encodeURIComponent(step)}`;
  return (
    <span>
      {what}{" "}
      <Link to={`/journeys/${uuid}${search}`} className="ag-mono" title={uuid}>
        {shortId(uuid)}
      </Link>
    </span>
  );
}
