import { describe, expect, test } from "vitest";
import { buildCatalogue, searchCatalogue } from "../../../../renderer/flows/catalogue.ts";
import { changesBetween, comparableText } from "../../../../renderer/flows/changes.ts";
import { emptyDocument } from "../../../../renderer/flows/document.ts";
import { type DraftStorage, dropDraft, listDrafts, loadDraft, saveDraft } from "../../../../renderer/flows/draft.ts";
import { setPolicy, setSetting } from "../../../../renderer/flows/edit-settings.ts";
import { addStep, moveNodes, removeStep, setType } from "../../../../renderer/flows/edit-steps.ts";
import { beginHistory, MAXIMUM_UNDO, record, redo, undo } from "../../../../renderer/flows/history.ts";
import { layoutCanvas, needsLayout, readingOrder } from "../../../../renderer/flows/layout.ts";
import { suggestVersion } from "../../../../renderer/flows/versions.ts";
import { onboarding, order } from "./sample.ts";

describe("undo and redo", () => {
  test("go back and forth, and a new change ends the way forth", () => {
    let history = record(record(beginHistory(1), 2), 3);
    history = undo(history);
    expect(history.present).toBe(2);
    expect(redo(history).present).toBe(3);
    history = record(history, 4);
    expect(redo(history)).toBe(history);
    expect(undo(undo(undo(history))).present).toBe(1);
  });

  test("typing into one field is one step back", () => {
    let history = record(beginHistory(""), "a", "name");
    history = record(history, "ab", "name");
    history = record(history, "abc", "name");
    expect(undo(history).present).toBe("");
    expect(undo(record(history, "x", "other")).present).toBe("abc");
  });

  test("no change is none, and the past is bounded", () => {
    const history = beginHistory(0);
    expect(record(history, 0)).toBe(history);
    let long: typeof history = history;
    for (let value = 1; value <= MAXIMUM_UNDO + 50; value += 1) long = record(long, value);
    expect(long.past).toHaveLength(MAXIMUM_UNDO);
  });
});

describe("suggested versions", () => {
  test.each([
    [undefined, [], "1"],
    ["7", ["7"], "8"],
    ["7", ["7", "8"], "9"],
    ["1.2.9", [], "1.2.10"],
    ["v09", [], "v10"],
    ["2-beta", [], "3-beta"],
    ["first", [], "first-2"],
  ])("after %s with %j comes %s", (newest, existing, expected) => {
    expect(suggestVersion(newest, existing)).toBe(expected);
  });
});

describe("drafts", () => {
  const storage = (): DraftStorage => {
    const entries = new Map<string, string>();
    return {
      get length() {
        return entries.size;
      },
      key: (index) => [...entries.keys()][index] ?? null,
      getItem: (key) => entries.get(key) ?? null,
      setItem: (key, value) => void entries.set(key, value),
      removeItem: (key) => void entries.delete(key),
    };
  };

  test("are kept by profile and flow and come back whole", () => {
    const kept = storage();
    const draft = { document: order(), base: "3", savedAt: "2026-11-22T10:00:00.000Z" };
    expect(saveDraft(kept, "embedded", "a/b c", draft)).toBe(true);
    saveDraft(kept, "embedded", undefined, draft);
    expect(loadDraft(kept, "embedded", "a/b c")).toEqual(draft);
    expect(loadDraft(kept, "other", "a/b c")).toBeUndefined();
    expect(listDrafts(kept, "embedded")).toEqual({ flows: ["a/b c"], fresh: true });
    dropDraft(kept, "embedded", "a/b c");
    expect(listDrafts(kept, "embedded")).toEqual({ flows: [], fresh: true });
  });

  test("a full storage and a broken draft are no accident", () => {
    const full = {
      ...storage(),
      setItem: () => {
        throw new Error("quota");
      },
    };
    const draft = { document: order(), savedAt: "2026-11-22T10:00:00.000Z" };
    expect(saveDraft(full, "p", "f", draft)).toBe(false);
    const broken = { ...storage(), getItem: () => "{" };
    expect(loadDraft(broken, "p", "f")).toBeUndefined();
  });
});

