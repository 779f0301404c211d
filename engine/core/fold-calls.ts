/** The fold of one call, a step's attempts or a negation's: what evolve.ts knows of both. */
import type { EventDetail, JourneyEvent } from "./events.ts";
import { ms, optionalMs } from "./iso.ts";
import type { Call, OpenAttempt } from "./journey.ts";

/** Changes that forward attempts and negations share; the caller adds what is its own. */
export function callAfter<C extends Call>(call: C, event: JourneyEvent, at: number, detail: EventDetail): C {
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
