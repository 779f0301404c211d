import { describe, expect, test } from "vitest";
import { compileFlow } from "../../../../engine/core/compile.ts";
import { type FlowDocument, toRecord } from "../../../../renderer/flows/document.ts";
import { setPolicy, setSetting } from "../../../../renderer/flows/edit-settings.ts";
import { type Mishap, whatIf } from "../../../../renderer/flows/what-if.ts";
import { onboarding, order } from "./sample.ts";

const negations = {
  user: { create_user: ["delete_user"] },
  license: { add_license: ["remove_license", "log_removal"] },
  order: { create_order: ["reject_order"] },
  ticket: { create_ticket: ["cancel_ticket"] },
  card: { authorize_card: ["release_card"] },
};

function play(document: FlowDocument, step: string, mishap: Mishap = "fails") {
  const { flow, findings } = compileFlow(toRecord(document, "1"), { negations });
  if (flow === undefined) throw new Error(JSON.stringify(findings));
  const { levels, ...rest } = whatIf(flow, step, mishap);
  return { levels: levels.map((level) => level.map(({ call }) => call)), ...rest };
}

describe("what if a step fails", () => {
  test("what lies before it is undone in reverse, the negations of one step together", () => {
    expect(play(onboarding(), "add_membership")).toEqual({
      levels: [["license.remove_license", "license.log_removal"], ["user.delete_user"]],
      passedOver: [],
      irreversible: [],
      leftStanding: [],
      status: "rolled_back",
      held: undefined,
    });
  });

  test("parallel branches are undone together, the first step has nothing to undo", () => {
    expect(play(order(), "approve_order").levels).toEqual([
      ["card.release_card", "ticket.cancel_ticket"],
      ["order.reject_order"],
    ]);
    expect(play(order(), "create_order").levels).toEqual([]);
  });

  test("a branch beside the failed step is undone too, unless only the path is rolled back", () => {
    expect(play(order(), "authorize_card").levels).toEqual([["ticket.cancel_ticket"], ["order.reject_order"]]);
    const path = play(setPolicy(order(), ["scope"], "path"), "authorize_card");
    expect(path.levels).toEqual([["order.reject_order"]]);
    expect(path.leftStanding).toEqual(["create_ticket"]);
  });

  test("a step that timed out may have worked, so it is undone itself", () => {
    expect(play(onboarding(), "add_license", "times_out").levels).toEqual([
      ["license.remove_license", "license.log_removal"],
      ["user.delete_user"],
    ]);
  });

  test("after the pivot the journey is held instead", () => {
    const held = play(setSetting(onboarding(), "add_license", ["pivot"], true), "add_membership");
    expect(held).toMatchObject({ levels: [], status: "held", leftStanding: ["create_user", "add_license"] });
  });

  test("retries, conditions and what can't be undone don't hide the answer", () => {
    let document = setSetting(onboarding(), "add_membership", ["retry", "maximumAttempts"], 5);
    document = setSetting(document, "add_license", ["when"], "input.plan == 'paid'");
    document = setSetting(document, "create_user", ["irreversible"], true);
    expect(play(document, "add_membership")).toMatchObject({
      levels: [["license.remove_license", "license.log_removal"]],
      irreversible: ["create_user"],
    });
  });
});
