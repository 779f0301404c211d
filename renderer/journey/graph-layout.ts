/** Where the boxes of a flow's graph stand: by dagre, from left to right, once per version. Boxes have one size. */
import dagre from "@dagrejs/dagre";
import type { CompiledFlow } from "../../engine/core/flow.ts";
import { comesFirst } from "../../engine/core/graph.ts";
import { CONDITION_HEIGHT, conditionOf, conditionWidth } from "../parts/condition.ts";

/** Pixels; fixed, so that nothing has to be measured. */
export const STEP_BOX = { width: 208, height: 76 };
export const START_BOX = { width: 66, height: 34 };
/** From this many steps on the fast way is taken: a few more crossings, half the time. */
const LARGE_STEPS = 100;
const GAPS = { rows: 20, columns: 44 };

/** Inside the layout; steps are prefixed, so that none is taken for the start. */
const START_ID = "start";
const inside = (step: string): string => `step ${step}`;

export interface Place {
  id: string;
  x: number;
  y: number;
}

export interface GraphEdge {
  /** Undefined: from the start. */
  from?: string;
  to: string;
  /** CEL; the edge is taken only when it holds. */
  condition?: string;
}

export interface GraphLayout {
  start: Place;
  steps: ReadonlyMap<string, Place>;
  edges: GraphEdge[];
  width: number;
  height: number;
}

const layouts = new WeakMap<CompiledFlow, GraphLayout>();

export function graphLayout(flow: CompiledFlow): GraphLayout {
  const known = layouts.get(flow);
  if (known !== undefined) return known;
  const made = lay(flow);
  layouts.set(flow, made);
  return made;
}

function lay(flow: CompiledFlow): GraphLayout {
  const edges = edgesOf(flow);
  const graph = new dagre.graphlib.Graph();
  const large = flow.order.length >= LARGE_STEPS;
  graph.setGraph({
    rankdir: "LR",
    ranker: large ? "longest-path" : "network-simplex",
    nodesep: GAPS.rows,
    ranksep: GAPS.columns,
    marginx: 0,
    marginy: 0,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  graph.setNode(START_ID, { ...START_BOX });
  for (const id of flow.order) graph.setNode(inside(id), { ...STEP_BOX });
  for (const { from, to, condition } of edges) {
    const label =
      condition === undefined
        ? {}
        : { width: conditionWidth(condition), height: CONDITION_HEIGHT, labelpos: "c" as const };
    graph.setEdge(from === undefined ? START_ID : inside(from), inside(to), label);
  }
  dagre.layout(graph, { disableOptimalOrderHeuristic: large });
  const corner = (id: string, box: { width: number; height: number }): { x: number; y: number } => {
    const { x = 0, y = 0 } = graph.node(id) as { x?: number; y?: number };
    return { x: x - box.width / 2, y: y - box.height / 2 };
  };
  const steps = new Map(flow.order.map((id) => [id, { id, ...corner(inside(id), STEP_BOX) }]));
  const start = { id: START_ID, ...corner(START_ID, START_BOX) };
  const all = [...steps.values()];
  return {
    start,
    steps,
    edges,
    width: Math.max(start.x + START_BOX.width, ...all.map(({ x }) => x + STEP_BOX.width)),
    height: Math.max(start.y + START_BOX.height, ...all.map(({ y }) => y + STEP_BOX.height)),
  };
}

function edgesOf(flow: CompiledFlow): GraphEdge[] {
  const edges: GraphEdge[] = [];
  for (const id of flow.order) {
    const step = flow.steps[id];
    if (step === undefined) continue;
    const { when } = step.settings;
    if (comesFirst(step)) edges.push({ to: id, condition: conditionOf(when, undefined) });
    for (const from of step.predecessors) edges.push({ from, to: id, condition: conditionOf(when, from) });
  }
  return edges;
}
