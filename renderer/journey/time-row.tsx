import type { StepStatus } from "../../engine/core/view.ts";
import { duration } from "../parts/format.ts";
import { IconCornerDownRight } from "../parts/icons.ts";
import { STEP_LOOKS } from "../parts/status.ts";
import type { Outcome } from "./calls.ts";
import { useStepLook } from "./look-store.ts";
import classes from "./time.module.css";
import type { TimeRow } from "./time-rows.ts";
import type { TimeScale } from "./time-scale.ts";

interface TimeRowViewProps {
  row: TimeRow;
  scale: TimeScale;
  /** From 1. */
  position: number;
  total: number;
  selected: boolean;
  /** The one row that Tab reaches; arrow keys lead to the others. */
  reachable: boolean;
  onSelect: (step: string | undefined, negation?: string) => void;
}

const WORDS: Record<Outcome, string> = {
  open: "under way",
  succeeded: "succeeded",
  failed: "failed",
  timed_out: "timed out",
  by_hand: "settled by hand",
};

/** One call: its name and state, which choose it, and its attempts over time. */
export function TimeRowView({ row, scale, position, total, selected, reachable, onSelect }: TimeRowViewProps) {
  const look = useStepLook(row.step);
  const negation = look.negations.find(({ name }) => name === row.negation);
  const status: StepStatus = row.negation === undefined ? look.status : (negation?.status ?? "waiting");
  const { word, tone, icon: Icon } = STEP_LOOKS[status];
  const choose = () => onSelect(row.step, row.negation);
  return (
    <li className={classes.row} data-selected={selected || undefined} aria-setsize={total} aria-posinset={position}>
      <button
        type="button"
        className={classes.label}
        data-negation={row.negation !== undefined || undefined}
        aria-current={selected || undefined}
        aria-label={inWords(row, word)}
        tabIndex={reachable ? 0 : -1}
        onClick={choose}
        title={row.negation === undefined ? `${row.label}\n${row.step}` : `${row.label}, undoes ${row.step}`}
      >
        {row.negation !== undefined && <IconCornerDownRight size={13} aria-hidden className={classes.elbow} />}
        <Icon
          size={14}
          stroke={2.2}
          aria-hidden
          className={classes.icon}
          data-tone={row.negation !== undefined && tone === "ok" ? "undo" : tone}
        />
        <span className="ag-truncate">{row.label}</span>
      </button>
      <span className={classes.track} aria-hidden>
        {row.waits.map(({ from, to }) => (
          <span key={from} className={classes.wait} style={between(scale, from, to)} />
        ))}
        {row.bars.map(({ attempt, from, to, outcome }) => (
          <span
            key={`${attempt} ${from}`}
            className={classes.bar}
            data-outcome={outcome}
            data-negation={row.negation !== undefined || undefined}
            style={between(scale, from, to)}
            title={`${row.label}, attempt ${attempt}: ${WORDS[outcome]}, ${duration(to - from)}`}
            data-step={row.step}
          />
        ))}
      </span>
    </li>
  );
}

/** `license.add_license, undo failed`, `remove_license undoes it, failed, 3 attempts`. */
function inWords({ label, negation, bars }: TimeRow, word: string): string {
  const attempts = bars.length > 1 ? `, ${bars.length} attempts` : "";
  return `${label}${negation === undefined ? "" : " undoes it"}, ${word}${attempts}`;
}

function between(scale: TimeScale, from: number, to: number): { left: string; width: string } {
  const left = scale.x(from);
  return { left: percent(left), width: percent(scale.x(to) - left) };
}

/** Of the track's width. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(3)}%`;
}
