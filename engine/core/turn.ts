/**
 * One turn of a journey: what has been decided so far, folded, so that the next rule sees it. Local to a call of
 * `decide`; the journey it was given is never changed.
 */
import type { EventType, JourneyEvent } from "./events.ts";
import { evolve } from "./evolve.ts";
import type { CompiledFlow, FlowStep } from "./flow.ts";
import { iso } from "./iso.ts";
import type { Call, Journey, Step } from "./journey.ts";
import type { FromManager, Position } from "./protocol.ts";

/** What is known about a service: design.md section 3, Health. */
export type Health = "up" | "down" | "unknown";

/**
 * What the schemas of a registry say, as of now: the message that names the path (`data/email must be string`), undefined
 * for what fits or has no schema.
 */
export interface Schemas {
  /** Of a command, whole as it would be sent, and of its data. */
  command(command: FromManager): string | undefined;
  /** Of the data of a reply `success`, or of what an operator puts in its place. */
  reply(service: string, called: string, data: unknown): string | undefined;
}

/** Where there is no registry everything fits. */
export const NO_SCHEMAS: Schemas = { command: () => undefined, reply: () => undefined };

/** The outside as data. */
export interface Context {
  /** Milliseconds since 1970. */
  now: number;
  /** In [0, 1): the random share of retry intervals. */
  random: number;
  health(service: string): Health;
  /** Other versions and flows: for migrations, replays and sub-journeys. */
  flowOf(name: string, version: string | undefined): CompiledFlow | undefined;
  /** Bound of a command's or reply's data, bytes of JSON. */
  maximumDataBytes: number;
  schemas: Schemas;
}

export const DEFAULT_MAXIMUM_DATA_BYTES = 256 * 1024;

export type EventBody = Partial<Omit<JourneyEvent, "uuid" | "seq" | "at" | "type">>;

export interface Turn {
  readonly ctx: Context;
  readonly events: JourneyEvent[];
  flow: CompiledFlow;
  journey: Journey;
  emit(type: EventType, body?: EventBody): void;
}

/** A turn over an existing journey. */
export function openTurn(journey: Journey, flow: CompiledFlow, ctx: Context, cause?: Position): Turn {
  const at = iso(ctx.now);
  const turn: Turn = {
    ctx,
    flow,
    journey,
    events: [],
    emit(type, body = {}) {
      const { uuid, name, version, seq } = turn.journey;
      const event: JourneyEvent = { uuid, seq: seq + 1, at, type, name, version, ...body };
      if (cause) event.cause = cause;
      turn.events.push(event);
      turn.journey = evolve(turn.journey, event);
    },
  };
  return turn;
}

/** The step's state; untouched steps are waiting. */
export function stepOf(journey: Journey, step: FlowStep): Step {
  return journey.steps[step.id] ?? untouched(step);
}

/** Made once: each rule asks for the state of each step, and most haven't begun. */
const untouchedSteps = new WeakMap<FlowStep, Step>();

function untouched(step: FlowStep): Step {
  let state = untouchedSteps.get(step);
  if (state === undefined) {
    const { service, function: called } = step;
    state = { service, function: called, status: "waiting", attempts: 0, tries: 0, open: [] };
    untouchedSteps.set(step, state);
  }
  return state;
}

type StepAndState = readonly [FlowStep, Step];

/** What was asked for last. */
let last: { flow: CompiledFlow; journey: Journey; steps: readonly StepAndState[] } | undefined;

/** Steps of the flow with their state, each after its predecessors. */
export function stepsInOrder(flow: CompiledFlow, journey: Journey): readonly StepAndState[] {
  // One rule after the other asks for the same journey's, which was a third of a turn's garbage.
  if (last?.journey === journey && last.flow === flow) return last.steps;
  const steps = flow.order.map((id): StepAndState => {
    const step = flow.steps[id] as FlowStep;
    return [step, stepOf(journey, step)];
  });
  last = { flow, journey, steps };
  return steps;
}

/** A command is out and its clock runs. */
export function isOut(call: Call): boolean {
  return call.status === "dispatched" || call.status === "inprogress";
}

/** The step's own command is out. */
export const isLive = (step: Step): boolean => isOut(step);

/** The rollback that is going on. */
export function activeRollback(journey: Journey): Journey["rollback"] {
  return journey.rollback && journey.rollback.endedAt === undefined ? journey.rollback : undefined;
}

export function hasEnded(journey: Journey): boolean {
  return journey.status === "completed" || journey.status === "rolled_back" || journey.status === "terminated";
}

/** From the success of a pivot on there is no way back without force, also when its answer could not be kept. */
export function passedPivot(journey: Journey, flow: CompiledFlow): boolean {
  return Object.values(flow.steps).some(({ id, settings }) => {
    const state = settings.pivot ? journey.steps[id] : undefined;
    return state?.status === "succeeded" || (state?.status === "failed" && state.tookEffect === true);
  });
}

/**
 * The journey's time, from which its clocks run: while it is paused that stands still, and the end of the pause moves
 * every clock by the pause's length.
 */
export const clockOf = (turn: Turn): number => turn.journey.paused?.at ?? turn.ctx.now;
