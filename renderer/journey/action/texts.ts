/** What each action does, and what its sheet and button are called. */
import type { PlannedCommand, Preview } from "../../../engine/core/view.ts";
import { plural } from "../../parts/format.ts";
import type { Offer } from "../offers.ts";
import { isBuiltIn } from "../step-name.ts";

/** What will happen, in a sentence. */
export function explainAction(offer: Offer): string {
  switch (offer.action) {
    case "rollback":
      return "What the journey did is undone over the anti-graph: each step after everything that came after it.";
    case "cancel":
      return "Nothing new is sent forward, and what the journey did is undone.";
    case "terminate":
      return "The journey stops where it is. Nothing is undone, and nothing more is sent.";
    case "pause":
      return "Nothing more is sent and no clock runs until it is resumed. Replies are still recorded.";
    case "resume":
      return "The journey goes on from where it stands.";
    case "retry":
      return offer.function === undefined
        ? "The step is called again; the journey goes on once it succeeds."
        : "The negation is called again; the rollback goes on once it succeeds.";
    case "skip":
      return offer.function === undefined
        ? "The step counts as done, with the output given here. Nothing is sent for it; what follows is."
        : "The negation counts as done, because somebody did it by hand. Nothing is sent for it; what waits for it is.";
    case "complete":
      return "The step counts as succeeded, with what really came out. What follows is sent.";
    case "replay":
      return "A new journey is started with this input, linked to this one. This one stays as it is.";
    case "rerun":
      return "What came after the step, and the step itself, is undone; then the journey goes on from there.";
    case "migrate":
      return "The journey goes on by another version of its flow. What has run keeps its negations.";
    default:
      return offer.action satisfies never;
  }
}

/** On the one button: what is sent, counted level by level. */
export function sendLabel(offer: Offer, { levels }: Pick<Preview, "levels">): string {
  const counts = levels.map(({ length }) => length);
  const total = counts.reduce((sum, each) => sum + each, 0);
  if (total === 0) return offer.label;
  if (offer.action === "replay") return "Start the new journey";
  if (counts.length === 1) return `Send ${plural(total, "command")}`;
  if (counts.length <= 4) return `Send ${counts.join(" + ")} commands`;
  return `Send ${total} commands in ${counts.length} levels`;
}

/** `license.remove_license`. */
export function callName({ service, function: name }: Pick<PlannedCommand, "service" | "function">): string {
  return `${service}.${name}`;
}

/** A command of the plan; what the manager does itself is said with the step it is about. */
export function commandName(command: PlannedCommand): string {
  return isBuiltIn(command) ? `${command.function} of ${command.step}` : callName(command);
}
