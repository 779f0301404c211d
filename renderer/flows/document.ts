/**
 * The flow that is being drawn, as plain data. What the designer shows - the canvas, the Steps table, the side panel -
 * are views of this document; they change it by the pure functions in edit-steps.ts and edit-settings.ts.
 *
 * `workflow` is the full form of a flow file (docs/protocol.md, "A flow"): what was imported stays in it word for word,
 * unknown fields and broken links too, until somebody mends them.
 */
import { callOf as readCall } from "../../engine/core/check-workflow.ts";
import type { NegationList } from "../../engine/core/flow.ts";
import { type FlowRecord, SCHEMA_VERSION } from "../../engine/core/protocol.ts";

/** One half of an edge: the other node, and that node's port. */
export interface Link {
  nodeId: string;
  portName: string;
}

/** A node as Flume exports it; the step's id is its key in `nodes`. Coordinates and width are CSS pixels at 100 %. */
export interface FlowNode {
  id: string;
  type: string;
  x: number;
  y: number;
  width: number;
  inputData: Record<string, unknown>;
  connections: { inputs: Record<string, Link[]>; outputs: Record<string, Link[]> };
  [extra: string]: unknown;
}

/** A step's settings, or the flow's policy, as written: durations are texts such as "30s" or milliseconds. */
export type Settings = Record<string, unknown>;

export interface Workflow {
  nodes: Record<string, FlowNode>;
  negations?: NegationList;
  /** Node type -> `service.function`, for types that are not calls by themselves. */
  types?: Record<string, string>;
  steps?: Record<string, Settings>;
  policy?: Settings;
  [extra: string]: unknown;
}

export interface FlowDocument {
  name: string;
  workflow: Workflow;
}

/** A call of a service; `text` is `service.function`. */
export interface Call {
  service: string;
  function: string;
  text: string;
}

/** An edge between two nodes that are both there, with the ports it is drawn at. */
export interface Edge {
  from: string;
  fromPort: string;
  to: string;
  toPort: string;
}

export const START_TYPE = "start";
export const NODE_WIDTH = 200;
export const START_WIDTH = 100;
export const DEFAULT_OUTPUT = "next";
export const DEFAULT_INPUT = "after";

/** The call that a node type names: directly, or by the flow's `types`. Undefined where it names none. */
export function callOf(workflow: Pick<Workflow, "types">, type: string): Call | undefined {
  const call = readCall(type, workflow.types ?? {});
  if (call.is !== "step") return undefined;
  return { service: call.service, function: call.function, text: `${call.service}.${call.function}` };
}

/** The node that the flow starts at and that is no step itself, if it has one. */
export function startNodeOf(workflow: Workflow): string | undefined {
  for (const [id, node] of Object.entries(workflow.nodes)) if (isStart(workflow, node.type)) return id;
  for (const [id, node] of Object.entries(workflow.nodes)) {
    if (node.root === true && callOf(workflow, node.type) === undefined && predecessorsOf(workflow, id).length === 0)
      return id;
  }
  return undefined;
}

/** The ids of the steps, in the order of the file: every node but the start. */
export function stepIdsOf(workflow: Workflow): string[] {
  const start = startNodeOf(workflow);
  return Object.keys(workflow.nodes).filter((id) => id !== start);
}

/**
 * Every edge whose two nodes exist, once, in the order of the file. A link that stands at one of its ends only counts:
 * the checker reports it, and connecting or mending writes the other half.
 */
export function edgesOf(workflow: Workflow): Edge[] {
  const edges = new Map<string, Edge>();
  const add = (edge: Edge) => {
    if (Object.hasOwn(workflow.nodes, edge.from) && Object.hasOwn(workflow.nodes, edge.to))
      edges.set(JSON.stringify([edge.from, edge.fromPort, edge.to, edge.toPort]), edge);
  };
  for (const [id, node] of Object.entries(workflow.nodes)) {
    for (const [port, links] of Object.entries(node.connections.outputs))
      for (const link of links) add({ from: id, fromPort: port, to: link.nodeId, toPort: link.portName });
    for (const [port, links] of Object.entries(node.connections.inputs))
      for (const link of links) add({ from: link.nodeId, fromPort: link.portName, to: id, toPort: port });
  }
  return [...edges.values()];
}

/** The nodes with an edge into this one, the start included, each once. */
export function predecessorsOf(workflow: Workflow, id: string): string[] {
  return [...new Set(edgesOf(workflow).flatMap((edge) => (edge.to === id ? [edge.from] : [])))];
}

/** Every node that can be reached from this one, itself not included unless it lies on a cycle. */
export function descendantsOf(workflow: Workflow, id: string): Set<string> {
  const next = new Map<string, string[]>();
  for (const edge of edgesOf(workflow)) next.set(edge.from, [...(next.get(edge.from) ?? []), edge.to]);
  const found = new Set<string>();
  const open = [...(next.get(id) ?? [])];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    open.push(...(next.get(node) ?? []));
  }
  return found;
}

/** A new flow: a start and nothing else. */
export function emptyDocument(name = ""): FlowDocument {
  const start: FlowNode = {
    id: "start",
    type: START_TYPE,
    x: 0,
    y: 0,
    width: START_WIDTH,
    inputData: {},
    connections: { inputs: {}, outputs: {} },
    root: true,
  };
  return { name, workflow: { nodes: { start } } };
}

/** The document as it is published and saved to a flow file. */
export function toRecord(document: FlowDocument, version: string): FlowRecord {
  return { name: document.name, version, schema_version: SCHEMA_VERSION, workflow: { ...document.workflow } };
}

/** The functions that undo this call: the flow's own list where it has one, else the profile's. */
export function negationsOf(workflow: Pick<Workflow, "negations">, call: Call, profile?: NegationList): string[] {
  const list = workflow.negations ?? profile;
  return ownValue(ownValue(list, call.service), call.function) ?? [];
}

/** Whether a type is the start's, by itself or by the flow's `types`. */
export function isStart(workflow: Pick<Workflow, "types">, type: string): boolean {
  return readCall(type, workflow.types ?? {}).is === "start";
}

/** A property of a map with foreign keys: never one that every object inherits, such as `constructor`. */
export function ownValue<T>(map: Record<string, T> | undefined, key: string): T | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
}
