/**
 * Reads what people bring: a flow file, the full form of a workflow alone, or a bare Flume export. Nothing is dropped
 * and nothing is guessed: what can't be understood is named, and then nothing is imported.
 */
import { isFullForm } from "../../engine/core/check-workflow.ts";
import {
  callOf,
  type FlowDocument,
  type FlowNode,
  isStart,
  type Link,
  NODE_WIDTH,
  ownValue,
  startNodeOf,
  type Workflow,
} from "./document.ts";

export type ImportResult = { ok: true; document: FlowDocument; version?: string } | { ok: false; problem: string };

export type WorkflowResult = { ok: true; workflow: Workflow } | { ok: false; problem: string };

/** The largest file that is read, in bytes; a flow of a thousand steps is below one megabyte. */
export const MAXIMUM_FILE_BYTES = 5_000_000;

/** Reads the text of a file. Without a name of its own the flow is called as the file. */
export function parseFlowFile(text: string, fileName: string): ImportResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, problem: `${fileName} is not JSON: ${error instanceof Error ? error.message : error}` };
  }
  if (!isMap(value)) return { ok: false, problem: `${fileName} holds no flow: a JSON object is expected.` };
  const wrapped = isMap(value.workflow);
  const read = readWorkflow(wrapped && isMap(value.workflow) ? value.workflow : value);
  if (!read.ok) return { ok: false, problem: `${fileName}: ${read.problem}` };
  const name = wrapped && typeof value.name === "string" ? value.name.trim() : "";
  const version = wrapped && typeof value.version === "string" ? value.version : undefined;
  return { ok: true, version, document: { name: name || nameFromFile(fileName), workflow: read.workflow } };
}

/** Brings a workflow, full or bare, into the full form; fields that Flume may leave out get their defaults. */
export function readWorkflow(source: Record<string, unknown>): WorkflowResult {
  const full = isFullForm(source);
  const nodes = full ? (source.nodes ?? {}) : source;
  if (!isMap(nodes)) return { ok: false, problem: "nodes must map ids to nodes." };
  const read: Record<string, FlowNode> = {};
  for (const [id, value] of Object.entries(nodes)) {
    const node = readNode(id, value);
    if (typeof node === "string") return { ok: false, problem: node };
    read[id] = node;
  }
  if (Object.keys(read).length === 0) return { ok: false, problem: "there are no nodes in it." };
  if (!full) return { ok: true, workflow: { nodes: read } };
  const { negations, types, steps, policy, nodes: _nodes, ...extra } = source;
  const workflow: Workflow = { ...extra, nodes: read };
  if (negations !== undefined) {
    if (!isMapOf(negations, (list) => isMapOf(list, isTexts)))
      return { ok: false, problem: "negations must be service -> function -> list of functions." };
    workflow.negations = negations;
  }
  if (types !== undefined) {
    if (!isMapOf(types, isText)) return { ok: false, problem: "types must map node types to service.function." };
    workflow.types = types;
  }
  if (steps !== undefined) {
    if (!isMapOf(steps, isMap)) return { ok: false, problem: "steps must map step ids to settings." };
    workflow.steps = steps;
  }
  if (policy !== undefined) {
    if (!isMap(policy)) return { ok: false, problem: "policy must be an object." };
    workflow.policy = policy;
  }
  return { ok: true, workflow };
}

/** The node types that name no call and no start, with the nodes that have them. */
export function unknownTypesOf(workflow: Workflow): { type: string; nodes: string[] }[] {
  const start = startNodeOf(workflow);
  const found = new Map<string, string[]>();
  for (const [id, node] of Object.entries(workflow.nodes)) {
    if (id === start || isStart(workflow, node.type) || callOf(workflow, node.type) !== undefined) continue;
    found.set(node.type, [...(found.get(node.type) ?? []), id]);
  }
  return [...found].map(([type, ids]) => ({ type, nodes: ids }));
}

function readNode(id: string, value: unknown): FlowNode | string {
  if (id === "__proto__") return "a node can't have the id __proto__.";
  if (!isMap(value)) return `node ${JSON.stringify(id)} is not an object.`;
  if (typeof value.type !== "string" || value.type === "") return `node ${JSON.stringify(id)} has no type.`;
  const connections = value.connections ?? {};
  if (!isMap(connections)) return `the connections of node ${JSON.stringify(id)} are not an object.`;
  const inputs = readPorts(ownValue(connections, "inputs"));
  const outputs = readPorts(ownValue(connections, "outputs"));
  if (inputs === undefined || outputs === undefined)
    return `the connections of node ${JSON.stringify(id)} are not lists of { nodeId, portName }.`;
  return {
    ...value,
    id: typeof value.id === "string" ? value.id : id,
    type: value.type,
    x: finite(value.x, 0),
    y: finite(value.y, 0),
    width: finite(value.width, NODE_WIDTH),
    inputData: isMap(value.inputData) ? value.inputData : {},
    connections: { inputs, outputs },
  };
}

function readPorts(value: unknown): Record<string, Link[]> | undefined {
  if (value === undefined) return {};
  if (!isMap(value)) return undefined;
  const ports: Record<string, Link[]> = {};
  for (const [port, written] of Object.entries(value)) {
    const links: unknown[] = Array.isArray(written) ? written : [written];
    if (port === "__proto__" || !links.every(isLink)) return undefined;
    if (links.length > 0) ports[port] = links;
  }
  return ports;
}

function nameFromFile(fileName: string): string {
  return fileName.replace(/^.*[\\/]/, "").replace(/(\.flow)?\.json$/i, "") || "imported";
}

function finite(value: unknown, otherwise: number): number {
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isMapOf<T>(value: unknown, isValue: (value: unknown) => value is T): value is Record<string, T> {
  return isMap(value) && !Object.hasOwn(value, "__proto__") && Object.values(value).every(isValue);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

function isLink(value: unknown): value is Link {
  return isMap(value) && typeof value.nodeId === "string" && typeof value.portName === "string";
}
