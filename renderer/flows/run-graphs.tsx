/** The flow and its anti-graph side by side, as they will run. */
import {
  Background,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  type ReactFlowInstance,
} from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { memo, useEffect, useEffectEvent, useMemo, useRef } from "react";
import type { NegationList } from "../../engine/core/flow.ts";
import { shortCondition } from "../parts/condition.ts";
import type { Workflow } from "./document.ts";
import "./run-graphs.css";
import { type Direction, RUN_NODE, type RunGraph, type RunNode, runGraph } from "./run-graph.ts";

interface RunGraphsProps {
  workflow: Workflow;
  negations?: NegationList;
  selection?: string;
  onSelect?: (id: string) => void;
}

export function RunGraphs(props: RunGraphsProps) {
  return (
    <div className="ag-run-graphs">
      <figure>
        <figcaption>As it runs</figcaption>
        <Graph {...props} direction="forward" />
      </figure>
      <figure>
        <figcaption>As it is undone (anti-graph)</figcaption>
        <Graph {...props} direction="undo" />
      </figure>
    </div>
  );
}

type Instance = ReactFlowInstance<StepNode, Edge>;
type StepNode = Node<{ step: RunNode; selected: boolean }, "step">;

const nodeTypes = { step: memo(StepBox) };
/** Smaller than this the names can't be read: a flow that doesn't fit then is shown from its beginning. */
const READABLE_ZOOM = 0.62;
const MARGIN = 14;

const Graph = memo(function Graph({
  workflow,
  negations,
  selection,
  onSelect,
  direction,
}: RunGraphsProps & { direction: Direction }) {
  const graph = useStableGraph(workflow, direction, negations);
  const nodes = useMemo(
    () =>
      graph.nodes.map(
        (step): StepNode => ({
          id: step.id,
          type: "step",
          position: step.place,
          width: RUN_NODE.width,
          height: RUN_NODE.height,
          data: { step, selected: step.id === selection },
        }),
      ),
    [graph, selection],
  );
  const edges = useMemo(
    () =>
      graph.edges.map(
        ({ from, to, condition }): Edge => ({
          id: JSON.stringify([from, to]),
          source: from,
          target: to,
          ...(condition === undefined ? {} : conditionLabel(condition)),
          className: direction === "undo" ? "ag-run-undo" : undefined,
          markerEnd: {
            type: MarkerType.ArrowClosed,
            color: direction === "undo" ? "var(--ag-undo)" : "var(--ag-dim)",
          },
        }),
      ),
    [graph, direction],
  );
  const host = useRef<HTMLDivElement>(null);
  const flow = useRef<Instance>(null);
  const frame = () => {
    if (host.current !== null && flow.current !== null) void flow.current.setViewport(fitted(graph, host.current));
  };
  const frameAgain = useEffectEvent(frame);
  useEffect(() => {
    if (host.current === null) return;
    const observer = new ResizeObserver(() => frameAgain());
    observer.observe(host.current);
    return () => observer.disconnect();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a graph of another shape is framed anew
  useEffect(() => frameAgain(), [graph]);

  const reveal = useEffectEvent((id: string) => {
    const place = graph.nodes.find((node) => node.id === id)?.place;
    if (place === undefined || host.current === null || flow.current === null) return;
    const { x, y, zoom } = flow.current.getViewport();
    const [left, top] = [place.x * zoom + x, place.y * zoom + y];
    const right = left + RUN_NODE.width * zoom;
    const bottom = top + RUN_NODE.height * zoom;
    if (left >= 0 && top >= 0 && right <= host.current.clientWidth && bottom <= host.current.clientHeight) return;
    void flow.current.setCenter(place.x + RUN_NODE.width / 2, place.y + RUN_NODE.height / 2, { zoom });
  });
  useEffect(() => {
    if (selection !== undefined) reveal(selection);
  }, [selection]);

  return (
    <div ref={host} className="ag-run-host">
      <ReactFlow
        onInit={(instance) => {
          flow.current = instance;
          frame();
        }}
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        minZoom={0.1}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={onSelect !== undefined}
        onNodeClick={(_, node) => onSelect?.(node.id)}
        disableKeyboardA11y
        aria-label={direction === "forward" ? "The flow as it runs" : "The flow as it is undone"}
      >
        <Background gap={20} color="var(--ag-line)" />
      </ReactFlow>
    </div>
  );
});

/** What has to hold for the edge; the whole of it on hover. */
function conditionLabel(condition: string): Partial<Edge> {
  return {
    label: (
      <>
        <title>{condition}</title>
        {shortCondition(condition)}
      </>
    ),
    labelBgPadding: [5, 3],
    labelBgBorderRadius: 5,
  };
}

/** Shows all of it where that can be read, else its left end. */
function fitted(graph: RunGraph, host: HTMLElement) {
  const width = Math.max(...graph.nodes.map(({ place }) => place.x + RUN_NODE.width), 1);
  const height = Math.max(...graph.nodes.map(({ place }) => place.y + RUN_NODE.height), 1);
  const [spaceX, spaceY] = [host.clientWidth - 2 * MARGIN, host.clientHeight - 2 * MARGIN];
  const zoom = Math.min(1, Math.max(READABLE_ZOOM, Math.min(spaceX / width, spaceY / height)));
  const x = width * zoom <= spaceX ? (host.clientWidth - width * zoom) / 2 : MARGIN;
  const y = height * zoom <= spaceY ? (host.clientHeight - height * zoom) / 2 : MARGIN;
  return { x, y, zoom };
}

/** The same graph object while nothing of it changes: moving a node on the canvas must not draw these anew. */
function useStableGraph(workflow: Workflow, direction: Direction, negations: NegationList | undefined) {
  const fresh = useMemo(() => runGraph(workflow, direction, negations), [workflow, direction, negations]);
  const signature = JSON.stringify(fresh);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for the graph
  return useMemo(() => fresh, [signature]);
}

function StepBox({ data: { step, selected } }: NodeProps<StepNode>) {
  return (
    <div
      className="ag-run-node"
      data-tone={step.tone}
      data-selected={selected || undefined}
      title={`${step.title}\n${step.note}`}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <span className="ag-run-title ag-truncate">{step.title}</span>
      <span className="ag-run-note ag-truncate">{step.note}</span>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}
