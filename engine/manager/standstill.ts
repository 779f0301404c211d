/**
 * Which of a journey's clocks have stood still although their time has come, by what the manager knows and the core
 * doesn't. A timer that fires ends the others; these are looked at again.
 *
 *   - nobody was there to be answered: the partition had no owner, or couldn't be read
 *   - the service says that it is holding its records until its database is back
 *   - the command was still in the service's queue, which moved
 */
import { type DueCall, dueCalls, type Frozen } from "../core/clocks.ts";
import type { CompiledFlow } from "../core/flow.ts";
import type { Journey } from "../core/journey.ts";
import { MANAGER } from "../core/protocol.ts";
import { DEFAULTS } from "../core/settings.ts";
import type { HealthRegistry } from "./health.ts";
import type { QueueWatch } from "./queue-watch.ts";

/**
 * For so long after a partition was taken over, or could be read again, nothing that was asked before is given up on:
 * services that kept their replies while nobody was there send them first.
 */
const DEFAULT_TAKEOVER_MS = 10_000;
/** A queue that has to be looked at first is known so soon. */
const LOOK_MS = 100;
/** Whether a service is still holding is asked no more often. */
const HELD_LOOK_MS = 1_000;

export interface StandstillContext {
  health: Pick<HealthRegistry, "heldMs">;
  /** Where services read in consumer groups. */
  queues?: Pick<QueueWatch, "dueOf"> | undefined;
  /** Since when the partition has been read here without a break. */
  readSince: number;
  /** Default 10 s. */
  takeoverMs?: number | undefined;
  now: number;
}

export interface Standstill {
  frozen: Frozen;
  /** None runs out before: then it has to be looked at again. Undefined when no clock stands still. */
  lookAt: number | undefined;
}

export function standstillOf(journey: Journey, flow: CompiledFlow, context: StandstillContext): Standstill {
  const { now, readSince, takeoverMs = DEFAULT_TAKEOVER_MS } = context;
  const calls: string[] = [];
  let lookAt: number | undefined;
  const standsUntil = (at: number): void => {
    lookAt = Math.min(lookAt ?? at, at);
  };
  const takenOverUntil = (startedAt: number): number => (startedAt < readSince ? readSince + takeoverMs : 0);
  for (const call of dueCalls(journey, now)) {
    if (call.service === MANAGER) continue;
    const at = Math.max(takenOverUntil(call.clockAt), runsOutAt(call, flow, context));
    if (at <= now) continue;
    calls.push(call.id);
    standsUntil(at);
  }
  const { deadlineAt, startedAt } = journey;
  const isDeadlineDue = deadlineAt !== undefined && deadlineAt <= now;
  const deadline = isDeadlineDue && takenOverUntil(startedAt) > now;
  if (deadline) standsUntil(takenOverUntil(startedAt));
  return { frozen: { calls, deadline }, lookAt };
}

/**
 * When the call's time is over, as far as is known now; it can only become later. Its total timeout bounds whatever stops
 * its clock.
 */
function runsOutAt(call: DueCall, flow: CompiledFlow, { health, queues, now }: StandstillContext): number {
  const { service, clockAt, dueAt, totalDueAt = Number.POSITIVE_INFINITY } = call;
  if (totalDueAt <= now) return totalDueAt;
  const heldMs = health.heldMs(service, clockAt, now);
  const queued = call.isUnheard ? queues?.dueOf(queuedCommand(call, flow), now) : undefined;
  const at = Math.max(dueAt, queued?.at ?? dueAt) + heldMs;
  if (at <= now && queued?.isSure === false) return Math.min(now + LOOK_MS, totalDueAt);
  const isHeld = heldMs > 0 && at > now;
  return Math.min(isHeld ? Math.max(at, now + HELD_LOOK_MS) : at, totalDueAt);
}

function queuedCommand({ step, service, id, clockAt, dueAt }: DueCall, flow: CompiledFlow) {
  const queueTimeoutMs = flow.steps[step]?.settings.queueTimeoutMs ?? DEFAULTS.queueTimeoutMs;
  // A command's id begins with its journey's, which is the record's key.
  return { service, uuid: id.slice(0, id.indexOf("/")), sentAt: clockAt, timeoutMs: dueAt - clockAt, queueTimeoutMs };
}
