import { Fragment, Suspense, useMemo } from "react";
import { Link } from "react-router";
import type { JourneyEvent } from "../../engine/core/events.ts";
import type { Journey } from "../../engine/core/journey.ts";
import type { Position } from "../../engine/core/protocol.ts";
import { exactTime, shortId } from "../parts/format.ts";
import { SkeletonRows } from "../parts/states.tsx";
import { Badge, JourneyStatusBadge } from "../parts/status-badge.tsx";
import { Time } from "../parts/time.tsx";
import { useInfo } from "../queries.ts";
import { useAddress } from "./address.ts";
import { Block } from "./block.tsx";
import classes from "./details.module.css";
import type { DetailsProps } from "./details.tsx";
import { readJourneyTab } from "./details-tab.ts";
import { tellingCode } from "./error-code.ts";
import { JsonText } from "./json-text.tsx";
import { EventList } from "./lazy-panels.tsx";
import { type OperatorAction, operatorActions } from "./operators.ts";
import { tookEffect } from "./step-look.ts";
import { Tabs } from "./tabs.tsx";

/** Clocks of managers and brokers differ by no more than this. */
const CLOCK_SLACK_MS = 2_000;

/** The journey as a whole: what went in, what came out, who did what, and every event. */
export function JourneyDetails({ journey, events, history, moment, onSelect }: DetailsProps) {
  const { get, write } = useAddress();
  const tab = readJourneyTab(get("tab"));
  const actions = useMemo(() => operatorActions(events), [events]);
  return (
    <>
      <div className={classes.head}>
        <h2 className={classes.title}>The journey</h2>
        <JourneyStatusBadge status={journey.status} />
      </div>
      <Tabs
        label="Of the journey"
        tabs={[
          { name: "overview", title: "Overview" },
          { name: "operators", title: `Who did what (${actions.length})` },
          { name: "events", title: `Events (${events.length})` },
        ]}
        chosen={tab}
        onChoose={(next) => write({ tab: next, step: "" })}
      >
        {tab === "overview" && <Overview journey={journey} first={history.events[0]} />}
        {tab === "operators" && <Operators actions={actions} onGo={moment.goTo} />}
        {tab === "events" && (
          <Suspense fallback={<SkeletonRows />}>
            <EventList events={events} moment={moment} onStep={onSelect} kinds />
          </Suspense>
        )}
      </Tabs>
    </>
  );
}

function Overview({ journey, first }: { journey: Journey; first: JourneyEvent | undefined }) {
  const startedBy = first?.actor;
  const { rollback, held, error } = journey;
  const stands = Object.entries(journey.steps).filter(([, step]) => tookEffect(step)).length;
  return (
    <>
      <dl className={classes.facts}>
        <dt>started</dt>
        <dd>
          <Time at={iso(journey.startedAt)} copy />
          {startedBy !== undefined && ` by ${startedBy}`}
        </dd>
        {journey.endedAt !== undefined && (
          <>
            <dt>ended</dt>
            <dd>
              <Time at={iso(journey.endedAt)} copy />
            </dd>
          </>
        )}
        <dt>flow</dt>
        <dd>
          <Link to={`/flows/${encodeURIComponent(journey.name)}?version=${encodeURIComponent(journey.version)}`}>
            {journey.name} v{journey.version}
          </Link>
        </dd>
        {journey.deadlineAt !== undefined && (
          <>
            <dt>deadline</dt>
            <dd>
              <Time at={iso(journey.deadlineAt)} />
              {journey.paused !== undefined && <span className="ag-dim"> and as long as the pause lasts</span>}
            </dd>
          </>
        )}
        <dt>effects</dt>
        <dd>{stands === 0 ? "none stand" : stands === 1 ? "one stands" : `${stands} stand`}</dd>
        {held !== undefined && (
          <>
            <dt>held</dt>
            <dd>{held.why}</dd>
          </>
        )}
        <dt>records</dt>
        <dd>
          <RecordsOfJourney journey={journey} cause={first?.cause} />
        </dd>
        {rollback !== undefined && (
          <>
            <dt>rollback</dt>
            <dd>
              of{" "}
              {rollback.scope === "journey"
                ? "the whole journey"
                : `scope ${rollback.scope}, ${rollback.set.length} steps`}
              {rollback.reason !== "" && <>: {rollback.reason}</>} ({rollback.actor})
            </dd>
          </>
        )}
        {error !== undefined && (
          <>
            <dt>error</dt>
            <dd className={classes.error}>
              {error.message} {tellingCode(error) !== undefined && <span className="ag-mono">{error.code}</span>}
            </dd>
          </>
        )}
      </dl>
      <Block title="Input">
        <JsonText value={journey.input} label="Input of the journey" />
      </Block>
      {journey.output !== undefined && (
        <Block title="Output">
          <JsonText value={journey.output} label="Output of the journey" />
        </Block>
      )}
    </>
  );
}

/** Its records in the topics, from its start on: inputs and events lie in its home, commands where their key leads. */
function RecordsOfJourney({ journey, cause }: { journey: Journey; cause: Position | undefined }) {
  const topics = useInfo().data?.topics;
  if (topics === undefined) return null;
  const places = [
    { topic: cause?.topic ?? topics.tomanager, word: "inputs", partition: cause?.partition },
    { topic: topics.fromanager, word: "commands", partition: undefined },
  ];
  const since = iso(journey.startedAt - CLOCK_SLACK_MS);
  return places.map(({ topic, word, partition }, index) => {
    const search = new URLSearchParams({
      ...(partition === undefined ? {} : { partition: String(partition) }),
      since,
      key: journey.uuid,
    });
    return (
      <Fragment key={topic}>
        {index > 0 && ", "}
        <Link to={`/cluster/topics/${encodeURIComponent(topic)}?${search}`}>{word}</Link>
      </Fragment>
    );
  });
}

function Operators({ actions, onGo }: { actions: readonly OperatorAction[]; onGo: (seq: number) => void }) {
  if (actions.length === 0) return <p className="ag-dim">Nobody has done anything by hand.</p>;
  return (
    <ol className={classes.operators}>
      {actions.map(({ seq, at, actor, did, target, reason, refused, replay }) => (
        <li key={seq}>
          <div className={classes.deed}>
            <span>
              <b>{actor}</b> {did}
              {target !== undefined && ` ${target}`}
              {replay !== undefined && (
                <>
                  {" as "}
                  <Link to={`/journeys/${replay}`} className="ag-mono" title={replay}>
                    {shortId(replay)}
                  </Link>
                </>
              )}
            </span>
            {refused !== undefined && <Badge tone="bad">refused</Badge>}
            <button type="button" className={classes.when} onClick={() => onGo(seq)} title="Show this moment">
              {exactTime(at).slice(11, 23)}
            </button>
          </div>
          {reason !== "" && <p>“{reason}”</p>}
          {refused !== undefined && (
            <p className={classes.error}>
              {refused.message} {refused.code !== undefined && <span className="ag-mono">{refused.code}</span>}
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

const iso = (ms: number): string => new Date(ms).toISOString();
