/** The head of a node on the canvas: what it calls, and its settings as small marks. Its height never changes. */
import { useRef } from "react";
import { IconAlertTriangle, IconArrowBackUp } from "../parts/icons.ts";
import { useDesignerScope } from "./designer-context.ts";
import { IconCondition, IconPivot, IconRetry } from "./designer-icons.ts";
import { useDesigner } from "./designer-store.ts";
import { callOf, negationsOf, ownValue, type Settings, startNodeOf } from "./document.ts";
import { settingAt } from "./edit-settings.ts";

export function NodeHead({ id }: { id: string }) {
  const { designer, checked, negations } = useDesignerScope();
  const workflow = useDesigner(designer, (state) => state.history.present.workflow);
  const selected = useDesigner(designer, (state) => state.selection === id);
  const lastNode = useRef(ownValue(workflow.nodes, id));
  // A node that was just removed is still drawn once, before the canvas is mounted anew.
  const node = ownValue(workflow.nodes, id) ?? lastNode.current;
  if (node === undefined) return null;
  const findings = checked.byNode.get(id) ?? [];
  const worst = findings.some(({ severity }) => severity === "error") ? "error" : findings[0]?.severity;
  const call = callOf(workflow, node.type);
  const kind = startNodeOf(workflow) === id ? "start" : call === undefined ? "unknown" : "step";
  const title = [call?.text ?? node.type, id, ...findings.map(({ message }) => message)].join("\n");
  return (
    <div
      className="ag-node-head"
      data-kind={kind}
      data-selected={selected || undefined}
      data-finding={worst}
      title={title}
    >
      <span className="ag-node-service">
        <span className="ag-truncate">
          {kind === "step" ? call?.service : kind === "unknown" ? "unknown type" : "flow"}
        </span>
        {call !== undefined && call.function !== id && <span className="ag-truncate ag-node-id">{id}</span>}
        <span className="ag-node-marks">
          <Marks
            settings={ownValue(workflow.steps, id)}
            undo={call === undefined ? 0 : negationsOf(workflow, call, negations).length}
          />
          {worst !== undefined && <IconAlertTriangle size={14} data-mark={worst} />}
        </span>
      </span>
      <span className="ag-node-function ag-truncate">
        {kind === "start" ? "start" : (call?.function ?? node.type)}
      </span>
    </div>
  );
}

function Marks({ settings, undo }: { settings: Settings | undefined; undo: number }) {
  const attempts = settingAt(settings, ["retry", "maximumAttempts"]);
  return (
    <>
      {settings?.when !== undefined && <IconCondition size={14} />}
      {typeof attempts === "number" && attempts > 1 && (
        <span>
          <IconRetry size={14} />
          {attempts}
        </span>
      )}
      {settings?.pivot === true && <IconPivot size={14} />}
      {undo > 0 && settings?.irreversible !== true && (
        <span data-mark="undo">
          <IconArrowBackUp size={14} />
          {undo}
        </span>
      )}
    </>
  );
}
