/** What the graphs beside the canvas show: the flow as it will run, and the anti-graph as it will be undone. */
import type { NegationList } from "../../engine/core/flow.ts";
import { callOf, edgesOf, negationsOf, ownValue, startNodeOf, type Workflow } from "./document.ts";
import type { Point } from "./edit-steps.ts";
import { layoutGraph, readingOrder } from "./layout.ts";

export type Direction = "forward" | "undo";

export interface RunNode {
  id: string;
  title: string;
  /** Forward: the service. Undo: what is called, or why nothing is. */
  note: string;
  tone: "plain" | "undo" | "passed" | "irreversible";
  place: Point;
}

export interface RunGraph {
  nodes: RunNode[];
  edges: { from: string; to: string }[];
}

/** Pixels; fixed, so that the layout needs no measuring. */
export const RUN_NODE = { width: 152, height: 44 };

export function runGraph(workflow: Workflow, direction: Direction, profile: NegationList | undefined): RunGraph {
  const start = startNodeOf(workflow);
  const forward = edgesOf(workflow).filter((edge) => edge.from !== start && edge.to !== start);
  const pairs = new Map(forward.map(({ from, to }) => [JSON.stringify([from, to]), { from, to }]));
  const edges = [...pairs.values()].map(({ from, to }) =>
    direction === "forward" ? { from, to } : { from: to, to: from },
  );
  const ids = readingOrder(workflow);
  const places = placesOf(ids, edges);
  const nodes = ids.map((id) => ({
    id,
    title: id,
    place: places[id] ?? { x: 0, y: 0 },
    ...(direction === "forward" ? forwardLook(workflow, id) : undoLook(workflow, id, profile)),
  }));
  return { nodes, edges };
}

/** Layouts by shape: each key press in a setting asks for the graph anew, and laying out is what takes time. */
const layouts = new Map<string, Record<string, Point>>();
const MAXIMUM_LAYOUTS = 16;

function placesOf(ids: string[], edges: RunGraph["edges"]): Record<string, Point> {
  const shape = JSON.stringify([ids, edges]);
  const known = layouts.get(shape);
  if (known !== undefined) return known;
  const boxes = ids.map((id) => ({ id, ...RUN_NODE }));
  const places = layoutGraph(boxes, edges, { rows: 12, columns: 28 });
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
