/** Reads and steers Flume's stage from outside, as it neither tells where it is nor takes orders. */
import type { Point } from "../parts/layered-layout.ts";

/** What the stage shows: the point of the document in its middle, and the scale (1 is 100 %). */
export interface View {
  origin: Point;
  scale: number;
}

export const MINIMUM_SCALE = 0.1;
export const MAXIMUM_SCALE = 2;
/** Smaller than this nothing can be read: a flow that doesn't fit then is shown from its beginning. */
const READABLE_SCALE = 0.52;
const MARGIN = 22;

export function stageOf(host: HTMLElement): HTMLElement | null {
  return host.querySelector<HTMLElement>("[data-flume-component=stage]");
}

/** Where the operator has panned and zoomed to since the stage was mounted with `mounted`. */
export function currentView(host: HTMLElement, mounted: View): View {
  const pan = stageOf(host)?.firstElementChild;
  const zoom = pan?.firstElementChild;
  if (!(pan instanceof HTMLElement) || !(zoom instanceof HTMLElement)) return mounted;
  const [x = 0, y = 0] = numbersIn(pan.style.transform);
  const [scale = mounted.scale] = numbersIn(zoom.style.transform);
  return { scale, origin: { x: mounted.origin.x - x / scale, y: mounted.origin.y - y / scale } };
}

/** The point of the document under a point of the window. */
export function toDocument(host: HTMLElement, view: View, client: Point): Point {
  const frame = host.getBoundingClientRect();
  return {
    x: view.origin.x + (client.x - frame.left - frame.width / 2) / view.scale,
    y: view.origin.y + (client.y - frame.top - frame.height / 2) / view.scale,
  };
}

/** The view that shows all of it, if that can still be read; else its left end. Never larger than 100 %. */
export function fitView(
  bounds: { left: number; top: number; right: number; bottom: number },
  size: { width: number; height: number },
): View {
  const [width, height] = [bounds.right - bounds.left, bounds.bottom - bounds.top];
  const wanted = Math.min(
    (size.width - 2 * MARGIN) / Math.max(width, 1),
    (size.height - 2 * MARGIN) / Math.max(height, 1),
  );
  const scale = Math.min(1, Math.max(READABLE_SCALE, wanted));
  const fits = (length: number, space: number) => length * scale <= space - 2 * MARGIN + 1;
  const x = fits(width, size.width)
    ? (bounds.left + bounds.right) / 2
    : bounds.left + (size.width / 2 - MARGIN) / scale;
  const y = (bounds.top + bounds.bottom) / 2;
  return { scale, origin: { x, y } };
}

/** Whether a box of the document is wholly in sight. */
export function isInSight(
  box: { x: number; y: number; width: number; height: number },
  view: View,
  size: { width: number; height: number },
): boolean {
  const [halfWidth, halfHeight] = [size.width / 2 / view.scale, size.height / 2 / view.scale];
  return (
    box.x >= view.origin.x - halfWidth &&
    box.x + box.width <= view.origin.x + halfWidth &&
    box.y >= view.origin.y - halfHeight &&
    box.y + box.height <= view.origin.y + halfHeight
  );
}

/** Flume's stage takes the focus whenever the pointer enters it, out of the field one is typing in. Not here. */
export function keepFocus(host: HTMLElement): void {
  const stage = stageOf(host);
  if (stage !== null) stage.focus = () => {};
}

function numbersIn(transform: string): number[] {
  return [...transform.matchAll(/-?\d+(?:\.\d+)?(?:e-?\d+)?/g)].map(([number]) => Number(number));
}
