import { describe, expect, test } from "vitest";
import { compileFlow } from "../../../engine/core/compile.ts";
import { normaliseFlow } from "../../../engine/core/normalise.ts";
import { flowRecord, flumeExport } from "../../support/flume-export.ts";

const BARE = flumeExport({ s: "start", a: "Create", b: "license.add" }, [
  ["s", "a"],
  ["a", "b"],
]);
const NEGATIONS = {
  user: { create: ["delete"], rename: ["rename_back"] },
  license: { add: ["remove", "log"] },
  mail: { send: ["recall"] },
};
const TYPES = { Create: "user.create", Unused: "mail.send" };

describe("what publishing writes", () => {
  const written = normaliseFlow(flowRecord(BARE), NEGATIONS, TYPES);

  test("is the full form with the negations and mappings that the flow uses", () => {
    expect(written).toEqual({
      name: "flow",
      version: "1",
      schema_version: "1",
      workflow: {
        nodes: BARE,
        negations: { user: { create: ["delete"] }, license: { add: ["remove", "log"] } },
        types: { Create: "user.create" },
      },
    });
  });

  test("names no mappings where the flow uses none", () => {
    const calls = flumeExport({ a: "user.create" });
    expect(normaliseFlow(flowRecord(calls), NEGATIONS, TYPES).workflow).not.toHaveProperty("types");
  });

  test("compiles to the same flow, whatever the profile's list is by then", () => {
    const before = compileFlow(flowRecord(BARE), { negations: NEGATIONS, types: TYPES });
    expect(before.flow).toBeDefined();
    expect(compileFlow(written, { negations: { user: { create: ["other"] } } })).toEqual(before);
  });

  test("doesn't change when it is published again", () => {
    expect(normaliseFlow(written, { user: { create: ["other"] } })).toEqual(written);
    expect(normaliseFlow(written, {}, TYPES)).toEqual(written);
  });

  test("keeps all that a full form says, and its own negations even when they are empty", () => {
    const full = {
      nodes: BARE,
      negations: {},
      types: { Create: "user.make" },
      steps: { a: {} },
      policy: {},
      comments: 1,
    };
    expect(normaliseFlow(flowRecord(full), NEGATIONS).workflow).toEqual(full);
  });

  test("gives a full form without negations the profile's, and given mappings precedence", () => {
    const full = { nodes: BARE, types: { Create: "user.make", Other: "x.y" }, policy: { timeout: "5s" } };
    expect(normaliseFlow(flowRecord(full), NEGATIONS, TYPES).workflow).toEqual({
      nodes: BARE,
      types: { Create: "user.create", Other: "x.y" },
      policy: { timeout: "5s" },
      negations: { user: { create: ["delete"] }, license: { add: ["remove", "log"] } },
    });
  });

  test("adds the schema version where it was left out", () => {
    const { schema_version: _, ...record } = flowRecord(BARE);
    expect(normaliseFlow(record as never, {}).schema_version).toBe("1");
  });

  test("leaves for the checker what it can't read", () => {
    for (const workflow of [null, 7, [], undefined]) {
      expect(normaliseFlow(flowRecord(workflow), NEGATIONS)).toEqual(flowRecord(workflow));
    }
    expect(normaliseFlow(null as never, NEGATIONS)).toBeNull();
    expect(normaliseFlow(flowRecord({ nodes: BARE, types: 7 }), {}, TYPES).workflow.types).toBe(7);
    expect(normaliseFlow(flowRecord({ nodes: BARE, negations: null }), {}).workflow.negations).toBeNull();
    const wrong = { user: { create: "delete" }, license: 7 };
    expect(normaliseFlow(flowRecord(BARE), wrong as never, TYPES).workflow.negations).toEqual(wrong);
  });

  test("changes nothing of what it was given", () => {
    const record = flowRecord({ nodes: BARE, types: {} });
    const before = structuredClone(record);
    normaliseFlow(record, NEGATIONS, TYPES);
    expect(record).toEqual(before);
  });
});
