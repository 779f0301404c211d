/**
 * The dry run: what an action would send, found by carrying it out on a copy with the same rules as the engine and
 * letting every negation succeed. Steps in flight are taken to end without effect; what their late success would add is
 * listed beside.
 */
import { v5 } from "uuid";
import { acceptAction, carryOut, refuse } from "./actions.ts";
import { beginJourney } from "./begin.ts";
import { hasSucceededElements, isApproval, isEach, isWait } from "./builtin.ts";
import { AntigraphError } from "./errors.ts";
import { type CommandEvent, isCommand, type JourneyEvent } from "./events.ts";
import type { CompiledFlow, FlowStep } from "./flow.ts";
import type { Journey, Step } from "./journey.ts";
import type { ActionData, ActionName } from "./protocol.ts";
import { settle } from "./settle.ts";
import { activeRollback, type Context, isLive, isOut, openTurn, stepsInOrder, type Turn } from "./turn.ts";
import { isMember, leftStanding, negationsOf, tookEffect, undoData } from "./undo.ts";
import type { PlannedCommand, Preview, RefusedCommand } from "./view.ts";

/** Names plans; any fixed UUID does. */
const PLAN_NAMESPACE = "5b6c1f0e-7f0a-5d1c-9c55-3f0a5be0a001";

/** A bound on the levels of a plan: no flow is deeper than its number of steps, twice for second rounds of undo. */
const maximumLevels = (flow: CompiledFlow): number => 2 * flow.order.length + 2;

/** Throws AntigraphError with the refusal's code when the action doesn't fit the journey's state. */
export function preview(
  journey: Journey,
  action: { action: ActionName } & ActionData,
  flow: CompiledFlow,
  ctx: Context,
): Preview {
  const turn = openTurn(journey, flow, ctx);
  carryOut(turn, action.action, action);
  // What a paused journey would send, it sends when it is resumed.
  const { paused } = turn.journey;
  if (paused && action.action !== "pause") turn.journey = { ...turn.journey, status: paused.from, paused: undefined };
  const inFlight = endWithoutEffect(turn);
  const begun = action.action === "replay" ? beginReplay(turn, ctx) : undefined;
  const levels = begun ? firstLevel(begun) : levelsOf(turn);
  const refused = refusedIn(begun ?? turn);
  const rollback = turn.journey.rollback;
  const plan = {
    levels,
    irreversible: irreversibleIn(turn),
    left_standing: rollback && sendsUndo(turn) ? leftStanding(turn.flow, turn.journey, rollback) : [],
    in_flight: inFlight,
    ...(refused.length > 0 && { refused }),
  };
  return { plan: v5(JSON.stringify(plan), PLAN_NAMESPACE), seq: journey.seq, ...plan };
}

/** The new journey of a replay. */
function beginReplay(turn: Turn, ctx: Context): Turn {
  const { data, detail } = turn.events.find((event) => event.type === "journey.replayed") as JourneyEvent;
  const { uuid, version } = detail as { uuid: string; version: string };
  const target = ctx.flowOf(turn.flow.name, version) as CompiledFlow;
  return beginJourney({ uuid, data }, target, ctx);
}

/** What it sends first. */
function firstLevel({ events }: Turn): PlannedCommand[][] {
  const commands = events.filter(isCommand);
  return commands.length === 0 ? [] : [commands.map(plannedOf)];
}

/** Each level is sent when all of the one before it has succeeded, and whatever else is being undone by then. */
function levelsOf(turn: Turn): PlannedCommand[][] {
  const levels: PlannedCommand[][] = [];
  for (let seen = 0; levels.length < maximumLevels(turn.flow); ) {
    settle(turn);
    const sent = turn.events.slice(seen).filter(isCommand);
    if (sent.length > 0) levels.push(sent.map(plannedOf));
    const undone = letNegationsSucceed(turn);
    seen = turn.events.length;
    if (!undone) break;
  }
  return levels;
}

