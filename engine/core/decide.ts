/**
 * The decision: what an input does to a journey. An input is accepted (a reply settles an attempt, an action is carried
 * out or refused, a timer ends what has run out), then the rules of settle.ts say what follows. Read that file next.
 */

import { beginJourney, type Start } from "./begin.ts";
import { acceptTimer, type Frozen } from "./clocks.ts";
import type { JourneyEvent } from "./events.ts";
import type { CompiledFlow } from "./flow.ts";
import type { Journey } from "./journey.ts";
import { acceptPlannedAction } from "./preview.ts";
import type { ActionData, ActionName, Position, ToManager } from "./protocol.ts";
import { acceptReply } from "./replies.ts";
import { settle } from "./settle.ts";
import { type Context, openTurn } from "./turn.ts";

export type Input =
  | { kind: "start"; start: Start; cause?: Position }
  | { kind: "reply"; reply: ToManager; cause?: Position }
  | { kind: "action"; action: ActionName; data: ActionData; cause?: Position }
  /** What has not run out although its time has come, as the manager knows (partition.ts). */
  | { kind: "timer"; frozen?: Frozen };

/**
 * The events of one input, in order. Pure. A start of a journey that exists, and an action whose id was seen, decide
 * nothing. Throws `Misfit` for a reply that belongs to nothing, and for anything but a start when there is no journey.
 * @public The shape that the design names; the manager takes the state along (`decideTurn`).
 */
export function decide(journey: Journey | undefined, input: Input, flow: CompiledFlow, ctx: Context): JourneyEvent[] {
  return decideTurn(journey, input, flow, ctx).events;
}

/** The same with the state after it, for callers that want both without folding again. */
export function decideTurn(
  journey: Journey | undefined,
  input: Input,
  flow: CompiledFlow,
  ctx: Context,
): { events: JourneyEvent[]; journey: Journey } {
  if (!journey) {
    if (input.kind !== "start") throw new Error("only a start begins a journey");
    return beginJourney(input.start, flow, ctx, input.cause);
  }
  const turn = openTurn(journey, flow, ctx, input.kind === "timer" ? undefined : input.cause);
  switch (input.kind) {
    case "start":
      return turn;
    case "reply":
      acceptReply(turn, input.reply);
      break;
    case "action":
      acceptPlannedAction(turn, input.action, input.data);
      break;
    case "timer":
      acceptTimer(turn, input.frozen);
      break;
    default:
      input satisfies never;
      return turn;
  }
  settle(turn);
  return turn;
}
