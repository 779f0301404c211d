import type { FlowStep } from "../../engine/core/flow.ts";
import type { Step } from "../../engine/core/journey.ts";
import { STEP_LOOKS } from "../parts/status.ts";
import { AttemptList } from "./attempt-list.tsx";
import type { Call } from "./calls.ts";
import classes from "./details.module.css";
import type { StepLook } from "./step-look.ts";
import { isBuiltIn } from "./step-name.ts";
import { joinWords } from "./words.ts";

interface UndoPanelProps {
  /** The negations that were called. */
  calls: readonly Call[];
  drawn: FlowStep | undefined;
  look: StepLook;
  state: Step | undefined;
  /** The key of the journey's records. */
  journeyKey: string;
  chosen: string | undefined;
  onChoose: (negation: string) => void;
}

/** The negations of a step, one at a time; or what would be called. */
export function UndoPanel({ calls, drawn, look, state, journeyKey, chosen, onChoose }: UndoPanelProps) {
  if (calls.length === 0) return <p className="ag-dim">{notCalled(drawn)}</p>;
  const call = calls.find((each) => each.function === chosen) ?? calls[0];
  return (
    <>
      {calls.length > 1 && (
        <fieldset className={classes.chips}>
          <legend className="ag-visually-hidden">Negation</legend>
          {calls.map((each) => {
            const status = look.negations.find(({ name }) => name === each.function)?.status ?? "waiting";
            const { icon: Icon, word } = STEP_LOOKS[status];
            return (
              <button
                key={each.key}
                type="button"
                className={classes.chip}
                aria-pressed={each === call}
                onClick={() => onChoose(each.function)}
                data-bad={status === "failed" || status === "timed_out" || undefined}
              >
                <Icon size={13} stroke={2.2} aria-hidden />
                {each.function}
                <span className="ag-visually-hidden">, {word}</span>
              </button>
            );
          })}
        </fieldset>
      )}
      {call !== undefined && <AttemptList key={call.key} call={call} journeyKey={journeyKey} state={state} />}
    </>
  );
}

function notCalled(drawn: FlowStep | undefined): string {
  if (drawn === undefined) return "Nothing was called to undo it.";
  if (drawn.settings.irreversible) return "It is marked irreversible: a rollback passes over it and says so.";
  const { negations } = drawn;
  if (isBuiltIn(drawn) && (drawn.function === "journey" || drawn.function === "each")) {
    return "Not undone. A rollback would roll back the journeys it ran.";
  }
  if (negations.length === 0) return "It has no negations: a rollback passes over it.";
  const called = joinWords(negations).join("");
  const together = negations.length > 1 ? ", together" : "";
  return `Not undone. A rollback would call ${called}${together}, with its output as data.`;
}
