/** What holds for the whole flow; shown while no step is chosen. */
import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { MANAGER } from "../../engine/core/protocol.ts";
import { SETTING_DOCS } from "../../engine/core/setting-docs.ts";
import classes from "./designer.module.css";
import { useDesignerScope } from "./designer-context.ts";
import { useDesigner } from "./designer-store.ts";
import { type Call, callOf, negationsOf, ownValue, stepIdsOf, type Workflow } from "./document.ts";
import { renameFlow } from "./edit-settings.ts";
import { HelpFoot, PanelSection } from "./panel-parts.tsx";
import { DocField } from "./step-panel.tsx";

const POLICY_SECTIONS = [
  { title: "Rollback", settings: ["scope", "include", "deadline"] },
  { title: "Attempts of its steps", settings: ["retry"] },
  {
    title: "Time of its steps",
    settings: ["timeout", "inprogressTimeout", "totalTimeout", "queueTimeout", "onTimeout", "onServiceDown"],
  },
  { title: "Attempts to undo its steps", settings: ["negationTimeout", "negationRetry"] },
];

export function FlowPanel({ fixedName }: { fixedName: boolean }) {
  const { designer, negations, openMapping } = useDesignerScope();
  const document = useDesigner(designer, (state) => state.history.present);
  const [help, setHelp] = useState<string>();
  const { workflow } = document;
  const mappings = Object.entries(workflow.types ?? {});
  return (
    <>
      <div className={classes.panelBody}>
        <h2 className={classes.panelTitle}>The whole flow</h2>
        <p className={classes.panelNote}>Choose a step on the canvas or in the table to see its settings.</p>
        {!fixedName && (
          <div className={classes.fields}>
            <TextInput
              className={classes.fieldWide}
              label="Name"
              value={document.name}
              error={document.name.trim() === "" ? "A flow needs a name to be published." : undefined}
              onChange={(event) => {
                const name = event.currentTarget.value;
                designer.change((current) => renameFlow(current, name), "name");
              }}
            />
          </div>
        )}
        {POLICY_SECTIONS.map((section) => (
          <PanelSection key={section.title} title={section.title}>
            {section.settings.flatMap((name) =>
              SETTING_DOCS.filter((doc) => doc.name === name && doc.places.includes("policy")).map((doc) => (
                <DocField key={doc.name} doc={doc} onHelp={setHelp} />
              )),
            )}
          </PanelSection>
        ))}
        <PanelSection title="What undoes what">
          <ul className={`${classes.fieldWide} ${classes.plainList}`}>
            {callsOf(workflow).map(([id, call]) => {
              const undo = negationsOf(workflow, call, negations);
              return (
                <li key={call.text}>
                  <button type="button" className={classes.findingButton} onClick={() => designer.show(id)}>
                    {call.text}
                  </button>
                  : {undo.length === 0 ? <span className="ag-dim">nothing</span> : undo.join(", ")}
                </li>
              );
            })}
          </ul>
          {workflow.negations === undefined && (
            <p className={`${classes.fieldWide} ${classes.panelNote}`}>
              From the profile's list. Publishing writes it into the flow.
            </p>
          )}
        </PanelSection>
        {mappings.length > 0 && (
          <PanelSection title="Node types">
            <ul className={`${classes.fieldWide} ${classes.plainList}`}>
              {mappings.map(([type, call]) => (
                <li key={type}>
                  "{type}" means <span className="ag-mono">{call}</span>
                </li>
              ))}
            </ul>
            <Button className={classes.fieldWide} onClick={openMapping}>
              Change what types mean…
            </Button>
          </PanelSection>
        )}
      </div>
      <HelpFoot text={help} />
    </>
  );
}

/** The calls of the flow's steps, each once with a step that makes it, without the built-in ones. */
function callsOf(workflow: Workflow): [string, Call][] {
  const calls = new Map<string, [string, Call]>();
  for (const id of stepIdsOf(workflow)) {
    const call = callOf(workflow, ownValue(workflow.nodes, id)?.type ?? "");
    if (call !== undefined && call.service !== MANAGER && !calls.has(call.text)) calls.set(call.text, [id, call]);
  }
  return [...calls.values()];
}
