import { describe, expect, test } from "vitest";
import { edgesOf, emptyDocument, predecessorsOf, stepIdsOf } from "../../../../renderer/flows/document.ts";
import { setSetting } from "../../../../renderer/flows/edit-settings.ts";
import {
  addStep,
  connect,
  disconnect,
  duplicateStep,
  moveNodes,
  removeStep,
  renameStep,
  setPredecessors,
  whyNotConnect,
  whyNotRename,
} from "../../../../renderer/flows/edit-steps.ts";
import { mendLinks } from "../../../../renderer/flows/links.ts";
import { deepFreeze, onboarding, order } from "./sample.ts";

describe("adding steps", () => {
  test("a step's id is its function's name, numbered where that is taken", () => {
    const first = addStep(emptyDocument("f"), "user.create_user");
    const second = addStep(first.document, "user.create_user");
    expect([first.id, second.id]).toEqual(["create_user", "create_user_2"]);
    expect(stepIdsOf(second.document.workflow)).toEqual(["create_user", "create_user_2"]);
  });

  test("both halves of an edge are written", () => {
    const { nodes } = onboarding().workflow;
    expect(nodes.start?.connections.outputs).toEqual({ next: [{ nodeId: "create_user", portName: "after" }] });
    expect(nodes.create_user?.connections.inputs).toEqual({ after: [{ nodeId: "start", portName: "next" }] });
  });

  test("a step stands to the right of what it comes after, and not on another one", () => {
    const { nodes } = order().workflow;
    expect(nodes.create_ticket?.x).toBeGreaterThan(nodes.create_order?.x ?? 0);
    expect(nodes.create_ticket?.y).not.toBe(nodes.authorize_card?.y);
  });

  test("a step is copied with its settings, without its edges and conditions", () => {
    let document = setSetting(onboarding(), "add_license", ["timeout"], "5s");
    document = setSetting(document, "add_license", ["when"], { create_user: "input.x" });
    const copy = duplicateStep(document, "add_license");
    expect(copy.document.workflow.steps?.[copy.id]).toEqual({ timeout: "5s" });
    expect(predecessorsOf(copy.document.workflow, copy.id)).toEqual([]);
  });

  test("no change touches the document it was given", () => {
    const document = deepFreeze(setSetting(order(), "approve_order", ["when"], { create_ticket: "true" }));
    const added = addStep(document, "user.create_user", { after: ["approve_order"] }).document;
    for (const changed of [
      added,
      removeStep(document, "create_ticket"),
      renameStep(document, "create_ticket", "ticket"),
      disconnect(document, "create_ticket", "approve_order"),
      moveNodes(document, { start: { x: 9, y: 9 } }),
      mendLinks(document),
    ])
      expect(changed).not.toBe(document);
  });
});

describe("connecting steps", () => {
  test("each edge into a join ends at a port of its own", () => {
    const { nodes } = order().workflow;
    expect(Object.keys(nodes.approve_order?.connections.inputs ?? {})).toEqual(["after", "after2"]);
  });

  test("a port that became free is used again", () => {
    const without = disconnect(order(), "create_ticket", "approve_order");
    const again = connect(without, "create_ticket", "approve_order");
    expect(again.workflow.nodes.approve_order?.connections.inputs).toEqual({
      after: [{ nodeId: "create_ticket", portName: "next" }],
      after2: [{ nodeId: "authorize_card", portName: "next" }],
    });
  });

  test("circles, doubled edges, edges into the start and to oneself are refused with a reason", () => {
    const { workflow } = onboarding();
    expect(whyNotConnect(workflow, "add_membership", "create_user")).toMatch(/circle/);
    expect(whyNotConnect(workflow, "create_user", "add_license")).toMatch(/already comes after/);
    expect(whyNotConnect(workflow, "create_user", "start")).toMatch(/before the start/);
    expect(whyNotConnect(workflow, "create_user", "create_user")).toMatch(/itself/);
    expect(whyNotConnect(workflow, "create_user", "add_membership")).toBeUndefined();
    const document = onboarding();
    expect(connect(document, "add_membership", "create_user")).toBe(document);
  });

  test("cutting an edge drops the condition on it", () => {
    const document = setSetting(order(), "approve_order", ["when"], { create_ticket: "a", authorize_card: "b" });
    const cut = disconnect(document, "create_ticket", "approve_order");
    expect(cut.workflow.steps).toEqual({ approve_order: { when: { authorize_card: "b" } } });
    expect(cut.workflow.nodes.create_ticket?.connections.outputs).toEqual({});
  });

  test("the predecessors of a step can be set as a whole", () => {
    const document = setPredecessors(order(), "approve_order", ["authorize_card", "create_order"]);
    expect(predecessorsOf(document.workflow, "approve_order").sort()).toEqual(["authorize_card", "create_order"]);
  });
});

