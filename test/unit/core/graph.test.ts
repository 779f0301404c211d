import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CompiledFlow } from "../../../engine/core/flow.ts";
import {
  ancestors,
  areParallel,
  branchAncestors,
  compareIds,
  descendants,
  firstSteps,
  lastSteps,
  nearestDominatingFork,
  START,
} from "../../../engine/core/graph.ts";
import { arbitraryDag, compileOrThrow, type Edge, exportOfDag, flumeExport } from "../../support/flume-export.ts";

/** "a>b b>c" as a flow with a start node before `a` and whatever else has no predecessor. */
function flowOf(drawing: string, start = true): CompiledFlow {
  const edges = drawing.split(" ").map((edge) => edge.split(">") as Edge);
  const ids = [...new Set(edges.flat())];
  const first = ids.filter((id) => !edges.some(([, to]) => to === id));
  const types = Object.fromEntries(ids.map((id) => [id, `svc.${id}`]));
  if (!start) return compileOrThrow(flumeExport(types, edges));
  const begin = first.filter((id) => id !== "S").map((id): Edge => ["S", id]);
  return compileOrThrow(flumeExport({ ...types, S: "start" }, [...edges, ...begin]));
}

const NESTED = "a>b a>c b>d b>e d>f e>f f>g c>g g>h";

describe("ancestors and descendants", () => {
  test("are all steps before and after, without the step itself", () => {
    const flow = flowOf(NESTED);
    expect([...ancestors(flow, "f")].sort()).toEqual(["a", "b", "d", "e"]);
    expect([...descendants(flow, "b")].sort()).toEqual(["d", "e", "f", "g", "h"]);
    expect(ancestors(flow, "a").size).toBe(0);
    expect(descendants(flow, "h").size).toBe(0);
  });

  test("are worked out once per flow", () => {
    const flow = flowOf(NESTED);
    expect(ancestors(flow, "f")).toBe(ancestors(flow, "f"));
    expect(descendants(flow, "f")).toBe(descendants(flow, "f"));
  });

  test("of a step that isn't there are none", () => {
    const flow = flowOf(NESTED);
    for (const id of ["nope", "constructor", "S"]) {
      expect(ancestors(flow, id).size + descendants(flow, id).size).toBe(0);
      expect(nearestDominatingFork(flow, id)).toBeUndefined();
    }
  });

  test("steps are parallel when neither comes before the other", () => {
    const flow = flowOf(NESTED);
    expect(areParallel(flow, "d", "e")).toBe(true);
    expect(areParallel(flow, "d", "c")).toBe(true);
    expect(areParallel(flow, "b", "f")).toBe(false);
    expect(areParallel(flow, "f", "b")).toBe(false);
    expect(areParallel(flow, "b", "b")).toBe(false);
  });
});

describe("first and last steps", () => {
  test("are those after the start and those that nothing follows", () => {
    expect(firstSteps(flowOf(NESTED))).toEqual(["a"]);
    expect(lastSteps(flowOf(NESTED))).toEqual(["h"]);
    expect(firstSteps(flowOf("a>c b>d"))).toEqual(["a", "b"]);
    expect(lastSteps(flowOf("a>c b>d"))).toEqual(["c", "d"]);
  });

  test("a step with an edge from the start is a first one even if another leads to it too", () => {
    expect(firstSteps(flowOf("a>b S>b"))).toEqual(["a", "b"]);
  });
});

describe("the nearest fork that dominates a step", () => {
  test("is the inner one inside an inner branch and still so after its join", () => {
    const flow = flowOf(NESTED);
    expect(nearestDominatingFork(flow, "d")).toBe("b");
    expect(nearestDominatingFork(flow, "f")).toBe("b");
    expect(nearestDominatingFork(flow, "b")).toBe("a");
    expect(nearestDominatingFork(flow, "c")).toBe("a");
  });

  test("is the outer one where the outer branches have joined", () => {
    expect(nearestDominatingFork(flowOf(NESTED), "h")).toBe("a");
  });

  test("there is none in a chain, nor for the fork itself", () => {
    expect(nearestDominatingFork(flowOf("a>b b>c"), "c")).toBeUndefined();
    expect(nearestDominatingFork(flowOf(NESTED), "a")).toBeUndefined();
  });

  test("is the start where several edges leave it, drawn or not", () => {
    for (const start of [true, false]) {
      const flow = flowOf("a>b c>d b>e d>e", start);
      expect(nearestDominatingFork(flow, "b")).toBe(START);
      expect(nearestDominatingFork(flow, "e")).toBe(START);
    }
    expect(nearestDominatingFork(flowOf("a>b S>b b>c"), "c")).toBe(START);
  });
});

