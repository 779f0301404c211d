import { describe, expect, test } from "vitest";
import { createDesigner } from "../../../../renderer/flows/designer-store.ts";
import { removeStep } from "../../../../renderer/flows/edit-steps.ts";
import { onboarding } from "./sample.ts";

describe("an open designer", () => {
  test("a change that is none tells nobody and can't be undone", () => {
    const designer = createDesigner(onboarding());
    let told = 0;
    designer.subscribe(() => {
      told += 1;
    });
    designer.change((document) => document);
    designer.undo();
    expect(told).toBe(0);
  });

  test("the selection goes with a step that is renamed, and away with one that is removed", () => {
    const designer = createDesigner(onboarding());
    designer.select("add_license");
    designer.rename("add_license", "licence");
    expect(designer.state().selection).toBe("licence");
    designer.change((document) => removeStep(document, "licence"));
    expect(designer.state().selection).toBeUndefined();
    designer.undo();
    expect(designer.document().workflow.nodes).toHaveProperty("licence");
    designer.undo();
    expect(designer.document()).toEqual(onboarding());
    designer.redo();
    expect(designer.document().workflow.nodes).toHaveProperty("licence");
  });
});
