/**
 * Drawing connections on the canvas. Flume only connects where a port is hit exactly, walks every path of the graph to
 * look for circles (for ever, if there is one), and cuts a connection at a mere click on its end. So Flume draws the line
 * while it is dragged, but where it ends is decided here: anywhere on a node counts, and the document says what may be.
 */
import { decodeId } from "./canvas-view.ts";

export interface LinkGesture {
  /** A new edge from this node, or an existing one taken by its end. */
  from: string;
  /** The node whose input port was taken, when an existing edge is dragged. */
  detached?: string;
  /** The node under the pointer at the end, if any, and its free port if exactly that was hit. */
  to?: string;
  port?: string;
  /** The pointer has not moved: a click, which changes nothing. */
  still: boolean;
}

/** Pointer movements below this are a click. Pixels. */
const CLICK_SLOP = 5;

/** Watches for connections drawn inside `host`; answers with how to stop. */
export function watchLinks(host: HTMLElement, onEnd: (gesture: LinkGesture) => void): () => void {
  let begun: { from: string; detached?: string; x: number; y: number } | undefined;

  const down = (event: MouseEvent) => {
    const port = portAt(event.target);
    if (event.button !== 0 || port === undefined) return;
    if (port.side === "output") begun = { from: port.node, x: event.clientX, y: event.clientY };
    else {
      const line = host.querySelector<SVGPathElement>(
        `[data-input-node-id="${port.rawNode}"][data-input-port-name="${port.rawPort}"]`,
      );
      const from = line?.dataset.outputNodeId;
      if (from === undefined) return;
      begun = { from: decodeId(from), detached: port.node, x: event.clientX, y: event.clientY };
    }
    host.dataset.linking = begun.from;
  };

  const up = (event: MouseEvent) => {
    if (begun === undefined) return;
    const { from, detached, x, y } = begun;
    begun = undefined;
    delete host.dataset.linking;
    // Flume hears of a release over nothing: it ends its drag and leaves the rest to us.
    event.stopPropagation();
    document.dispatchEvent(new MouseEvent("mouseup", { clientX: event.clientX, clientY: event.clientY }));
    const port = portAt(event.target);
    const to = host.contains(event.target as Node) ? nodeAt(event.target) : undefined;
    const still = Math.hypot(event.clientX - x, event.clientY - y) < CLICK_SLOP;
    onEnd({ from, detached, to, port: port?.side === "input" ? port.port : undefined, still });
  };

  host.addEventListener("mousedown", down, { capture: true });
  window.addEventListener("mouseup", up, { capture: true });
  return () => {
    host.removeEventListener("mousedown", down, { capture: true });
    window.removeEventListener("mouseup", up, { capture: true });
  };
}

/** The id of the node that an element of the canvas belongs to. */
export function nodeAt(target: EventTarget | null): string | undefined {
  if (!(target instanceof Element)) return undefined;
  const id = target.closest<HTMLElement>("[data-flume-component=node]")?.dataset.nodeId;
  return id === undefined ? undefined : decodeId(id);
}

/** The two nodes that a line of the canvas joins. */
export function edgeAt(target: EventTarget | null): { from: string; to: string } | undefined {
  if (!(target instanceof SVGElement)) return undefined;
  const { outputNodeId, inputNodeId } = target.dataset;
  if (outputNodeId === undefined || inputNodeId === undefined) return undefined;
  return { from: decodeId(outputNodeId), to: decodeId(inputNodeId) };
}

function portAt(target: EventTarget | null) {
  if (!(target instanceof HTMLElement) || target.dataset.flumeComponent !== "port-handle") return undefined;
  const { nodeId = "", portName = "", portTransputType } = target.dataset;
  return {
    node: decodeId(nodeId),
    port: decodeId(portName),
    rawNode: nodeId,
    rawPort: portName,
    side: portTransputType === "output" ? ("output" as const) : ("input" as const),
  };
}
