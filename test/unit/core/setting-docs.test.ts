import { describe, expect, test } from "vitest";
import { compileFlow } from "../../../engine/core/compile.ts";
import { parseDuration } from "../../../engine/core/duration.ts";
import { SETTING_DOCS, type SettingDoc } from "../../../engine/core/setting-docs.ts";
import type { StepKind } from "../../../engine/core/settings.ts";
import { compileOrThrow, flowRecord, flumeExport } from "../../support/flume-export.ts";

const TYPES: Record<StepKind, string> = {
  call: "svc.a",
  wait: "manager.wait",
  approve: "manager.approve",
  journey: "manager.journey",
  each: "manager.each",
};

const NEEDED: Record<StepKind, Record<string, unknown>> = {
  call: {},
  wait: { for: "1s" },
  approve: {},
  journey: { flow: "sub" },
  each: { flow: "sub", items: "input.items" },
};

const VALUES: Record<SettingDoc["kind"], unknown> = {
  duration: "5s",
  integer: 2,
  number: 1,
  boolean: true,
  choice: undefined,
  text: "sub",
  expression: "input.items",
  conditions: "input.ok",
  moment: "2027-01-31T08:00:00Z",
  retry: {},
};

function errorsWith(kind: StepKind, name: string, value: unknown): string[] {
  const settings: Record<string, unknown> = { ...NEEDED[kind], [name]: value };
  if (name === "until") delete settings.for;
  const workflow = { nodes: flumeExport({ a: TYPES[kind] }), steps: { a: settings } };
  return errors(workflow);
}

function errors(workflow: unknown): string[] {
  const { findings } = compileFlow(flowRecord(workflow));
  return findings.filter((finding) => finding.severity === "error").map((finding) => finding.message);
}

describe("every documented setting", () => {
  test.each(SETTING_DOCS.filter((doc) => doc.places.includes("step")).map((doc) => [doc.name, doc] as const))(
    "%s is taken by the kinds of steps named, and by no others",
    (name, doc) => {
      const value = doc.choices?.[0] ?? VALUES[doc.kind];
      for (const kind of Object.keys(TYPES) as StepKind[]) {
        expect(errorsWith(kind, name, value).length === 0, `${kind}.${name}`).toBe(doc.steps.includes(kind));
      }
    },
  );

  test.each(SETTING_DOCS.map((doc) => [doc.name, doc] as const))(
    "%s stands in the policy where it says so",
    (name, doc) => {
      const value = doc.choices?.[0] ?? VALUES[doc.kind];
      const found = errors({ nodes: flumeExport({ a: "svc.a" }), policy: { [name]: value } });
      expect(found.length === 0).toBe(doc.places.includes("policy"));
    },
  );

  test.each(SETTING_DOCS.filter((doc) => doc.choices).map((doc) => [doc.name, doc] as const))(
    "%s takes its choices and nothing else",
    (name, doc) => {
      const place = doc.places.includes("policy") ? "policy" : "steps";
      const found = (value: unknown) =>
        errors({
          nodes: flumeExport({ a: "svc.a" }),
          [place]: place === "policy" ? { [name]: value } : { a: { [name]: value } },
        });
      for (const choice of doc.choices!) expect(found(choice)).toEqual([]);
      expect(found("something else")).toHaveLength(1);
    },
  );

  test("holds its numbers to their bounds", () => {
    const retry = SETTING_DOCS.find((doc) => doc.name === "retry")!;
    for (const { name, minimum, maximum } of retry.fields!.filter((field) => field.minimum !== undefined)) {
      for (const value of [minimum!, maximum!]) expect(errorsWith("call", "retry", { [name]: value })).toEqual([]);
      for (const value of [minimum! - 1, maximum! + 1])
        expect(errorsWith("call", "retry", { [name]: value })).toHaveLength(1);
    }
    const { minimum, maximum } = SETTING_DOCS.find((doc) => doc.name === "concurrency")!;
    for (const value of [minimum!, maximum!]) expect(errorsWith("each", "concurrency", value)).toEqual([]);
    for (const value of [minimum! - 1, maximum! + 1])
      expect(errorsWith("each", "concurrency", value)).toHaveLength(1);
  });

  test("says its default as one would write it, and writing it changes nothing", () => {
    const nodes = flumeExport({ a: "svc.a" });
    const inStep = (doc: SettingDoc) => doc.places.includes("step") && doc.steps.includes("call");
    const written = Object.fromEntries(
      SETTING_DOCS.filter(inStep).flatMap((doc): [string, unknown][] => {
        if (doc.fields)
          return [[doc.name, Object.fromEntries(doc.fields.map((field) => [field.name, field.default]))]];
        return doc.default === undefined ? [] : [[doc.name, doc.default]];
      }),
    );
    expect(Object.keys(written)).toHaveLength(9);
    expect(compileOrThrow({ nodes, steps: { a: written }, policy: { scope: "journey" } })).toEqual(
      compileOrThrow(nodes),
    );
    for (const doc of SETTING_DOCS) {
      if (doc.kind === "duration" && doc.default !== undefined) expect(parseDuration(doc.default)).toBeDefined();
    }
  });

  test("is explained in one sentence", () => {
    for (const { name, doc } of SETTING_DOCS.flatMap((each) => [each, ...(each.fields ?? [])])) {
      expect(doc, name).toMatch(/^[A-Z][^.]+\.$/);
    }
  });
});
