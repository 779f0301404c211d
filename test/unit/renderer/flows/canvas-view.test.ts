import type { NodeMap } from "flume";
import { describe, expect, test } from "vitest";
import { fromCanvas, showsSame, toCanvas } from "../../../../renderer/flows/canvas-view.ts";
import { emptyDocument, predecessorsOf } from "../../../../renderer/flows/document.ts";
import { mapType, setSetting } from "../../../../renderer/flows/edit-settings.ts";
import { addStep, connect, renameStep } from "../../../../renderer/flows/edit-steps.ts";
import { onboarding, order } from "./sample.ts";

const origin = { x: 100, y: -40 };

function node(canvas: NodeMap, id: string) {
  const found = canvas[id];
  if (found === undefined) throw new Error(`no node ${id}`);
  return found;
}

describe("the canvas as a view of the document", () => {
  test("a document that Flume shows unchanged stays the very same", () => {
    const document = order();
    const canvas = toCanvas(document.workflow, origin);
    expect(showsSame(document.workflow, canvas, origin)).toBe(true);
    expect(fromCanvas(document, canvas, origin)).toBe(document);
  });

  test("what Flume doesn't know of survives what it changes", () => {
    let document = setSetting(order(), "create_ticket", ["timeout"], "5s");
    document = mapType(document, "Something", "a.b");
    const canvas = toCanvas(document.workflow, origin);
    const moved = { ...canvas, create_ticket: { ...node(canvas, "create_ticket"), x: 7.4, y: 8 } };
    const next = fromCanvas(document, moved, origin);
    expect(next.workflow.nodes.create_ticket).toMatchObject({ x: 107, y: -32 });
    expect(next.workflow.steps).toEqual(document.workflow.steps);
    expect(next.workflow.types).toEqual(document.workflow.types);
    expect(showsSame(next.workflow, moved, origin)).toBe(true);
    expect(showsSame(document.workflow, moved, origin)).toBe(false);
  });

  test("links that were cut, drawn and nodes that were deleted on the canvas are so in the document", () => {
    const document = order();
    const canvas = toCanvas(document.workflow, origin);
    // As Flume leaves it: the input port is gone, the output port an empty list.
    const cut: NodeMap = {
      ...canvas,
      create_ticket: {
        ...node(canvas, "create_ticket"),
        connections: { ...node(canvas, "create_ticket").connections, outputs: { next: [] } },
      },
      approve_order: {
        ...node(canvas, "approve_order"),
        connections: { inputs: { after2: [{ nodeId: "authorize_card", portName: "next" }] }, outputs: {} },
      },
    };
    const next = fromCanvas(document, cut, origin);
    expect(predecessorsOf(next.workflow, "approve_order")).toEqual(["authorize_card"]);
    const drawn = toCanvas(connect(next, "create_order", "approve_order").workflow, origin);
    expect(predecessorsOf(fromCanvas(next, drawn, origin).workflow, "approve_order")).toContain("create_order");
    const { create_ticket: _deleted, ...rest } = cut;
    expect(fromCanvas(document, rest, origin).workflow.nodes).not.toHaveProperty("create_ticket");
  });

  test("broken links reach Flume whole or not at all, and stay in the document as they are", () => {
    const document = onboarding();
    const { add_license: license, create_user: user } = document.workflow.nodes;
    if (license === undefined || user === undefined) throw new Error("sample");
    document.workflow.nodes.create_user = {
      ...user,
      connections: { ...user.connections, outputs: { next: [{ nodeId: "nowhere", portName: "in" }] } },
    };
    const canvas = toCanvas(document.workflow, origin);
    expect(node(canvas, "create_user").connections.outputs).toEqual({
      next: [{ nodeId: "add_license", portName: "after" }],
    });
    expect(fromCanvas(document, canvas, origin)).toBe(document);
  });

  test("ids that would break a selector are encoded and come back", () => {
    const document = renameStep(order(), "create_ticket", 'a"] b\\');
    const canvas = toCanvas(document.workflow, origin);
    expect(Object.keys(canvas).every((id) => !/["\\\s\]]/.test(id))).toBe(true);
    expect(fromCanvas(document, canvas, origin)).toBe(document);
  });

  test("a flow of 500 steps is compared in a few milliseconds", () => {
    let document = emptyDocument("big");
    let last = "start";
    for (let index = 0; index < 500; index += 1) {
      const added = addStep(document, "s.f", { at: { x: index, y: 0 } });
      document = connect(added.document, last, added.id);
      last = added.id;
    }
    const canvas = toCanvas(document.workflow, origin);
    const started = performance.now();
    expect(showsSame(document.workflow, canvas, origin)).toBe(true);
    expect(performance.now() - started).toBeLessThan(100);
  });
});
