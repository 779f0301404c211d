/** A journey as the API and the pages show it (docs/protocol.md, "A journey"). Times are ISO 8601 UTC. */
import type { StepError } from "./protocol.ts";

export const JOURNEY_STATUSES = [
  "running",
  "paused",
  "held",
  "rolling_back",
  "rollback_failed",
  "completed",
  "rolled_back",
  "terminated",
] as const;
export type JourneyStatus = (typeof JOURNEY_STATUSES)[number];

export const STEP_STATUSES = [
  "waiting",
  "dispatched",
  "inprogress",
  "succeeded",
  "failed",
  "timed_out",
  "skipped",
  "undoing",
  "undone",
  "undo_failed",
] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

export interface NegationView {
  status: StepStatus;
  attempts: number;
  error?: StepError;
}

export interface StepView {
  service: string;
  function: string;
  status: StepStatus;
  attempts: number;
  input?: unknown;
  output?: unknown;
  error?: StepError;
  started_at?: string;
  ended_at?: string;
  /** When the next attempt goes out, where one is scheduled. */
  retry_at?: string;
  undo?: Record<string, NegationView>;
}

export interface RollbackView {
  scope: "journey" | "path" | "branch" | "to";
  /** What began it: a failure or timeout, the deadline, or an operator's action. */
  trigger: "failure" | "deadline" | "rollback" | "cancel" | "rerun";
  reason: string;
  actor: string;
  started_at: string;
  ended_at?: string;
  /** The steps of the rollback's set, and those outside it that took effect and stay. */
  set: string[];
  left_standing: string[];
}

export interface JourneyView {
  uuid: string;
  name: string;
  version: string;
  status: JourneyStatus;
  input: unknown;
  output?: unknown;
  error?: StepError;
  started_at: string;
  ended_at?: string;
  seq: number;
  replay_of?: string;
  parent?: { uuid: string; step: string };
  /** Why the journey waits for an operator, while it does. */
  held?: { step?: string; why: string };
  rollback?: RollbackView;
  steps: Record<string, StepView>;
}

/** One command that an action would send. */
export interface PlannedCommand {
  step: string;
  service: string;
  function: string;
  data: unknown;
}

/** A command that an action would lead to, and that the schemas of the registry refuse: it is not sent. */
export interface RefusedCommand {
  step: string;
  service: string;
  function: string;
  /** Names the path: `data/email must be string`. */
  message: string;
}

/** The dry run of an action. Levels go out one after the other, the commands of one level together. */
export interface Preview {
  /** Names this very plan; an action that carries it is refused with `stale_preview` if the plan would differ. */
  plan: string;
  seq: number;
  levels: PlannedCommand[][];
  /** Steps of the set that truly can't be undone. */
  irreversible: string[];
  /** Steps that took effect and stay. */
  left_standing: string[];
  /** Steps still in flight, with the commands their late success would add. */
  in_flight: { step: string; service: string; function: string; adds: PlannedCommand[] }[];
  /** Present where there are any: what follows from them has happened in the levels. */
  refused?: RefusedCommand[];
}
