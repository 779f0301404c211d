/**
 * The one fold: `state = events.reduce(evolve)`. The engine, the audit cache and the console's time travel all use this
 * function, so that what is shown is what was decided on. It reads nothing but the event: no flow, no clock.
 */
import { elementsOf, undoOfElement } from "./builtin.ts";
import type { EventDetail, JourneyEvent } from "./events.ts";
import {
  type Call,
  type Element,
  goesOnAfter,
  type Held,
  type Journey,
  type Negation,
  type OpenAttempt,
  type Rollback,
  type Scope,
  type Step,
} from "./journey.ts";
import type { JourneyStatus } from "./view.ts";

const ms = (iso: string): number => Date.parse(iso);
const optionalMs = (iso: string | undefined): number | undefined => (iso === undefined ? undefined : Date.parse(iso));

/** The state after `event`. `journey` is undefined exactly for `journey.started`. */
export function evolve(journey: Journey | undefined, event: JourneyEvent): Journey {
  if (event.type === "journey.started") return started(event);
  if (!journey) throw new Error(`journey ${event.uuid} has no journey.started before seq ${event.seq}`);
  return apply({ ...journey, seq: event.seq, actions: seenActions(journey, event) }, event);
}

/** Whatever an action caused carries its id; dispatches carry the command's id instead. */
function seenActions(journey: Journey, event: JourneyEvent): string[] {
  if (event.actor === undefined || event.id === undefined || journey.actions.includes(event.id))
    return journey.actions;
  return [...journey.actions, event.id];
}

function started(event: JourneyEvent): Journey {
  const detail = event.detail ?? {};
  return {
    uuid: event.uuid,
    name: event.name,
    version: event.version,
    status: "running",
    seq: event.seq,
    input: event.data ?? null,
    startedAt: ms(event.at),
    deadlineAt: optionalMs(detail.deadline),
    replayOf: detail.replay_of as string | undefined,
    parent: detail.parent as Journey["parent"],
    traceparent: detail.traceparent as string | undefined,
    steps: {},
    actions: [],
  };
}

function apply(journey: Journey, event: JourneyEvent): Journey {
  const at = ms(event.at);
  const detail = event.detail ?? {};
  switch (event.type) {
    case "journey.started":
      return journey;
    case "journey.completed":
      return { ...withStatus(journey, "completed"), output: event.data ?? null, endedAt: at, deadlineAt: undefined };
    case "journey.held":
      return {
        ...withStatus(journey, "held"),
        held: addHeld(journey.held, event),
        deadlineAt: detail.kind === "deadline" ? undefined : journey.deadlineAt,
      };
    case "journey.paused":
      return { ...journey, status: "paused", paused: { at, from: journey.status } };
    case "journey.resumed":
      return resumed(journey, at, detail);
    case "journey.terminated":
      return {
        ...journey,
        status: "terminated",
        endedAt: at,
        held: undefined,
        paused: undefined,
        error: event.error,
      };
    case "journey.migrated":
      return migrated(journey, event);
    case "journey.reopened":
      return {
        ...withStatus(journey, "rolling_back"),
        endedAt: undefined,
        held: undefined,
        rollback: journey.rollback && { ...journey.rollback, endedAt: undefined },
      };
    case "rollback.started":
      return rollbackStarted(journey, event, at);
    case "rollback.joined":
      return rollbackJoined(journey, event);
    case "rollback.completed":
      return rollbackCompleted(journey, at);
    case "rollback.failed":
      return withStatus(
        changeStep(journey, event, (step) => ({ ...step, status: "undo_failed" })),
        "rollback_failed",
      );
    case "journey.replayed":
    case "action.refused":
    case "step.duplicate":
      return journey;
    case "step.dispatched":
    case "step.progressed":
    case "step.succeeded":
    case "step.failed":
    case "step.timed_out":
    case "step.retry_scheduled":
    case "step.skipped":
    case "step.settled_by_hand":
    case "step.late":
      return settleHold(
        changeStep(journey, event, (step) => stepAfter(step, event, at, detail)),
        event,
      );
    case "undo.dispatched":
    case "undo.progressed":
    case "undo.succeeded":
    case "undo.failed":
    case "undo.timed_out":
    case "undo.retry_scheduled":
    case "undo.settled_by_hand":
      return undoChanged(journey, event, at, detail);
    default:
      return event.type satisfies never;
  }
}

