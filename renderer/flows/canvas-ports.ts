/** Which ports the nodes of the canvas have. All are of one type: whether two may be joined is the document's to say. */
import type { NodeTypeMap, PortType, PortTypeMap } from "flume";
import { decodeId, encodeId } from "./canvas-view.ts";
import { DEFAULT_OUTPUT, startNodeOf, type Workflow } from "./document.ts";
import { freeInput } from "./links.ts";

const PORT_TYPE = "flow";

export const portTypes: PortTypeMap = { [PORT_TYPE]: port("", "") };

/** A node type for each node (see canvas-view.ts): a port for each connection, and a free one for the next. */
export function nodeTypesOf(workflow: Workflow): NodeTypeMap {
  const start = startNodeOf(workflow);
  const types: NodeTypeMap = {};
  for (const [id, node] of Object.entries(workflow.nodes)) {
    const type = encodeId(id);
    types[type] = {
      id: type,
      type,
      label: id,
      description: "",
      addable: false,
      deletable: false,
      inputs: (_, connections) => {
        if (id === start) return [];
        const taken = Object.entries(connections.inputs).map(([name, links]) =>
          port(name, links.map((link) => decodeId(link.nodeId)).join(", ")),
        );
        const free = freeInput({ ...node, connections });
        return [...taken, port(free, taken.length === 0 ? "after" : "and after")];
      },
      outputs: (_, connections) => {
        const names = Object.entries(connections.outputs).flatMap(([name, links]) =>
          links.length > 0 ? [name] : [],
        );
        return (names.length > 0 ? names : [DEFAULT_OUTPUT]).map((name) => port(name, "then"));
      },
    };
  }
  return types;
}

function port(name: string, label: string): PortType {
  return {
    type: PORT_TYPE,
    name,
    label,
    noControls: true,
    color: "grey",
    hidePort: false,
    controls: [],
    acceptTypes: [PORT_TYPE],
  };
}