describe("removing and renaming steps", () => {
  test("a removed step takes its links, settings and conditions along", () => {
    let document = setSetting(order(), "create_ticket", ["timeout"], "5s");
    document = setSetting(document, "approve_order", ["when"], { create_ticket: "true" });
    const { workflow } = removeStep(document, "create_ticket");
    expect(JSON.stringify(workflow)).not.toContain("create_ticket");
    expect(workflow.steps).toBeUndefined();
    expect(workflow.nodes.approve_order?.connections.inputs).toEqual({
      after2: [{ nodeId: "authorize_card", portName: "next" }],
    });
  });

  test("a renamed step is renamed in links, settings, conditions and expressions", () => {
    let document = setSetting(order(), "create_ticket", ["timeout"], "5s");
    document = setSetting(document, "approve_order", ["when"], { create_ticket: "steps.create_ticket.ok" });
    document = setSetting(
      document,
      "approve_order",
      ["input"],
      "{'a': steps.create_ticket, 'b': steps.create_ticket2}",
    );
    const { workflow } = renameStep(document, "create_ticket", "kitchen-ticket");
    expect(workflow.nodes["kitchen-ticket"]?.id).toBe("kitchen-ticket");
    expect(workflow.steps?.["kitchen-ticket"]).toEqual({ timeout: "5s" });
    expect(workflow.steps?.approve_order).toEqual({
      when: { "kitchen-ticket": 'steps["kitchen-ticket"].ok' },
      input: "{'a': steps[\"kitchen-ticket\"], 'b': steps.create_ticket2}",
    });
    expect(edgesOf(workflow)).toHaveLength(5);
    expect(Object.keys(workflow.nodes).indexOf("kitchen-ticket")).toBe(2);
  });

  test("an id that is taken or empty is refused with a reason", () => {
    const document = order();
    expect(whyNotRename(document.workflow, "create_ticket", "approve_order")).toMatch(/another step/);
    expect(whyNotRename(document.workflow, "create_ticket", " ")).toMatch(/needs an id/);
    expect(renameStep(document, "create_ticket", "approve_order")).toBe(document);
  });
});

describe("mending links", () => {
  test("one-sided links get their other half, joins a port per edge, links to nowhere go", () => {
    const document = emptyDocument("broken");
    const node = (id: string, inputs: object, outputs: object) => ({
      id,
      type: `s.${id}`,
      x: 0,
      y: 0,
      width: 200,
      inputData: {},
      connections: { inputs: { ...inputs }, outputs: { ...outputs } },
    });
    document.workflow.nodes = {
      a: node("a", {}, { out: [{ nodeId: "c", portName: "in" }] }),
      b: node("b", {}, { out: [{ nodeId: "gone", portName: "in" }] }),
      c: node(
        "c",
        {
          in: [
            { nodeId: "b", portName: "out" },
            { nodeId: "a", portName: "out" },
          ],
        },
        {},
      ),
    };
    const { nodes } = mendLinks(document).workflow;
    expect(nodes.c?.connections.inputs).toEqual({
      in: [{ nodeId: "a", portName: "out" }],
      after: [{ nodeId: "b", portName: "out" }],
    });
    expect(nodes.b?.connections.outputs).toEqual({ out: [{ nodeId: "c", portName: "after" }] });
    expect(nodes.a?.connections.outputs).toEqual({ out: [{ nodeId: "c", portName: "in" }] });
  });

  test("a sound flow stays as it is", () => {
    expect(mendLinks(order())).toEqual(order());
  });
});
