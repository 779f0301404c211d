/** How a journey begins. */
import type { JourneyEvent } from "./events.ts";
import { evolve } from "./evolve.ts";
import type { CompiledFlow } from "./flow.ts";
import { iso } from "./iso.ts";
import type { Journey } from "./journey.ts";
import type { Position } from "./protocol.ts";
import { settle } from "./settle.ts";
import { type Context, openTurn, type Turn } from "./turn.ts";

export interface Start {
  uuid: string;
  data: unknown;
  replayOf?: string;
  parent?: Journey["parent"];
  traceparent?: string;
  actor?: string;
  reason?: string;
}

/** The first turn of a journey. */
export function beginJourney(start: Start, flow: CompiledFlow, ctx: Context, cause?: Position): Turn {
  const { deadlineMs } = flow.policy;
  const first: JourneyEvent = {
    uuid: start.uuid,
    seq: 1,
    at: iso(ctx.now),
    type: "journey.started",
    name: flow.name,
    version: flow.version,
    data: start.data ?? null,
    actor: start.actor,
    reason: start.reason,
    detail: {
      deadline: deadlineMs === undefined ? undefined : iso(ctx.now + deadlineMs),
      replay_of: start.replayOf,
      parent: start.parent,
      traceparent: start.traceparent,
    },
    cause,
  };
  const turn = openTurn(evolve(undefined, first), flow, ctx, cause);
  turn.events.push(first);
  settle(turn);
  return turn;
}
