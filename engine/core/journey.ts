/**
 * The state of a journey: the fold of its events by `evolve`, and nothing else. Plain data, never mutated. Times are
 * milliseconds since 1970 (the events carry ISO 8601).
 *
 * Attempts and negations are both `Call`s: something was sent and a reply is owed.
 */
import type { StepError } from "./protocol.ts";
import type { JourneyStatus, StepStatus } from "./view.ts";

export type Scope = "journey" | "path" | "branch" | "to";

/** After a rollback of this scope the journey goes on, and what is in flight outside of its set does so meanwhile. */
export const goesOnAfter = (scope: Scope): boolean => scope === "branch" || scope === "to";

/** One command sent that has no reply yet. `gaveUp`: its clock ran out, so its outcome is unknown. */
export interface OpenAttempt {
  attempt: number;
  id: string;
  /** When it was sent; replies without an attempt number go to the oldest. */
  at: number;
  gaveUp: boolean;
  /** The step has been set back since, to run again: a success is an effect to be undone, and no answer to the new run. */
  former?: true;
}

/** What forward steps and negations have in common. */
export interface Call {
  status: StepStatus;
  /** The highest attempt number given out; numbers never restart. */
  attempts: number;
  /** Attempts made under the retry policy since the operator last began anew. */
  tries: number;
  /** Attempts without a reply, oldest first; at most one of them is not given up. */
  open: OpenAttempt[];
  error?: StepError;
  startedAt?: number;
  endedAt?: number;
  /** When the open attempt's clock began to run: at its dispatch, or at its last reply `inprogress`. */
  clockAt?: number;
  /** When the open attempt's clock runs out. */
  dueAt?: number;
  /** `dueAt` is a moment of the calendar, which no pause moves (`wait` with `until`). */
  fixed?: true;
  /** When all attempts together run out. */
  totalDueAt?: number;
  /** When the next attempt goes out (a retry, or the end of waiting for a service). */
  retryAt?: number;
}

export interface Negation extends Call {
  /** Data an operator put in place of the step's output. */
  data?: unknown;
}

export interface Step extends Call {
  service: string;
  function: string;
  input?: unknown;
  output?: unknown;
  /** A success came after the step had been given up on (or came with a result that can't be kept): it took effect. */
  tookEffect?: boolean;
  /** A late success arrived while the blind negations ran or after them: they owe another round. */
  undoAgain?: boolean;
  undo?: Record<string, Negation>;
  /** Attempts its negations had before the step was set back to run again; their numbers never restart either. */
  undoAttempts?: Record<string, number>;
  /** Input forced by `rerun` or `retry` with data, used at the next dispatch. */
  forcedInput?: { data: unknown };
  /** Undone with its branch, or failed in it: edges out of it are not taken. */
  dead?: true;
  /** Not sent yet because its service is down (onServiceDown: wait). */
  waitingFor?: "service";
  /** Its negations as they were in the version that executed it; set by a migration. */
  negations?: string[];
  /** The journey that a `journey` step ran. */
  child?: string;
  /** Elements of an `each` step, by index. */
  elements?: Element[];
  /** A rollback has told the journeys that this step runs to stop. */
  stopping?: true;
}

/** One element of an `each` step: a journey of its own. */
export interface Element {
  status: "waiting" | "running" | "succeeded" | "failed";
  /** The step's attempt that started it; part of its journey's uuid. */
  attempt?: number;
  output?: unknown;
  /** Of one that succeeded: its output is too large to be kept beside the others. */
  error?: StepError;
}

export interface Rollback {
  scope: Scope;
  /** What began it: a step's failure, a timeout, the deadline, an operator. */
  trigger: "failure" | "deadline" | "rollback" | "cancel" | "rerun";
  /** The steps that failed (or stand for one that did) before it or in it, and so are answered by it. */
  causes: string[];
  set: string[];
  /** What earlier rollbacks of this journey undid: a late success there is undone too. */
  former: string[];
  /** Steps of unknown outcome with `onTimeout: hold` that an operator's word said to undo all the same. */
  blind: string[];
  include?: "attempted";
  reason: string;
  actor: string;
  startedAt: number;
  endedAt?: number;
  /** What is set back to waiting when the journey goes on (scope `to`). */
  reset: string[];
  /** What has been set back since and runs again: the rollback is over for these. */
  again: string[];
  /** With trigger `rerun`: where it goes on from, with which input. */
  rerun?: { step: string; data?: { value: unknown } };
}

export interface Held {
  /** `failure`: steps that need a decision; `approval`: only approvals are left; `rolled_back_to`: resume goes on. */
  kind: "failure" | "unknown" | "deadline" | "approval" | "rolled_back_to";
  steps: string[];
  why: string;
}

/** The step that runs this journey: `journey`, or `each` with the element's index. `depth`: how many are above it. */
export interface Parent {
  uuid: string;
  step: string;
  index?: number;
  attempt?: number;
  depth?: number;
}

export interface Journey {
  uuid: string;
  name: string;
  version: string;
  status: JourneyStatus;
  seq: number;
  input: unknown;
  output?: unknown;
  error?: StepError;
  startedAt: number;
  endedAt?: number;
  deadlineAt?: number;
  /** While paused: since when, and the status to return to. */
  paused?: { at: number; from: JourneyStatus };
  /** Why it waits for an operator. */
  held?: Held;
  rollback?: Rollback;
  replayOf?: string;
  parent?: Parent;
  traceparent?: string;
  /** Steps that something has happened to; the others are waiting. */
  steps: Record<string, Step>;
  /** Ids of actions already seen, refused ones too. */
  actions: string[];
}
