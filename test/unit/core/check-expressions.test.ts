import { describe, expect, test } from "vitest";
import { compileFlow } from "../../../engine/core/compile.ts";
import { findingsOf, flowRecord, flumeExport } from "../../support/flume-export.ts";

const NODES = flumeExport({ s: "start", a: "svc.a", b: "svc.b", c: "svc.c", d: "svc.d" }, [
  ["s", "a"],
  ["a", "b"],
  ["a", "c"],
  ["b", "d"],
  ["c", "d"],
]);

function withSettings(id: string, settings: unknown) {
  return { nodes: NODES, steps: { [id]: settings } };
}

describe("CEL in settings", () => {
  test.each([
    ["input", "1 +", "Unexpected token"],
    ["input", "plan", "Unknown variable: plan"],
    ["when", "input.plan ==", "Unexpected token"],
    ["when", "'yes'", "it gives string where true or false is needed"],
  ])("%s %j is an error at the step", (name, cel, message) => {
    const found = findingsOf("invalid_expression", withSettings("b", { [name]: cel }));
    expect(found).toMatchObject([{ severity: "error", node: "b" }]);
    expect(found[0]?.message).toContain(`steps.b.${name}: `);
    expect(found[0]?.message).toContain(message);
  });

  test("is checked for each edge", () => {
    const found = findingsOf("invalid_expression", withSettings("d", { when: { b: "true", c: "7" } }));
    expect(found).toMatchObject([{ message: expect.stringContaining("steps.d.when.c: ") }]);
  });

  test("items must be able to be a list", () => {
    const nodes = flumeExport({ e: "manager.each" });
    const found = findingsOf("invalid_expression", { nodes, steps: { e: { flow: "sub", items: "'abc'" } } });
    expect(found[0]?.message).toContain("where a list is needed");
  });

  test("until is a moment, or else CEL", () => {
    const nodes = flumeExport({ w: "manager.wait" });
    const until = (written: string) => findingsOf("invalid_expression", { nodes, steps: { w: { until: written } } });
    expect(until("2027-01-31T08:00:00Z")).toEqual([]);
    expect(until("input.at")).toEqual([]);
    expect(until("2027-01-31T08:00:00")).toHaveLength(1);
    expect(until("tomorrow")).toHaveLength(1);
  });

  test("may read the outputs of the steps before", () => {
    const workflow = withSettings("d", { input: "{'a': steps.a.id, 'b': steps['b'].id}", when: "has(steps.c)" });
    expect(findingsOf("invalid_expression", workflow)).toEqual([]);
  });

  test("that reads a step that isn't there is an error", () => {
    const found = findingsOf("invalid_expression", withSettings("d", { input: "steps.x.id" }));
    expect(found).toMatchObject([{ severity: "error", node: "d", message: expect.stringContaining('step "x"') }]);
    expect(findingsOf("invalid_expression", withSettings("d", { input: "steps.s.id" }))).toHaveLength(1);
  });

  test("that reads a step which needn't be settled by then is a warning", () => {
    for (const named of ["c", "d", "b"]) {
      const found = findingsOf("invalid_expression", withSettings("b", { input: `steps.${named}.id` }));
      expect(found).toMatchObject([{ severity: "warning", node: "b" }]);
    }
  });

  test("in a flow with a cycle is checked as far as that goes", () => {
    const nodes = flumeExport({ a: "svc.a", b: "svc.b" }, [
      ["a", "b"],
      ["b", "a"],
    ]);
    const found = findingsOf("invalid_expression", {
      nodes,
      steps: { a: { input: "steps.b.id" }, b: { when: "1" } },
    });
    expect(found.map((finding) => finding.node)).toEqual(["b"]);
  });
});

describe("conditions on edges", () => {
  test("name predecessors, or the start by its id or as start", () => {
    expect(compileFlow(flowRecord(withSettings("d", { when: { b: "true", c: "false" } }))).flow).toBeDefined();
    expect(compileFlow(flowRecord(withSettings("a", { when: { s: "true" } }))).flow).toBeDefined();
    expect(compileFlow(flowRecord(withSettings("a", { when: { start: "true" } }))).flow).toBeDefined();
  });

  test("that name anything else are errors", () => {
    const found = findingsOf("invalid_setting", withSettings("d", { when: { a: "true", b: "true", start: "true" } }));
    expect(found.map((finding) => finding.message)).toEqual([
      expect.stringContaining(
        'steps.d.when.a: no connection leads from "a" to this step. Name one of its predecessors (b and c)',
      ),
      expect.stringContaining("steps.d.when.start: "),
    ]);
    expect(found[0]).toMatchObject({ severity: "error", node: "d" });
  });
});
