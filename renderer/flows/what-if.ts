/**
 * "What if this step fails?": plays a journey through the engine's own rules. Everything that doesn't come after the
 * step has succeeded, then the step fails, and each negation that goes out succeeds.
 *
 * Outputs are unknown here, so conditions and mappings are left out: every edge is taken.
 */
import { decideTurn, type Input } from "../../engine/core/decide.ts";
import type { CompiledFlow, FlowStep } from "../../engine/core/flow.ts";
import { descendants } from "../../engine/core/graph.ts";
import type { Journey } from "../../engine/core/journey.ts";
import { MANAGER } from "../../engine/core/protocol.ts";
import { type Context, DEFAULT_MAXIMUM_DATA_BYTES, NO_SCHEMAS } from "../../engine/core/turn.ts";
import { leftStanding, tookEffect } from "../../engine/core/undo.ts";
import type { JourneyStatus } from "../../engine/core/view.ts";

export type Mishap = "fails" | "times_out";

export interface UndoCommand {
  step: string;
  /** `service.function` of the negation. */
  call: string;
}

export interface WhatIf {
  /** What goes out, level after level; the commands of one level together. */
  levels: UndoCommand[][];
  /** Steps that took effect, are in the rollback's set and have nothing that undoes them. */
  passedOver: string[];
  /** The same, marked as irreversible. */
  irreversible: string[];
  /** Effects outside the rollback's set. */
  leftStanding: string[];
  /** How the journey ends. */
  status: JourneyStatus;
  /** Why it waits for an operator, if it does. */
  held?: string;
}

const UUID = "00000000-0000-4000-8000-000000000000";
const MAXIMUM_LEVELS = 1_000;
/** Built-in steps are played as calls of this service: nobody else has to take part. */
const PLAYED_MANAGER = "played";

export function whatIf(flow: CompiledFlow, stepId: string, mishap: Mishap): WhatIf {
  const play = begin(playable(flow, stepId));
  const after = descendants(play.flow, stepId);
  replyAll(play, (id) => id !== stepId && !after.has(id));
  if (mishap === "fails") reply(play, stepId, "failure");
  else time(play, stepId);

  const levels: UndoCommand[][] = [];
  while (levels.length < MAXIMUM_LEVELS) {
    // With scope `branch` the rest of the flow goes on.
    replyAll(play, (id) => id !== stepId);
    const level = openNegations(play);
    if (level.length === 0) break;
    levels.push(level.map(({ step, name }) => ({ step: step.id, call: `${serviceOf(step)}.${name}` })));
    for (const { step, name } of level) replyNegation(play, step, name);
  }
  return { levels, ...outcome(play) };
}

interface Play {
  flow: CompiledFlow;
  journey: Journey;
  now: number;
}

function begin(flow: CompiledFlow): Play {
  const now = 0;
  const start: Input = { kind: "start", start: { uuid: UUID, data: null } };
  return { flow, now, journey: decideTurn(undefined, start, flow, context(now)).journey };
}

function context(now: number): Context {
  return {
    now,
    random: 0,
    health: () => "up",
    flowOf: () => undefined,
    maximumDataBytes: DEFAULT_MAXIMUM_DATA_BYTES,
    schemas: NO_SCHEMAS,
  };
}

function take(play: Play, input: Input): void {
  play.journey = decideTurn(play.journey, input, play.flow, context(play.now)).journey;
}

/** The flow with nothing in it that depends on data, and the step in question without retries. */
function playable(flow: CompiledFlow, stepId: string): CompiledFlow {
  const steps: Record<string, FlowStep> = Object.create(null);
  for (const [id, step] of Object.entries(flow.steps)) {
    const { when: _when, input: _input, ...settings } = step.settings;
    const retry = id === stepId ? { ...settings.retry, maximumAttempts: 1 } : settings.retry;
    const played = { ...step, settings: { ...settings, retry } };
    steps[id] =
      step.service === MANAGER ? { ...played, service: PLAYED_MANAGER, negations: undoOfBuiltIn(step) } : played;
  }
  const { deadlineMs: _deadline, ...policy } = flow.policy;
  return { ...flow, steps, policy };
}

function undoOfBuiltIn(step: FlowStep): string[] {
  return step.function === "journey" || step.function === "each" ? ["rollback"] : [];
}

function serviceOf(step: FlowStep): string {
  return step.service === PLAYED_MANAGER ? MANAGER : step.service;
}

/** Lets every step succeed that is out and that `which` names, and those that follow it. */
function replyAll(play: Play, which: (id: string) => boolean): void {
  for (let rounds = 0; rounds <= play.flow.order.length; rounds += 1) {
    const out = play.flow.order.filter((id) => which(id) && isOut(play.journey.steps[id]?.status));
    if (out.length === 0) return;
    for (const id of out) reply(play, id, "success");
  }
}

function reply(play: Play, id: string, status: "success" | "failure"): void {
  const step = play.flow.steps[id];
  const state = play.journey.steps[id];
  if (step === undefined || state === undefined || !isOut(state.status)) return;
  const error = status === "failure" ? { message: "what if", retryable: false } : null;
  take(play, { kind: "reply", reply: answer(play, step, step.function, state.attempts, status, error) });
}

function replyNegation(play: Play, step: FlowStep, name: string): void {
  const attempt = play.journey.steps[step.id]?.undo?.[name]?.attempts ?? 1;
  take(play, { kind: "reply", reply: answer(play, step, name, attempt, "success", null) });
}

function answer(
  play: Play,
  step: FlowStep,
  name: string,
  attempt: number,
  status: "success" | "failure",
  error: { message: string; retryable: boolean } | null,
) {
  return {
    uuid: UUID,
    name: play.flow.name,
    version: play.flow.version,
    service: step.service,
    function: name,
    schema_version: "1",
    data: null,
    status,
    step: step.id,
    attempt,
    error,
  };
}

/** Lets the step's clock run out. */
function time(play: Play, id: string): void {
  const due = play.journey.steps[id]?.dueAt;
  if (due === undefined) return;
  play.now = due;
  take(play, { kind: "timer" });
}

function openNegations(play: Play): { step: FlowStep; name: string }[] {
  return play.flow.order.flatMap((id) => {
    const step = play.flow.steps[id];
    const undo = Object.entries(play.journey.steps[id]?.undo ?? {});
    if (step === undefined) return [];
    return undo.flatMap(([name, negation]) => (isOut(negation.status) ? [{ step, name }] : []));
  });
}

function isOut(status: string | undefined): boolean {
  return status === "dispatched" || status === "inprogress";
}

function outcome(play: Play): Omit<WhatIf, "levels"> {
  const { flow, journey } = play;
  const { rollback } = journey;
  const passedOver: string[] = [];
  const irreversible: string[] = [];
  for (const id of rollback?.set ?? []) {
    const [step, state] = [flow.steps[id], journey.steps[id]];
    if (rollback === undefined || step === undefined || state === undefined || !tookEffect(rollback, step, state))
      continue;
    if (step.settings.irreversible) irreversible.push(id);
    else if (step.negations.length === 0) passedOver.push(id);
  }
  const standing =
    rollback === undefined
      ? flow.order.filter((id) => journey.steps[id]?.status === "succeeded")
      : leftStanding(flow, journey, rollback);
  return { passedOver, irreversible, leftStanding: standing, status: journey.status, held: journey.held?.why };
}
