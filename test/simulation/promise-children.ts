/** Section 6, "retry, skip and complete": a terminated journey ends what it runs, so that nothing runs on for nobody. */
import { hasEnded } from "../../engine/core/turn.ts";
import { Broken, type History, type Seen } from "./history.ts";

const ENDS = ["journey.completed", "journey.terminated", "rollback.completed"];

export class ChildrenPromise {
  /** Parent's uuid -> the journeys it runs. */
  private readonly children = new Map<string, string[]>();
  /** Journeys that must be told, and by which action. */
  private readonly owed = new Map<string, string>();
  private readonly history: History;

  constructor(history: History) {
    this.history = history;
  }

  see({ event, after }: Seen): void {
    const { uuid, type } = event;
    if (type === "journey.started" && after.parent) {
      const parent = after.parent.uuid;
      this.children.set(parent, [...(this.children.get(parent) ?? []), uuid]);
      // Its start was still under way when its parent was terminated.
      if (this.history.of(parent)?.status === "terminated") this.owe(uuid);
    }
    if (type === "journey.terminated") for (const child of this.children.get(uuid) ?? []) this.owe(child);
  }

  /** Not to one that had ended before, nor where somebody has settled its step by hand meanwhile. */
  private owe(uuid: string): void {
    const child = this.history.of(uuid)!;
    const { parent } = child;
    if (hasEnded(child) || this.history.eventsOf(uuid).some(({ type }) => ENDS.includes(type))) return;
    const isSettled = this.history
      .eventsOf(parent!.uuid)
      .some(({ type, step }) => type === "step.settled_by_hand" && step === parent!.step);
    if (!isSettled) this.owed.set(uuid, `${parent!.uuid}/${parent!.step}/terminate`);
  }

  atTheEnd(): void {
    for (const [uuid, action] of this.owed) {
      if (!this.history.of(uuid)!.actions.includes(action))
        throw new Broken("section 6", "it ran on though the journey that ran it was terminated", uuid);
    }
  }
}
