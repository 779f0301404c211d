/**
 * The document as Flume's canvas shows it, and back. Flume is uncontrolled and unforgiving: it deletes nodes of types
 * it doesn't know, throws on links that stand at one end only, builds selectors from raw ids, and can't be told where
 * to scroll. So it never gets the document itself but this view of it, in which every link has both its halves, ids
 * and ports are safe, and the pan is part of the coordinates; what it changes is compared with the view and carried
 * over into the document.
 *
 * Each node is a node type of its own there, called by its id: so there are no unknown types, and what Flume renders by
 * type is rendered by node.
 */

import type { FlumeNode, NodeMap } from "flume";
import type { Point } from "../parts/layered-layout.ts";
import { type Edge, edgesOf, type FlowDocument, type Link, type Workflow } from "./document.ts";
import { connect, disconnect, moveNodes, removeStep } from "./edit-steps.ts";

/** Ids and port names as Flume gets them: without quotes, blanks and brackets, and reversible. */
export const encodeId = encodeURIComponent;
export const decodeId = decodeURIComponent;

/** The nodes for Flume. `origin` is the point of the document that stands in the middle of the stage. */
export function toCanvas(workflow: Workflow, origin: Point): NodeMap {
  const nodes: Record<string, FlumeNode> = {};
  for (const [id, node] of Object.entries(workflow.nodes)) {
    nodes[encodeId(id)] = {
      id: encodeId(id),
      type: encodeId(id),
      x: node.x - origin.x,
      y: node.y - origin.y,
      width: node.width,
      inputData: {},
      connections: { inputs: {}, outputs: {} },
    };
  }
  for (const edge of drawnEdges(workflow)) {
    const [from, to] = [nodes[encodeId(edge.from)], nodes[encodeId(edge.to)]];
    const [fromPort, toPort] = [encodeId(edge.fromPort), encodeId(edge.toPort)];
    if (from === undefined || to === undefined) continue;
    addLink(to.connections.inputs, toPort, { nodeId: from.id, portName: fromPort });
    addLink(from.connections.outputs, fromPort, { nodeId: to.id, portName: toPort });
  }
  return nodes;
}

/** Carries what Flume changed (moved, removed, linked, unlinked) over into the document. */
export function fromCanvas(document: FlowDocument, canvas: NodeMap, origin: Point): FlowDocument {
  let next = document;
  const places: Record<string, Point> = {};
  for (const [id, node] of Object.entries(document.workflow.nodes)) {
    const shown = canvas[encodeId(id)];
    if (shown === undefined) next = removeStep(next, id);
    else if (!near(shown.x + origin.x, node.x) || !near(shown.y + origin.y, node.y))
      places[id] = { x: shown.x + origin.x, y: shown.y + origin.y };
  }
  next = moveNodes(next, places);
  const before = new Map(drawnEdges(next.workflow).map((edge) => [edgeKey(edge), edge]));
  const after = new Map(canvasEdges(canvas).map((edge) => [edgeKey(edge), edge]));
  for (const [key, edge] of before) if (!after.has(key)) next = disconnect(next, edge.from, edge.to);
  for (const [key, edge] of after) if (!before.has(key)) next = connect(next, edge.from, edge.to, edge.toPort);
  return next;
}

/** Whether Flume already shows this document; otherwise the canvas has to be mounted anew. */
export function showsSame(workflow: Workflow, canvas: NodeMap, origin: Point): boolean {
  const nodes = Object.entries(workflow.nodes);
  if (nodes.length !== Object.keys(canvas).length) return false;
  const sameNodes = nodes.every(([id, node]) => {
    const shown = canvas[encodeId(id)];
    if (shown === undefined || shown.width !== node.width) return false;
    return near(shown.x + origin.x, node.x) && near(shown.y + origin.y, node.y);
  });
  if (!sameNodes) return false;
  const wanted = new Set(drawnEdges(workflow).map(edgeKey));
  const shown = canvasEdges(canvas).map(edgeKey);
  return shown.length === wanted.size && shown.every((key) => wanted.has(key));
}

/** The points that frame the nodes. Heights are Flume's own; `heightOf` estimates or measures them. */
export function boundsOf(workflow: Workflow, heightOf: (id: string) => number) {
  const nodes = Object.entries(workflow.nodes);
  if (nodes.length === 0) return { left: 0, top: 0, right: 0, bottom: 0 };
  return {
    left: Math.min(...nodes.map(([, node]) => node.x)),
    top: Math.min(...nodes.map(([, node]) => node.y)),
    right: Math.max(...nodes.map(([, node]) => node.x + node.width)),
    bottom: Math.max(...nodes.map(([id, node]) => node.y + heightOf(id))),
  };
}

function addLink(ports: Record<string, Link[]>, port: string, link: Link): void {
  ports[port] = [...(ports[port] ?? []), link];
}

/** Flume draws links to a node itself as a dot and can't handle them; the checker reports them. */
function drawnEdges(workflow: Workflow): Edge[] {
  return edgesOf(workflow).filter((edge) => edge.from !== edge.to);
}

function canvasEdges(canvas: NodeMap): Edge[] {
  return Object.values(canvas).flatMap((node) =>
    Object.entries(node.connections.inputs).flatMap(([port, links]) =>
      links.map((link) => ({
        from: decodeId(link.nodeId),
        fromPort: decodeId(link.portName),
        to: decodeId(node.id),
        toPort: decodeId(port),
      })),
    ),
  );
}

function edgeKey(edge: Edge): string {
  return JSON.stringify([edge.from, edge.fromPort, edge.to, edge.toPort]);
}

/** The document keeps whole pixels; Flume's sums have fractions. */
function near(a: number, b: number): boolean {
  return Math.abs(a - b) < 1;
}
