import { describe, expect, test } from "vitest";
import { compileFlow } from "../../../engine/core/compile.ts";
import { findingsOf, flowRecord, flumeExport } from "../../support/flume-export.ts";

const BUILT_IN = { w: "manager.wait", p: "manager.approve", j: "manager.journey", e: "manager.each" };

/** A flow of unconnected steps with the settings given, those that built-in steps need put in. */
function settings(steps: unknown, policy?: unknown, builtIn: Partial<typeof BUILT_IN> = {}): unknown {
  return { nodes: flumeExport({ a: "svc.a", ...builtIn }), steps, policy };
}

function errorsOf(workflow: unknown): string[] {
  return compileFlow(flowRecord(workflow))
    .findings.filter((finding) => finding.severity === "error")
    .map((finding) => `${finding.code}: ${finding.message}`);
}

describe("unknown settings", () => {
  test.each([
    [{ a: { timeOut: "1s" } }, undefined, "steps.a.timeOut: there is no such setting.", "a"],
    [{ a: { retry: { attempts: 3 } } }, undefined, "steps.a.retry.attempts: there is no such setting.", "a"],
    [{ a: { scope: "path" } }, undefined, "It is a setting of the whole flow: move it to policy.", "a"],
    [undefined, { pivot: true }, "It is a setting of single steps: move it to steps[id].", undefined],
    [undefined, { retries: 3 }, "policy.retries: there is no such setting. Correct", undefined],
    [
      undefined,
      { negationRetry: { scope: 1 } },
      "policy.negationRetry.scope: there is no such setting. C",
      undefined,
    ],
    [{ b: {} }, undefined, "steps.b: the flow has no such step.", undefined],
  ])("%j, policy %j: %s", (steps, policy, message, node) => {
    const found = findingsOf("unknown_setting", settings(steps, policy));
    expect(found).toMatchObject([{ severity: "error", message: expect.stringContaining(message) }]);
    expect(found[0]?.node).toBe(node);
  });

  test("several are all reported, and valid ones beside them are still read", () => {
    const found = errorsOf(settings({ a: { one: 1, two: 2, timeout: "0s", when: "1 +" } }));
    expect(found).toHaveLength(4);
    expect(found.join()).toContain("invalid_expression");
  });

  test("are those of the start", () => {
    const workflow = {
      nodes: flumeExport({ s: "start", a: "svc.a" }, [["s", "a"]]),
      steps: { s: { timeout: "1s" } },
    };
    expect(findingsOf("unknown_setting", workflow)).toMatchObject([
      { node: "s", message: "steps.s: the start takes no settings. Remove it, or correct the id." },
    ]);
  });

  test("are those that don't fit the kind of step", () => {
    const steps = { w: { for: "1s", timeout: "1s" }, p: { retry: {} }, a: { flow: "x" } };
    const found = findingsOf("unknown_setting", settings(steps, undefined, { w: BUILT_IN.w, p: BUILT_IN.p }));
    expect(found.map((finding) => finding.message)).toEqual([
      expect.stringContaining("steps.a.flow: a call of a service doesn't take this setting."),
      "steps.p.retry: manager.approve doesn't take this setting. Remove it; it takes when, input, totalTimeout, onTimeout and pivot.",
      expect.stringContaining("steps.w.timeout: manager.wait doesn't take this setting."),
    ]);
  });

  test("of a step whose type is unknown are still reported", () => {
    const workflow = { nodes: flumeExport({ a: "nothing" }), steps: { a: { what: 1, flow: "fits some kind" } } };
    expect(findingsOf("unknown_setting", workflow)).toHaveLength(1);
  });
});

