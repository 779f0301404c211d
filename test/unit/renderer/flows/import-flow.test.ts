import { describe, expect, test } from "vitest";
import { toRecord } from "../../../../renderer/flows/document.ts";
import { setSetting } from "../../../../renderer/flows/edit-settings.ts";
import { parseFlowFile, unknownTypesOf } from "../../../../renderer/flows/import-flow.ts";
import { onboarding } from "./sample.ts";

describe("importing a flow", () => {
  test("a flow file comes back as it was exported", () => {
    const document = setSetting(onboarding(), "add_license", ["timeout"], "5s");
    const read = parseFlowFile(JSON.stringify(toRecord(document, "7")), "x.flow.json");
    expect(read).toEqual({ ok: true, version: "7", document });
  });

  test("a bare Flume export is called as its file", () => {
    const { nodes } = onboarding().workflow;
    const read = parseFlowFile(JSON.stringify(nodes), "C:\\flows\\sign-up.flow.json");
    expect(read).toEqual({ ok: true, version: undefined, document: { name: "sign-up", workflow: { nodes } } });
  });

  test("a bare export may stand inside a flow record, and the full form alone", () => {
    const { workflow } = onboarding();
    const wrapped = parseFlowFile(JSON.stringify({ name: "w", version: "1", workflow: workflow.nodes }), "a.json");
    expect(wrapped).toMatchObject({ ok: true, document: { name: "w", workflow: { nodes: workflow.nodes } } });
    const alone = parseFlowFile(JSON.stringify({ ...workflow, negations: {} }), "b.json");
    expect(alone).toMatchObject({ ok: true, document: { name: "b", workflow: { negations: {} } } });
  });

  test("fields that nobody here knows stay", () => {
    const { workflow } = onboarding();
    const text = JSON.stringify({
      name: "x",
      workflow: { ...workflow, comments: { c: 1 }, nodes: { n: { type: "s.f", colour: "red" } } },
    });
    const read = parseFlowFile(text, "x.json");
    expect(read).toMatchObject({
      ok: true,
      document: { workflow: { comments: { c: 1 }, nodes: { n: { id: "n", colour: "red", x: 0, width: 200 } } } },
    });
  });

  test("nodes of unknown types stay too and are listed", () => {
    const { nodes } = onboarding().workflow;
    const renamed = { ...nodes, create_user: { ...nodes.create_user, type: "Create a user" } };
    const read = parseFlowFile(JSON.stringify(renamed), "x.json");
    if (!read.ok) throw new Error(read.problem);
    expect(unknownTypesOf(read.document.workflow)).toEqual([{ type: "Create a user", nodes: ["create_user"] }]);
  });

  test.each([
    ["{", /is not JSON/],
    ["[]", /a JSON object is expected/],
    ["{}", /no nodes/],
    ['{"n":3}', /node "n" is not an object/],
    ['{"n":{}}', /node "n" has no type/],
    ['{"n":{"type":"s.f","connections":{"inputs":{"a":[{}]}}}}', /connections of node "n"/],
    ['{"n":{"type":"s.f","connections":[]}}', /connections of node "n"/],
    ['{"__proto__":{"type":"s.f"}}', /__proto__/],
    ['{"nodes":{"n":{"type":"s.f"}},"steps":{"n":1}}', /steps must map/],
    ['{"nodes":{"n":{"type":"s.f"}},"negations":{"s":["f"]}}', /negations must be/],
  ])("what can't be understood is named: %s", (text, problem) => {
    const read = parseFlowFile(text, "x.json");
    expect(read.ok).toBe(false);
    expect(read.ok ? "" : read.problem).toMatch(problem);
  });
});
