import { describe, expect, test } from "vitest";
import { compileFlow } from "../../../engine/core/compile.ts";
import { type Edge, findingsOf, flowRecord, flumeExport } from "../../support/flume-export.ts";

function drawn(drawing: string, types: Record<string, string> = {}) {
  const edges = drawing.split(" ").map((edge) => edge.split(">") as Edge);
  const ids = [...new Set(edges.flat())];
  return flumeExport({ ...Object.fromEntries(ids.map((id) => [id, `svc.${id}`])), ...types }, edges);
}

describe("a cycle", () => {
  test("is an error that names the steps on it, in order", () => {
    const [found, ...more] = findingsOf("cycle", drawn("s>a a>b b>c c>a c>d", { s: "start" }));
    expect(more).toEqual([]);
    expect(found).toMatchObject({ severity: "error", node: "a" });
    expect(found?.message).toContain("svc.a (a) -> svc.b (b) -> svc.c (c) -> svc.a (a)");
  });

  test("is told from its lowest id on, wherever the search came into it", () => {
    const [found] = findingsOf("cycle", drawn("a>d d>c c>b b>d"));
    expect(found?.node).toBe("b");
    expect(found?.message).toContain("svc.b (b) -> svc.d (d) -> svc.c (c) -> svc.b (b)");
  });

  test("of a step with itself is one too", () => {
    expect(findingsOf("cycle", drawn("a>b b>b"))).toMatchObject([{ node: "b" }]);
  });

  test("several apart are reported each, one knot once", () => {
    const found = findingsOf("cycle", drawn("s>a a>b b>a b>c c>d d>e e>c d>c", { s: "start" }));
    expect(found.map((finding) => finding.node)).toEqual(["a", "c"]);
  });

  test("through the start names it", () => {
    const [found] = findingsOf("cycle", drawn("s>a a>s", { s: "start" }));
    expect(found?.message).toContain("start (s)");
  });

  test("isn't made by a diamond", () => {
    expect(findingsOf("cycle", drawn("a>b a>c b>d c>d a>d"))).toEqual([]);
  });

  test("of everything leaves no start, which is said too, and not that all is out of reach", () => {
    const { flow, findings } = compileFlow(flowRecord(drawn("a>b b>c c>a c>d")));
    expect(flow).toBeUndefined();
    expect(findings.filter((finding) => finding.severity === "error").map((finding) => finding.code)).toEqual([
      "no_start",
      "cycle",
    ]);
  });

  test("is found in a chain of 2,000 steps", () => {
    const edges = Array.from({ length: 2_000 }, (_, index): Edge => [`n${index}`, `n${(index + 1) % 2_000}`]);
    const types = Object.fromEntries(edges.map(([id]) => [id, "svc.do"]));
    expect(findingsOf("cycle", flumeExport(types, edges))).toHaveLength(1);
  });
});

describe("several starts", () => {
  test("are an error when two nodes are of type start", () => {
    const [found, ...more] = findingsOf("several_starts", drawn("s>a t>b", { s: "start", t: "manager.start" }));
    expect(more).toEqual([]);
    expect(found).toMatchObject({ severity: "error", node: "t" });
    expect(found?.message).toContain("start (s) and manager.start (t)");
  });

  test("are an error when two roots have nothing before them, and one of them is no step", () => {
    const workflow = drawn("a>b c>d", { c: "Begin here" });
    workflow.a!.root = true;
    workflow.c!.root = true;
    expect(findingsOf("several_starts", workflow)).toMatchObject([{ node: "c" }]);
  });

  test("are no error when they are roots that are steps: each is an entry", () => {
    const workflow = drawn("a>b c>d");
    workflow.a!.root = true;
    workflow.c!.root = true;
    expect(compileFlow(flowRecord(workflow)).flow?.entries).toEqual(["a", "c"]);
  });

  test("don't make the steps behind them unreachable", () => {
    const { findings } = compileFlow(flowRecord(drawn("s>a t>b", { s: "start", t: "start" })));
    expect(findings.map((finding) => finding.code)).toEqual(["several_starts"]);
  });
});

describe("steps that nothing leads to", () => {
  test("are errors, each at its node", () => {
    const found = findingsOf("unreachable_step", drawn("s>a b>c", { s: "start" }));
    expect(found.map(({ node, severity }) => [node, severity])).toEqual([
      ["b", "error"],
      ["c", "error"],
    ]);
  });

  test("are also those beside a root", () => {
    const workflow = drawn("a>b c>d");
    workflow.a!.root = true;
    expect(findingsOf("unreachable_step", workflow).map((finding) => finding.node)).toEqual(["c", "d"]);
  });

  test("are also those in or behind a cycle that nothing leads to", () => {
    expect(findingsOf("unreachable_step", drawn("a>b c>d d>c d>e")).map((finding) => finding.node)).toEqual([
      "c",
      "d",
      "e",
    ]);
  });

  test("a step that leads into the start is one", () => {
    expect(findingsOf("unreachable_step", drawn("x>s s>a", { s: "start" })).map((finding) => finding.node)).toEqual([
      "x",
    ]);
  });
});
