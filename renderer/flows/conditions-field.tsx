/** `when`: one condition for all edges into a step, or one for each predecessor. */
import { Button } from "@mantine/core";
import type { SettingDoc } from "../../engine/core/setting-docs.ts";
import classes from "./designer.module.css";
import { useDesignerScope } from "./designer-context.ts";
import { useDesigner } from "./designer-store.ts";
import { ownValue, predecessorsOf } from "./document.ts";
import { setSetting } from "./edit-settings.ts";
import { SettingField } from "./setting-field.tsx";

interface ConditionsFieldProps {
  doc: SettingDoc;
  step: string;
  onHelp: (text: string | undefined) => void;
}

export function ConditionsField({ doc, step, onHelp }: ConditionsFieldProps) {
  const { designer } = useDesignerScope();
  const workflow = useDesigner(designer, (state) => state.history.present.workflow);
  const predecessors = predecessorsOf(workflow, step);
  const when = ownValue(workflow.steps, step)?.when;
  const each = typeof when === "object" && when !== null;
  const written = each ? Object.keys(when) : [];
  const choose = (value: unknown) => designer.change((document) => setSetting(document, step, ["when"], value));
  return (
    <>
      {each ? (
        [...new Set([...predecessors, ...written])].map((from) => (
          <SettingField
            key={from}
            step={step}
            setting="when"
            part={from}
            field={doc}
            label={`After ${from}, only when`}
            onHelp={onHelp}
          />
        ))
      ) : (
        <SettingField step={step} setting="when" field={doc} onHelp={onHelp} />
      )}
      {(predecessors.length > 1 || each) && (
        <Button className={classes.fieldWide} variant="subtle" onClick={() => choose(each ? undefined : {})}>
          {each ? "One condition for all predecessors" : "A condition for each predecessor"}
        </Button>
      )}
    </>
  );
}
