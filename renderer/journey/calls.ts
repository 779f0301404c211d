/**
 * What was called, told by the events: each step and each of its negations is a call with its attempts. The time line
 * draws them, the details list them.
 */
import type { JourneyEvent } from "../../engine/core/events.ts";
import type { StepError } from "../../engine/core/protocol.ts";

export type Outcome = "open" | "succeeded" | "failed" | "timed_out" | "by_hand";

export interface Attempt {
  number: number;
  /** The command's id; undefined when it was never sent. */
  commandId?: string;
  /** Milliseconds since 1970. */
  sentAt: number;
  endedAt?: number;
  outcome: Outcome;
  error?: StepError;
  /** What was sent; undefined when it was never sent. */
  sent?: JourneyEvent;
  /** What ended it. */
  settled?: JourneyEvent;
  /** Signs of life in between. */
  progress: JourneyEvent[];
  /** Replies that came after it had been settled. */
  late: JourneyEvent[];
}

export interface Call {
  key: string;
  step: string;
  service: string;
  function: string;
  /** It undoes the step. */
  undo: boolean;
  attempts: Attempt[];
  /** Times between attempts, until the retry went out or was due (ms). */
  waits: { from: number; to: number }[];
  skippedAt?: number;
}

/** Names a step's call, or one of its negations. */
export function callKey(step: string, negation?: string): string {
  return negation === undefined ? step : `${step}\n${negation}`;
}

/** All calls by key, in the order in which they began. */
export function collectCalls(events: readonly JourneyEvent[]): ReadonlyMap<string, Call> {
  const calls = new Map<string, Call>();
  for (const event of events) {
    if (event.step === undefined) continue;
    if (event.type.startsWith("step.") || event.type.startsWith("undo.")) note(calls, event);
  }
  return calls;
}

function note(calls: Map<string, Call>, event: JourneyEvent): void {
  const call = callOf(calls, event);
  const at = Date.parse(event.at);
  switch (event.type) {
    case "step.dispatched":
    case "undo.dispatched":
      endWait(call, at);
      call.attempts.push({
        number: event.attempt ?? call.attempts.length + 1,
        commandId: event.id,
        sentAt: at,
        outcome: "open",
        sent: event,
        progress: [],
        late: [],
      });
      break;
    case "step.progressed":
    case "undo.progressed":
      attemptOf(call, event)?.progress.push(event);
      break;
    case "step.succeeded":
    case "undo.succeeded":
      settle(call, event, at, "succeeded");
      break;
    case "step.failed":
    case "undo.failed":
      settle(call, event, at, "failed");
      break;
    case "step.timed_out":
    case "undo.timed_out":
      settle(call, event, at, "timed_out");
      break;
    case "step.settled_by_hand":
    case "undo.settled_by_hand":
      settle(call, event, at, "by_hand");
      break;
    case "step.retry_scheduled":
    case "undo.retry_scheduled":
      call.waits.push({ from: at, to: Date.parse(event.detail?.due ?? event.at) });
      break;
    case "step.skipped":
      call.skippedAt = at;
      break;
    case "step.late":
    case "step.duplicate":
      attemptOf(call, event)?.late.push(event);
      break;
  }
}

function callOf(calls: Map<string, Call>, event: JourneyEvent): Call {
  const { step = "", service = "", function: name = "" } = event;
  const undo = isOfNegation(event);
  const key = callKey(step, undo ? name : undefined);
  const known = calls.get(key);
  if (known !== undefined) return known;
  const call: Call = { key, step, service, function: name, undo, attempts: [], waits: [] };
  calls.set(key, call);
  return call;
}

/** Late replies of negations travel as `step.late` too; they name the negation. A command's id tells of repeats. */
function isOfNegation(event: JourneyEvent): boolean {
  if (event.type.startsWith("undo.") || event.detail?.negation !== undefined) return true;
  return event.type === "step.duplicate" && event.id?.includes("/undo/") === true;
}

/** The attempt that an event is about: the one it names, else the last. */
function attemptOf(call: Call, event: JourneyEvent): Attempt | undefined {
  return call.attempts.findLast(({ number }) => number === event.attempt) ?? call.attempts.at(-1);
}

function settle(call: Call, event: JourneyEvent, at: number, outcome: Outcome): void {
  endWait(call, at);
  const named = event.attempt === undefined ? undefined : attemptOf(call, event);
  // Who settles by hand names no attempt: it is the open one's end, if one is open, else nothing was under way.
  const open = outcome === "by_hand" ? call.attempts.findLast((attempt) => attempt.outcome === "open") : undefined;
  const attempt = named ?? open;
  if (attempt !== undefined) {
    attempt.endedAt = at;
    attempt.outcome = outcome;
    attempt.error = event.error;
    attempt.settled = event;
    return;
  }
  // A failure without an attempt was never sent: its service was down, or its data couldn't be made.
  const number = (call.attempts.at(-1)?.number ?? 0) + (outcome === "by_hand" ? 0 : 1);
  const error = event.error;
  call.attempts.push({ number, sentAt: at, endedAt: at, outcome, error, settled: event, progress: [], late: [] });
}

/** A retry that was asked for by an operator, or overtaken by a reply, ends the waiting before it was due. */
function endWait(call: Call, at: number): void {
  const wait = call.waits.at(-1);
  if (wait !== undefined && wait.to > at) wait.to = at;
}