describe("the catalogue", () => {
  const catalogue = buildCatalogue(
    [
      {
        service: "license",
        status: "up",
        instances: [{ functions: ["remove_license", "add_license"] }],
        functions: [{ function: "add_license" }],
      },
    ],
    [order().workflow],
    [{ license: { add_license: ["remove_license", "log_removal"] } }],
  );

  test("knows functions from services, published flows and negations", () => {
    expect(catalogue.map((entry) => entry.service)).toEqual(["card", "license", "order", "ticket"]);
    expect(catalogue[1]).toEqual({
      service: "license",
      status: "up",
      functions: [
        { function: "add_license", call: "license.add_license", undoes: [], source: "service" },
        { function: "log_removal", call: "license.log_removal", undoes: ["add_license"], source: "negation" },
        { function: "remove_license", call: "license.remove_license", undoes: ["add_license"], source: "service" },
      ],
    });
  });

  test("is searched by words", () => {
    const calls = searchCatalogue(catalogue, "LIC add").flatMap((entry) => entry.functions.map(({ call }) => call));
    expect(calls).toEqual(["license.add_license"]);
    expect(searchCatalogue(catalogue, "nothing")).toEqual([]);
    expect(searchCatalogue(catalogue, " ")).toHaveLength(4);
  });
});

describe("differences between versions", () => {
  test("are told in words", () => {
    const before = setSetting(order(), "create_ticket", ["timeout"], "5s");
    let after = setSetting(before, "create_ticket", ["timeout"], "10s");
    after = setSetting(after, "create_ticket", ["retry", "maximumAttempts"], 3);
    after = setPolicy(after, ["scope"], "path");
    after = setType(after, "authorize_card", "card.check_card");
    after = removeStep(after, "approve_order");
    after = addStep(after, "order.confirm", { after: ["create_ticket"] }).document;
    expect(changesBetween(before.workflow, after.workflow).map((change) => change.text)).toEqual([
      "approve_order is gone",
      "authorize_card calls card.check_card, not card.authorize_card",
      "confirm calls order.confirm, after create_ticket",
      "create_ticket: timeout 10s (was 5s)",
      "create_ticket: retry.maximumAttempts 3 (was not set)",
      "whole flow: scope path (was not set)",
    ]);
  });

  test("don't count where nodes stand", () => {
    const moved = moveNodes(order(), { create_ticket: { x: 1, y: 2 } });
    expect(changesBetween(order().workflow, moved.workflow)).toEqual([]);
    expect(comparableText(moved.workflow)).toBe(comparableText(order().workflow));
  });
});

describe("layout", () => {
  test("puts each step to the right of what it comes after, and none on another", () => {
    const document = moveNodes(order(), layoutCanvas(order().workflow));
    const { nodes } = document.workflow;
    expect(nodes.create_order?.x).toBeLessThan(nodes.create_ticket?.x ?? 0);
    expect(nodes.create_ticket?.x).toBeLessThan(nodes.approve_order?.x ?? 0);
    expect(nodes.create_ticket?.y).not.toBe(nodes.authorize_card?.y);
    expect(needsLayout(document.workflow)).toBe(false);
  });

  test("is offered for nodes that nobody placed", () => {
    const unplaced = moveNodes(
      onboarding(),
      Object.fromEntries(Object.keys(onboarding().workflow.nodes).map((id) => [id, { x: 0, y: 0 }])),
    );
    expect(needsLayout(unplaced.workflow)).toBe(true);
    expect(needsLayout(emptyDocument().workflow)).toBe(false);
  });

  test("steps are read in the order they run, also when there is a cycle", () => {
    expect(readingOrder(order().workflow)).toEqual([
      "create_order",
      "create_ticket",
      "authorize_card",
      "approve_order",
    ]);
    const { workflow } = onboarding();
    const [user, last] = [workflow.nodes.create_user, workflow.nodes.add_membership];
    if (user === undefined || last === undefined) throw new Error("sample");
    user.connections.inputs.after2 = [{ nodeId: "add_membership", portName: "next" }];
    expect(readingOrder(workflow).sort()).toEqual(["add_license", "add_membership", "create_user"]);
  });
});
