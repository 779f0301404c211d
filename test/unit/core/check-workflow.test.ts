import { describe, expect, test } from "vitest";
import { compileFlow } from "../../../engine/core/compile.ts";
import { findingsOf, flowRecord, flumeExport } from "../../support/flume-export.ts";

describe("a record that is no flow", () => {
  test.each([null, 7, "flow", [], {}, { name: "x", version: "1" }, { name: "x", version: "1", workflow: [] }])(
    "%j is reported as invalid",
    (record) => {
      const { flow, findings } = compileFlow(record as never);
      expect(flow).toBeUndefined();
      expect(findings.map((finding) => finding.code)).toContain("invalid_flow");
    },
  );

  test("names the field that is wrong", () => {
    const { findings } = compileFlow({ ...flowRecord(flumeExport({ a: "svc.a" })), name: " ", version: "" });
    expect(findings.map((finding) => finding.message)).toEqual([
      "name: a flow needs a name. A flow has a name, a version and a workflow.",
      "version: a flow needs a version. A flow has a name, a version and a workflow.",
    ]);
  });
});

describe("a malformed workflow", () => {
  test.each([
    ["a node that is no object", { a: 7 }, "a"],
    ["a node without a type", { a: { id: "a" }, b: { type: "svc.b" } }, "a"],
    ["a node whose id isn't its key", { a: { id: "b", type: "svc.a" } }, "a"],
    ["an empty id", { "": { type: "svc.a" } }, ""],
    ["an id that looks like an undo's", { "a/undo/b": { type: "svc.a" } }, "a/undo/b"],
    ["the id __proto__", JSON.parse('{"__proto__": {"type": "svc.a"}}'), "__proto__"],
    ["the id constructor", { constructor: { type: "svc.a" } }, "constructor"],
    ["the id toString", { toString: { type: "svc.a" } }, "toString"],
    ["connections that are no object", { a: { type: "svc.a", connections: [] } }, "a"],
    ["ports that are no object", { a: { type: "svc.a", connections: { inputs: [] } } }, "a"],
    ["a port that is no list", { a: { type: "svc.a", connections: { outputs: { p: {} } } } }, "a"],
    ["a link that is no object", { a: { type: "svc.a", connections: { inputs: { p: [null] } } } }, "a"],
    ["a link without a node", { a: { type: "svc.a", connections: { inputs: { p: [{ portName: "q" }] } } } }, "a"],
    ["a link without a port", { a: { type: "svc.a", connections: { inputs: { p: [{ nodeId: "a" }] } } } }, "a"],
    ["types that are no object", { nodes: { a: { type: "svc.a" } }, types: ["x"] }, undefined],
    ["a mapping that is no text", { nodes: { a: { type: "svc.a" } }, types: { x: 1 } }, undefined],
    ["nodes that are no object", { nodes: [] }, undefined],
    ["the full form without nodes", { steps: {}, policy: {} }, undefined],
  ])("%s is reported once, at its node", (_, workflow, node) => {
    const found = findingsOf("invalid_flow", workflow);
    expect(found).toHaveLength(1);
    expect(found[0]?.node).toBe(node);
    expect(found[0]?.severity).toBe("error");
  });

  test("more than 2,000 nodes are refused at once", () => {
    const nodes = Object.fromEntries(Array.from({ length: 2_001 }, (_, index) => [`n${index}`, { type: "svc.a" }]));
    const { findings } = compileFlow(flowRecord(nodes));
    expect(findings.map((finding) => finding.message)).toEqual([
      "The flow has 2001 nodes; 2000 are the most. Split it into several flows.",
    ]);
  });

  test("without any node is empty", () => {
    expect(findingsOf("empty_flow", {})).toHaveLength(1);
    expect(findingsOf("empty_flow", { nodes: {} })).toHaveLength(1);
  });

  test("with nothing but a start is empty", () => {
    expect(findingsOf("empty_flow", flumeExport({ s: "start" }))).toHaveLength(1);
  });

  test("parts of the full form that don't exist are ignored, with a warning", () => {
    const { flow, findings } = compileFlow(
      flowRecord({ nodes: flumeExport({ a: "svc.a" }), negation: {}, comments: {} }),
    );
    expect(flow).toBeDefined();
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual([
      ["unknown_setting", "warning"],
      ["unknown_setting", "warning"],
    ]);
    expect(findings[1]?.message).toContain("workflow.negation is ignored");
  });
});

describe("types that name no call", () => {
  test("are errors that list them all; nothing is dropped", () => {
    const workflow = flumeExport({ a: "Create a user", b: "svc.b", c: "notify", d: "notify" });
    const found = findingsOf("unknown_type", workflow);
    expect(found.map((finding) => finding.node)).toEqual(["a", "c", "d"]);
    for (const finding of found) {
      expect(finding.message).toContain('Types without a call in this flow: "Create a user" and "notify".');
    }
  });

  test.each(["", ".", "svc.", ".fn", "a..b", "Send v1.2 mail", "svc.do it", "svc"])("%j is one", (type) => {
    expect(findingsOf("unknown_type", flumeExport({ a: type }))).toHaveLength(1);
  });

  test("say what the mapping made of them", () => {
    const found = findingsOf("unknown_type", { nodes: flumeExport({ a: "Greet" }), types: { Greet: "greet" } });
    expect(found[0]?.message).toContain('which types maps to "greet"');
  });

  test("of the manager say which steps it has", () => {
    const [found] = findingsOf("unknown_type", flumeExport({ a: "manager.rollback" }));
    expect(found?.message).toContain("service manager has only the steps wait, approve, journey and each");
  });

  test("a mapping for a type that isn't drawn does no harm", () => {
    expect(findingsOf("unknown_type", { nodes: flumeExport({ a: "svc.a" }), types: { Old: "gone" } })).toEqual([]);
  });
});
