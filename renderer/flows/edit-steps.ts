/** Changes of a flow's graph: every function answers with a new document, or the same one if nothing changes. */
import { whyNotStepId } from "../../engine/core/names.ts";
import type { Point } from "../parts/layered-layout.ts";
import {
  callOf,
  DEFAULT_OUTPUT,
  descendantsOf,
  type FlowDocument,
  type FlowNode,
  NODE_WIDTH,
  ownValue,
  predecessorsOf,
  type Settings,
  startNodeOf,
  type Workflow,
} from "./document.ts";
import { freeInput, mapLinks, withLink } from "./links.ts";

/**
 * Adds a step of the given type. `after`: the nodes it comes after; `beside`: the node it stands next to, unconnected.
 * Its id is made from the function's name.
 */
export function addStep(
  document: FlowDocument,
  type: string,
  options: { at?: Point; after?: string[]; beside?: string } = {},
): { document: FlowDocument; id: string } {
  const { workflow } = document;
  const id = freeId(workflow, callOf(workflow, type)?.function ?? type);
  const beside = options.after ?? (options.beside === undefined ? [] : [options.beside]);
  const at = options.at ?? placeAfter(workflow, beside);
  const node: FlowNode = {
    id,
    type,
    x: Math.round(at.x),
    y: Math.round(at.y),
    width: NODE_WIDTH,
    inputData: {},
    connections: { inputs: {}, outputs: {} },
  };
  let next = withNodes(document, { ...workflow.nodes, [id]: node });
  for (const from of options.after ?? []) next = connect(next, from, id);
  return { document: next, id };
}

/** Removes a node, the links to it, and what the settings say of it. */
export function removeStep(document: FlowDocument, id: string): FlowDocument {
  const { workflow } = document;
  if (!Object.hasOwn(workflow.nodes, id)) return document;
  const nodes: Record<string, FlowNode> = {};
  for (const [key, node] of Object.entries(workflow.nodes))
    if (key !== id) nodes[key] = mapLinks(node, (link) => (link.nodeId === id ? undefined : link));
  const steps = mapSteps(workflow.steps, (key, settings) =>
    key === id ? undefined : withoutCondition(settings, id),
  );
  return { ...document, workflow: withSteps({ ...workflow, nodes }, steps) };
}

/** A second step of the same type and with the same settings, unconnected, a little below the first. */
export function duplicateStep(document: FlowDocument, id: string): { document: FlowDocument; id: string } {
  const node = ownValue(document.workflow.nodes, id);
  if (node === undefined) return { document, id };
  const added = addStep(document, node.type, { at: { x: node.x + 40, y: node.y + 110 } });
  const settings = ownValue(document.workflow.steps, id);
  if (settings === undefined) return added;
  const { when: _conditionsOfItsEdges, ...rest } = settings;
  const steps = { ...added.document.workflow.steps, [added.id]: rest };
  return { id: added.id, document: { ...added.document, workflow: { ...added.document.workflow, steps } } };
}

/** Why a step can't get this id, in words for the operator. */
export function whyNotRename(workflow: Workflow, id: string, to: string): string | undefined {
  if (to.trim() === "") return "A step needs an id.";
  if (to !== id && Object.hasOwn(workflow.nodes, to)) return `There is another step "${to}".`;
  const unfit = whyNotStepId(to);
  return unfit === undefined ? undefined : `This id can't be used: ${unfit}.`;
}

/** Gives a step another id, in links, settings and the expressions that name it as `steps.ID`. */
export function renameStep(document: FlowDocument, id: string, to: string): FlowDocument {
  const { workflow } = document;
  if (id === to || !Object.hasOwn(workflow.nodes, id) || whyNotRename(workflow, id, to) !== undefined)
    return document;
  const nodes: Record<string, FlowNode> = {};
  for (const [key, node] of Object.entries(workflow.nodes)) {
    const renamed = mapLinks(node, (link) => (link.nodeId === id ? { ...link, nodeId: to } : link));
    nodes[key === id ? to : key] = key === id ? { ...renamed, id: to } : renamed;
  }
  const steps = mapSteps(workflow.steps, (_, settings) => renameInSettings(settings, id, to));
  return { ...document, workflow: withSteps({ ...workflow, nodes }, renameKey(steps, id, to)) };
}

/** Gives a node another type, that is, another call. */
export function setType(document: FlowDocument, id: string, type: string): FlowDocument {
  const node = ownValue(document.workflow.nodes, id);
  if (node === undefined || node.type === type) return document;
  return withNodes(document, { ...document.workflow.nodes, [id]: { ...node, type } });
}

/** Why there can be no edge between these two, in words for the operator; undefined where there can. */
export function whyNotConnect(workflow: Workflow, from: string, to: string): string | undefined {
  if (from === to) return "A step can't come after itself.";
  if (to === startNodeOf(workflow)) return "Nothing comes before the start.";
  if (predecessorsOf(workflow, to).includes(from)) return `${to} already comes after ${from}.`;
  if (descendantsOf(workflow, to).has(from)) return `That would be a circle: ${from} already comes after ${to}.`;
  return undefined;
}

/** Draws an edge, at the given input port or a free one. Nothing changes where `whyNotConnect` has an objection. */
export function connect(document: FlowDocument, from: string, to: string, port?: string): FlowDocument {
  const { workflow } = document;
  const source = ownValue(workflow.nodes, from);
  const target = ownValue(workflow.nodes, to);
  if (source === undefined || target === undefined || whyNotConnect(workflow, from, to) !== undefined)
    return document;
  const output = Object.keys(source.connections.outputs)[0] ?? DEFAULT_OUTPUT;
  const taken = (target.connections.inputs[port ?? ""]?.length ?? 0) > 0;
  const input = port === undefined || taken ? freeInput(target) : port;
  return withNodes(document, {
    ...workflow.nodes,
    [from]: withLink(source, "outputs", output, { nodeId: to, portName: input }),
    [to]: withLink(target, "inputs", input, { nodeId: from, portName: output }),
  });
}

