/** "What if this step fails?": the negations that would go out, level by level. */
import { SegmentedControl, Select } from "@mantine/core";
import { useMemo, useState } from "react";
import { plural } from "../parts/format.ts";
import { IconArrowBackUp, IconArrowRight } from "../parts/icons.ts";
import { JourneyStatusBadge } from "../parts/status-badge.tsx";
import classes from "./designer.module.css";
import { useChecked, useDesignerScope } from "./designer-context.ts";
import { useDesigner } from "./designer-store.ts";
import { type Mishap, type WhatIf, whatIf } from "./what-if.ts";

export function WhatIfPanel() {
  const { designer } = useDesignerScope();
  const checked = useChecked((now) => now);
  const selection = useDesigner(designer, (state) => state.selection);
  const [mishap, setMishap] = useState<Mishap>("fails");
  const { flow } = checked;
  const step =
    flow === undefined
      ? undefined
      : selection !== undefined && selection in flow.steps
        ? selection
        : flow.order.at(-1);
  const result = useMemo(
    () => (flow === undefined || step === undefined ? undefined : whatIf(flow, step, mishap)),
    [flow, step, mishap],
  );
  if (flow === undefined || step === undefined || result === undefined) {
    return (
      <p className={classes.dockNote}>The flow has errors; once they are mended its rollbacks can be tried here.</p>
    );
  }
  return (
    <div className={classes.whatIf}>
      <div className={classes.whatIfAsk}>
        <span>What if</span>
        <Select
          aria-label="Step"
          data={flow.order}
          value={step}
          onChange={(id) => id !== null && designer.show(id)}
          searchable
          allowDeselect={false}
          w={220}
        />
        <SegmentedControl
          aria-label="What happens to it"
          value={mishap}
          onChange={(value) => setMishap(value === "fails" ? "fails" : "times_out")}
          data={[
            { value: "fails", label: "fails" },
            { value: "times_out", label: "times out" },
          ]}
        />
        <span className="ag-dim">while everything that needn't wait for it has succeeded</span>
      </div>
      <p className={classes.whatIfAnswer} aria-live="polite">
        <JourneyStatusBadge status={result.status} /> {sentence(result)}
      </p>
      {result.levels.length > 0 && (
        <ol className={classes.levels}>
          {result.levels.map((level, index) => (
            <li key={level.map(({ step: id, call }) => `${id} ${call}`).join()} className={classes.level}>
              {index > 0 && <IconArrowRight size={16} className={classes.levelArrow} aria-hidden />}
              <div className={classes.levelCommands}>
                {level.map((command) => (
                  <button
                    key={`${command.step} ${command.call}`}
                    type="button"
                    className={classes.command}
                    onClick={() => designer.show(command.step)}
                    title={`Undoes ${command.step}`}
                  >
                    <IconArrowBackUp size={15} aria-hidden />
                    <span className="ag-truncate">{command.call}</span>
                    <span className={`${classes.commandStep} ag-truncate`}>{command.step}</span>
                  </button>
                ))}
              </div>
            </li>
          ))}
        </ol>
      )}
      <Notes result={result} />
    </div>
  );
}

function sentence({ levels, status, held }: WhatIf): string {
  if (status === "held")
    return held === undefined || held === "" ? "Nothing is undone by itself: an operator decides." : `${held}.`;
  const commands = levels.flat().length;
  if (commands === 0) return "Nothing has to be undone.";
  const order =
    levels.length === 1 ? "all at once" : `in ${levels.length} levels, each after the one before succeeded`;
  return `${plural(commands, "negation")} ${commands === 1 ? "goes" : "go"} out${commands === 1 ? "" : `, ${order}`}.`;
}

function Notes({ result }: { result: WhatIf }) {
  const notes = [
    ["Can't be undone", result.irreversible],
    ["Passed over, as nothing undoes them", result.passedOver],
    ["Left standing", result.leftStanding],
  ] as const;
  const shown = notes.filter(([, steps]) => steps.length > 0);
  if (shown.length === 0) return null;
  return (
    <ul className={classes.plainList}>
      {shown.map(([title, steps]) => (
        <li key={title}>
          <span className="ag-dim">{title}:</span> {steps.join(", ")}
        </li>
      ))}
    </ul>
  );
}
