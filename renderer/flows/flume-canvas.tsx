/**
 * The canvas. Flume shows the document and lets one drag its nodes; everything else (what is connected, added, removed,
 * undone) changes the document, and the canvas is mounted anew where Flume doesn't show it yet, at the same place.
 */

import { notifications } from "@mantine/notifications";
import { NodeEditor, type NodeMap, type NodeTypeMap } from "flume";
import {
  type DragEvent,
  type MouseEvent,
  useEffect,
  useEffectEvent,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Point } from "../parts/layered-layout.ts";
import { CanvasControls } from "./canvas-controls.tsx";
import { edgeAt, type LinkGesture, nodeAt, watchLinks } from "./canvas-links.ts";
import { CanvasMenu, type MenuPlace } from "./canvas-menu.tsx";
import { nodeTypesOf, portTypes } from "./canvas-ports.ts";
import {
  currentView,
  fitView,
  isInSight,
  keepFocus,
  MAXIMUM_SCALE,
  MINIMUM_SCALE,
  stageOf,
  toDocument,
  type View,
} from "./canvas-stage.ts";
import { boundsOf, decodeId, fromCanvas, showsSame, toCanvas } from "./canvas-view.ts";
import { useDesignerScope } from "./designer-context.ts";
import { useDesigner } from "./designer-store.ts";
import { type FlowDocument, NODE_WIDTH, ownValue, type Workflow } from "./document.ts";
import { addStep, connect, disconnect, removeStep, whyNotConnect } from "./edit-steps.ts";
import "./flume-canvas.css";
import { heightOf } from "./layout.ts";
import { NodeHead } from "./node-head.tsx";
import { PALETTE_DRAG_TYPE } from "./palette-drag.ts";

/** Flume as it is mounted now: a new key mounts it anew. */
interface Mounted {
  key: number;
  view: View;
  nodes: NodeMap;
  nodeTypes: NodeTypeMap;
}