/** While paused, what would be the status is kept for the resume. */
function withStatus(journey: Journey, status: JourneyStatus): Journey {
  if (journey.paused) return { ...journey, paused: { ...journey.paused, from: status } };
  return { ...journey, status };
}

function addHeld(held: Held | undefined, event: JourneyEvent): Held {
  const steps = held?.steps ?? [];
  const more = event.step !== undefined && !steps.includes(event.step) ? [event.step] : [];
  return {
    kind: (event.detail?.kind as Held["kind"] | undefined) ?? "failure",
    steps: [...steps, ...more],
    why: event.reason ?? "",
  };
}

/** A step that is settled or tried again is no reason to be held any more. Approvals are counted by closing.ts. */
function settleHold(journey: Journey, event: JourneyEvent): Journey {
  const { held } = journey;
  const settles =
    event.type === "step.succeeded" || event.type === "step.settled_by_hand" || event.type === "step.retry_scheduled";
  if (!settles || !held || held.kind === "approval" || !held.steps.includes(event.step ?? "")) return journey;
  return { ...journey, held: { ...held, steps: held.steps.filter((id) => id !== event.step) } };
}

// ---- steps ----

const untouched = (event: JourneyEvent): Step => ({
  service: event.service ?? "",
  function: event.function ?? "",
  status: "waiting",
  attempts: 0,
  tries: 0,
  open: [],
});

function changeStep(journey: Journey, event: JourneyEvent, change: (step: Step) => Step): Journey {
  const id = event.step ?? "";
  const step = journey.steps[id] ?? untouched(event);
  return { ...journey, steps: { ...journey.steps, [id]: change(step) } };
}

/** Changes that forward attempts and negations share; the caller adds what is its own. */
function callAfter<C extends Call>(call: C, event: JourneyEvent, at: number, detail: EventDetail): C {
  const attempt = event.attempt ?? call.attempts;
  // A failure without an attempt was never sent: it answers none of those that were.
  const others = call.open.filter((open) => open.attempt !== event.attempt);
  const settled = { clockAt: undefined, dueAt: undefined, retryAt: undefined, totalDueAt: undefined, endedAt: at };
  switch (event.type) {
    case "step.dispatched":
    case "undo.dispatched":
      return {
        ...call,
        status: "dispatched",
        attempts: attempt,
        tries: call.tries + 1,
        open: [...call.open, { attempt, id: event.id ?? "", at, gaveUp: false }],
        error: undefined,
        startedAt: call.startedAt ?? at,
        endedAt: undefined,
        clockAt: at,
        dueAt: optionalMs(detail.due),
        fixed: detail.fixed === true ? true : undefined,
        totalDueAt: optionalMs(detail.total_due),
        retryAt: undefined,
      };
    case "step.progressed":
    case "undo.progressed":
      // What built-in steps report about themselves moves no clock.
      if (detail.due === undefined) return { ...call, status: "inprogress" };
      return { ...call, status: "inprogress", clockAt: at, dueAt: ms(detail.due) };
    case "step.succeeded":
    case "undo.succeeded":
    case "step.settled_by_hand":
    case "undo.settled_by_hand":
      return { ...call, ...settled, status: "succeeded", open: [], error: undefined };
    case "step.failed":
    case "undo.failed":
      return { ...call, ...settled, totalDueAt: call.totalDueAt, status: "failed", open: others, error: event.error };
    case "step.timed_out":
    case "undo.timed_out":
      return {
        ...call,
        ...settled,
        totalDueAt: call.totalDueAt,
        status: "timed_out",
        open: call.open.map((open) => (open.attempt === attempt ? { ...open, gaveUp: true } : open)),
        error: event.error,
      };
    case "step.retry_scheduled":
    case "undo.retry_scheduled":
      return {
        ...call,
        status: "waiting",
        endedAt: undefined,
        dueAt: undefined,
        retryAt: optionalMs(detail.due),
        // An operator's retry begins the policy anew, and nobody waits for the old attempts' clocks any more.
        ...(event.actor === undefined ? {} : { tries: 0, totalDueAt: undefined, open: call.open.map(giveUp) }),
      };
    default:
      return call;
  }
}

const giveUp = (open: OpenAttempt): OpenAttempt => (open.gaveUp ? open : { ...open, gaveUp: true });

