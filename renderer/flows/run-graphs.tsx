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
import { memo, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import type { NegationList } from "../../engine/core/flow.ts";
import { wrappedCondition } from "../parts/condition.ts";
import { IconArrowsMaximize } from "../parts/icons.ts";
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
      <Graph {...props} direction="forward" />
      <Graph {...props} direction="undo" />
    </div>
  );
}

const TITLES = { forward: "As it runs", undo: "As it is undone (anti-graph)" };

type Instance = ReactFlowInstance<StepNode, Edge>;
type StepNode = Node<{ step: RunNode; selected: boolean }, "step">;

const nodeTypes = { step: memo(StepBox) };
/** Smaller than this the names can't be read: a flow that doesn't fit then is shown from its beginning. */
const READABLE_ZOOM = 0.62;
const SMALLEST_ZOOM = 0.1;
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
          id: edgeId(from, to),
          source: from,
          target: to,
          ...(condition === undefined ? {} : conditionLabel(condition, from, to)),
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
  /** The edge under the pointer or with the focus: its condition is told in full. */
  const [told, setTold] = useState<string>();
  const condition = graph.edges.find(({ from, to }) => edgeId(from, to) === told)?.condition;
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

  const showAll = () => {
    if (host.current !== null) void flow.current?.setViewport(fitted(graph, host.current, SMALLEST_ZOOM));
  };

  return (
    <figure>
      <figcaption>
        <span>{TITLES[direction]}</span>
        {condition !== undefined && (
          <code className="ag-run-told" title={condition}>
            if {condition}
          </code>
        )}
        <button
          type="button"
          className="ag-run-all"
          onClick={showAll}
          aria-label={`Show all: ${TITLES[direction]}`}
          title="Show all of it"
        >
          <IconArrowsMaximize size={14} />
        </button>
      </figcaption>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it only follows the focus of the edges inside */}
      <div
        ref={host}
        className="ag-run-host"
        onFocus={({ target }) => setTold(target.closest<SVGElement>(".react-flow__edge")?.dataset.id)}
        onBlur={() => setTold(undefined)}
      >
        <ReactFlow
          onInit={(instance) => {
            flow.current = instance;
            frame();
          }}
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          minZoom={SMALLEST_ZOOM}
          maxZoom={1.5}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={onSelect !== undefined}
          onNodeClick={(_, node) => onSelect?.(node.id)}
          onEdgeMouseEnter={(_, edge) => setTold(edge.id)}
          onEdgeMouseLeave={() => setTold(undefined)}
          disableKeyboardA11y
          aria-label={direction === "forward" ? "The flow as it runs" : "The flow as it is undone"}
        >
          <Background gap={20} color="var(--ag-line)" />
        </ReactFlow>
      </div>
    </figure>
  );
});

const edgeId = (from: string, to: string): string => JSON.stringify([from, to]);

/** What has to hold for the edge, in short; the whole of it by pointer and by keyboard. */
function conditionLabel(condition: string, from: string, to: string): Partial<Edge> {
  const [first, second] = wrappedCondition(condition);
  return {
    focusable: true,
    ariaLabel: `From ${from} to ${to} if ${condition}`,
    label: (
      <>
        <title>{condition}</title>
        {second === undefined ? (
          first
        ) : (
          <>
            <tspan x={0} dy="-0.3em">
              {first}
            </tspan>
            <tspan x={0} dy="1.2em">
              {second}
            </tspan>
          </>
        )}
      </>
    ),
    labelBgPadding: [5, 3],
    labelBgBorderRadius: 5,
  };
}

/** Shows all of it where that can be read, else its left end. */
function fitted(graph: RunGraph, host: HTMLElement, smallest = READABLE_ZOOM) {
  const width = Math.max(...graph.nodes.map(({ place }) => place.x + RUN_NODE.width), 1);
  const height = Math.max(...graph.nodes.map(({ place }) => place.y + RUN_NODE.height), 1);
  const [spaceX, spaceY] = [host.clientWidth - 2 * MARGIN, host.clientHeight - 2 * MARGIN];
  const zoom = Math.min(1, Math.max(smallest, Math.min(spaceX / width, spaceY / height)));
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
