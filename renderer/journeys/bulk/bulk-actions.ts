/** What can be done with many journeys at once, and what is said about it. */
import type { TablerIcon } from "@tabler/icons-react";
import type { ActionName } from "../../../engine/core/protocol.ts";
import type { JourneyView } from "../../../engine/core/view.ts";
import { IconArrowBackUp, IconCheck, IconPlayerStop, IconRefresh, IconReplace, IconX } from "../../parts/icons.ts";

export interface BulkAction {
  action: Extract<ActionName, "rollback" | "retry" | "replay" | "cancel" | "skip" | "terminate">;
  /** `Roll back`, before a count. */
  label: string;
  /** What it will do, in a sentence. */
  explain: string;
  icon: TablerIcon;
  /** It undoes or gives up something. */
  grave: boolean;
  /** It is about the step where each journey is stuck, which is looked up first. */
  needsStep: boolean;
  /** Shown as a button of its own; the others stand in the menu. */
  prominent: boolean;
}

export const BULK_ACTIONS: readonly BulkAction[] = [
  {
    action: "rollback",
    label: "Roll back",
    explain: "Everything these journeys did is undone, in reverse order of their flows.",
    icon: IconArrowBackUp,
    grave: true,
    needsStep: false,
    prominent: true,
  },
  {
    action: "retry",
    label: "Retry",
    explain: "What is stuck is called again: the negation that failed, or the step the journey waits at.",
    icon: IconRefresh,
    grave: false,
    needsStep: true,
    prominent: true,
  },
  {
    action: "replay",
    label: "Replay",
    explain: "For each a new journey is started with the same input. The old ones stay as they are.",
    icon: IconReplace,
    grave: false,
    needsStep: false,
    prominent: true,
  },
  {
    action: "cancel",
    label: "Cancel",
    explain: "They are stopped, and what they did is undone.",
    icon: IconX,
    grave: true,
    needsStep: false,
    prominent: false,
  },
  {
    action: "skip",
    label: "Mark as done by hand",
    explain: "What is stuck counts as done, because somebody did it by hand. Nothing is sent for it.",
    icon: IconCheck,
    grave: true,
    needsStep: true,
    prominent: false,
  },
  {
    action: "terminate",
    label: "Terminate",
    explain: "They stop where they are. Nothing is undone, and nothing more is sent.",
    icon: IconPlayerStop,
    grave: true,
    needsStep: false,
    prominent: false,
  },
];

export interface StuckCall {
  step: string;
  /** The negation that failed, where one did. */
  function?: string;
}

/** Where a journey is stuck: a negation that failed, else the step it is held at, else a step that failed. */
export function stuckCall(journey: JourneyView): StuckCall | undefined {
  for (const [step, { undo }] of Object.entries(journey.steps)) {
    for (const [negation, { status }] of Object.entries(undo ?? {})) {
      if (status === "undo_failed" || status === "failed" || status === "timed_out")
        return { step, function: negation };
    }
  }
  const failed = Object.entries(journey.steps).find(
    ([step, { status }]) =>
      status === "undo_failed" || status === "failed" || status === "timed_out" || journey.held?.step === step,
  );
  return failed === undefined ? undefined : { step: failed[0] };
}
