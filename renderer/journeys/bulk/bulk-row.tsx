import { Link } from "react-router";
import type { JourneyRow } from "../../../engine/audit/store.ts";
import type { JourneyStatus, Preview } from "../../../engine/core/view.ts";
import { plural, shortId } from "../../parts/format.ts";
import { jsonLine } from "../../parts/json-view.tsx";
import { Badge, JourneyStatusBadge } from "../../parts/status-badge.tsx";
import classes from "./bulk-sheet.module.css";
import type { RowState } from "./use-bulk-run.ts";

interface BulkRowProps {
  /** As it was when it was selected. */
  journey: JourneyRow;
  /** As it is now. */
  status: JourneyStatus;
  state: RowState;
}

/** One journey of a bulk action: what would be sent, and what came of it. */
export function BulkRow({ journey, status, state }: BulkRowProps) {
  return (
    <li className={classes.row}>
      <div className={classes.line}>
        <JourneyStatusBadge status={status} />
        <span className="ag-truncate">
          {journey.name} <span className="ag-dim">v{journey.version}</span>
        </span>
        <Link to={`/journeys/${journey.uuid}`} className="ag-mono" title={journey.uuid}>
          {shortId(journey.uuid)}
        </Link>
        <span className={classes.outcome}>
          <State state={state} />
        </span>
      </div>
      {state.kind === "refused" && (
        <p className={classes.refusal} title={state.code}>
          {state.message}
        </p>
      )}
      {state.kind === "previewed" && <Plan preview={state.preview} />}
    </li>
  );
}

function State({ state }: { state: RowState }) {
  switch (state.kind) {
    case "waiting":
      return <span className="ag-dim">asking…</span>;
    case "previewed": {
      const commands = state.preview.levels.flat().length;
      const says = commands === 0 ? "no commands" : plural(commands, "command");
      return <span className="ag-dim">{says}</span>;
    }
    case "refused":
      return <Badge tone="bad">refused</Badge>;
    case "accepted":
      return state.queued ? <Badge tone="warn">to be sent</Badge> : <Badge tone="run">accepted</Badge>;
    case "done":
      return (
        <>
          <Badge tone="ok">done</Badge>
          {state.replay !== undefined && (
            <>
              {" "}
              <Link to={`/journeys/${state.replay}`} className="ag-mono" title={state.replay}>
                {shortId(state.replay)}
              </Link>
            </>
          )}
        </>
      );
    default:
      return state satisfies never;
  }
}

/** The dry run, level by level; folded, since there may be hundreds. */
function Plan({ preview }: { preview: Preview }) {
  const { levels, irreversible, left_standing, in_flight } = preview;
  if (levels.length === 0 && irreversible.length === 0 && left_standing.length === 0) return null;
  return (
    <details className={classes.plan}>
      <summary>
        {levels
          .map((level) => level.map((command) => `${command.service}.${command.function}`).join(" + "))
          .join(" → ")}
      </summary>
      <ol>
        {levels.map((level, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a level is known by its place
          <li key={index}>
            {level.map((command) => (
              <div key={`${command.step} ${command.function}`} className="ag-truncate">
                {command.service}.{command.function} <span className="ag-mono ag-dim">{jsonLine(command.data)}</span>
              </div>
            ))}
          </li>
        ))}
      </ol>
      {in_flight.length > 0 && <p>Still in flight: {in_flight.map(({ step }) => step).join(", ")}.</p>}
      {irreversible.length > 0 && <p className={classes.bad}>Can't be undone: {irreversible.join(", ")}.</p>}
      {left_standing.length > 0 && <p>Stays: {left_standing.join(", ")}.</p>}
    </details>
  );
}
