/** Automatic layout of the canvas: from left to right, in the order of calls. */
import { layoutGraph } from "../parts/graph-layout.ts";
import type { Point } from "../parts/layered-layout.ts";
import { edgesOf, type FlowNode, startNodeOf, type Workflow } from "./document.ts";

/** Pixels, as flume-canvas.css has them: fixed, so that no badge ever moves a port away from its line. */
const HEAD_HEIGHT = 52;
const PORT_HEIGHT = 22;

/** Places for all nodes of the canvas, around the point where Flume opens. */
export function layoutCanvas(workflow: Workflow): Record<string, Point> {
  const boxes = Object.entries(workflow.nodes).map(([id, node]) => ({
    id,
    width: node.width,
    height: heightOf(node),
  }));
  const places = layoutGraph(boxes, edgesOf(workflow), { rows: 28, columns: 60 });
  const xs = boxes.flatMap((box) => [places.get(box.id)?.x ?? 0, (places.get(box.id)?.x ?? 0) + box.width]);
  const ys = boxes.flatMap((box) => [places.get(box.id)?.y ?? 0, (places.get(box.id)?.y ?? 0) + box.height]);
  const middle = { x: (Math.min(...xs) + Math.max(...xs)) / 2, y: (Math.min(...ys) + Math.max(...ys)) / 2 };
  return Object.fromEntries([...places].map(([id, place]) => [id, { x: place.x - middle.x, y: place.y - middle.y }]));
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
