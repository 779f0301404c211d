import { Link } from "react-router";
import { useNow } from "../../parts/clock.ts";
import { shortId } from "../../parts/format.ts";
import { IconAlertTriangle, IconCheck, IconClock } from "../../parts/icons.ts";
import { ErrorStrip } from "../../parts/states.tsx";
import { Time } from "../../parts/time.tsx";
import { useManager } from "../../queries.ts";
import classes from "./action.module.css";
import type { Sending } from "./use-sending.ts";

/** After this long without the journey's own event something is amiss. */
const SLOW_MS = 4_000;

/** What came of the action, as far as it is known. */
export function Outcome({ state }: { state: Sending }) {
  switch (state.phase) {
    case "ready":
    case "sending":
      return null;
    case "accepted":
      return <Accepted queued={state.queued} at={state.at} />;
    case "done":
      return (
        <p className={classes.warn} data-tone="ok" role="status">
          <IconCheck size={16} aria-hidden />
          <span>
            <b>Done.</b> Event {state.event.seq}, <span className="ag-mono">{state.event.type}</span>, at{" "}
            <Time at={state.event.at} />.{" "}
            {state.replay !== undefined && (
              <>
                The new journey is <Link to={`/journeys/${state.replay}`}>{shortId(state.replay)}</Link>.
              </>
            )}
          </span>
        </p>
      );
    case "refused":
      return (
        <p className={classes.warn} data-tone="bad" role="alert">
          <IconAlertTriangle size={16} aria-hidden />
          <span>
            <b>{state.code === "stale_preview" ? "The journey was faster." : "Refused."}</b> {state.message}{" "}
            {state.code === "stale_preview"
              ? "Nothing was done. The plan below is the new one."
              : "Nothing was done; the refusal stands in the history."}
          </span>
        </p>
      );
    case "failed":
      return <ErrorStrip what="Nobody knows whether it arrived." error={state.error} />;
    default:
      return state satisfies never;
  }
}

/** 202 is not success yet: the journey itself has the word. */
function Accepted({ queued, at }: { queued: boolean; at: number }) {
  const now = useNow();
  const manager = useManager().data;
  const slow = now - at > SLOW_MS;
  return (
    <p className={classes.warn} role="status">
      <IconClock size={16} aria-hidden />
      <span>
        {queued ? (
          <>
            <b>Kept on disk.</b> The bus can't be reached; it is sent once it is back.
          </>
        ) : (
          <>
            <b>Accepted.</b> Waiting for the journey's own event…
          </>
        )}
        {slow && manager?.running === false && " No manager runs here: start one, or wait for another's."}
        {slow &&
          manager?.running !== false &&
          " This takes longer than usual; nothing is lost, and this may be closed."}
      </span>
    </p>
  );
}
