/** Runs a dry run or an action over a fixed list of journeys, in batches, telling each journey's outcome as it comes. */
import type { BulkActionRequest, BulkOutcomes } from "../../../engine/api/schemas/action.ts";
import type { JourneyView, Preview } from "../../../engine/core/view.ts";
import { ApiError } from "../../api.ts";
import { type BulkAction, type StuckCall, stuckCall } from "./bulk-actions.ts";

/** Journeys in one call: small enough to show progress and to be stopped in between. */
export const BATCH_JOURNEYS = 25;
/** Journeys looked at side by side when the step they are stuck at is looked up. */
const LOOKUPS_AT_ONCE = 4;

export type Outcome =
  | { kind: "previewed"; preview: Preview; target?: StuckCall }
  | { kind: "refused"; code: string; message: string }
  /** `queued`: on the disk of the console's machine, as the cluster is away. */
  | { kind: "accepted"; id: string; queued: boolean; replay?: string };

export interface BulkCalls {
  bulk: (body: BulkActionRequest, signal: AbortSignal) => Promise<BulkOutcomes>;
  journey: (uuid: string, signal: AbortSignal) => Promise<JourneyView>;
}

interface Run {
  action: BulkAction;
  calls: BulkCalls;
  signal: AbortSignal;
  onOutcome: (uuid: string, outcome: Outcome) => void;
}

/** Asks what the action would do to each journey. Nothing is sent. */
export async function dryRunAll({ action, calls, signal, onOutcome }: Run, uuids: readonly string[]): Promise<void> {
  const targets = action.needsStep ? await findTargets(uuids, calls, signal, onOutcome) : undefined;
  for (const { members, target } of batches(uuids, targets)) {
    const body: BulkActionRequest = { uuids: members, action: action.action, dry_run: true, ...target };
    await batch(calls, body, signal, (uuid, outcome) =>
      onOutcome(uuid, outcome.kind === "previewed" ? { ...outcome, target } : outcome),
    );
  }
}

/** Sends the action to the journeys whose dry runs are given, each standing on its own plan. */
export async function actAll(
  { action, calls, signal, onOutcome }: Run,
  previews: ReadonlyMap<string, Extract<Outcome, { kind: "previewed" }>>,
  { id, reason }: { id: string; reason: string },
): Promise<void> {
  const targets = new Map([...previews].map(([uuid, { target }]) => [uuid, target]));
  for (const { members, target } of batches([...previews.keys()], targets)) {
    const plans: Record<string, { plan: string; seq: number }> = {};
    for (const uuid of members) {
      const preview = previews.get(uuid)?.preview;
      if (preview !== undefined) plans[uuid] = { plan: preview.plan, seq: preview.seq };
    }
    await batch(calls, { uuids: members, action: action.action, reason, id, plans, ...target }, signal, onOutcome);
  }
}

/** One call; a failure of the call itself is the outcome of each of its journeys. */
async function batch(
  calls: BulkCalls,
  body: BulkActionRequest,
  signal: AbortSignal,
  onOutcome: Run["onOutcome"],
): Promise<void> {
  signal.throwIfAborted();
  try {
    const { outcomes } = await calls.bulk(body, signal);
    for (const outcome of outcomes) onOutcome(outcome.uuid, toOutcome(outcome));
  } catch (error) {
    if (signal.aborted) throw error;
    for (const uuid of body.uuids) onOutcome(uuid, refusal(error));
  }
}

function toOutcome(outcome: BulkOutcomes["outcomes"][number]): Outcome {
  if (outcome.outcome === "previewed" && outcome.preview !== undefined) {
    return { kind: "previewed", preview: outcome.preview };
  }
  if (outcome.outcome === "accepted") {
    const { id = "", queued = false, replay_uuid: replay } = outcome;
    return { kind: "accepted", id, queued, replay };
  }
  return {
    kind: "refused",
    code: outcome.error?.code ?? "internal",
    message: outcome.error?.message ?? "Refused without a reason.",
  };
}

function refusal(error: unknown): Outcome {
  if (error instanceof ApiError) return { kind: "refused", code: error.code, message: error.message };
  return { kind: "refused", code: "internal", message: error instanceof Error ? error.message : String(error) };
}

/** The step each journey is stuck at; a journey that isn't stuck is refused here. */
async function findTargets(
  uuids: readonly string[],
  calls: BulkCalls,
  signal: AbortSignal,
  onOutcome: Run["onOutcome"],
): Promise<Map<string, StuckCall>> {
  const targets = new Map<string, StuckCall>();
  const waiting = uuids.values();
  const worker = async () => {
    for (const uuid of waiting) {
      signal.throwIfAborted();
      try {
        const target = stuckCall(await calls.journey(uuid, signal));
        if (target !== undefined) targets.set(uuid, target);
        else onOutcome(uuid, { kind: "refused", code: "action_not_allowed", message: "Nothing of it is stuck." });
      } catch (error) {
        if (signal.aborted) throw error;
        onOutcome(uuid, refusal(error));
      }
    }
  };
  await Promise.all(Array.from({ length: LOOKUPS_AT_ONCE }, worker));
  return targets;
}

/** Batches of journeys that share one target. With targets, journeys without one are left out. */
export function batches(
  uuids: readonly string[],
  targets: ReadonlyMap<string, StuckCall | undefined> | undefined,
): { members: string[]; target: StuckCall | undefined }[] {
  const wanted = targets === undefined ? uuids : uuids.filter((uuid) => targets.has(uuid));
  const groups = Map.groupBy(wanted, (uuid) => JSON.stringify(targets?.get(uuid) ?? null));
  const found: { members: string[]; target: StuckCall | undefined }[] = [];
  for (const members of groups.values()) {
    for (let start = 0; start < members.length; start += BATCH_JOURNEYS) {
      const part = members.slice(start, start + BATCH_JOURNEYS);
      found.push({ members: part, target: part[0] === undefined ? undefined : targets?.get(part[0]) });
    }
  }
  return found;
}
