/** The word, the colour and the icon of each status: said in all three, so that no colour stands alone. */
import type { TablerIcon } from "@tabler/icons-react";
import type { JourneyStatus, StepStatus } from "../../engine/core/view.ts";
import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconCheck,
  IconCircleDashed,
  IconClockX,
  IconHelp,
  IconHourglass,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerSkipForward,
  IconPlayerStop,
  IconRotate,
  IconSend,
  IconX,
} from "./icons.ts";

export type Tone = "ok" | "bad" | "warn" | "undo" | "run" | "dim";

export interface StatusLook {
  word: string;
  tone: Tone;
  icon: TablerIcon;
}

/** In the order of urgency: what needs an operator comes first. */
export const JOURNEY_LOOKS: Record<JourneyStatus, StatusLook> = {
  rollback_failed: { word: "rollback failed", tone: "bad", icon: IconX },
  held: { word: "held", tone: "warn", icon: IconAlertTriangle },
  rolling_back: { word: "rolling back", tone: "undo", icon: IconArrowBackUp },
  running: { word: "running", tone: "run", icon: IconPlayerPlay },
  completed: { word: "completed", tone: "ok", icon: IconCheck },
  rolled_back: { word: "rolled back", tone: "undo", icon: IconRotate },
  paused: { word: "paused", tone: "dim", icon: IconPlayerPause },
  terminated: { word: "terminated", tone: "dim", icon: IconPlayerStop },
};

export const JOURNEY_STATUS_ORDER = Object.keys(JOURNEY_LOOKS) as JourneyStatus[];

/** Statuses in which a journey waits for an operator. */
export const NEEDS_OPERATOR: readonly JourneyStatus[] = ["rollback_failed", "held"];

/** Statuses after which nothing happens by itself. */
export const ENDED: readonly JourneyStatus[] = ["completed", "rolled_back", "terminated"];

export const STEP_LOOKS: Record<StepStatus, StatusLook> = {
  waiting: { word: "waiting", tone: "dim", icon: IconCircleDashed },
  dispatched: { word: "dispatched", tone: "run", icon: IconSend },
  inprogress: { word: "in progress", tone: "run", icon: IconHourglass },
  succeeded: { word: "succeeded", tone: "ok", icon: IconCheck },
  failed: { word: "failed", tone: "bad", icon: IconX },
  timed_out: { word: "timed out", tone: "warn", icon: IconClockX },
  skipped: { word: "skipped", tone: "dim", icon: IconPlayerSkipForward },
  undoing: { word: "undoing", tone: "undo", icon: IconArrowBackUp },
  undone: { word: "undone", tone: "undo", icon: IconRotate },
  undo_failed: { word: "undo failed", tone: "bad", icon: IconX },
};

export const SERVICE_LOOKS: Record<"up" | "down" | "unknown", StatusLook> = {
  up: { word: "up", tone: "ok", icon: IconCheck },
  down: { word: "down", tone: "bad", icon: IconX },
  unknown: { word: "unknown", tone: "dim", icon: IconHelp },
};
