/** The head of a node on the canvas: what it calls, and its settings as small marks. Its height never changes. */
import { memo, useRef } from "react";
import type { Finding } from "../../engine/core/flow.ts";
import { IconAlertTriangle, IconArrowBackUp } from "../parts/icons.ts";
import { useChecked, useDesignerScope } from "./designer-context.ts";
import { IconCondition, IconPivot, IconRetry } from "./designer-icons.ts";
import { type DesignerState, useDesigner } from "./designer-store.ts";
import { callOf, negationsOf, ownValue, type Settings, startNodeOf, type Workflow } from "./document.ts";
import { settingAt } from "./edit-settings.ts";

export const NodeHead = memo(function NodeHead({ id }: { id: string }) {
  const { designer, negations } = useDesignerScope();
  // Each part is read by itself, so that a change elsewhere in the flow doesn't draw this node anew.
  const read =
    <T,>(part: (workflow: Workflow) => T) =>
    (state: DesignerState) =>
      part(state.history.present.workflow);
  const present = useDesigner(
    designer,
    read((workflow) => ownValue(workflow.nodes, id)),
  );
  const settings = useDesigner(
    designer,
    read((workflow) => ownValue(workflow.steps, id)),
  );
  const types = useDesigner(
    designer,
    read((workflow) => workflow.types),
  );
  const own = useDesigner(
    designer,
    read((workflow) => workflow.negations),
  );
  const isStart = useDesigner(
    designer,
    read((workflow) => startNodeOf(workflow) === id),
  );
  const selected = useDesigner(designer, (state) => state.selection === id);
  const worst = useChecked(({ byNode }) => worstOf(byNode.get(id) ?? []));
  const messages = useChecked(({ byNode }) => (byNode.get(id) ?? []).map(({ message }) => message).join("\n"));
  // A node that was just removed is still drawn once, before the canvas is mounted anew.
  const last = useRef(present);
  const node = present ?? last.current;
  if (node === undefined) return null;
  const call = callOf({ types }, node.type);
  const kind = isStart ? "start" : call === undefined ? "unknown" : "step";
  return (
    <div
      className="ag-node-head"
      data-kind={kind}
      data-selected={selected || undefined}
      data-finding={worst}
      title={[call?.text ?? node.type, id, messages].join("\n")}
    >
      <span className="ag-node-service">
        <span className="ag-truncate">{call?.service ?? (kind === "start" ? "flow" : "unknown type")}</span>
        {call !== undefined && call.function !== id && <span className="ag-truncate ag-node-id">{id}</span>}
        <span className="ag-node-marks">
          <Marks
            settings={settings}
            undo={call === undefined ? 0 : negationsOf({ negations: own }, call, negations).length}
          />
          {worst !== undefined && <IconAlertTriangle size={14} data-mark={worst} />}
        </span>
      </span>
      <span className="ag-node-function ag-truncate">
        {kind === "start" ? "start" : (call?.function ?? node.type)}
      </span>
    </div>
  );
});

function worstOf(findings: readonly Finding[]): Finding["severity"] | undefined {
  return findings.some(({ severity }) => severity === "error") ? "error" : findings[0]?.severity;
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
