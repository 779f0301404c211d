/** Where the boxes of a graph stand, from left to right: by dagre, and in a simpler way where dagre takes too long. */
import dagre from "@dagrejs/dagre";
import { type LayoutBox, type LayoutEdge, layeredLayout, type Point } from "./layered-layout.ts";

/** Up to here dagre is quick. It makes room for edges that pass by boxes, too. */
const MAXIMUM_DAGRE_BOXES = 60;

/** Upper left corners, by id. Boxes that nothing is connected to stand below the rest. Gaps in pixels. */
export function layoutGraph(
  boxes: readonly LayoutBox[],
  edges: readonly LayoutEdge[],
  gaps: { rows: number; columns: number },
): ReadonlyMap<string, Point> {
  return boxes.length > MAXIMUM_DAGRE_BOXES ? layeredLayout(boxes, edges, gaps) : byDagre(boxes, edges, gaps);
}

function byDagre(
  boxes: readonly LayoutBox[],
  edges: readonly LayoutEdge[],
  gaps: { rows: number; columns: number },
): Map<string, Point> {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: gaps.rows, ranksep: gaps.columns, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of boxes) graph.setNode(id, { width, height });
  for (const { from, to, label } of edges) {
    if (from !== to) graph.setEdge(from, to, label === undefined ? {} : { ...label, labelpos: "c" });
  }
  dagre.layout(graph);
  return new Map(
    boxes.map(({ id, width, height }) => {
      const { x, y } = graph.node(id) as Point;
      return [id, { x: x - width / 2, y: y - height / 2 }];
    }),
  );
}
