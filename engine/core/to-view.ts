/** The state of a journey as the API and the pages show it. With the flow, untouched steps are there too. */
import type { CompiledFlow } from "./flow.ts";
import { iso } from "./iso.ts";
import type { Call, Journey, Step } from "./journey.ts";
import { stepsInOrder } from "./turn.ts";
import { leftStanding } from "./undo.ts";
import type { JourneyView, NegationView, RollbackView, StepView } from "./view.ts";

export function toView(journey: Journey, flow?: CompiledFlow): JourneyView {
  const steps: Record<string, StepView> = {};
  if (flow) for (const [step, state] of stepsInOrder(flow, journey)) steps[step.id] = stepView(state);
  for (const [id, step] of Object.entries(journey.steps)) steps[id] = stepView(step);
  return {
    uuid: journey.uuid,
    name: journey.name,
    version: journey.version,
    status: journey.status,
    input: journey.input,
    output: journey.output,
    error: journey.error,
    started_at: iso(journey.startedAt),
    ended_at: time(journey.endedAt),
    seq: journey.seq,
    replay_of: journey.replayOf,
    parent: journey.parent && { uuid: journey.parent.uuid, step: journey.parent.step },
    held: journey.held && { step: journey.held.steps[0], why: journey.held.why },
    rollback: rollbackView(journey, flow),
    steps,
  };
}

const time = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : iso(ms));

function stepView(step: Step): StepView {
  return {
    service: step.service,
    function: step.function,
    status: step.status,
    attempts: step.attempts,
    input: step.input,
    output: step.output,
    error: step.error,
    started_at: time(step.startedAt),
    ended_at: time(step.endedAt),
    retry_at: time(step.retryAt),
    undo:
      step.undo && Object.fromEntries(Object.entries(step.undo).map(([name, call]) => [name, negationView(call)])),
  };
}

const negationView = (call: Call): NegationView => ({
  status: call.status,
  attempts: call.attempts,
  error: call.error,
});

function rollbackView(journey: Journey, flow: CompiledFlow | undefined): RollbackView | undefined {
  const { rollback } = journey;
  return (
    rollback && {
      scope: rollback.scope,
      trigger: rollback.trigger,
      reason: rollback.reason,
      actor: rollback.actor,
      started_at: iso(rollback.startedAt),
      ended_at: time(rollback.endedAt),
      set: rollback.set,
      left_standing: flow ? leftStanding(flow, journey, rollback) : [],
    }
  );
}
