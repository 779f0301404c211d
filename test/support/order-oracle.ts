/**
 * The order of undoing, checked from the definition of the anti-graph and the journey's events alone: nothing of the
 * engine's rules is used here, only the flow's edges and negations as they were drawn.
 */
import type { JourneyEvent } from "../../engine/core/events.ts";

export interface Drawing {
  /** step -> its predecessors */
  edges: Record<string, string[]>;
  /** step -> the functions that undo it */
  negations: Record<string, string[]>;
}

interface Track {
  sent: number;
  answered: number;
  succeeded: boolean;
  /** Negations sent and not yet settled; undefined: none was ever sent. */
  pending?: Set<string>;
  settledUndo: boolean;
}

/** Throws with a sentence when an undo went out before everything effective behind it in the set was settled. */
export function assertUndoOrder(drawing: Drawing, events: readonly JourneyEvent[]): void {
  const behind = allBehind(drawing.edges);
  const tracks = new Map<string, Track>();
  const track = (step: string): Track => {
    const found = tracks.get(step) ?? { sent: 0, answered: 0, succeeded: false, settledUndo: false };
    tracks.set(step, found);
    return found;
  };
  let set = new Set<string>();
  for (const event of events) {
    const step = event.step ?? "";
    switch (event.type) {
      case "rollback.started":
        set = new Set(event.detail?.set as string[]);
        break;
      case "rollback.joined":
        for (const member of (event.detail?.set as string[] | undefined) ?? []) set.add(member);
        break;
      case "step.dispatched":
        Object.assign(track(step), {
          sent: event.attempt ?? 1,
          succeeded: false,
          settledUndo: false,
          pending: undefined,
        });
        break;
      case "step.succeeded":
      case "step.settled_by_hand":
        Object.assign(track(step), { succeeded: true, answered: track(step).sent });
        break;
      case "step.failed":
      case "step.timed_out":
        track(step).answered = track(step).sent;
        break;
      case "undo.dispatched": {
        for (const other of behind.get(step) ?? []) {
          if (set.has(other)) assertSettled(step, other, track(other), drawing.negations[other] ?? []);
        }
        const mine = track(step);
        mine.pending ??= new Set(drawing.negations[step]);
        mine.pending.add(event.function ?? "");
        mine.settledUndo = false;
        break;
      }
      case "undo.succeeded":
      case "undo.settled_by_hand": {
        const mine = track(step);
        mine.pending?.delete(event.function ?? "");
        if (mine.pending?.size === 0) Object.assign(mine, { settledUndo: true, pending: undefined });
        break;
      }
      default:
    }
  }
}

function assertSettled(step: string, other: string, track: Track, negations: string[]): void {
  const say = (why: string): never => {
    throw new Error(`${step} was undone while ${other} behind it ${why}`);
  };
  if (track.sent > track.answered) say("was still in flight");
  if (track.pending && track.pending.size > 0) say(`still waited for ${[...track.pending].join(", ")}`);
  if (track.succeeded && negations.length > 0 && !track.settledUndo) say("had taken effect and was not undone");
}

/** step -> everything reachable from it, by brute force. */
function allBehind(edges: Record<string, string[]>): Map<string, Set<string>> {
  const behind = new Map(Object.keys(edges).map((id) => [id, new Set<string>()]));
  for (let changed = true; changed; ) {
    changed = false;
    for (const [id, predecessors] of Object.entries(edges)) {
      for (const before of predecessors) {
        const known = behind.get(before);
        const size = known?.size ?? 0;
        known?.add(id);
        for (const further of behind.get(id) ?? []) known?.add(further);
        if (known && known.size > size) changed = true;
      }
    }
  }
  return behind;
}
