import { emptyDocument, type FlowDocument } from "../../../../renderer/flows/document.ts";
import { addStep } from "../../../../renderer/flows/edit-steps.ts";

/** start -> create_user -> add_license -> add_membership */
export function onboarding(): FlowDocument {
  let document = emptyDocument("onboarding");
  document = addStep(document, "user.create_user", { after: ["start"] }).document;
  document = addStep(document, "license.add_license", { after: ["create_user"] }).document;
  return addStep(document, "membership.add_membership", { after: ["add_license"] }).document;
}

/** start -> create_order -> (create_ticket, authorize_card) -> approve_order */
export function order(): FlowDocument {
  let document = emptyDocument("order");
  document = addStep(document, "order.create_order", { after: ["start"] }).document;
  document = addStep(document, "ticket.create_ticket", { after: ["create_order"] }).document;
  document = addStep(document, "card.authorize_card", { after: ["create_order"] }).document;
  return addStep(document, "order.approve_order", { after: ["create_ticket", "authorize_card"] }).document;
}

export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
