/** The fold of a rollback: how it begins, grows and ends, and what it does to the steps it finds. */
import type { EventDetail, JourneyEvent } from "./events.ts";
import { goesOnAfter, type Journey, type Rollback, type Scope, type Step } from "./journey.ts";
import type { JourneyStatus } from "./view.ts";

/** While paused, what would be the status is kept for the resume. */
export function withStatus(journey: Journey, status: JourneyStatus): Journey {
  if (journey.paused) return { ...journey, paused: { ...journey.paused, from: status } };
  return { ...journey, status };
}

export function currentStatus(journey: Journey): JourneyStatus {
  return journey.paused ? journey.paused.from : journey.status;
}

export const resetOf = (detail: EventDetail): string[] => (detail.reset as string[] | undefined) ?? [];

export const union = (one: string[], more: string[]): string[] => [...new Set([...one, ...more])];

export function rollbackStarted(journey: Journey, event: JourneyEvent, at: number): Journey {
  const detail = event.detail ?? {};
  const scope = (detail.scope as Scope | undefined) ?? "journey";
  const before = journey.rollback;
  const set = (detail.set as string[] | undefined) ?? [];
  const pending = journey.held?.kind === "rolled_back_to" ? before?.reset : undefined;
  const rollback: Rollback = {
    scope,
    trigger: (detail.trigger as Rollback["trigger"] | undefined) ?? "failure",
    causes: causesOf(journey, event, before?.causes ?? [], { scope, set }),
    set,
    former: union(before?.former ?? [], before?.set ?? []).filter((id) => !before?.again.includes(id)),
    again: [],
    blind: (detail.blind as string[] | undefined) ?? [],
    include: detail.include as "attempted" | undefined,
    reason: event.reason ?? "",
    actor: event.actor ?? "manager",
    startedAt: at,
    reset: union(pending ?? [], resetOf(detail)),
    rerun: detail.rerun as Rollback["rerun"],
  };
  return {
    ...withStatus(touchedBy(journey, rollback, at), "rolling_back"),
    rollback,
    held: undefined,
    output: undefined,
    endedAt: undefined,
    deadlineAt: scope === "branch" ? journey.deadlineAt : undefined,
    error: event.error ?? journey.error,
  };
}

/**
 * Steps of the set that have failed by now are answered by this rollback too; outside of its set only if an operator
 * asked for it and the journey doesn't go on after it: then that is the whole answer.
 */
function causesOf(
  journey: Journey,
  event: JourneyEvent,
  before: string[],
  { scope, set }: Pick<Rollback, "scope" | "set">,
): string[] {
  const final = event.actor !== undefined && !goesOnAfter(scope);
  const failed = Object.entries(journey.steps).flatMap(([id, { status }]) => {
    const answered = final || set.includes(id);
    return answered && (status === "failed" || status === "timed_out") ? [id] : [];
  });
  return union(union(before, event.step === undefined ? [] : [event.step]), failed);
}

export function rollbackJoined(journey: Journey, event: JourneyEvent, at: number): Journey {
  const before = journey.rollback;
  if (!before) return journey;
  const detail = event.detail ?? {};
  const scope = (detail.scope as Scope | undefined) ?? before.scope;
  const more = (detail.set as string[] | undefined) ?? [];
  // What runs again is left alone unless it is named anew.
  const again = before.again.filter((id) => !more.includes(id));
  const set = union(
    before.set.filter((id) => !before.again.includes(id)),
    more,
  );
  const rollback: Rollback = {
    ...before,
    scope,
    set,
    again,
    blind: union(before.blind, (detail.blind as string[] | undefined) ?? []),
    causes: causesOf(journey, event, before.causes, { scope, set }),
    include: (detail.include as "attempted" | undefined) ?? before.include,
    // A wider rollback has nothing to go on from; with another step to go back to, the journey is held there.
    reset: scope === "to" ? union(before.reset, resetOf(detail)) : scope === before.scope ? before.reset : [],
    rerun: scope === "to" && detail.reset === undefined ? before.rerun : undefined,
  };
  const status = currentStatus(journey) === "held" ? "rolling_back" : currentStatus(journey);
  const deadlineAt = scope === "branch" ? journey.deadlineAt : undefined;
  return { ...withStatus(touchedBy(journey, rollback, at), status), rollback, held: undefined, deadlineAt };
}

/**
 * In a rollback nothing is tried again: a step between two attempts ends as its last attempt did. What lies outside the
 * set goes on where the journey does (branch) or will (to).
 */
function touchedBy(journey: Journey, rollback: Rollback, at: number): Journey {
  const inSet = new Set(rollback.set);
  const isDead = (id: string): boolean =>
    rollback.scope === "branch" && (inSet.has(id) || rollback.causes.includes(id));
  const steps = Object.entries(journey.steps).map(([id, step]): [string, Step] => {
    const goesOn = goesOnAfter(rollback.scope) && !inSet.has(id) && !rollback.causes.includes(id);
    const idle = goesOn ? step : withoutRetry(step, at);
    return [id, isDead(id) ? { ...idle, dead: true } : idle];
  });
  return { ...journey, steps: Object.fromEntries(steps) };
}

function withoutRetry(step: Step, at: number): Step {
  if (step.retryAt === undefined) return step;
  const idle = { ...step, retryAt: undefined, waitingFor: undefined, forcedInput: undefined };
  if (step.startedAt === undefined) return idle;
  return { ...idle, endedAt: at, status: step.open.some((open) => !open.former) ? "timed_out" : "failed" };
}

export function rollbackCompleted(journey: Journey, at: number): Journey {
  const rollback = journey.rollback && { ...journey.rollback, endedAt: at };
  if (rollback?.scope === "branch") return { ...withStatus(journey, "running"), rollback, held: undefined };
  if (rollback?.scope === "to") return { ...withStatus(journey, "held"), rollback };
  return { ...withStatus(journey, "rolled_back"), rollback, held: undefined, endedAt: at };
}

/** Attempt numbers never restart, so what is late of a former round stays recognisable. */
export function setBack(step: Step): Step {
  const rounds = Object.entries(step.undo ?? {}).map(([name, negation]): [string, number] => [
    name,
    negation.attempts,
  ]);
  return {
    service: step.service,
    function: step.function,
    status: "waiting",
    attempts: step.attempts,
    tries: 0,
    open: step.open.map((open) => ({ ...open, gaveUp: true, former: true })),
    undoAttempts: { ...step.undoAttempts, ...Object.fromEntries(rounds) },
  };
}
