/** Automatic layout by dagre, for the canvas and for the graphs beside it: from left to right, in the order of calls. */
import dagre from "@dagrejs/dagre";
import { edgesOf, type FlowNode, startNodeOf, type Workflow } from "./document.ts";
import type { Point } from "./edit-steps.ts";

/** Pixels, as flume-canvas.css has them: fixed, so that no badge ever moves a port away from its line. */
const HEAD_HEIGHT = 52;
const PORT_HEIGHT = 22;

export interface Box {
  id: string;
  width: number;
  height: number;
}

/** Upper left corners, by id. Nodes that nothing is connected to stand below the rest. */
export function layoutGraph(
  boxes: Box[],
  edges: { from: string; to: string; label?: { width: number; height: number } }[],
  gaps: { rows: number; columns: number },
): Record<string, Point> {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: gaps.rows, ranksep: gaps.columns, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const box of boxes) graph.setNode(box.id, { width: box.width, height: box.height });
  for (const { from, to, label } of edges) {
    if (from !== to) graph.setEdge(from, to, label === undefined ? {} : { ...label, labelpos: "c" });
  }
  dagre.layout(graph);
  const places: Record<string, Point> = {};
  for (const box of boxes) {
    const { x, y } = graph.node(box.id) as Point;
    places[box.id] = { x: x - box.width / 2, y: y - box.height / 2 };
  }
  return places;
}

/** Places for all nodes of the canvas, around the point where Flume opens. */
export function layoutCanvas(workflow: Workflow): Record<string, Point> {
  const boxes = Object.entries(workflow.nodes).map(([id, node]) => ({
    id,
    width: node.width,
    height: heightOf(node),
  }));
  const places = layoutGraph(boxes, edgesOf(workflow), { rows: 28, columns: 60 });
  const xs = boxes.flatMap((box) => [places[box.id]?.x ?? 0, (places[box.id]?.x ?? 0) + box.width]);
  const ys = boxes.flatMap((box) => [places[box.id]?.y ?? 0, (places[box.id]?.y ?? 0) + box.height]);
  const middle = { x: (Math.min(...xs) + Math.max(...xs)) / 2, y: (Math.min(...ys) + Math.max(...ys)) / 2 };
  return Object.fromEntries(
    Object.entries(places).map(([id, place]) => [id, { x: place.x - middle.x, y: place.y - middle.y }]),
  );
}

/** How high a node stands on the canvas: its head and a row per input port, the free one included. */
export function heightOf(node: FlowNode): number {
  return HEAD_HEIGHT + 10 + PORT_HEIGHT * Math.max(1, Object.keys(node.connections.inputs).length + 1);
}

/** Whether a workflow looks as if nobody had placed its nodes: some stand on each other. */
export function needsLayout(workflow: Workflow): boolean {
  const places = Object.values(workflow.nodes).map((node) => `${Math.round(node.x / 8)}/${Math.round(node.y / 8)}`);
  return places.length > 1 && new Set(places).size < places.length;
}

/** Step ids in an order to read them in: each after its predecessors as far as there is no cycle. */
export function readingOrder(workflow: Workflow): string[] {
  const start = startNodeOf(workflow);
  const waiting = new Map(Object.keys(workflow.nodes).map((id) => [id, new Set<string>()]));
  for (const edge of edgesOf(workflow)) if (edge.from !== edge.to) waiting.get(edge.to)?.add(edge.from);
  const order: string[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting].filter(([, before]) => before.size === 0).map(([id]) => id);
    // On a cycle nothing is ever ready; the file's order serves then.
    const next = ready.length > 0 ? ready : [...waiting.keys()].slice(0, 1);
    for (const id of next) waiting.delete(id);
    for (const before of waiting.values()) for (const id of next) before.delete(id);
    order.push(...next);
  }
  return order.filter((id) => id !== start);
}