describe("the branch of a step", () => {
  test("is what lies between that fork and the step", () => {
    const flow = flowOf("a>b b>c c>d b>e e>f");
    expect([...branchAncestors(flow, "d")!]).toEqual(["c"]);
    expect([...branchAncestors(flow, "c")!]).toEqual([]);
  });

  test("after the join of nested forks is everything behind the outer fork", () => {
    expect([...branchAncestors(flowOf(NESTED), "h")!].sort()).toEqual(["b", "c", "d", "e", "f", "g"]);
  });

  test("is all that comes before when the fork is the start", () => {
    expect([...branchAncestors(flowOf("a>b c>d b>e"), "e")!].sort()).toEqual(["a", "b"]);
  });

  test("is undefined without such a fork", () => {
    expect(branchAncestors(flowOf("a>b b>c"), "c")).toBeUndefined();
  });
});

describe("any DAG", () => {
  /** By definition: a fork dominates a step if the step can't be reached without it; the nearest has no other after it. */
  function bruteForce(flow: CompiledFlow, id: string): string | typeof START | undefined {
    const reachableWithout = (removed: string): boolean => {
      const open = firstSteps(flow).filter((step) => step !== removed);
      const seen = new Set(open);
      for (const step of seen) for (const next of flow.steps[step]!.successors) if (next !== removed) seen.add(next);
      return seen.has(id);
    };
    const forks = flow.order.filter(
      (other) => other !== id && flow.steps[other]!.successors.length >= 2 && !reachableWithout(other),
    );
    const nearest = forks.find((fork) => forks.every((other) => other === fork || ancestors(flow, fork).has(other)));
    return nearest ?? (firstSteps(flow).length >= 2 ? START : undefined);
  }

  test("has the dominating forks of the definition", () => {
    fc.assert(
      fc.property(arbitraryDag(16), fc.boolean(), (dag, start) => {
        const flow = compileOrThrow(exportOfDag(dag, start));
        for (const id of flow.order) {
          const fork = nearestDominatingFork(flow, id);
          expect(fork).toBe(bruteForce(flow, id));
          const between = flow.order.filter(
            (other) =>
              ancestors(flow, id).has(other) && (fork === START || descendants(flow, String(fork)).has(other)),
          );
          expect([...(branchAncestors(flow, id) ?? [])].sort()).toEqual(fork === undefined ? [] : between.sort());
        }
      }),
    );
  });

  test("a step is an ancestor of its descendants", () => {
    fc.assert(
      fc.property(arbitraryDag(16), (dag) => {
        const flow = compileOrThrow(exportOfDag(dag, true));
        for (const one of flow.order) {
          for (const other of flow.order) {
            expect(ancestors(flow, one).has(other)).toBe(descendants(flow, other).has(one));
          }
        }
      }),
    );
  });

  test("of 500 steps answers for all of them in well under a second", () => {
    const dag = Array.from({ length: 500 }, (_, index) =>
      index < 3 ? [] : [index - 3, index - 2, index - 1].filter((_, place) => (index + place) % 3 !== 0),
    );
    const flow = compileOrThrow(exportOfDag(dag, true));
    const before = performance.now();
    for (const id of flow.order) branchAncestors(flow, id);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});

describe("the order of ids", () => {
  test("counts runs of digits as numbers", () => {
    expect(["n10", "n2", "n1", "a", "n02", "B"].sort(compareIds)).toEqual(["B", "a", "n1", "n02", "n2", "n10"]);
    expect(["n", "n1", "n1a"].sort(compareIds)).toEqual(["n", "n1", "n1a"]);
  });

  test("is total", () => {
    const id = fc.string({ unit: fc.constantFrom("0", "1", "9", "a", "b", "/", ":"), maxLength: 5 });
    fc.assert(
      fc.property(id, id, id, (one, two, three) => {
        expect(Math.sign(compareIds(one, two))).toBe(0 - Math.sign(compareIds(two, one)));
        expect(compareIds(one, two) === 0).toBe(one === two);
        const [low, middle, high] = [one, two, three].sort(compareIds) as [string, string, string];
        expect(compareIds(low, high)).toBeLessThanOrEqual(0);
        expect(compareIds(low, middle)).toBeLessThanOrEqual(0);
      }),
    );
  });
});
