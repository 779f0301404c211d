import { describe, expect, test } from "vitest";
import { compileFlow } from "../../../engine/core/compile.ts";
import { findingsOf, flowRecord, flumeExport } from "../../support/flume-export.ts";

describe("a connection to a node that isn't there", () => {
  test("is reported at the node that has it, from either side", () => {
    const workflow = flumeExport({ a: "svc.a", b: "svc.b" });
    workflow.a!.connections.outputs = { next: [{ nodeId: "gone", portName: "in" }] };
    workflow.b!.connections.inputs = { in: [{ nodeId: "lost", portName: "next" }] };
    const found = findingsOf("dangling_connection", workflow);
    expect(found.map(({ node, severity }) => [node, severity])).toEqual([
      ["a", "error"],
      ["b", "error"],
    ]);
    expect(found[0]?.message).toContain('"gone"');
    expect(found[1]?.message).toContain('"lost"');
  });
});

describe("a connection of which one half is missing", () => {
  test("is reported at the node that has the other half", () => {
    const workflow = flumeExport({ a: "svc.a", b: "svc.b", c: "svc.c" }, [["a", "b"]]);
    workflow.a!.connections.outputs.more = [{ nodeId: "c", portName: "in" }];
    workflow.c!.connections.inputs.other = [{ nodeId: "b", portName: "next" }];
    const found = findingsOf("one_sided_connection", workflow);
    expect(found.map((finding) => finding.node)).toEqual(["a", "c"]);
    expect(found[0]?.message).toContain("input in of c doesn't list it");
    expect(found[1]?.message).toContain("output next of b doesn't list it");
  });

  test("is one whose halves name different ports", () => {
    const workflow = flumeExport({ a: "svc.a", b: "svc.b" }, [["a", "b"]]);
    workflow.b!.connections.inputs = { elsewhere: [{ nodeId: "a", portName: "next" }] };
    expect(findingsOf("one_sided_connection", workflow)).toHaveLength(2);
  });

  test("still is an edge, whichever half is left; it is a warning and nothing else is reported for it", () => {
    for (const lost of ["inputs", "outputs"] as const) {
      const workflow = flumeExport({ s: "start", a: "svc.a" }, [["s", "a"]]);
      workflow[lost === "inputs" ? "a" : "s"]!.connections[lost] = {};
      const { flow, findings } = compileFlow(flowRecord({ nodes: workflow, negations: { svc: { a: ["undo"] } } }));
      expect(flow?.entries).toEqual(["a"]);
      expect(findings.map(({ code, severity }) => [code, severity])).toEqual([["one_sided_connection", "warning"]]);
    }
  });
});

describe("a join fed twice through one port", () => {
  const workflow = flumeExport({ a: "svc.a", b: "svc.b", c: "svc.c" });
  workflow.a!.connections.outputs = { next: [{ nodeId: "c", portName: "in" }] };
  workflow.b!.connections.outputs = { next: [{ nodeId: "c", portName: "in" }] };
  workflow.c!.connections.inputs = {
    in: [
      { nodeId: "a", portName: "next" },
      { nodeId: "b", portName: "next" },
    ],
  };

  test("is reported at the join: the designer would lose a connection", () => {
    expect(findingsOf("join_port_shared", workflow).map(({ node, severity }) => [node, severity])).toEqual([
      ["c", "warning"],
    ]);
  });

  test("has both edges all the same", () => {
    expect(compileFlow(flowRecord(workflow)).flow?.steps.c?.predecessors).toEqual(["a", "b"]);
  });
});
