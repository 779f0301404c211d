/**
 * Reads a `workflow`, a bare Flume export (the map of nodes) or the full form around it, into nodes and edges. Reports
 * what is malformed, and connections whose two halves disagree; goes on with whatever can be read.
 */

import { connect } from "./check-connections.ts";
import { isRecord, listed, type Report, shown } from "./check-report.ts";
import { compareIds } from "./graph.ts";
import { whyNotStepId } from "./names.ts";
import { MANAGER } from "./protocol.ts";
import { BUILT_IN_STEPS, type StepKind } from "./settings.ts";

/** What a node's type says it is. */
export type NodeCall =
  | { is: "start" }
  | { is: "step"; kind: StepKind; service: string; function: string }
  | { is: "unknown" };

export interface FlowNode {
  id: string;
  /** As drawn, before `types`. */
  type: string;
  call: NodeCall;
  /** Flume's mark. */
  root: boolean;
  /** As Flume exports them; `from` and `to` are read from them. */
  connections: unknown;
  /** The nodes before and after this one, sorted by id, each once. */
  from: FlowNode[];
  to: FlowNode[];
}

/** The parts of a workflow, still unread except for the nodes. */
export interface Workflow {
  /** By id, sorted. */
  nodes: Map<string, FlowNode>;
  types: Record<string, string>;
  /** Undefined where the profile's list is to be used. */
  negations?: unknown;
  steps?: unknown;
  policy?: unknown;
}

/** The parts of the full form. */
const PARTS = ["nodes", "negations", "types", "steps", "policy"] as const;

/** Steps in a flow, at most: beyond that no one draws it, and its anti-graph would no longer be quick to walk. */
const STEPS_AT_MOST = 2_000;

/** A type that names a call: no spaces, a service, a dot, a function without dots. */
const CALL = /^([^\s.]+(?:\.[^\s.]+)*)\.([^\s.]+)$/;

/**
 * Whether a workflow is the full form. In a bare export every value is a node and so has a type; in the full form
 * `nodes` is a map of nodes, which hasn't.
 */
export function isFullForm(workflow: Record<string, unknown>): boolean {
  if (Object.hasOwn(workflow, "nodes")) return !isNode(workflow.nodes);
  const keys = Object.keys(workflow);
  return keys.some((key) => PARTS.some((part) => part === key)) && !Object.values(workflow).some(isNode);
}

/** Reads the workflow's nodes and edges. `types` are mappings that win over the workflow's own. */
export function readWorkflow(
  workflow: Record<string, unknown>,
  types: Record<string, string> | undefined,
  report: Report,
): Workflow {
  const full = isFullForm(workflow);
  if (full) reportUnknownParts(workflow, report);
  const parts: Record<string, unknown> = full ? workflow : { nodes: workflow };
  const allTypes = { ...readTypes(parts.types, report), ...types };
  const { negations, steps, policy } = parts;
  return { nodes: readNodes(parts.nodes, allTypes, report), types: allTypes, negations, steps, policy };
}

/** What a type calls, by way of the mapping if that has it. */
export function callOf(type: string, types: Record<string, string>): NodeCall {
  const name = mapped(type, types);
  if (name === "start" || name === "manager.start") return { is: "start" };
  const [, service, called] = CALL.exec(name) ?? [];
  if (service === undefined || called === undefined) return { is: "unknown" };
  if (service !== MANAGER) return { is: "step", kind: "call", service, function: called };
  const kind = BUILT_IN_STEPS.find((builtIn) => builtIn === called);
  return kind === undefined ? { is: "unknown" } : { is: "step", kind, service, function: called };
}

/** How messages name a node: by what was drawn, and its id. */
export function label(node: FlowNode): string {
  return node.call.is === "step"
    ? `${node.call.service}.${node.call.function} (${node.id})`
    : `${node.type} (${node.id})`;
}

/** Types that name no call, one error for each node of such a type, each listing all of them. */
export function reportUnknownTypes(nodes: readonly FlowNode[], types: Record<string, string>, report: Report): void {
  const unknown = [...new Set(nodes.map((node) => node.type))];
  const all = unknown.length > 1 ? ` Types without a call in this flow: ${listed(unknown)}.` : "";
  for (const node of nodes) {
    const name = mapped(node.type, types);
    const through = name === node.type ? "" : `, which types maps to ${shown(name)},`;
    const why = name.startsWith(`${MANAGER}.`)
      ? `: service manager has only the steps ${listed(BUILT_IN_STEPS, "")}`
      : "";
    report.error(
      "unknown_type",
      `The type ${shown(node.type)} of node ${node.id}${through} names no call${why}. ` +
        `Use a type of the form service.function, or map it to one in types (--map TYPE=service.function).${all}`,
      node.id,
    );
  }
}

function mapped(type: string, types: Record<string, string>): string {
  return Object.hasOwn(types, type) ? String(types[type]) : type;
}

function isNode(value: unknown): value is Record<string, unknown> & { type: string } {
  return isRecord(value) && typeof value.type === "string";
}

function reportUnknownParts(workflow: Record<string, unknown>, report: Report): void {
  for (const key of Object.keys(workflow).sort(compareIds)) {
    if (PARTS.some((part) => part === key)) continue;
    report.warning(
      "unknown_setting",
      `workflow.${key} is ignored: a workflow has the parts ${listed(PARTS, "")}. Correct or remove it.`,
    );
  }
}

function readTypes(written: unknown, report: Report): Record<string, string> {
  if (written === undefined) return {};
  if (!isRecord(written)) {
    report.error("invalid_flow", `workflow.types must be an object from type to "service.function".`);
    return {};
  }
  const entries = Object.entries(written).filter((entry): entry is [string, string] => {
    if (typeof entry[1] === "string") return true;
    report.error(
      "invalid_flow",
      `workflow.types.${entry[0]} must be text like "service.function", not ${shown(entry[1])}.`,
    );
    return false;
  });
  return Object.fromEntries(entries);
}

function readNodes(written: unknown, types: Record<string, string>, report: Report): Map<string, FlowNode> {
  const nodes = new Map<string, FlowNode>();
  if (!isRecord(written)) {
    report.error("invalid_flow", `workflow.nodes must be an object from id to node, as Flume exports it.`);
    return nodes;
  }
  const ids = Object.keys(written).sort(compareIds);
  if (ids.length > STEPS_AT_MOST) {
    report.error(
      "invalid_flow",
      `The flow has ${ids.length} nodes; ${STEPS_AT_MOST} are the most. Split it into several flows.`,
    );
    return nodes;
  }
  for (const id of ids) {
    const node = written[id];
    const problem = problemOf(id, node);
    if (problem !== undefined) report.error("invalid_flow", problem, id);
    if (!isNode(node)) continue;
    const { type, connections } = node;
    nodes.set(id, { id, type, call: callOf(type, types), root: node.root === true, connections, from: [], to: [] });
  }
  connect(nodes, report);
  return nodes;
}

function problemOf(id: string, node: unknown): string | undefined {
  if (!isNode(node)) return `Node ${shown(id)} must be an object with a type, not ${shown(node)}.`;
  if (node.id !== undefined && node.id !== id) {
    return `The node stored as ${shown(id)} calls itself ${shown(node.id)}. Make its id and its key the same.`;
  }
  const unfit = whyNotStepId(id);
  return unfit === undefined ? undefined : `${shown(id)} can't be a step's id: ${unfit}. Rename the node.`;
}
