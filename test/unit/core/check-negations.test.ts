import { describe, expect, test } from "vitest";
import { compileFlow } from "../../../engine/core/compile.ts";
import { compileOrThrow, findingsOf, flowRecord, flumeExport } from "../../support/flume-export.ts";

const CHAIN = flumeExport({ a: "user.create", b: "mail.send" }, [["a", "b"]]);

describe("a step without negations", () => {
  test("before another step is a warning", () => {
    const found = findingsOf("missing_negation", CHAIN);
    expect(found).toMatchObject([{ node: "a", severity: "warning" }]);
    expect(found[0]?.message).toContain("negations.user.create");
    expect(compileFlow(flowRecord(CHAIN)).flow).toBeDefined();
  });

  test("with an empty list of them is the same", () => {
    expect(findingsOf("missing_negation", { nodes: CHAIN, negations: { user: { create: [] } } })).toHaveLength(1);
  });

  test("is no finding when it is marked irreversible, when nothing follows, or when it is built in", () => {
    expect(findingsOf("missing_negation", { nodes: CHAIN, steps: { a: { irreversible: true } } })).toEqual([]);
    expect(findingsOf("missing_negation", flumeExport({ a: "user.create" }))).toEqual([]);
    expect(
      findingsOf("missing_negation", flumeExport({ a: "manager.approve", b: "mail.send" }, [["a", "b"]])),
    ).toEqual([]);
  });
});

describe("a flow's own negations", () => {
  test.each([
    [null, "workflow.negations"],
    [[], "workflow.negations"],
    [{ user: ["delete"] }, "workflow.negations.user"],
    [{ user: { create: "delete" } }, "workflow.negations.user.create"],
    [{ user: { create: ["delete", 7] } }, "7"],
    [{ user: { create: [""] } }, '""'],
    [{ user: { create: ["user.delete"] } }, "without the service"],
    [{ user: { create: ["delete", "delete"] } }, "twice"],
    [{ user: { create: ["delete", "toString"] } }, '"toString"'],
    [{ other: { unused: {} } }, "workflow.negations.other.unused"],
  ])("%j are invalid, and the message says where", (negations, where) => {
    const found = findingsOf("invalid_negation", { nodes: CHAIN, negations });
    expect(found).toMatchObject([{ severity: "error" }]);
    expect(found[0]?.message).toContain(where);
  });

  test("keep names that JavaScript treats specially apart", () => {
    const nodes = flumeExport({ a: "constructor.toString", b: "svc.valueOf" }, [["a", "b"]]);
    expect(compileOrThrow({ nodes, negations: {} }).steps.a?.negations).toEqual([]);
    expect(compileOrThrow({ nodes, negations: { svc: {} } }).steps.b?.negations).toEqual([]);
  });
});

describe("the profile's negations", () => {
  test("of several functions of one service are all used", () => {
    const nodes = flumeExport({ a: "user.create", b: "user.rename", c: "user.greet" }, [
      ["a", "b"],
      ["b", "c"],
    ]);
    const flow = compileOrThrow(nodes, { negations: { user: { create: ["delete"], rename: ["rename_back"] } } });
    expect(Object.values(flow.steps).map((step) => step.negations)).toEqual([["delete"], ["rename_back"], []]);
  });

  test("that are no list at all for a service are reported once, however many of its functions are used", () => {
    const nodes = flumeExport({ a: "user.create", b: "user.rename" });
    expect(findingsOf("invalid_negation", nodes, { negations: { user: "none" } as never })).toHaveLength(1);
  });

  test("are checked only where the flow uses them", () => {
    const negations = { user: { create: ["delete"], rename: "oops" }, other: 7, mail: { send: ["recall"] } };
    const { flow, findings } = compileFlow(flowRecord(CHAIN), { negations: negations as never });
    expect(findings).toEqual([]);
    expect(flow?.steps.b?.negations).toEqual(["recall"]);
  });

  test("that the flow uses and that are wrong are errors", () => {
    const [one] = findingsOf("invalid_negation", CHAIN, { negations: { user: 7 } as never });
    expect(one?.message).toContain("negations of the profile.user");
    const [other] = findingsOf("invalid_negation", CHAIN, { negations: [] as never });
    expect(other?.message).toContain("negations of the profile: must be");
  });

  test("say nothing of built-in steps", () => {
    const nodes = flumeExport({ a: "manager.approve" });
    expect(compileOrThrow(nodes, { negations: { manager: { approve: ["x"] } } }).steps.a?.negations).toEqual([]);
  });
});
