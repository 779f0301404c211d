/**
 * Which actions fit a journey's state, the one most likely to settle it first. The rules are the engine's
 * (engine/core/actions.ts); a test holds the two together.
 */
import type { CompiledFlow } from "../../engine/core/flow.ts";
import type { Journey, Step } from "../../engine/core/journey.ts";
import { MANAGER } from "../../engine/core/manager-service.ts";
import type { ActionName } from "../../engine/core/protocol.ts";
import type { JourneyStatus } from "../../engine/core/view.ts";
import { isRollingBack, negationsOf } from "./step-look.ts";

export interface Offer {
  /** Stable for the same offer, whatever happens around it. */
  id: string;
  action: ActionName;
  /** In full, as its sheet is called: `Retry remove_license`. */
  label: string;
  /** On a button, where its step is plain from the place. */
  short: string;
  /** Undoes, stops or gives up something. */
  grave: boolean;
  step?: string;
  /** The negation meant. */
  function?: string;
}

/** What the journey can be asked as it is now; the first settles it most likely. */
export function offersOf(journey: Journey, flow: CompiledFlow | undefined): Offer[] {
  // Without the flow nobody can say what an action would send.
  if (flow === undefined) return [];
  switch (journey.status) {
    case "rollback_failed":
      return [...stuckNegations(journey), offer("pause"), offer("terminate"), offer("migrate"), offer("replay")];
    case "held":
      return heldOffers(journey, flow);
    case "paused":
      return [
        offer("resume"),
        offer("cancel"),
        offer("rollback"),
        offer("terminate"),
        offer("migrate"),
        offer("replay"),
      ];
    case "rolling_back":
      return [...approvals(journey, flow), offer("pause"), offer("terminate"), ...wider(journey), offer("replay")];
    case "running":
      return [
        ...approvals(journey, flow),
        offer("cancel"),
        offer("pause"),
        offer("rollback"),
        ...rerun(journey),
        offer("terminate"),
        offer("migrate"),
        offer("replay"),
      ];
    case "completed":
      return [offer("rollback"), offer("replay"), ...rerun(journey)];
    case "rolled_back":
      return [offer("replay"), ...(leftToUndo(journey, flow) ? [offer("rollback")] : [])];
    case "terminated":
      return [offer("replay")];
    default:
      return journey.status satisfies never;
  }
}

/** The first offer settles something that waits for it; elsewhere nothing presses. */
export function settles(status: JourneyStatus): boolean {
  return status === "rollback_failed" || status === "held" || status === "paused";
}

/** What can be done about one step. */
export function stepOffers(journey: Journey, flow: CompiledFlow | undefined, step: string): Offer[] {
  const state = journey.steps[step];
  if (flow?.steps[step] === undefined || state === undefined) return [];
  const own = offersOf(journey, flow).filter((each) => each.step === step);
  if (state.attempts === 0) return own;
  const free =
    !isRollingBack(journey) &&
    (journey.status === "running" || journey.status === "completed" || journey.status === "held");
  const again: Offer[] = free ? [offer("rerun", { step, label: "Run again from here" })] : [];
  return [...own, ...again];
}

const LABELS: Record<ActionName, Pick<Offer, "label" | "short" | "grave">> = {
  rollback: { label: "Roll back", short: "Roll back", grave: true },
  cancel: { label: "Cancel the journey", short: "Cancel", grave: true },
  terminate: { label: "Terminate the journey", short: "Terminate", grave: true },
  pause: { label: "Pause the journey", short: "Pause", grave: false },
  resume: { label: "Resume the journey", short: "Resume", grave: false },
  retry: { label: "Retry", short: "Retry", grave: false },
  skip: { label: "Mark as done by hand", short: "Mark as done", grave: true },
  complete: { label: "Complete by hand", short: "Complete", grave: true },
  replay: { label: "Replay the journey", short: "Replay", grave: false },
  rerun: { label: "Run again from a step", short: "Run again", grave: true },
  migrate: { label: "Move to another version", short: "Move", grave: true },
};

/** About the journey as a whole, or about one step or negation. */
function offer(action: ActionName, about: { step?: string; function?: string; label?: string } = {}): Offer {
  const id = [action, about.step, about.function].filter((part) => part !== undefined).join(" ");
  return { id, action, ...LABELS[action], ...about };
}