function stepAfter(before: Step, event: JourneyEvent, at: number, detail: EventDetail): Step {
  const step = callAfter(before, event, at, detail);
  switch (event.type) {
    case "step.dispatched":
      return {
        ...step,
        service: event.service ?? step.service,
        function: event.function ?? step.function,
        input: event.data ?? null,
        forcedInput: undefined,
        waitingFor: undefined,
        child: detail.child as string | undefined,
        elements: startElements(before, event, detail),
        stopping: undefined,
      };
    case "step.progressed":
      return {
        ...step,
        elements: step.elements && elementsAfter(step.elements, event, detail),
        stopping: detail.stop === true ? true : step.stopping,
      };
    case "step.succeeded":
    case "step.settled_by_hand":
      return {
        ...step,
        output: event.data ?? null,
        waitingFor: undefined,
      };
    case "step.failed":
      return { ...step, waitingFor: undefined, tookEffect: detail.effect === true ? true : step.tookEffect };
    case "step.retry_scheduled":
      return {
        ...step,
        waitingFor: detail.waiting_for === "service" ? "service" : undefined,
        forcedInput: "data" in event ? { data: event.data } : step.forcedInput,
      };
    case "step.skipped":
      return {
        ...step,
        status: "skipped",
        open: step.open.filter((open) => open.former),
        dueAt: undefined,
        endedAt: at,
      };
    case "step.late":
      return lateReply(step, event, detail);
    default:
      return step;
  }
}

/** A reply for an attempt given up on: a failure makes the outcome known, a success is an effect to be undone. */
function lateReply(step: Step, event: JourneyEvent, detail: EventDetail): Step {
  if (detail.status === "inprogress") return step;
  const without = (open: OpenAttempt[]): OpenAttempt[] => open.filter((attempt) => attempt.attempt !== event.attempt);
  const name = detail.negation as string | undefined;
  const negation = name === undefined ? undefined : step.undo?.[name];
  if (name !== undefined) {
    return negation
      ? { ...step, undo: { ...step.undo, [name]: { ...negation, open: without(negation.open) } } }
      : step;
  }
  if (detail.element !== undefined) return lateElement(step, event, detail);
  const open = without(step.open);
  if (detail.effect !== true) return { ...step, open };
  // What the step answered in a new run stays its output.
  const output = step.status === "succeeded" || event.data === undefined ? step.output : event.data;
  return { ...step, open, output, tookEffect: true, undoAgain: step.undo !== undefined };
}

type EndedElement = { index: number } & Element;

/** An element that succeeds after its step was given up on is undone unless the rollback of its journey is out already. */
function lateElement(step: Step, event: JourneyEvent, detail: EventDetail): Step {
  const elements = elementsAfter(step.elements ?? [], event, detail);
  const open = elements.some((element) => element.status === "running") ? step.open : [];
  if (detail.effect !== true) return { ...step, elements, open };
  const { undo } = step;
  const forgotten = undo !== undefined && !(undoOfElement((detail.element as EndedElement).index) in undo);
  return { ...step, elements, open, tookEffect: true, undoAgain: forgotten ? true : step.undoAgain };
}

function startElements(before: Step, event: JourneyEvent, detail: EventDetail): Element[] | undefined {
  const count = detail.elements as number | undefined;
  return count === undefined ? undefined : elementsAfter(elementsOf(before, count), event, detail);
}

function elementsAfter(elements: Element[], event: JourneyEvent, detail: EventDetail): Element[] {
  const ended = detail.element as EndedElement | undefined;
  const start = new Set((detail.start as number[] | undefined) ?? []);
  return elements.map((element, index) => {
    if (start.has(index)) return { status: "running", attempt: event.attempt };
    if (index !== ended?.index) return element;
    return { status: ended.status, attempt: element.attempt, output: ended.output, error: ended.error };
  });
}

// ---- undo ----

const freshNegation: Negation = { status: "waiting", attempts: 0, tries: 0, open: [] };

function undoChanged(journey: Journey, event: JourneyEvent, at: number, detail: EventDetail): Journey {
  const changed = changeStep(journey, event, (step) => {
    const name = event.function ?? "";
    const negation = callAfter(step.undo?.[name] ?? freshNegation, event, at, detail);
    const undo = { ...step.undo, [name]: withData(negation, event, detail) };
    return { ...step, undo, ...undoStatus(step, undo, event, at, detail) };
  });
  // The last failed undo was taken in hand, or succeeded late: the journey is rolling back again.
  if (currentStatus(changed) === "rollback_failed" && !anyUndoFailed(changed)) {
    return withStatus(changed, "rolling_back");
  }
  return changed;
}

