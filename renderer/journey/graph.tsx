/** The graph of a journey: the flow once laid out, each box following its own step. */
import { type Edge, type Node, Position, ReactFlow, type ReactFlowInstance } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import {
  memo,
  type Ref,
  useEffect,
  useEffectEvent,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { CompiledFlow } from "../../engine/core/flow.ts";
import type { Journey } from "../../engine/core/journey.ts";
import "./graph.css";
import { ForwardEdge, UndoEdge } from "./graph-edges.tsx";
import { type GraphLayout, graphLayout, type Place, START_BOX, STEP_BOX } from "./graph-layout.ts";
import { SelectedStep, StartBox, StepBox } from "./graph-nodes.tsx";
import { type Port, START_PORTS, STEP_PORTS } from "./graph-ports.ts";
import { stepToShow } from "./step-look.ts";

export interface GraphControls {
  zoomBy(factor: number): void;
  /** Shows all of it. */
  fit(): void;
  /** Shows the step that matters, large enough to read. */
  focus(): void;
}

interface JourneyGraphProps {
  flow: CompiledFlow;
  journey: Journey;
  selected: string | undefined;
  /** Undefined: the journey as a whole. */
  onSelect: (id: string | undefined) => void;
  ref?: Ref<GraphControls>;
}

type Instance = ReactFlowInstance<Node, Edge>;
interface Size {
  width: number;
  height: number;
}
interface View {
  x: number;
  y: number;
  zoom: number;
}

const nodeTypes = { step: memo(StepBox), start: memo(StartBox) };
const edgeTypes = { forward: memo(ForwardEdge), undo: memo(UndoEdge) };

/** Smaller than this the boxes can't be read: a flow that doesn't fit then opens at the step that matters. */
const READABLE_ZOOM = 0.7;
const MINIMUM_ZOOM = 0.08;
const MAXIMUM_ZOOM = 1.6;
const MARGIN = 18;
const STILL = { duration: 0 };

export function JourneyGraph(props: JourneyGraphProps) {
  const host = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>();
  // Known before the first drawing, so that only what can be seen is drawn, and at its place.
  useLayoutEffect(() => {
    if (host.current !== null) setSize({ width: host.current.clientWidth, height: host.current.clientHeight });
  }, []);
  return (
    <div ref={host} className="ag-journey-graph">
      {size !== undefined && <Drawing {...props} host={host} firstSize={size} />}
    </div>
  );
}

interface DrawingProps extends JourneyGraphProps {
  host: React.RefObject<HTMLDivElement | null>;
  firstSize: Size;
}

function Drawing({ flow, journey, selected, onSelect, ref, host, firstSize }: DrawingProps) {
  const layout = graphLayout(flow);
  const nodes = useMemo(() => nodesOf(layout), [layout]);
  const edges = useMemo(() => edgesOf(layout), [layout]);
  const [firstView] = useState(() => opening(layout, firstSize, selected ?? stepToShow(journey, flow)));
  const instance = useRef<Instance>(null);
  const size = useRef(firstSize);
  /** Somebody moved it: from then on it stays where it was left. */
  const touched = useRef(false);

  const focus = useEffectEvent(() => {
    const step = selected ?? stepToShow(journey, flow);
    void instance.current?.setViewport(opening(layout, size.current, step), STILL);
  });
  useImperativeHandle(
    ref,
    () => ({
      zoomBy: (factor) => {
        touched.current = true;
        void instance.current?.setViewport(zoomed(instance.current.getViewport(), size.current, factor));
      },
      fit: () => void instance.current?.setViewport(whole(layout, size.current), STILL),
      focus: () => focus(),
    }),
    [layout],
  );

  // A version with another graph is shown anew.
  const first = useRef(layout);
  useEffect(() => {
    if (first.current === layout) return;
    first.current = layout;
    focus();
  }, [layout]);

  const reveal = useEffectEvent(() => {
    const place = selected === undefined ? undefined : layout.steps.get(selected);
    const view = instance.current?.getViewport();
    if (place === undefined || view === undefined || isInside(place, view, size.current)) return;
    void instance.current?.setViewport(centred(place, Math.max(view.zoom, READABLE_ZOOM), size.current), STILL);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another choice is brought into sight
  useEffect(() => reveal(), [selected]);

  // What was in the middle stays there; the chosen step stays in sight.
  const resized = useEffectEvent((next: Size) => {
    const before = size.current;
    size.current = next;
    const view = instance.current?.getViewport();
    if (!touched.current) {
      focus();
      return;
    }
    if (view === undefined || (before.width === next.width && before.height === next.height)) return;
    const x = view.x + (next.width - before.width) / 2;
    const y = view.y + (next.height - before.height) / 2;
    void instance.current?.setViewport({ ...view, x, y }, STILL);
    reveal();
  });
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => resized({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, [host]);

  return (
    <SelectedStep value={selected}>
      <Canvas
        nodes={nodes}
        edges={edges}
        firstView={firstView}
        firstSize={firstSize}
        onInit={(made) => {
          instance.current = made;
        }}
        onSelect={onSelect}
        onTouch={() => {
          touched.current = true;
        }}
      />
    </SelectedStep>
  );
}

interface CanvasProps {
  nodes: Node[];
  edges: Edge[];
  firstView: View;
  firstSize: Size;
  onInit: (instance: Instance) => void;
  onSelect: (id: string | undefined) => void;
  onTouch: () => void;
}

/** Drawn once per graph: what changes with the journey reaches the boxes by their own subscriptions. */
const Canvas = memo(
  function Canvas({ nodes, edges, firstView, firstSize, onInit, onSelect, onTouch }: CanvasProps) {
    return (
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        defaultViewport={firstView}
        width={firstSize.width}
        height={firstSize.height}
        minZoom={MINIMUM_ZOOM}
        maxZoom={MAXIMUM_ZOOM}
        onlyRenderVisibleElements
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        onInit={onInit}
        onMoveStart={(event) => event !== null && onTouch()}
        onNodeClick={(_, node) => onSelect(stepOf(node))}
        onPaneClick={() => onSelect(undefined)}
        aria-label="The flow as a graph; the list of steps below says the same"
      />
    );
  },
  (before, after) =>
    before.nodes === after.nodes && before.edges === after.edges && before.onSelect === after.onSelect,
);

// ---- nodes and edges, once per layout ----

const START_NODE = "start";
const nodeId = (step: string): string => `step ${step}`;
const stepOf = (node: Node): string | undefined =>
  node.id === START_NODE ? undefined : node.id.slice("step ".length);

function nodesOf(layout: GraphLayout): Node[] {
  const { start, steps } = layout;
  const common = { draggable: false, selectable: false, connectable: false };
  return [
    {
      ...common,
      id: START_NODE,
      type: "start",
      position: { x: start.x, y: start.y },
      ...START_BOX,
      data: {},
      handles: START_PORTS.map((port) => handleOf(port, START_BOX)),
    },
    ...[...steps.values()].map(({ id, x, y }) => ({
      ...common,
      id: nodeId(id),
      type: "step",
      position: { x, y },
      ...STEP_BOX,
      data: { step: id },
      handles: STEP_PORTS.map((port) => handleOf(port, STEP_BOX)),
    })),
  ];
}

/** Where a port is, known before anything is measured. */
function handleOf({ id, type, side, share }: Port, { width, height }: Size) {
  const right = side === "right";
  const position = right ? Position.Right : Position.Left;
  return { id, type, position, x: right ? width : 0, y: height * share, width: 0, height: 0 };
}

function edgesOf({ edges }: GraphLayout): Edge[] {
  return edges.flatMap(({ from, to, condition }): Edge[] => {
    const forward: Edge = {
      id: JSON.stringify([from ?? null, to]),
      type: "forward",
      source: from === undefined ? START_NODE : nodeId(from),
      sourceHandle: "out",
      target: nodeId(to),
      targetHandle: "in",
      data: { from, to, condition },
      // Its words stand over the edges that cross them.
      zIndex: condition === undefined ? 0 : 1,
    };
    if (from === undefined) return [forward];
    const undo: Edge = {
      id: JSON.stringify(["undo", from, to]),
      type: "undo",
      source: nodeId(to),
      sourceHandle: "undo-out",
      target: nodeId(from),
      targetHandle: "undo-in",
      data: { from, to },
    };
    return [forward, undo];
  });
}

// ---- what is in sight ----

/** All of it where that can be read, else the step that matters in the middle. */
function opening(layout: GraphLayout, size: Size, step: string | undefined): View {
  const all = whole(layout, size);
  if (all.zoom >= READABLE_ZOOM) return all;
  const place = (step === undefined ? undefined : layout.steps.get(step)) ?? layout.start;
  const view = centred(place, Math.max(READABLE_ZOOM, 0.9), size);
  // What fits in one direction needs no empty space there.
  return {
    ...view,
    x: clamp(view.x, size.width - MARGIN - layout.width * view.zoom, MARGIN),
    y: clamp(view.y, size.height - MARGIN - layout.height * view.zoom, MARGIN),
  };
}

function whole(layout: GraphLayout, size: Size): View {
  const fit = Math.min((size.width - 2 * MARGIN) / layout.width, (size.height - 2 * MARGIN) / layout.height);
  const zoom = Math.min(1, Math.max(MINIMUM_ZOOM, fit));
  return { zoom, x: (size.width - layout.width * zoom) / 2, y: (size.height - layout.height * zoom) / 2 };
}

function centred(place: Place, zoom: number, size: Size): View {
  return {
    zoom,
    x: size.width / 2 - (place.x + STEP_BOX.width / 2) * zoom,
    y: size.height / 2 - (place.y + STEP_BOX.height / 2) * zoom,
  };
}

/** Between the two bounds, whichever is larger; in the middle of them when there is more room than content. */
function clamp(value: number, one: number, other: number): number {
  if (one > other) return (one + other) / 2;
  return Math.min(other, Math.max(one, value));
}

function zoomed(view: View, size: Size, factor: number): View {
  const zoom = Math.min(MAXIMUM_ZOOM, Math.max(MINIMUM_ZOOM, view.zoom * factor));
  const share = zoom / view.zoom;
  const [x, y] = [size.width / 2, size.height / 2];
  return { zoom, x: x - (x - view.x) * share, y: y - (y - view.y) * share };
}

function isInside(place: Place, view: View, size: Size): boolean {
  const left = place.x * view.zoom + view.x;
  const top = place.y * view.zoom + view.y;
  const right = left + STEP_BOX.width * view.zoom;
  const bottom = top + STEP_BOX.height * view.zoom;
  return left >= 0 && top >= 0 && right <= size.width && bottom <= size.height;
}
