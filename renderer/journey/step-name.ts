/** What steps are called on the page: by what they call, and the manager's own steps, which call nobody, by their id. */
import type { FlowStep } from "../../engine/core/flow.ts";
import type { Step } from "../../engine/core/journey.ts";
import { MANAGER } from "../../engine/core/manager-service.ts";
import { count, duration } from "../parts/format.ts";

interface Called {
  service: string;
  function: string;
}

/** `license.add_license`, or a built-in step's id. */
export function stepName(id: string, step: Called | undefined): string {
  return step === undefined || isBuiltIn(step) ? id : `${step.service}.${step.function}`;
}

export function isBuiltIn({ service }: Pick<Called, "service">): boolean {
  return service === MANAGER;
}

/** What a built-in step does and how far it is, such as `payment for each: 7 of 12`; undefined for calls. */
export function builtInNote(drawn: FlowStep | undefined, state: Step | undefined): string | undefined {
  if (drawn === undefined || !isBuiltIn(drawn)) return undefined;
  const { settings } = drawn;
  switch (drawn.function) {
    case "wait":
      return settings.for === undefined ? "waits until a moment" : `waits ${duration(settings.for)}`;
    case "approve":
      return state?.status === "dispatched" ? "waits for a person" : "a person approves";
    case "journey":
      return `runs ${settings.flow}`;
    case "each":
      return `${settings.flow} for each${progressOf(state)}`;
    default:
      return undefined;
  }
}

function progressOf(state: Step | undefined): string {
  const { elements } = state ?? {};
  if (elements === undefined) return "";
  const ended = elements.filter(({ status }) => status === "succeeded" || status === "failed").length;
  return `: ${count(ended)} of ${count(elements.length)}`;
}
