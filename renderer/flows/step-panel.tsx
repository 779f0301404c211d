/** The settings of the chosen step. */
import { ActionIcon, Autocomplete, Button, TagsInput, TextInput, Tooltip } from "@mantine/core";
import { useState } from "react";
import { callOf as readCall } from "../../engine/core/check-workflow.ts";
import { SETTING_DOCS, type SettingDoc } from "../../engine/core/setting-docs.ts";
import { IconAlertTriangle, IconTrash } from "../parts/icons.ts";
import { ConditionsField } from "./conditions-field.tsx";
import classes from "./designer.module.css";
import { useChecked, useDesignerScope } from "./designer-context.ts";
import { useDesigner } from "./designer-store.ts";
import { type Call, callOf, type FlowNode, negationsOf, ownValue, startNodeOf, stepIdsOf } from "./document.ts";
import { setNegations } from "./edit-settings.ts";
import { removeStep, setType, whyNotRename } from "./edit-steps.ts";
import { FindingText } from "./findings-list.tsx";
import { HelpFoot, PanelSection } from "./panel-parts.tsx";
import { SettingField } from "./setting-field.tsx";
import { SECTIONS } from "./setting-labels.ts";

export function StepPanel({ id }: { id: string }) {
  const { designer } = useDesignerScope();
  const nodeFindings = useChecked(({ byNode }) => byNode.get(id));
  const workflow = useDesigner(designer, (state) => state.history.present.workflow);
  const [help, setHelp] = useState<string>();
  const node = ownValue(workflow.nodes, id);
  if (node === undefined) return null;
  const isStart = startNodeOf(workflow) === id;
  const type = readCall(node.type, workflow.types ?? {});
  const kind = type.is === "step" ? type.kind : "call";
  const call = callOf(workflow, node.type);
  const findings = (nodeFindings ?? []).filter(({ message }) => !message.startsWith(`steps.${id}.`));
  return (
    <>
      <div className={classes.panelBody}>
        <div className={classes.panelHead}>
          <h2 className={classes.panelTitle}>{isStart ? "Start" : "Step"}</h2>
          <Tooltip label={`Remove ${id}`}>
            <ActionIcon
              aria-label={`Remove ${id}`}
              onClick={() => designer.change((document) => removeStep(document, id))}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Tooltip>
        </div>
        <div className={classes.fields}>
          <IdField id={id} />
          {!isStart && <CallField id={id} node={node} call={call} />}
        </div>
        {findings.map((finding) => (
          <p key={finding.message} className={classes.panelFinding} data-severity={finding.severity}>
            <IconAlertTriangle size={15} aria-label={finding.severity} />
            <FindingText finding={finding} />
          </p>
        ))}
        {isStart ? (
          <p className="ag-dim">The journey's input goes from here to the steps that come first.</p>
        ) : (
          SECTIONS.map((section) => {
            const docs = section.settings.flatMap((name) =>
              SETTING_DOCS.filter((doc) => doc.name === name && doc.steps.includes(kind)),
            );
            const negations = section.title === "Undo" && call !== undefined && kind === "call";
            if (docs.length === 0 && !negations) return null;
            return (
              <PanelSection key={section.title} title={section.title}>
                {negations && <NegationsField call={call} onHelp={setHelp} />}
                {docs.map((doc) => (
                  <DocField key={doc.name} doc={doc} step={id} onHelp={setHelp} />
                ))}
              </PanelSection>
            );
          })
        )}
      </div>
      <HelpFoot text={help} />
    </>
  );
}

interface DocFieldProps {
  doc: SettingDoc;
  /** Undefined for the flow's policy. */
  step?: string;
  onHelp: (text: string | undefined) => void;
}

/** A setting with all its fields. */
export function DocField({ doc, step, onHelp }: DocFieldProps) {
  if (doc.kind === "conditions" && step !== undefined)
    return <ConditionsField doc={doc} step={step} onHelp={onHelp} />;
  if (doc.fields === undefined) return <SettingField step={step} setting={doc.name} field={doc} onHelp={onHelp} />;
  return doc.fields.map((field) => (
    <SettingField key={field.name} step={step} setting={doc.name} part={field.name} field={field} onHelp={onHelp} />
  ));
}