/** Carries an action out unless its dry run showed something else than would happen now. */
export function acceptPlannedAction(turn: Turn, action: ActionName, data: ActionData): void {
  if (turn.journey.actions.includes(data.id)) return;
  if (data.plan !== undefined && planNow(turn, action, data) !== data.plan) {
    refuse(turn, action, data, "stale_preview", "the journey has moved since the dry run; make a new one");
    return;
  }
  acceptAction(turn, action, data);
}

function planNow(turn: Turn, action: ActionName, data: ActionData): string | undefined {
  try {
    return preview(turn.journey, { ...data, action }, turn.flow, turn.ctx).plan;
  } catch (error) {
    if (error instanceof AntigraphError) return undefined;
    throw error;
  }
}

/** A failure without an attempt is one of something that was never sent. */
function refusedIn({ events }: Turn): RefusedCommand[] {
  return events.flatMap(({ type, step, service, function: called, attempt, error }) => {
    const isRefused = (type === "step.failed" || type === "undo.failed") && attempt === undefined;
    if (!isRefused || error?.code !== "schema_invalid") return [];
    return [{ step, service, function: called, message: error.message } as RefusedCommand];
  });
}

const plannedOf = ({ step, service, function: called, data }: CommandEvent): PlannedCommand => ({
  step,
  service,
  function: called,
  data,
});

const sendsUndo = (turn: Turn): boolean =>
  activeRollback(turn.journey) !== undefined || turn.events.some((e) => e.type === "rollback.completed");

/** In a rollback, what is in flight is waited for; the plan assumes it fails, and tells what its success would add. */
function endWithoutEffect(turn: Turn): Preview["in_flight"] {
  const rollback = activeRollback(turn.journey);
  if (!rollback) return [];
  const inFlight: Preview["in_flight"] = [];
  for (const [step, state] of stepsInOrder(turn.flow, turn.journey)) {
    // Waits and approvals are stopped: they have no effect.
    if (!isLive(state) || isWait(step) || isApproval(step)) continue;
    const inSet = isMember(rollback, step.id);
    const { id, service, function: called } = step;
    const adds = inSet ? lateNegations(step, state) : [];
    inFlight.push({
      step: id,
      service,
      function: called,
      adds: adds.map((name) => ({ step: id, service, function: name, data: undoData(state, name, undefined) })),
    });
    // What lies outside the set is left to run; the rollback undoes nothing of it.
    if (!inSet) continue;
    const error = { code: "assumed", message: "the plan assumes no effect", retryable: false };
    const detail = hasSucceededElements(state) ? { effect: true } : undefined;
    for (const [index, { status }] of (state.elements ?? []).entries()) {
      if (status !== "running") continue;
      const element = { index, status: "failed", error };
      turn.emit("step.progressed", { step: id, service, function: called, detail: { element } });
    }
    turn.emit("step.failed", { step: id, service, function: called, attempt: state.attempts, error, detail });
  }
  return inFlight;
}

/** What a success would add to the plan: of the elements that have succeeded the plan knows already. */
function lateNegations(step: FlowStep, state: Step): string[] {
  const known = isEach(step) ? negationsOf(step, state) : [];
  return negationsOf(step, { ...state, status: "timed_out" }).filter((name) => !known.includes(name));
}

/** False when nothing is being undone: what follows forward commands depends on their replies. */
function letNegationsSucceed(turn: Turn): boolean {
  let any = false;
  for (const [step, state] of stepsInOrder(turn.flow, turn.journey)) {
    for (const [name, negation] of Object.entries(state.undo ?? {})) {
      if (!isOut(negation) && negation.status !== "waiting") continue;
      const { id, service } = step;
      turn.emit("undo.succeeded", { step: id, service, function: name, attempt: negation.attempts, data: null });
      any = true;
    }
  }
  return any;
}

function irreversibleIn(turn: Turn): string[] {
  const rollback = turn.journey.rollback;
  if (!rollback || !sendsUndo(turn)) return [];
  return stepsInOrder(turn.flow, turn.journey).flatMap(([step, state]) =>
    rollback.set.includes(step.id) && step.settings.irreversible && tookEffect(rollback, step, state)
      ? [step.id]
      : [],
  );
}