function withData(negation: Negation, event: JourneyEvent, detail: EventDetail): Negation {
  if (event.type === "undo.dispatched" && detail.again === true) return { ...negation, tries: 1, data: undefined };
  if (event.type === "undo.retry_scheduled" && "data" in event) return { ...negation, data: event.data };
  return negation;
}

function undoStatus(
  step: Step,
  undo: Record<string, Negation>,
  event: JourneyEvent,
  at: number,
  detail: EventDetail,
): Partial<Step> {
  const negations = Object.values(undo);
  if (event.type === "undo.dispatched") {
    const again = detail.again === true ? { undoAgain: undefined } : {};
    return { ...again, status: step.status === "undo_failed" && anyFailed(undo) ? "undo_failed" : "undoing" };
  }
  if (negations.every((negation) => negation.status === "succeeded")) return { status: "undone", endedAt: at };
  if (step.status === "undo_failed" && !anyFailed(undo)) return { status: "undoing" };
  return {};
}

/** A negation whose retries are used up; one with a retry scheduled is waiting. */
function anyFailed(undo: Record<string, Negation>): boolean {
  return Object.values(undo).some((negation) => negation.status === "failed" || negation.status === "timed_out");
}

function anyUndoFailed(journey: Journey): boolean {
  return Object.values(journey.steps).some((step) => step.status === "undo_failed");
}

function currentStatus(journey: Journey): JourneyStatus {
  return journey.paused ? journey.paused.from : journey.status;
}

// ---- the journey as a whole ----

const resetOf = (detail: EventDetail): string[] => (detail.reset as string[] | undefined) ?? [];
const union = (one: string[], more: string[]): string[] => [...new Set([...one, ...more])];

function rollbackStarted(journey: Journey, event: JourneyEvent, at: number): Journey {
  const detail = event.detail ?? {};
  const scope = (detail.scope as Scope | undefined) ?? "journey";
  const before = journey.rollback;
  const set = (detail.set as string[] | undefined) ?? [];
  const isHeldThere = journey.held?.kind === "rolled_back_to";
  const rollback: Rollback = {
    scope,
    trigger: (detail.trigger as Rollback["trigger"] | undefined) ?? "failure",
    causes: causesOf(journey, event, before?.causes ?? [], set),
    set,
    former: union(before?.former ?? [], before?.set ?? []).filter((id) => !before?.again.includes(id)),
    again: [],
    blind: (detail.blind as string[] | undefined) ?? [],
    include: detail.include as "attempted" | undefined,
    reason: event.reason ?? "",
    actor: event.actor ?? "manager",
    startedAt: at,
    reset: union(isHeldThere ? (before?.reset ?? []) : [], resetOf(detail)),
    rerun: detail.rerun as Rollback["rerun"],
  };
  return {
    ...withStatus(touchedBy(journey, rollback), "rolling_back"),
    rollback,
    held: undefined,
    output: undefined,
    endedAt: undefined,
    deadlineAt: scope === "branch" ? journey.deadlineAt : undefined,
    error: event.error ?? journey.error,
  };
}

/** Steps of the set that have failed by now are answered by this rollback too. */
function causesOf(journey: Journey, event: JourneyEvent, before: string[], set: string[]): string[] {
  const failed = set.filter((id) => {
    const status = journey.steps[id]?.status;
    return status === "failed" || status === "timed_out";
  });
  return union(union(before, event.step === undefined ? [] : [event.step]), failed);
}

function rollbackJoined(journey: Journey, event: JourneyEvent): Journey {
  const before = journey.rollback;
  if (!before) return journey;
  const detail = event.detail ?? {};
  const scope = (detail.scope as Scope | undefined) ?? before.scope;
  const set = union(before.set, (detail.set as string[] | undefined) ?? []);
  const rollback: Rollback = {
    ...before,
    scope,
    set,
    blind: union(before.blind, (detail.blind as string[] | undefined) ?? []),
    causes: causesOf(journey, event, before.causes, set),
    include: (detail.include as "attempted" | undefined) ?? before.include,
    // A wider rollback has nothing to go on from; with another step to go back to, the journey is held there.
    reset: scope === "to" ? union(before.reset, resetOf(detail)) : scope === before.scope ? before.reset : [],
    rerun: scope === "to" && detail.reset === undefined ? before.rerun : undefined,
  };
  const status = currentStatus(journey) === "held" ? "rolling_back" : currentStatus(journey);
  const deadlineAt = scope === "branch" ? journey.deadlineAt : undefined;
  return { ...withStatus(touchedBy(journey, rollback), status), rollback, held: undefined, deadlineAt };
}