/** The id, renamed when the field is left or Enter is pressed: half an id shall not travel through all links. */
function IdField({ id }: { id: string }) {
  const { designer } = useDesignerScope();
  const [written, setWritten] = useWritten(id);
  const problem = whyNotRename(designer.document().workflow, id, written);
  const commit = () => {
    if (problem === undefined) designer.rename(id, written);
    else setWritten(id);
  };
  return (
    <TextInput
      className={classes.fieldWide}
      label="Id"
      description="Unique in the flow; joins and expressions name the step by it."
      value={written}
      error={problem}
      onChange={(event) => setWritten(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
        if (event.key === "Escape") setWritten(id);
      }}
      spellCheck={false}
    />
  );
}

/** What is being written over a value; begins anew when the value changes, and the field keeps the focus. */
function useWritten(value: string): [string, (written: string) => void] {
  const [written, setWritten] = useState(value);
  const [begunWith, setBegunWith] = useState(value);
  if (begunWith !== value) {
    setBegunWith(value);
    setWritten(value);
  }
  return [written, setWritten];
}

function CallField({ id, node, call }: { id: string; node: FlowNode; call: Call | undefined }) {
  const { designer, catalogue, openMapping } = useDesignerScope();
  const [written, setWritten] = useWritten(node.type);
  const known = catalogue.map((entry) => ({
    group: entry.service,
    items: entry.functions.map((item) => item.call),
  }));
  const commit = () => {
    if (written.trim() !== "") designer.change((document) => setType(document, id, written.trim()));
    else setWritten(node.type);
  };
  const mapped = call !== undefined && call.text !== node.type;
  return (
    <div className={classes.fieldWide}>
      <Autocomplete
        label="Calls"
        description={mapped ? `The type "${node.type}" means ${call.text} in this flow.` : undefined}
        value={written}
        data={known}
        onChange={setWritten}
        onOptionSubmit={(value) => designer.change((document) => setType(document, id, value))}
        onBlur={commit}
        onKeyDown={(event) => event.key === "Enter" && commit()}
        maxDropdownHeight={260}
        spellCheck={false}
      />
      {(call === undefined || mapped) && (
        <Button mt={6} onClick={openMapping}>
          What "{node.type}" means…
        </Button>
      )}
    </div>
  );
}

function NegationsField({ call, onHelp }: { call: Call; onHelp: (text: string | undefined) => void }) {
  const { designer, catalogue, negations } = useDesignerScope();
  const workflow = useDesigner(designer, (state) => state.history.present.workflow);
  const functions = catalogue.find((entry) => entry.service === call.service)?.functions ?? [];
  const sharers = stepIdsOf(workflow).filter(
    (id) => callOf(workflow, ownValue(workflow.nodes, id)?.type ?? "")?.text === call.text,
  );
  const notes = [
    sharers.length > 1 ? `Holds for all ${sharers.length} steps that call ${call.text}.` : "",
    workflow.negations === undefined ? "From the profile's list; a change here gives the flow its own." : "",
  ].filter(Boolean);
  const help = `The functions of ${call.service} that undo ${call.function}. They are called together, and all must succeed.`;
  return (
    <TagsInput
      className={classes.fieldWide}
      label={`Undone by (negations of ${call.function})`}
      description={notes.length > 0 ? notes.join(" ") : undefined}
      placeholder="A function, then Enter"
      value={negationsOf(workflow, call, negations)}
      data={functions.map((known) => known.function).filter((name) => name !== call.function)}
      onChange={(list) => designer.change((document) => setNegations(document, call, list, negations))}
      onFocus={() => onHelp(help)}
      onBlur={() => onHelp(undefined)}
      size="xs"
      acceptValueOnBlur
      splitChars={[",", " "]}
    />
  );
}
