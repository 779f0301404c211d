/** What the graphs beside the canvas show: the flow as it will run, and the anti-graph as it will be undone. */
import type { NegationList } from "../../engine/core/flow.ts";
import { conditionOf, wrappedConditionSize } from "../parts/condition.ts";
import { layoutGraph } from "../parts/graph-layout.ts";
import type { Point } from "../parts/layered-layout.ts";
import { callOf, edgesOf, negationsOf, ownValue, startNodeOf, type Workflow } from "./document.ts";
import { readingOrder } from "./layout.ts";

export type Direction = "forward" | "undo";

export interface RunNode {
  id: string;
  title: string;
  /** Forward: the service. Undo: what is called, or why nothing is. */
  note: string;
  tone: "start" | "plain" | "undo" | "passed" | "irreversible";
  place: Point;
}

export interface RunGraph {
  nodes: RunNode[];
  edges: RunEdge[];
}

export interface RunEdge {
  from: string;
  to: string;
  /** CEL, as written: forward, the edge is taken only when it holds. */
  condition?: string;
}

/** Pixels; fixed, so that the layout needs no measuring. */
export const RUN_NODE = { width: 152, height: 44 };

export function runGraph(workflow: Workflow, direction: Direction, profile: NegationList | undefined): RunGraph {
  const start = startNodeOf(workflow);
  const conditioned = conditionedEdges(workflow, start);
  // The start is drawn only where an edge from it has a condition.
  const startDrawn =
    direction === "forward" && conditioned.some(({ from, condition }) => from === start && condition !== undefined);
  const drawn = conditioned.filter((edge) => (edge.from !== start || startDrawn) && edge.to !== start);
  const edges = direction === "forward" ? drawn : drawn.map(({ from, to }) => ({ from: to, to: from }));
  const ids = [...(startDrawn && start !== undefined ? [start] : []), ...readingOrder(workflow)];
  const places = placesOf(ids, edges);
  const nodes = ids.map((id) => ({
    id,
    title: id,
    place: places.get(id) ?? { x: 0, y: 0 },
    ...lookOf(workflow, id, id === start ? "start" : direction, profile),
  }));
  return { nodes, edges };
}

/** Every pair of nodes with an edge, once, with what has to hold for it. */
function conditionedEdges(workflow: Workflow, start: string | undefined): RunEdge[] {
  const pairs = new Map<string, RunEdge>();
  for (const { from, to } of edgesOf(workflow)) {
    const { when } = ownValue(workflow.steps, to) ?? {};
    // A condition on the start's edge may go by the start's id, or by the word.
    const condition = conditionOf(when, from) ?? (from === start ? conditionOf(when, undefined) : undefined);
    pairs.set(JSON.stringify([from, to]), condition === undefined ? { from, to } : { from, to, condition });
  }
  return [...pairs.values()];
}

function lookOf(
  workflow: Workflow,
  id: string,
  as: Direction | "start",
  profile: NegationList | undefined,
): Pick<RunNode, "note" | "tone"> {
  switch (as) {
    case "start":
      return { note: "the journey's input", tone: "start" };
    case "forward":
      return forwardLook(workflow, id);
    case "undo":
      return undoLook(workflow, id, profile);
    default:
      return as satisfies never;
  }
}

/** Conditions stand half way between the boxes: there the lines are half as far apart. */
const GAPS = { plain: { rows: 12, columns: 24 }, conditioned: { rows: 36, columns: 24 } };

/** Layouts by shape: each key press in a setting asks for the graph anew, and laying out is what takes time. */
const layouts = new Map<string, ReadonlyMap<string, Point>>();
const MAXIMUM_LAYOUTS = 16;

function placesOf(ids: string[], edges: RunGraph["edges"]): ReadonlyMap<string, Point> {
  const shape = JSON.stringify([ids, edges]);
  const known = layouts.get(shape);
  if (known !== undefined) return known;
  const boxes = ids.map((id) => ({ id, ...RUN_NODE }));
  const labelled = edges.map(({ from, to, condition }) =>
    condition === undefined ? { from, to } : { from, to, label: wrappedConditionSize(condition) },
  );
  const conditioned = edges.some(({ condition }) => condition !== undefined);
  const places = layoutGraph(boxes, labelled, GAPS[conditioned ? "conditioned" : "plain"]);
  const oldest = layouts.keys().next().value;
  if (layouts.size >= MAXIMUM_LAYOUTS && oldest !== undefined) layouts.delete(oldest);
  layouts.set(shape, places);
  return places;
}

function forwardLook(workflow: Workflow, id: string): Pick<RunNode, "note" | "tone"> {
  const type = ownValue(workflow.nodes, id)?.type ?? "";
  return { note: callOf(workflow, type)?.text ?? `unknown type: ${type}`, tone: "plain" };
}

function undoLook(workflow: Workflow, id: string, profile?: NegationList): Pick<RunNode, "note" | "tone"> {
  if (ownValue(workflow.steps, id)?.irreversible === true) return { note: "can't be undone", tone: "irreversible" };
  const call = callOf(workflow, ownValue(workflow.nodes, id)?.type ?? "");
  const negations = call === undefined ? [] : negationsOf(workflow, call, profile);
  if (negations.length > 0) return { note: negations.join(" + "), tone: "undo" };
  const child = call?.service === "manager" && (call.function === "journey" || call.function === "each");
  return child ? { note: "roll its journeys back", tone: "undo" } : { note: "nothing to undo", tone: "passed" };
}
