import { describe, expect, test } from "vitest";
import { type Call, callOf, negationsOf } from "../../../../renderer/flows/document.ts";
import { mapType, setNegations, setPolicy, setSetting, settingAt } from "../../../../renderer/flows/edit-settings.ts";
import { deepFreeze, onboarding } from "./sample.ts";

const addLicense: Call = { service: "license", function: "add_license", text: "license.add_license" };
const profile = {
  user: { create_user: ["delete_user"] },
  license: { add_license: ["remove_license"] },
  card: { authorize_card: ["release_card"] },
};

describe("settings of a step", () => {
  test("a setting is written where it belongs, and nothing is left of one that is taken away", () => {
    const document = deepFreeze(onboarding());
    const set = setSetting(document, "add_license", ["retry", "maximumAttempts"], 3);
    expect(set.workflow.steps).toEqual({ add_license: { retry: { maximumAttempts: 3 } } });
    expect(settingAt(set.workflow.steps?.add_license, ["retry", "maximumAttempts"])).toBe(3);
    expect(setSetting(set, "add_license", ["retry", "maximumAttempts"], undefined)).toEqual(document);
  });

  test("setting what is set changes nothing", () => {
    const document = setSetting(onboarding(), "add_license", ["timeout"], "5s");
    expect(setSetting(document, "add_license", ["timeout"], "5s")).toBe(document);
    expect(setSetting(document, "nobody", ["timeout"], "5s")).toBe(document);
  });

  test("the flow's policy is set the same way", () => {
    const document = setPolicy(onboarding(), ["scope"], "path");
    expect(document.workflow.policy).toEqual({ scope: "path" });
    expect(setPolicy(document, ["scope"], undefined).workflow).not.toHaveProperty("policy");
  });
});

describe("negations", () => {
  test("without a list of its own a flow shows the profile's", () => {
    expect(negationsOf(onboarding().workflow, addLicense, profile)).toEqual(["remove_license"]);
    expect(negationsOf({ negations: {} }, addLicense, profile)).toEqual([]);
  });

  test("the first change gives the flow its own list, with what the profile says of its other functions", () => {
    const document = setNegations(onboarding(), addLicense, ["remove_license", "log_removal"], profile);
    expect(document.workflow.negations).toEqual({
      user: { create_user: ["delete_user"] },
      license: { add_license: ["remove_license", "log_removal"] },
    });
  });

  test("a function can be left without negations", () => {
    const document = setNegations(onboarding(), addLicense, [], profile);
    expect(document.workflow.negations).toEqual({ user: { create_user: ["delete_user"] } });
    expect(negationsOf(document.workflow, addLicense, profile)).toEqual([]);
  });
});

describe("node types", () => {
  test("a type is split at its last dot", () => {
    expect(callOf({}, "billing.eu.charge")).toEqual({
      service: "billing.eu",
      function: "charge",
      text: "billing.eu.charge",
    });
    for (const type of ["charge", ".charge", "billing.", "Charge a card"]) expect(callOf({}, type)).toBeUndefined();
    expect(callOf({ types: {} }, "constructor")).toBeUndefined();
  });

  test("a mapping says which call a type means", () => {
    const document = mapType(onboarding(), "Create a user", "user.create_user");
    expect(callOf(document.workflow, "Create a user")?.text).toBe("user.create_user");
    expect(mapType(document, "Create a user", undefined).workflow).not.toHaveProperty("types");
  });
});
