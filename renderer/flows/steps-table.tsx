/**
 * The flow as a table: everything the canvas does, by keyboard and for screen readers. Rows stand in the order in which
 * steps run.
 */
import { ActionIcon, Autocomplete, Button, MultiSelect } from "@mantine/core";
import { memo, useEffect, useRef, useState } from "react";
import { MANAGER } from "../../engine/core/manager-service.ts";
import { plural } from "../parts/format.ts";
import { IconAlertTriangle, IconPencil, IconPlus, IconSettings, IconTrash } from "../parts/icons.ts";
import { Breakable } from "./breakable.tsx";
import classes from "./designer.module.css";
import { useChecked, useDesignerScope } from "./designer-context.ts";
import { useDesigner } from "./designer-store.ts";
import {
  callOf,
  descendantsOf,
  negationsOf,
  ownValue,
  predecessorsOf,
  startNodeOf,
  type Workflow,
} from "./document.ts";
import { addStep, removeStep, setPredecessors } from "./edit-steps.ts";
import { readingOrder } from "./layout.ts";

export function StepsTable({ onSettings }: { onSettings: () => void }) {
  const { designer, negations } = useDesignerScope();
  const workflow = useDesigner(designer, (state) => state.history.present.workflow);
  const selection = useDesigner(designer, (state) => state.selection);
  return (
    <div className={classes.tableScroll}>
      <table className={classes.table}>
        <caption className="ag-visually-hidden">The steps of the flow, in the order they run</caption>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Calls</th>
            <th scope="col">After</th>
            <th scope="col">Undone by</th>
            <th scope="col">
              <span className="ag-visually-hidden">Findings</span>
            </th>
            <th scope="col">
              <span className="ag-visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {readingOrder(workflow).map((id) => {
            const call = callOf(workflow, ownValue(workflow.nodes, id)?.type ?? "");
            return (
              <Row
                key={id}
                id={id}
                call={call?.text ?? ownValue(workflow.nodes, id)?.type ?? ""}
                after={predecessorsOf(workflow, id).join("\n")}
                undo={call === undefined ? "" : negationsOf(workflow, call, negations).join(", ")}
                selected={selection === id}
                onSettings={onSettings}
              />
            );
          })}
        </tbody>
      </table>
      <AddRow />
    </div>
  );
}

interface RowProps {
  id: string;
  call: string;
  /** Predecessors, a line each: a text, so that unchanged rows are not drawn again. */
  after: string;
  undo: string;
  selected: boolean;
  onSettings: () => void;
}

/** Steps that run other journeys are undone by rolling those back. */
const withoutNegations = (call: string): string =>
  call === `${MANAGER}.journey` || call === `${MANAGER}.each` ? "its journeys rolled back" : "nothing";

const Row = memo(function Row({ id, call, after, undo, selected, onSettings }: RowProps) {
  const { designer } = useDesignerScope();
  const findings = useChecked((checked) => checked.byNode.get(id)?.length ?? 0);
  const [editing, setEditing] = useState(false);
  const row = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (selected) row.current?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  const predecessors = after === "" ? [] : after.split("\n");
  return (
    <tr ref={row} data-selected={selected || undefined}>
      <th scope="row">
        <button type="button" className={classes.rowButton} onClick={() => designer.show(id)} aria-pressed={selected}>
          <Breakable text={id} />
        </button>
      </th>
      <td>
        <Breakable text={call} />
      </td>
      <td>
        {editing ? (
          <AfterField id={id} value={predecessors} onDone={() => setEditing(false)} />
        ) : (
          <span className={classes.afterCell}>
            <span>
              {predecessors.length === 0 ? (
                <span className="ag-dim">nothing</span>
              ) : (
                <Breakable text={predecessors.join(", ")} />
              )}
            </span>
            <ActionIcon size={24} aria-label={`Change what ${id} comes after`} onClick={() => setEditing(true)}>
              <IconPencil size={14} />
            </ActionIcon>
          </span>
        )}
      </td>
      <td>{undo === "" ? <span className="ag-dim">{withoutNegations(call)}</span> : <Breakable text={undo} />}</td>
      <td>
        {findings > 0 && (
          <span className={classes.warn} title={plural(findings, "finding")}>
            <IconAlertTriangle size={15} aria-label={plural(findings, "finding")} />
          </span>
        )}
      </td>
      <td className={classes.rowActions}>
        <ActionIcon
          size={26}
          aria-label={`Settings of ${id}`}
          onClick={() => {
            designer.show(id);
            onSettings();
          }}
        >
          <IconSettings size={15} />
        </ActionIcon>
        <ActionIcon
          size={26}
          aria-label={`Remove ${id}`}
          onClick={() => designer.change((document) => removeStep(document, id))}
        >
          <IconTrash size={15} />
        </ActionIcon>
      </td>
    </tr>
  );
});

function AfterField({ id, value, onDone }: { id: string; value: string[]; onDone: () => void }) {
  const { designer } = useDesignerScope();
  const workflow = designer.document().workflow;
  return (
    <MultiSelect
      aria-label={`${id} comes after`}
      data={possiblePredecessors(workflow, id)}
      value={value}
      onChange={(wanted) => designer.change((document) => setPredecessors(document, id, wanted))}
      onBlur={onDone}
      onKeyDown={(event) => event.key === "Escape" && onDone()}
      autoFocus
      defaultDropdownOpened
      searchable
      hidePickedOptions
      maxDropdownHeight={220}
    />
  );
}

/** Everything but the step itself and what comes after it; the start first. */
function possiblePredecessors(workflow: Workflow, id: string): string[] {
  const after = descendantsOf(workflow, id);
  const start = startNodeOf(workflow);
  return [...(start === undefined ? [] : [start]), ...readingOrder(workflow)].filter(
    (other) => other !== id && !after.has(other),
  );
}

/** Adds a step after the chosen one, or after the last. */
function AddRow() {
  const { designer, catalogue } = useDesignerScope();
  const workflow = useDesigner(designer, (state) => state.history.present.workflow);
  const selection = useDesigner(designer, (state) => state.selection);
  const [written, setWritten] = useState("");
  const after = selection ?? readingOrder(workflow).at(-1) ?? startNodeOf(workflow);
  const call = callOf(workflow, written.trim());
  const add = () => {
    if (call === undefined) return;
    const added = addStep(designer.document(), call.text, after === undefined ? {} : { after: [after] });
    designer.change(() => added.document);
    designer.show(added.id);
    setWritten("");
  };
  return (
    <div className={classes.addRow}>
      <Autocomplete
        aria-label="Function of the new step"
        placeholder="service.function"
        value={written}
        onChange={setWritten}
        data={catalogue.map((entry) => ({ group: entry.service, items: entry.functions.map((known) => known.call) }))}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.defaultPrevented) add();
        }}
        maxDropdownHeight={220}
        w={260}
      />
      <Button leftSection={<IconPlus size={15} />} onClick={add} disabled={call === undefined}>
        {after === undefined ? "Add a step" : `Add after ${after}`}
      </Button>
    </div>
  );
}
