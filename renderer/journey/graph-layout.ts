/** Where the boxes of a flow's graph stand, from left to right, once per version. Boxes have one size. */
import type { CompiledFlow } from "../../engine/core/flow.ts";
import { comesFirst } from "../../engine/core/graph.ts";
import { CONDITION_HEIGHT, conditionOf, conditionWidth } from "../parts/condition.ts";
import { layoutGraph } from "../parts/graph-layout.ts";
import type { Point } from "../parts/layered-layout.ts";

/** Pixels; fixed, so that nothing has to be measured. */
export const STEP_BOX = { width: 208, height: 76 };
export const START_BOX = { width: 66, height: 34 };
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
  const boxes = [{ id: START_ID, ...START_BOX }, ...flow.order.map((id) => ({ id: inside(id), ...STEP_BOX }))];
  const drawn = edges.map(({ from, to, condition }) => ({
    from: from === undefined ? START_ID : inside(from),
    to: inside(to),
    ...(condition !== undefined && { label: { width: conditionWidth(condition), height: CONDITION_HEIGHT } }),
  }));
  const places = layoutGraph(boxes, drawn, GAPS);
  const corner = (id: string): Point => places.get(id) ?? { x: 0, y: 0 };
  const steps = new Map(flow.order.map((id) => [id, { id, ...corner(inside(id)) }]));
  const start = { id: START_ID, ...corner(START_ID) };
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