/** Removes every edge between these two, half ones too. */
export function disconnect(document: FlowDocument, from: string, to: string): FlowDocument {
  const { workflow } = document;
  const source = ownValue(workflow.nodes, from);
  const target = ownValue(workflow.nodes, to);
  if (source === undefined || target === undefined || !predecessorsOf(workflow, to).includes(from)) return document;
  const nodes = {
    ...workflow.nodes,
    [from]: mapLinks(source, (link, side) => (side === "outputs" && link.nodeId === to ? undefined : link)),
    [to]: mapLinks(target, (link, side) => (side === "inputs" && link.nodeId === from ? undefined : link)),
  };
  const steps = mapSteps(workflow.steps, (key, settings) =>
    key === to ? withoutCondition(settings, from) : settings,
  );
  return { ...document, workflow: withSteps({ ...workflow, nodes }, steps) };
}

/** Makes exactly these nodes the predecessors of a step. */
export function setPredecessors(document: FlowDocument, id: string, wanted: string[]): FlowDocument {
  let next = document;
  for (const from of predecessorsOf(document.workflow, id))
    if (!wanted.includes(from)) next = disconnect(next, from, id);
  for (const from of wanted) next = connect(next, from, id);
  return next;
}

export function moveNodes(document: FlowDocument, places: Record<string, Point>): FlowDocument {
  const nodes = { ...document.workflow.nodes };
  let moved = false;
  for (const [id, place] of Object.entries(places)) {
    const node = ownValue(nodes, id);
    const x = Math.round(place.x);
    const y = Math.round(place.y);
    if (node === undefined || (node.x === x && node.y === y)) continue;
    nodes[id] = { ...node, x, y };
    moved = true;
  }
  return moved ? withNodes(document, nodes) : document;
}

function freeId(workflow: Workflow, wish: string): string {
  const stem = wish.replace(/[^A-Za-z0-9_-]+/g, "_").replace(/^_+|_+$/g, "") || "step";
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? stem : `${stem}_${number}`;
    if (!Object.hasOwn(workflow.nodes, id)) return id;
  }
}

/** To the right of its predecessors, or below everything. */
function placeAfter(workflow: Workflow, after: string[]): Point {
  const nodes = Object.values(workflow.nodes);
  const before = after.flatMap((id) => ownValue(workflow.nodes, id) ?? []);
  const last = before[before.length - 1];
  if (last === undefined)
    return {
      x: nodes.length === 0 ? 0 : Math.min(...nodes.map((node) => node.x)),
      y: nodes.length === 0 ? 0 : Math.max(...nodes.map((node) => node.y)) + 120,
    };
  const x = Math.max(...before.map((node) => node.x + node.width)) + 56;
  const column = nodes.filter((node) => node.x < x + NODE_WIDTH && node.x + node.width > x);
  const overlaps = (y: number) => column.some((node) => Math.abs(node.y - y) < 100);
  let y = last.y;
  while (overlaps(y)) y += 120;
  return { x, y };
}

function withNodes(document: FlowDocument, nodes: Record<string, FlowNode>): FlowDocument {
  return { ...document, workflow: { ...document.workflow, nodes } };
}

function withSteps(workflow: Workflow, steps: Record<string, Settings> | undefined): Workflow {
  const { steps: _old, ...rest } = workflow;
  return steps === undefined || Object.keys(steps).length === 0 ? rest : { ...rest, steps };
}

function mapSteps(
  steps: Record<string, Settings> | undefined,
  change: (id: string, settings: Settings) => Settings | undefined,
): Record<string, Settings> | undefined {
  if (steps === undefined) return undefined;
  const next: Record<string, Settings> = {};
  for (const [id, settings] of Object.entries(steps)) {
    const changed = change(id, settings);
    if (changed !== undefined && Object.keys(changed).length > 0) next[id] = changed;
  }
  return next;
}

function renameKey<T>(map: Record<string, T> | undefined, from: string, to: string): Record<string, T> | undefined {
  if (map === undefined) return undefined;
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key === from ? to : key, value]));
}

/** Drops the condition on the edge from `predecessor`. */
function withoutCondition(settings: Settings, predecessor: string): Settings {
  const { when, ...rest } = settings;
  if (typeof when !== "object" || when === null || !Object.hasOwn(when, predecessor)) return settings;
  const kept = Object.entries(when).filter(([from]) => from !== predecessor);
  return kept.length === 0 ? rest : { ...rest, when: Object.fromEntries(kept) };
}

function renameInSettings(settings: Settings, id: string, to: string): Settings {
  const renameText = (text: unknown) => {
    if (typeof text !== "string" || !/^[A-Za-z_]\w*$/.test(id)) return text;
    const access = /^[A-Za-z_]\w*$/.test(to) ? `steps.${to}` : `steps[${JSON.stringify(to)}]`;
    return text.replace(new RegExp(`\\bsteps\\.${id}\\b`, "g"), () => access);
  };
  const next: Settings = { ...settings };
  for (const name of ["input", "items", "when"]) if (name in next) next[name] = renameText(next[name]);
  if (typeof next.when === "object" && next.when !== null)
    next.when = Object.fromEntries(
      Object.entries(next.when).map(([from, text]) => [from === id ? to : from, renameText(text)]),
    );
  return next;
}