/**
 * In a rollback nothing is tried again: a step between two attempts ends as its last attempt did. What lies outside the
 * set goes on where the journey does (branch) or will (to).
 */
function touchedBy(journey: Journey, rollback: Rollback): Journey {
  const inSet = new Set(rollback.set);
  const isDead = (id: string): boolean =>
    rollback.scope === "branch" && (inSet.has(id) || rollback.causes.includes(id));
  const steps = Object.entries(journey.steps).map(([id, step]): [string, Step] => {
    const idle = withoutRetry(id, step, rollback, inSet);
    return [id, isDead(id) ? { ...idle, dead: true } : idle];
  });
  return { ...journey, steps: Object.fromEntries(steps) };
}

function withoutRetry(id: string, step: Step, rollback: Rollback, inSet: Set<string>): Step {
  const goesOn = goesOnAfter(rollback.scope) && !inSet.has(id);
  if (step.retryAt === undefined || step.status !== "waiting" || goesOn) return step;
  const idle = { ...step, retryAt: undefined, waitingFor: undefined, forcedInput: undefined };
  if (step.attempts === 0) return idle;
  return { ...idle, status: step.open.length > 0 ? "timed_out" : "failed" };
}

function rollbackCompleted(journey: Journey, at: number): Journey {
  const rollback = journey.rollback && { ...journey.rollback, endedAt: at };
  if (rollback?.scope === "branch") return { ...withStatus(journey, "running"), rollback, held: undefined };
  if (rollback?.scope === "to") return { ...withStatus(journey, "held"), rollback };
  return { ...withStatus(journey, "rolled_back"), rollback, held: undefined, endedAt: at };
}

/** Ends a pause (clocks are moved by its length) or a hold; `reset` sets steps back to waiting, to run again. */
function resumed(journey: Journey, at: number, detail: EventDetail): Journey {
  if (journey.paused) {
    const { from, at: since } = journey.paused;
    return shiftClocks({ ...journey, status: from, paused: undefined }, at - since);
  }
  const reset = new Set(resetOf(detail));
  const forced = detail.forced as Record<string, { data: unknown }> | undefined;
  const steps = Object.entries(journey.steps).map(([id, step]): [string, Step] =>
    reset.has(id) ? [id, { ...setBack(step), forcedInput: forced?.[id] }] : [id, step],
  );
  const rollback = journey.rollback && {
    ...journey.rollback,
    again: union(journey.rollback.again, [...reset]),
    causes: journey.rollback.causes.filter((id) => !reset.has(id)),
    former: journey.rollback.former.filter((id) => !reset.has(id)),
    reset: reset.size > 0 ? [] : journey.rollback.reset,
  };
  const active = journey.rollback !== undefined && journey.rollback.endedAt === undefined;
  return {
    ...journey,
    status: active ? "rolling_back" : "running",
    held: undefined,
    error: active ? journey.error : undefined,
    rollback,
    steps: Object.fromEntries(steps),
  };
}

/** Attempt numbers never restart, so what is late of a former round stays recognisable. */
function setBack(step: Step): Step {
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

function shiftClocks(journey: Journey, byMs: number): Journey {
  const later = (time: number | undefined): number | undefined => (time === undefined ? undefined : time + byMs);
  const shift = <C extends Call>(call: C): C => ({
    ...call,
    dueAt: call.fixed ? call.dueAt : later(call.dueAt),
    totalDueAt: later(call.totalDueAt),
    retryAt: later(call.retryAt),
  });
  const shiftStep = (step: Step): Step => ({
    ...shift(step),
    ...(step.undo
      ? { undo: Object.fromEntries(Object.entries(step.undo).map(([name, negation]) => [name, shift(negation)])) }
      : {}),
  });
  return {
    ...journey,
    deadlineAt: later(journey.deadlineAt),
    steps: Object.fromEntries(Object.entries(journey.steps).map(([id, step]) => [id, shiftStep(step)])),
  };
}

function migrated(journey: Journey, event: JourneyEvent): Journey {
  const kept = (event.detail?.negations as Record<string, string[]> | undefined) ?? {};
  const steps = Object.entries(journey.steps).map(([id, step]): [string, Step] =>
    kept[id] ? [id, { ...step, negations: kept[id] }] : [id, step],
  );
  return { ...journey, version: event.version, steps: Object.fromEntries(steps) };
}
