import { Suspense, useState } from "react";
import type { JourneyEvent } from "../../engine/core/events.ts";
import type { Step } from "../../engine/core/journey.ts";
import { useNow } from "../parts/clock.ts";
import { CopyId } from "../parts/copy.tsx";
import { duration, exactTime } from "../parts/format.ts";
import { SkeletonRows } from "../parts/states.tsx";
import type { Tone } from "../parts/status.ts";
import { Badge } from "../parts/status-badge.tsx";
import { Time } from "../parts/time.tsx";
import { Block } from "./block.tsx";
import type { Attempt, Call, Outcome } from "./calls.ts";
import classes from "./details.module.css";
import { tellingCode } from "./error-code.ts";
import { JsonText } from "./json-text.tsx";
import { ChildJourneys } from "./lazy-panels.tsx";
import { CommandPlace, RecordLink } from "./record-link.tsx";
import { isBuiltIn } from "./step-name.ts";

const LOOKS: Record<Outcome, { word: string; tone: Tone }> = {
  open: { word: "under way", tone: "run" },
  succeeded: { word: "succeeded", tone: "ok" },
  failed: { word: "failed", tone: "bad" },
  timed_out: { word: "no answer", tone: "warn" },
  by_hand: { word: "settled by hand", tone: "warn" },
};

interface AttemptListProps {
  call: Call;
  /** The key of the journey's records. */
  journeyKey: string;
  /** Of the step, at the shown moment. */
  state: Step | undefined;
}

/** The attempts of one call, the last one open. */
export function AttemptList({ call, journeyKey, state }: AttemptListProps) {
  const [chosen, setChosen] = useState<number>();
  const shown = call.attempts.find(({ number }) => number === chosen) ?? call.attempts.at(-1);
  const lateOnly = call.attempts.length === 0;
  if (shown === undefined) return lateOnly ? <p className="ag-dim">Nothing has been sent yet.</p> : null;
  return (
    <>
      {call.attempts.length > 1 && (
        <ul className={classes.attempts} aria-label="Attempts">
          {call.attempts.map((attempt) => (
            <li key={`${attempt.number} ${attempt.sentAt}`}>
              <button
                type="button"
                className={classes.attempt}
                aria-pressed={attempt === shown}
                onClick={() => setChosen(attempt.number)}
              >
                <span>{attempt.number}</span>
                <Badge tone={LOOKS[attempt.outcome].tone}>{LOOKS[attempt.outcome].word}</Badge>
                <span className="ag-truncate">{attempt.error?.message ?? ""}</span>
                <span className="ag-dim">{exactTime(iso(attempt.sentAt)).slice(11, 23)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <AttemptView call={call} attempt={shown} journeyKey={journeyKey} state={state} />
    </>
  );
}

function AttemptView({ call, attempt, journeyKey, state }: AttemptListProps & { attempt: Attempt }) {
  const { outcome, error, sent, settled, commandId } = attempt;
  const name = `${call.service}.${call.function}`;
  const builtIn = isBuiltIn(call);
  const runsJourneys = builtIn && (state?.function === "journey" || state?.function === "each");
  return (
    <>
      <dl className={classes.facts}>
        <dt>{call.undo ? "negation" : "attempt"}</dt>
        <dd>
          {call.undo && `${call.function}, try `}
          {attempt.number} of {call.attempts.at(-1)?.number}{" "}
          <Badge tone={LOOKS[outcome].tone}>{LOOKS[outcome].word}</Badge>
        </dd>
        {error !== undefined && (
          <>
            <dt>error</dt>
            <dd className={classes.error}>
              {error.message}
              {tellingCode(error) !== undefined && <span className="ag-mono"> {error.code}</span>}
              {error.retryable === false && <span className="ag-dim"> · not worth a retry</span>}
            </dd>
          </>
        )}
        <dt>{sent === undefined ? "decided" : builtIn && !call.undo ? "began" : "sent"}</dt>
        <dd>
          <Time at={iso(attempt.sentAt)} copy />
        </dd>
        {sent !== undefined && <Took attempt={attempt} waits={builtIn && call.function === "wait"} />}
        {attempt.progress.length > 0 && (
          <>
            <dt>progress</dt>
            <dd>
              {attempt.progress.length === 1 ? "one sign of life" : `${attempt.progress.length} signs of life`}, last
              at <Time at={attempt.progress.at(-1)?.at ?? ""} />
            </dd>
          </>
        )}
        {commandId !== undefined && sent !== undefined && !builtIn && (
          <>
            <dt>command</dt>
            <dd>
              <CommandPlace event={sent} journeyKey={journeyKey} />
            </dd>
            <dt>id</dt>
            <dd>
              <CopyId id={commandId} what="command id" />
            </dd>
          </>
        )}
        <ReplyFacts settled={builtIn && outcome !== "by_hand" ? undefined : settled} outcome={outcome} />
        {attempt.late.map((event) => (
          <LateReply key={event.seq} event={event} />
        ))}
      </dl>
      {runsJourneys && state !== undefined && sent !== undefined && (
        <Suspense fallback={<SkeletonRows rows={2} height={24} />}>
          <ChildJourneys
            parent={journeyKey}
            step={call.step}
            state={state}
            attempt={call.undo ? state.attempts : attempt.number}
          />
        </Suspense>
      )}
      {sent !== undefined && (
        <Block title={builtIn ? "Data" : "Data sent"}>
          <JsonText value={sent.data ?? null} label={`Data sent to ${name}`} />
        </Block>
      )}
      {settled !== undefined && "data" in settled && (outcome === "succeeded" || outcome === "by_hand") && (
        <Block title={call.undo ? "Reply" : "Output"}>
          <JsonText value={settled.data ?? null} label={`Reply of ${name}`} />
        </Block>
      )}
    </>
  );
}

/** `waits`: its end is what it is there for, not a limit. */
function Took({ attempt, waits }: { attempt: Attempt; waits: boolean }) {
  const open = attempt.endedAt === undefined;
  const now = useNow(open);
  const due = attempt.sent?.detail?.due;
  return (
    <>
      <dt>took</dt>
      <dd>
        {duration((attempt.endedAt ?? now) - attempt.sentAt)}
        {open && due !== undefined && (
          <span className="ag-dim">
            {" "}
            until now; {waits ? "goes on" : "given up"} at <Time at={due} />
          </span>
        )}
      </dd>
    </>
  );
}

function ReplyFacts({ settled, outcome }: { settled: JourneyEvent | undefined; outcome: Outcome }) {
  if (settled === undefined) return null;
  if (outcome === "by_hand") {
    return (
      <>
        <dt>by hand</dt>
        <dd>
          {settled.actor}
          {settled.reason !== undefined && settled.reason !== "" && `: “${settled.reason}”`}
        </dd>
      </>
    );
  }
  if (settled.cause === undefined || settled.type.endsWith("timed_out")) return null;
  return (
    <>
      <dt>reply</dt>
      <dd>
        <RecordLink position={settled.cause} />
      </dd>
    </>
  );
}

function LateReply({ event }: { event: JourneyEvent }) {
  const status = (event.detail?.status as string | undefined) ?? "reply";
  const effect = event.detail?.effect === true;
  return (
    <>
      <dt>{event.type === "step.late" ? "late" : "repeat"}</dt>
      <dd>
        {status} at <Time at={event.at} />
        {effect && ": it had worked, and is undone in its place"}
        {event.cause !== undefined && (
          <>
            {" "}
            <RecordLink position={event.cause} />
          </>
        )}
      </dd>
    </>
  );
}

const iso = (ms: number): string => new Date(ms).toISOString();
