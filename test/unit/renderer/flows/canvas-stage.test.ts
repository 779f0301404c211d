import { describe, expect, test } from "vitest";
import { fitView, isInSight } from "../../../../renderer/flows/canvas-stage.ts";

const size = { width: 800, height: 400 };

describe("the view of the canvas", () => {
  test("shows a small flow whole and never larger than it is", () => {
    expect(fitView({ left: -50, top: -20, right: 150, bottom: 80 }, size)).toEqual({
      scale: 1,
      origin: { x: 50, y: 30 },
    });
  });

  test("shrinks a flow that is a little too large", () => {
    const view = fitView({ left: 0, top: 0, right: 1000, bottom: 100 }, size);
    expect(view.scale).toBeLessThan(1);
    expect(isInSight({ x: 0, y: 0, width: 1000, height: 100 }, view, size)).toBe(true);
  });

  test("shows the beginning of a flow that could not be read any more if it were whole", () => {
    const view = fitView({ left: 0, top: 0, right: 9000, bottom: 100 }, size);
    expect(isInSight({ x: 0, y: 0, width: 200, height: 100 }, view, size)).toBe(true);
    expect(isInSight({ x: 8800, y: 0, width: 200, height: 100 }, view, size)).toBe(false);
    expect(view.scale).toBeGreaterThan(0.5);
  });
});