export function FlumeCanvas() {
  const { designer } = useDesignerScope();
  const document = useDesigner(designer, (state) => state.history.present);
  const reveal = useDesigner(designer, (state) => state.reveal);
  const host = useRef<HTMLDivElement>(null);
  const shown = useRef<NodeMap>({});
  const pressedAt = useRef<Point>({ x: 0, y: 0 });
  const [mounted, setMounted] = useState<Mounted>();
  const [menu, setMenu] = useState<MenuPlace>();
  const { workflow } = document;

  const mount = useEffectEvent((view: View, of: Workflow = workflow) => {
    const nodes = toCanvas(of, view.origin);
    shown.current = nodes;
    setMounted((old) => ({ key: (old?.key ?? 0) + 1, view, nodes, nodeTypes: nodeTypesOf(of) }));
  });

  /** The view right now, with what was panned and zoomed since the last mount. */
  const viewNow = useEffectEvent(() =>
    host.current === null || mounted === undefined ? undefined : currentView(host.current, mounted.view),
  );

  const bounds = () => boundsOf(workflow, (id) => nodeHeight(workflow, id));
  const fit = () => {
    if (host.current === null) return;
    mount(fitView(bounds(), { width: host.current.clientWidth, height: host.current.clientHeight }));
  };
  const fitAll = useEffectEvent(fit);
  useLayoutEffect(() => fitAll(), []);

  // Whatever changed the document elsewhere (the table, the panel, undo) has to be seen here.
  const follow = useEffectEvent(() => {
    if (mounted === undefined || showsSame(workflow, shown.current, mounted.view.origin)) return;
    mount(viewNow() ?? mounted.view);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: it follows the document
  useLayoutEffect(() => follow(), [document]);

  const bringIntoSight = useEffectEvent((id: string) => {
    const node = ownValue(workflow.nodes, id);
    const view = viewNow();
    if (node === undefined || view === undefined || host.current === null) return;
    const box = { x: node.x, y: node.y, width: node.width, height: heightOf(node) };
    const size = { width: host.current.clientWidth, height: host.current.clientHeight };
    if (isInSight(box, view, size)) return;
    // A small flow is shown whole, so that one sees what to connect the new step with.
    const whole = fitView(bounds(), size);
    const centred = { ...view, origin: { x: box.x + box.width / 2, y: box.y + box.height / 2 } };
    mount(isInSight(boxOf(bounds()), whole, size) ? whole : centred);
  });
  useLayoutEffect(() => {
    if (reveal?.id !== undefined) bringIntoSight(reveal.id);
    else if (reveal !== undefined) fitAll();
  }, [reveal]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each mount makes a new stage
  useLayoutEffect(() => {
    if (host.current !== null) keepFocus(host.current);
  }, [mounted?.key]);

  // What scrolls an element into sight (a search, a screen reader) scrolls the clipped stage: that becomes a pan.
  const takeScroll = useEffectEvent((scrolled: EventTarget | null) => {
    const view = viewNow();
    if (!(scrolled instanceof HTMLElement) || view === undefined) return;
    const { scrollLeft, scrollTop } = scrolled;
    if (scrollLeft === 0 && scrollTop === 0) return;
    scrolled.scrollTo(0, 0);
    const { origin, scale } = view;
    mount({ scale, origin: { x: origin.x + scrollLeft / scale, y: origin.y + scrollTop / scale } });
  });
  useEffect(() => {
    const element = host.current;
    const onScroll = (event: Event) => takeScroll(event.target);
    element?.addEventListener("scroll", onScroll, { capture: true });
    return () => element?.removeEventListener("scroll", onScroll, { capture: true });
  }, []);

  const endLink = useEffectEvent((gesture: LinkGesture) => {
    const { detached } = gesture;
    const { document: next, objection } = linked(document, gesture);
    if (objection !== undefined) notifications.show({ color: "yellow", title: "Not connected", message: objection });
    designer.change(() => next);
    // Flume has let go of a line that was taken by its end, whatever became of it: it must not get to say so.
    const view = viewNow();
    if (detached !== undefined && view !== undefined) mount(view, next.workflow);
  });
  useEffect(() => (host.current === null ? undefined : watchLinks(host.current, (gesture) => endLink(gesture))), []);

  const onFlumeChange = (key: number, nodes: NodeMap) => {
    // An editor that has been replaced meanwhile has nothing to say any more.
    if (mounted === undefined || key !== mounted.key) return;
    shown.current = nodes;
    designer.change((current) => fromCanvas(current, nodes, mounted.view.origin));
  };

  // One element for each mount: Flume would draw all its nodes anew whenever this component does.
  const flumeChanged = useRef(onFlumeChange);
  useLayoutEffect(() => {
    flumeChanged.current = onFlumeChange;
  });
  const editor = useMemo(() => {
    if (mounted === undefined) return null;
    const { key, nodes, nodeTypes, view } = mounted;
    return (
      <NodeEditor
        key={key}
        nodes={nodes}
        nodeTypes={nodeTypes}
        portTypes={portTypes}
        initialScale={view.scale}
        circularBehavior="allow"
        hideComments
        disableComments
        onChange={(changed) => flumeChanged.current(key, changed)}
        renderNodeHeader={(_, nodeType) => <NodeHead id={decodeId(nodeType.type)} />}
      />
    );
  }, [mounted]);

  const zoom = (factor: number) => {
    const view = viewNow();
    if (view === undefined) return;
    mount({ ...view, scale: Math.min(MAXIMUM_SCALE, Math.max(MINIMUM_SCALE, view.scale * factor)) });
  };

  const onClick = (event: MouseEvent) => {
    if (host.current === null || !stageOf(host.current)?.contains(event.target as Node)) return;
    if (Math.hypot(event.clientX - pressedAt.current.x, event.clientY - pressedAt.current.y) > 5) return;
    const edge = edgeAt(event.target);
    if (edge !== undefined) setMenu({ x: event.clientX, y: event.clientY, edge });
    else designer.select(nodeAt(event.target));
  };

  const onContextMenu = (event: MouseEvent) => {
    event.preventDefault();
    event.stopPropagation();
    const node = nodeAt(event.target);
    if (node !== undefined) designer.select(node);
    setMenu({ x: event.clientX, y: event.clientY, node, edge: edgeAt(event.target) });
  };

  const onDrop = (event: DragEvent) => {
    const type = event.dataTransfer.getData(PALETTE_DRAG_TYPE);
    const view = viewNow();
    if (type === "" || view === undefined || host.current === null) return;
    event.preventDefault();
    const at = toDocument(host.current, view, { x: event.clientX, y: event.clientY });
    const added = addStep(document, type, { at: { x: at.x - NODE_WIDTH / 2, y: at.y - 26 } });
    designer.change(() => added.document);
    designer.select(added.id);
  };

  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the Steps table offers all of this to the keyboard */}
      <div
        ref={host}
        className="ag-flume"
        tabIndex={-1}
        onMouseDownCapture={(event) => {
          pressedAt.current = { x: event.clientX, y: event.clientY };
          host.current?.focus({ preventScroll: true });
        }}
        onClick={onClick}
        onKeyDown={(event) => {
          const { selection } = designer.state();
          if ((event.key !== "Delete" && event.key !== "Backspace") || selection === undefined) return;
          event.preventDefault();
          designer.change((current) => removeStep(current, selection));
        }}
        onContextMenuCapture={onContextMenu}
        onDragOver={(event) => {
          if (event.dataTransfer.types.includes(PALETTE_DRAG_TYPE)) event.preventDefault();
        }}
        onDrop={onDrop}
      >
        <div className="ag-flume-stage" aria-hidden>
          {editor}
        </div>
        <CanvasControls onZoom={zoom} onFit={fit} />
      </div>
      {/* Not inside: what happens in its portal would bubble through the canvas. */}
      <CanvasMenu place={menu} onClose={() => setMenu(undefined)} />
    </>
  );
}

/** What a gesture makes of the document, or why it may not be. */
function linked(document: FlowDocument, gesture: LinkGesture): { document: FlowDocument; objection?: string } {
  const { from, to, detached, port, still } = gesture;
  if (still || (to !== undefined && to === detached)) return { document };
  const without = detached === undefined ? document : disconnect(document, from, detached);
  if (to === undefined) return { document: without };
  const objection = whyNotConnect(without.workflow, from, to);
  return objection === undefined ? { document: connect(without, from, to, port) } : { document, objection };
}

function boxOf({ left, top, right, bottom }: ReturnType<typeof boundsOf>) {
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function nodeHeight(workflow: Workflow, id: string): number {
  const node = ownValue(workflow.nodes, id);
  return node === undefined ? 0 : heightOf(node);
}