describe("values that don't fit", () => {
  test.each([
    ["timeout", "0s", "must be a duration from 1ms to 3650d"],
    ["timeout", "30", "must be a duration"],
    ["inprogressTimeout", null, "must be a duration"],
    ["totalTimeout", -1, "must be a duration"],
    ["queueTimeout", "4000d", "must be a duration"],
    ["negationTimeout", 1.5, "must be a duration"],
    ["retry", 3, 'must be an object like { "maximumAttempts": 3'],
    ["retry.maximumAttempts", 0, "must be a whole number from 1 to 10000"],
    ["retry.maximumAttempts", 2.5, "must be a whole number"],
    ["retry.maximumAttempts", "3", "must be a whole number"],
    ["retry.initialInterval", "soon", "must be a duration from 0ms"],
    ["retry.backoffCoefficient", 0.5, "must be a number from 1 to 100"],
    ["retry.jitter", 1.1, "must be a number from 0 to 1"],
    ["negationRetry.jitter", null, "must be a number from 0 to 1"],
    ["onTimeout", "retry", 'must be one of "undo", "ignore" and "hold"'],
    ["onServiceDown", true, 'must be one of "fail", "wait" and "ignore"'],
    ["pivot", "yes", "must be true or false"],
    ["irreversible", 1, "must be true or false"],
    ["input", "", "must be a CEL expression, not empty"],
    ["input", 7, "must be a CEL expression, as text"],
    ["when", 7, "must be a CEL expression, or an object of one per predecessor's id"],
    ["when", " ", "must be a CEL expression, or"],
    ["when", { b: 7 }, "must be a CEL expression, or"],
    ["when", ["true"], "must be a CEL expression, or"],
  ])("%s: %j is refused, naming the field and what would fit", (path, value, message) => {
    const [outer = "", inner] = path.split(".");
    const written = { a: { [outer]: inner === undefined ? value : { [inner]: value } } };
    const found = findingsOf("invalid_setting", settings(written));
    expect(found).toMatchObject([{ severity: "error", node: "a" }]);
    expect(found[0]?.message).toContain(`steps.a.${path}: `);
    expect(found[0]?.message).toContain(message);
  });

  test.each([
    ["scope", "to", 'must be one of "journey", "path" and "branch"'],
    ["include", "all", 'must be one of "attempted"'],
    ["deadline", "never", "must be a duration"],
    ["timeout", [], "must be a duration"],
  ])("policy.%s: %j is refused", (name, value, message) => {
    const found = findingsOf("invalid_setting", settings({}, { [name]: value }));
    expect(found).toMatchObject([{ severity: "error" }]);
    expect(found[0]?.message).toContain(`policy.${name}: `);
    expect(found[0]?.message).toContain(message);
  });

  test("a long value is shown in short", () => {
    const [found] = findingsOf("invalid_setting", settings({ a: { onTimeout: "undo ".repeat(100) } }));
    expect(found?.message).toContain("undo u... can't be used");
    expect(found?.message.length).toBeLessThan(150);
  });

  test("a maximum interval shorter than the first one is refused", () => {
    const found = errorsOf(settings({ a: { retry: { initialInterval: "10s", maximumInterval: "5s" } } }));
    expect(found[0]).toContain("steps.a.retry.maximumInterval: ");
    expect(found[0]).toContain("must not be shorter than initialInterval");
    expect(errorsOf(settings({ a: { retry: { initialInterval: "5s", maximumInterval: "5s" } } }))).toEqual([]);
  });

  test.each([
    [[], undefined, "steps: must be an object"],
    [{ a: "fast" }, undefined, "steps.a: "],
    [{ a: [] }, undefined, "steps.a: "],
    [{}, "fast", "policy: "],
  ])("steps %j and policy %j must be objects", (steps, policy, message) => {
    const found = errorsOf(settings(steps, policy));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`invalid_setting: ${message}`);
  });
});

describe("built-in steps", () => {
  test("take their settings", () => {
    const steps = {
      w: { for: "1d", when: "input.slow" },
      p: { pivot: true, onTimeout: "hold", totalTimeout: "2d" },
      j: { flow: "sub", version: "1", input: "input.sub", retry: { maximumAttempts: 2 } },
      e: { flow: "sub", items: "input.items", concurrency: 3, irreversible: true },
    };
    expect(errorsOf(settings(steps, undefined, BUILT_IN))).toEqual([]);
  });

  test("say what they can't do without", () => {
    expect(errorsOf(settings({}, undefined, BUILT_IN))).toEqual([
      expect.stringContaining("steps.e.items is missing: manager.each needs it"),
      expect.stringContaining("steps.e.flow is missing: manager.each needs it"),
      expect.stringContaining("steps.j.flow is missing: manager.journey needs it"),
      expect.stringContaining("steps.w: manager.wait needs either for or until, but neither is set"),
    ]);
  });

  test("a wait takes one of for and until", () => {
    const both = errorsOf(settings({ w: { for: "1s", until: "input.at" } }, undefined, { w: BUILT_IN.w }));
    expect(both).toEqual([expect.stringContaining("but both are set")]);
    expect(errorsOf(settings({ w: { until: "2027-01-31T08:00:00Z" } }, undefined, { w: BUILT_IN.w }))).toEqual([]);
  });

  test.each([
    ["w", { for: "soon" }],
    ["j", { flow: "" }],
    ["j", { flow: "sub", version: 2 }],
    ["e", { flow: "sub", items: [] }],
    ["e", { flow: "sub", items: "input.items", concurrency: 0 }],
    ["e", { flow: "sub", items: "input.items", concurrency: 1_001 }],
  ] as const)("%s: %j is refused", (id, written) => {
    const workflow = settings({ [id]: written }, undefined, { [id]: BUILT_IN[id] });
    expect(findingsOf("invalid_setting", workflow).length).toBeGreaterThan(0);
  });
});
