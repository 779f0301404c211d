import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LayoutBox, type LayoutEdge, layeredLayout } from "../../../../renderer/parts/layered-layout.ts";
import { arbitraryDag } from "../../../support/flume-export.ts";

const GAPS = { rows: 20, columns: 44 };
const box = (id: string): LayoutBox => ({ id, width: 200, height: 76 });
const edges = (...pairs: string[]): LayoutEdge[] => pairs.map((pair) => ({ from: pair[0]!, to: pair[1]! }));
const lay = (ids: string, list: LayoutEdge[]) => layeredLayout([...ids].map(box), list, GAPS);

describe("the layout of large graphs", () => {
  it("puts a chain on one line, each step behind the one before it", () => {
    expect([...lay("abc", edges("ab", "bc")).values()]).toEqual([
      { x: 0, y: 0 },
      { x: 244, y: 0 },
      { x: 488, y: 0 },
    ]);
  });

  it("puts a fork and its join in the middle of the branches", () => {
    const places = lay("abcde", edges("ab", "ac", "ad", "be", "ce", "de"));
    expect([..."bcd"].map((id) => places.get(id)?.y)).toEqual([0, 96, 192]);
    expect(places.get("a")?.y).toBe(96);
    expect(places.get("e")?.y).toBe(96);
  });

  it("brings branches into the order in which their lines don't cross", () => {
    // b leads to f and c to d, but they are named crosswise.
    const places = lay("abcdf", edges("ab", "ac", "cd", "bf"));
    expect(places.get("b")!.y < places.get("c")!.y).toBe(places.get("f")!.y < places.get("d")!.y);
  });

  it("leaves room between the columns for the words of an edge", () => {
    const label = { width: 180, height: 18 };
    const places = layeredLayout([box("a"), box("b")], [{ from: "a", to: "b", label }], GAPS);
    expect(places.get("b")!.x - 200).toBeGreaterThanOrEqual(180);
  });

  it("places what hangs together in a circle, hangs on itself or on nothing, too", () => {
    const places = lay("abcd", edges("ab", "bc", "ca", "cc", "ax"));
    expect([...places.keys()].sort()).toEqual(["a", "b", "c", "d"]);
  });

  it("draws every edge forwards, and no box on another, whatever the flow", () => {
    fc.assert(
      fc.property(arbitraryDag(80), (dag) => {
        const boxes = dag.map((_, index) => box(String(index)));
        const drawn = dag.flatMap((before, to) => before.map((from) => ({ from: String(from), to: String(to) })));
        const places = layeredLayout(boxes, drawn, GAPS);
        for (const { from, to } of drawn) expect(places.get(to)!.x - places.get(from)!.x).toBeGreaterThanOrEqual(244);
        const columns = Map.groupBy(places.values(), ({ x }) => x);
        for (const column of columns.values()) {
          const heights = column.map(({ y }) => y).sort((one, other) => one - other);
          // Rounded to whole pixels, each for itself.
          for (const [index, y] of heights.slice(1).entries()) expect(y - heights[index]!).toBeGreaterThanOrEqual(95);
        }
        expect(Math.min(...[...places.values()].map(({ y }) => y))).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
