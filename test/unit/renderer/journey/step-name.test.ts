import { describe, expect, test } from "vitest";
import { tellingCode } from "../../../../renderer/journey/error-code.ts";
import { builtInNote, stepName } from "../../../../renderer/journey/step-name.ts";
import { given, type Spec } from "../../../support/journey-spec.ts";

describe("what steps are called", () => {
  test("a call by service and function, a step of the manager's own by its id", () => {
    expect(stepName("n7", { service: "card", function: "authorize_card" })).toBe("card.authorize_card");
    expect(stepName("boss", { service: "manager", function: "approve" })).toBe("boss");
    expect(stepName("gone", undefined)).toBe("gone");
  });
});

describe("what a built-in step does", () => {
  const note = (spec: Spec, id: string) => builtInNote(spec.flow.steps[id], spec.journey.steps[id]);

  test("is said with how far it is; calls say nothing", () => {
    const spec = given({
      edges: { first: [], boss: [], nap: [], sub: [], all: [] },
      calls: {
        boss: "manager.approve",
        nap: "manager.wait",
        sub: "manager.journey",
        all: "manager.each",
      },
      steps: {
        nap: { for: "90s" },
        sub: { flow: "payment" },
        all: { items: "[1, 2, 3]", flow: "payment", concurrency: 2 },
      },
    });
    expect(note(spec, "first")).toBeUndefined();
    expect(note(spec, "boss")).toBe("waits for a person");
    expect(note(spec, "nap")).toBe("waits 1 m 30 s");
    expect(note(spec, "sub")).toBe("runs payment");
    expect(note(spec, "all")).toBe("payment for each: 0 of 3");
  });
});

describe("an error's code", () => {
  test("is shown where the service named one", () => {
    expect(tellingCode({ code: "quota" })).toBe("quota");
    expect(tellingCode({ code: "failed" })).toBeUndefined();
    expect(tellingCode({})).toBeUndefined();
  });
});
