import { describe, expect, test } from "vitest";
import { type Edge, findingsOf, flumeExport } from "../../support/flume-export.ts";

const DIAMOND: Edge[] = [
  ["a", "b"],
  ["a", "c"],
  ["b", "d"],
  ["c", "d"],
];

function diamond(types: Partial<Record<"a" | "b" | "c" | "d", string>>, rest: Record<string, unknown> = {}) {
  return { nodes: flumeExport({ a: "svc.a", b: "svc.b", c: "svc.c", d: "svc.d", ...types }, DIAMOND), ...rest };
}

function namedIn(workflow: unknown): (string | undefined)[] {
  return findingsOf("ambiguous_replies", workflow).map((finding) => finding.message);
}

describe("replies without echo are ambiguous", () => {
  test("when parallel steps call the same function; the warning names them", () => {
    const found = findingsOf("ambiguous_replies", diamond({ b: "svc.same", c: "svc.same" }));
    expect(found).toMatchObject([{ severity: "warning", node: "b" }]);
    expect(found[0]?.message).toContain("Calls of svc.same can be under way at the same time: step b and step c.");
  });

  test("not when such steps come one after the other", () => {
    expect(namedIn(diamond({ a: "svc.same", b: "svc.same", d: "svc.same" }))).toEqual([]);
  });

  test("but then too when the earlier one is retried by explicit wish", () => {
    const retried = diamond({ a: "svc.same", d: "svc.same" }, { steps: { a: { retry: { maximumAttempts: 2 } } } });
    expect(namedIn(retried)).toHaveLength(1);
    const later = diamond({ a: "svc.same", d: "svc.same" }, { steps: { d: { retry: { maximumAttempts: 2 } } } });
    expect(namedIn(later)).toEqual([]);
    const policy = { policy: { retry: { maximumAttempts: 2 } } };
    expect(namedIn(diamond({ a: "svc.same", d: "svc.same" }, policy))).toHaveLength(1);
  });

  test("not when only the function's name is the same", () => {
    expect(namedIn(diamond({ b: "one.same", c: "other.same" }))).toEqual([]);
  });

  test("when a negation is a function that a parallel or later step calls", () => {
    const parallel = diamond({ c: "svc.cancel" }, { negations: { svc: { b: ["cancel"] } } });
    expect(namedIn(parallel)[0]).toContain("the undo of svc.b (b) and step c");
    const later = diamond({ d: "svc.cancel" }, { negations: { svc: { b: ["cancel"] } } });
    expect(namedIn(later)).toHaveLength(1);
  });

  test("not when that step comes before, unless it is retried by explicit wish", () => {
    const negations = { svc: { b: ["cancel"] } };
    expect(namedIn(diamond({ a: "svc.cancel" }, { negations }))).toEqual([]);
    const steps = { a: { retry: { maximumAttempts: 3 } } };
    expect(namedIn(diamond({ a: "svc.cancel" }, { negations, steps }))).toHaveLength(1);
  });

  test("when a step is its own negation", () => {
    const found = namedIn({ nodes: flumeExport({ a: "svc.toggle" }), negations: { svc: { toggle: ["toggle"] } } });
    expect(found[0]).toContain("step a and the undo of svc.toggle (a)");
  });

  test("when parallel steps are undone by the same function", () => {
    expect(namedIn(diamond({}, { negations: { svc: { b: ["undo"], c: ["undo"] } } }))).toHaveLength(1);
  });

  test("not when steps one after the other are, unless the later one's negation is retried by explicit wish", () => {
    const negations = { svc: { a: ["undo"], d: ["undo"] } };
    expect(namedIn(diamond({}, { negations }))).toEqual([]);
    const retry = { negationRetry: { maximumAttempts: 2 } };
    expect(namedIn(diamond({}, { negations, steps: { d: retry } }))).toHaveLength(1);
    expect(namedIn(diamond({}, { negations, steps: { a: retry } }))).toEqual([]);
  });

  test("never for the manager's own steps", () => {
    const steps = { b: { for: "1s" }, c: { for: "1s" } };
    expect(namedIn(diamond({ b: "manager.wait", c: "manager.wait" }, { steps }))).toEqual([]);
  });
});

describe("retries without echo", () => {
  test("are a warning where somebody asked for them", () => {
    const found = findingsOf("retry_without_echo", {
      ...diamond({}, { negations: { svc: { b: ["undo_b"] } } }),
      steps: { a: { retry: { maximumAttempts: 3 } }, b: { negationRetry: { maximumAttempts: 5 } } },
    });
    expect(found.map(({ node, severity }) => [node, severity])).toEqual([
      ["a", "warning"],
      ["b", "warning"],
    ]);
    expect(found[0]?.message).toContain("steps.a.retry makes up to 3 attempts.");
    expect(found[1]?.message).toContain("steps.b.negationRetry makes up to 5 attempts of a negation.");
  });

  test("are one warning for the policy", () => {
    const found = findingsOf("retry_without_echo", { ...diamond({}), policy: { retry: { maximumAttempts: 3 } } });
    expect(found).toMatchObject([{ message: expect.stringContaining("policy.retry") }]);
    expect(found[0]).not.toHaveProperty("node");
  });

  test("are none by default, for one attempt, for steps without negations, and for built-in steps", () => {
    expect(findingsOf("retry_without_echo", diamond({}))).toEqual([]);
    const steps = { a: { retry: { maximumAttempts: 1, initialInterval: "5s" } } };
    expect(findingsOf("retry_without_echo", diamond({}, { steps }))).toEqual([]);
    expect(
      findingsOf("retry_without_echo", diamond({}, { steps: { a: { negationRetry: { maximumAttempts: 5 } } } })),
    ).toEqual([]);
    const journey = { a: { flow: "sub", retry: { maximumAttempts: 3 } } };
    expect(findingsOf("retry_without_echo", diamond({ a: "manager.journey" }, { steps: journey }))).toEqual([]);
  });
});
