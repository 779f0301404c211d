import { describe, expect, test } from "vitest";
import { setSetting } from "../../../../renderer/flows/edit-settings.ts";
import { sumUp } from "../../../../renderer/flows/flow-stats.ts";
import { runGraph } from "../../../../renderer/flows/run-graph.ts";
import { order } from "./sample.ts";

const negations = { ticket: { create_ticket: ["cancel_ticket"] }, order: { create_order: ["reject_order", "tell"] } };

describe("the graphs beside the canvas", () => {
  test("the flow as it runs has every step and edge but the start's", () => {
    const graph = runGraph(order().workflow, "forward", negations);
    expect(graph.nodes.map(({ id, note }) => `${id}: ${note}`)).toEqual([
      "create_order: order.create_order",
      "create_ticket: ticket.create_ticket",
      "authorize_card: card.authorize_card",
      "approve_order: order.approve_order",
    ]);
    expect(graph.edges).toHaveLength(4);
    const place = (id: string) => graph.nodes.find((node) => node.id === id)?.place ?? { x: 0, y: 0 };
    expect(place("create_order").x).toBeLessThan(place("create_ticket").x);
  });

  test("an edge shows what has to hold for it; the start is drawn where one of its edges has a condition", () => {
    let document = setSetting(order(), "approve_order", ["when", "create_ticket"], "steps.create_ticket.ok");
    document = setSetting(document, "authorize_card", ["when"], "input.card != null");
    const { edges } = runGraph(document.workflow, "forward", negations);
    expect(edges).toContainEqual({ from: "create_ticket", to: "approve_order", condition: "steps.create_ticket.ok" });
    expect(edges).toContainEqual({ from: "authorize_card", to: "approve_order" });
    expect(edges).toContainEqual({ from: "create_order", to: "authorize_card", condition: "input.card != null" });

    document = setSetting(document, "create_order", ["when"], "input.items.size() > 0");
    const withStart = runGraph(document.workflow, "forward", negations);
    expect(withStart.nodes[0]).toMatchObject({ id: "start", tone: "start" });
    expect(withStart.edges).toContainEqual({
      from: "start",
      to: "create_order",
      condition: "input.items.size() > 0",
    });
    expect(runGraph(document.workflow, "undo", negations).edges.some((edge) => "condition" in edge)).toBe(false);
  });

  test("the anti-graph has every edge reversed, and says what each step's undo is", () => {
    const document = setSetting(order(), "authorize_card", ["irreversible"], true);
    const graph = runGraph(document.workflow, "undo", negations);
    expect(graph.edges).toContainEqual({ from: "approve_order", to: "create_ticket" });
    expect(graph.edges).not.toContainEqual({ from: "create_ticket", to: "approve_order" });
    expect(Object.fromEntries(graph.nodes.map(({ id, note }) => [id, note]))).toEqual({
      create_order: "reject_order + tell",
      create_ticket: "cancel_ticket",
      authorize_card: "can't be undone",
      approve_order: "nothing to undo",
    });
  });
});

describe("a flow's sums", () => {
  test("shares count journeys that have ended, over all versions", () => {
    const version = { running: 5, completed: 6, rolled_back: 3, total: 15 };
    expect(sumUp([version, { running: 0, completed: 10, rolled_back: 0, total: 10 }])).toEqual({
      running: 5,
      ended: 20,
      success: 0.8,
      rollback: 0.15,
    });
    expect(sumUp([{ running: 2, completed: 0, rolled_back: 0, total: 2 }])).toEqual({ running: 2, ended: 0 });
  });
});