/** A negation that failed is tried again, or was done by hand. */
function stuckNegations(journey: Journey): Offer[] {
  const failed = Object.entries(journey.steps).flatMap(([step, { status, undo }]) =>
    status !== "undo_failed"
      ? []
      : Object.entries(undo ?? {}).flatMap(([name, negation]) => (isFailed(negation) ? [{ step, name }] : [])),
  );
  // Where the same negation failed for several steps, only the step tells one from the other.
  const isOne = ({ name }: (typeof failed)[number]): boolean =>
    failed.filter((other) => other.name === name).length === 1;
  const named = (each: (typeof failed)[number]): string => (isOne(each) ? each.name : `${each.name} of ${each.step}`);
  const about = (action: "retry" | "skip", each: (typeof failed)[number], label: string): Offer => {
    const made = offer(action, { step: each.step, function: each.name, label });
    return isOne(each) ? made : { ...made, short: action === "retry" ? label : `${made.short}: ${named(each)}` };
  };
  return [
    ...failed.map((each) => about("retry", each, `Retry ${named(each)}`)),
    ...failed.map((each) => about("skip", each, `Mark ${named(each)} as done by hand`)),
  ];
}

const isFailed = ({ status }: { status: Step["status"] }): boolean => status === "failed" || status === "timed_out";

function heldOffers(journey: Journey, flow: CompiledFlow): Offer[] {
  const common = [
    offer("rollback"),
    offer("cancel"),
    offer("pause"),
    offer("terminate"),
    offer("migrate"),
    offer("replay"),
  ];
  if (isRollingBack(journey)) {
    // Nothing is sent forward in a rollback: what a step did is said, not tried again.
    const said = settle(journey, flow).filter(({ action }) => action !== "retry");
    return [...said, offer("rollback"), offer("pause"), offer("terminate")];
  }
  switch (journey.held?.kind) {
    case "approval":
      return [...approvals(journey, flow), ...common, ...rerun(journey)];
    case "rolled_back_to":
    case "deadline":
      return [offer("resume"), ...settle(journey, flow), ...common, ...rerun(journey)];
    default:
      return [...settle(journey, flow), ...common, ...rerun(journey)];
  }
}

/** Steps that wait for a word: tried again, completed with what really came out, or passed over. */
function settle(journey: Journey, flow: CompiledFlow): Offer[] {
  const waiting = flow.order.filter((id) => {
    const state = journey.steps[id];
    return state !== undefined && isFailed(state);
  });
  const unknown = journey.held?.kind === "unknown";
  return waiting.flatMap((step): Offer[] => {
    const name = flow.steps[step]?.function ?? step;
    const retry = offer("retry", { step, label: `Retry ${name}` });
    const complete = offer("complete", { step, label: `Complete ${name} by hand` });
    const skip = offer("skip", { step, label: `Skip ${name}` });
    // Somebody looks what really happened before the same thing is done twice.
    return unknown ? [complete, retry, skip] : [retry, complete, skip];
  });
}

function approvals(journey: Journey, flow: CompiledFlow): Offer[] {
  return flow.order.flatMap((step): Offer[] => {
    const drawn = flow.steps[step];
    const state = journey.steps[step];
    if (drawn?.service !== MANAGER || drawn.function !== "approve") return [];
    if (state?.status !== "dispatched" && state?.status !== "inprogress") return [];
    return [{ ...offer("complete", { step, label: `Approve ${step}` }), short: "Approve", grave: false }];
  });
}

function rerun(journey: Journey): Offer[] {
  const ran = Object.values(journey.steps).some(({ attempts }) => attempts > 0);
  return ran ? [offer("rerun")] : [];
}

/** A partial rollback can be widened to the whole journey. */
function wider(journey: Journey): Offer[] {
  return journey.rollback?.scope === "journey" ? [] : [{ ...offer("rollback"), label: "Roll back more" }];
}

/** A rollback that has ended may have left effects outside its set. */
function leftToUndo(journey: Journey, flow: CompiledFlow): boolean {
  return flow.order.some((id) => {
    const state = journey.steps[id];
    if (state === undefined) return false;
    const effect = state.status === "succeeded" || (state.tookEffect === true && state.undo === undefined);
    return effect && negationsOf(flow.steps[id], state).length > 0;
  });
}
