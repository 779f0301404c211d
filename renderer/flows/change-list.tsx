import type { Change } from "./changes.ts";
import classes from "./designer.module.css";

/** At most so many changes are listed; more are better read side by side. */
const SHOWN_CHANGES = 40;

const MARKS: Record<Change["kind"], string> = { added: "+", removed: "−", changed: "~" };

export function ChangeList({ changes }: { changes: readonly Change[] }) {
  if (changes.length === 0) return <p className={classes.panelNote}>Nothing that runs differs.</p>;
  return (
    <ul className={classes.changes}>
      {changes.slice(0, SHOWN_CHANGES).map((change) => (
        <li key={`${change.kind} ${change.text}`} data-kind={change.kind}>
          <span className={classes.changeMark} aria-hidden>
            {MARKS[change.kind]}
          </span>
          <span className="ag-visually-hidden">{change.kind}: </span>
          {change.text}
        </li>
      ))}
      {changes.length > SHOWN_CHANGES && <li>and {changes.length - SHOWN_CHANGES} more</li>}
    </ul>
  );
}
