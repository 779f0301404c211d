/**
 * What may be undone when, checked from the definition of the anti-graph and the journey's events alone: nothing of the
 * engine's rules is used here, only the flow's edges, negations and settings as they were drawn.
 *
 * - An undo goes out only when everything behind its step in the set has been settled.
 * - Each effect is undone once; again only for a success that arrived since, and then with its output.
 * - Only what took effect or may have is undone; what did is undone before the rollback says that it is completed.
 */
import { isDeepStrictEqual } from "node:util";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { behind } from "./set-oracle.ts";
import { type Round, Track } from "./step-track.ts";

export interface Drawing {
  /** step -> its predecessors */
  edges: Record<string, string[]>;
  /** step -> the functions that undo it; none for what can't be undone. */
  negations: Record<string, string[]>;
  /** Steps of which only what they ran says how they are undone (`each`). */
  dynamic?: ReadonlySet<string>;
  /** Where it isn't `undo`. */
  onTimeout?: Record<string, "ignore" | "hold">;
}

/** Throws with a sentence at the first event that breaks a rule. */
export class UndoOracle {
  readonly tracks = new Map<string, Track>();
  /** The steps that rollbacks of the journey have been about and that have not been set back since. */
  readonly members = new Set<string>();
  private drawing: Drawing;
  private readonly versions: (version: string) => Drawing;
  private isActive = false;
  private waitsForAll = false;
  private isTerminated = false;
  private include = false;
  private readonly blind = new Set<string>();

  /** `versions`: how the flow was drawn in another version, for migrations. */
  constructor(drawing: Drawing, versions: (version: string) => Drawing = () => drawing) {
    this.drawing = drawing;
    this.versions = versions;
  }

  track(step: string): Track {
    const found = this.tracks.get(step) ?? new Track();
    this.tracks.set(step, found);
    return found;
  }

  negationsOf(step: string): string[] {
    return this.tracks.get(step)?.negations ?? this.drawing.negations[step] ?? [];
  }

  see(event: JourneyEvent): void {
    if (event.step !== undefined && event.type.startsWith("step.")) this.seeStep(event, this.track(event.step));
    if (event.step !== undefined && event.type.startsWith("undo.")) this.seeUndo(event, event.step);
    const detail = event.detail ?? {};
    switch (event.type) {
      case "rollback.started":
      case "rollback.joined":
        this.began(event);
        break;
      case "rollback.completed":
        this.isActive = false;
        this.assertNothingOwed("the rollback was completed", this.waitsForAll);
        break;
      case "journey.reopened":
        this.isActive = true;
        break;
      case "journey.terminated":
        this.isTerminated = true;
        break;
      case "journey.migrated":
        for (const [step, track] of this.tracks) {
          if (track.ran || track.succeeded || track.former.size > 0) track.negations = this.negationsOf(step);
        }
        this.drawing = this.versions(event.version);
        break;
      case "journey.resumed":
        for (const step of (detail.reset as string[] | undefined) ?? []) {
          this.members.delete(step);
          this.track(step).setBack();
        }
        break;
      default:
    }
  }

  private began(event: JourneyEvent): void {
    const { set = [], scope, include } = (event.detail ?? {}) as { set?: string[]; scope?: string; include?: string };
    this.isActive = true;
    this.waitsForAll = scope === "journey" || scope === "path";
    if (event.type === "rollback.started") {
      this.include = include === "attempted";
      this.blind.clear();
    } else if (include === "attempted") this.include = true;
    for (const member of set) this.members.add(member);
    // An operator's word: what is of unknown outcome now is undone all the same.
    if (event.actor === undefined) return;
    for (const [step, track] of this.tracks) {
      if (track.unanswered.size > 0 && track.out.size === 0) this.blind.add(step);
    }
  }

  /** Nothing of the set has an effect that stands, nor may have one that nobody has asked to undo. */
  assertNothingOwed(when: string, waitsForAll = false): void {
    for (const [step, track] of this.tracks) {
      if (waitsForAll && track.out.size > 0) throw new Error(`${when} while ${step} was in flight`);
      if (!this.members.has(step)) continue;
      const why = this.whyUnsettled(step);
      if (why) throw new Error(`${when} while ${step} ${why}`);
    }
  }

  private whyUnsettled(step: string): string | undefined {
    const track = this.tracks.get(step);
    if (!track) return undefined;
    if (track.out.size > 0) return "was still in flight";
    if (track.isRoundOpen) return `still waited for ${[...track.round!.calls.keys()].join(", ")}`;
    if (track.stands && this.canBeUndone(step, track)) return "had taken effect and was not undone";
    if (
      this.include &&
      // A failed step without an effect may be missing in the version that the journey went to.
      step in this.drawing.edges &&
      track.ran &&
      !track.succeeded &&
      !track.round &&
      !track.isUnknown &&
      this.canBeUndone(step, track)
    )
      return "had been sent and was not undone";
    const policy = this.blind.has(step) ? "undo" : (this.drawing.onTimeout?.[step] ?? "undo");
    if (!track.isUnknown || policy === "ignore") return undefined;
    if (policy === "hold") return "was of unknown outcome and nobody had said what to think of it";
    return this.canBeUndone(step, track) ? "may have worked and was not undone" : undefined;
  }

  /** What runs other journeys is undone by rolling back those that there are. */
  private canBeUndone(step: string, track: Track): boolean {
    if (this.drawing.dynamic?.has(step)) return track.running.size > 0 || track.done.size > 0;
    return this.negationsOf(step).length > 0;
  }

  // ---- forward ----

  private seeStep(event: JourneyEvent, track: Track): void {
    const { attempt = 0, detail = {} } = event;
    for (const index of (detail.start as number[] | undefined) ?? []) track.running.add(index);
    const ended = detail.element as { index: number; status: string; output?: unknown } | undefined;
    if (ended) track.running.delete(ended.index);
    if (ended?.status === "succeeded") track.done.add(ended.index);
    if (ended) track.outputs.set(ended.index, ended.output);
    const answered = (): void => {
      for (const attempts of [track.out, track.unanswered, track.former]) attempts.delete(attempt);
    };
    switch (event.type) {
      case "step.dispatched":
        track.out.add(attempt);
        track.called = event.function;
        track.ran = true;
        track.succeeded = false;
        track.input = event.data;
        break;
      case "step.succeeded":
      case "step.settled_by_hand":
        if (event.type === "step.settled_by_hand") track.byHand = true;
        track.settle();
        track.took({ value: event.data ?? null });
        break;
      case "step.failed":
        answered();
        // What worked and can't be kept ends the step, whatever else has been sent.
        if (detail.effect === true) {
          track.giveUp();
          track.tookLate(undefined);
        }
        break;
      case "step.timed_out":
        // Without an attempt: one that was never sent.
        track.out.delete(attempt);
        if (event.attempt !== undefined) track.unanswered.add(attempt);
        break;
      case "step.retry_scheduled":
        if (event.actor !== undefined) track.giveUp();
        break;
      case "step.skipped":
        track.out.clear();
        track.unanswered.clear();
        break;
      case "step.late":
        this.seeLate(event, track, answered);
        break;
      case "step.duplicate":
        this.seeDuplicate(event, track);
        break;
      default:
    }
  }

  private seeLate(event: JourneyEvent, track: Track, answered: () => void): void {
    const { status, effect, negation, element } = event.detail ?? {};
    if (negation !== undefined || status === "inprogress") return;
    if (element === undefined) answered();
    if (status === "success" && effect !== true && !this.isTerminated)
      throw new Error(`a late success of ${event.step} was taken for none`);
    if (element !== undefined) {
      if (track.running.size === 0) track.unanswered.clear();
      // Its journey has been told to roll back already, whatever came of it.
      const { index } = element as { index: number };
      if (track.round?.calls.has(`rollback/${index}`)) return;
    }
    if (effect === true) track.tookLate(element === undefined && "data" in event ? { value: event.data } : undefined);
  }

  private seeDuplicate(event: JourneyEvent, track: Track): void {
    const { attempt = 0, detail = {} } = event;
    if (detail.status !== "success" || event.reason !== undefined) return;
    if (event.function !== track.called) return;
    if (track.out.has(attempt) || track.unanswered.has(attempt) || track.former.has(attempt))
      throw new Error(`the first success of ${event.step} #${attempt} was taken for a repeat`);
  }

  // ---- undo ----

  private seeUndo(event: JourneyEvent, step: string): void {
    const track = this.track(step);
    const called = event.function ?? "";
    const calls = track.round?.calls;
    switch (event.type) {
      case "undo.dispatched":
        this.assertMayUndo(step, track, called);
        this.send(event, step, track, called);
        return;
      case "undo.failed":
      case "undo.timed_out":
        calls?.set(called, "failed");
        break;
      case "undo.retry_scheduled":
        calls?.set(called, "waiting");
        if ("data" in event) track.given.set(called, event.data);
        break;
      case "undo.succeeded":
      case "undo.settled_by_hand":
        if (event.type === "undo.settled_by_hand") track.byHand = true;
        calls?.set(called, "done");
        break;
      default:
    }
    if (track.round) track.round.fresh = false;
  }

  private assertMayUndo(step: string, track: Track, called: string): void {
    const deny = (why: string): never => {
      throw new Error(`${called} of ${step} was sent ${why}`);
    };
    if (this.isTerminated) deny("after the journey was terminated");
    if (!this.isActive) deny("outside of a rollback");
    if (!this.members.has(step)) deny("although it is not in the set");
    if (track.out.size > 0) deny("while the step was in flight");
    for (const other of behind(this.drawing.edges, step)) {
      const why = this.members.has(other) ? this.whyUnsettled(other) : undefined;
      if (why) throw new Error(`${step} was undone while ${other} behind it ${why}`);
    }
  }

  private send(event: JourneyEvent, step: string, track: Track, called: string): void {
    const again = track.round !== undefined && !track.isUndoing && track.stands;
    if (track.round === undefined || again) this.beginRound(step, track);
    const calls = track.round!.calls;
    const before = calls.get(called);
    if (before === "done") throw new Error(`${called} of ${step} was sent again after it had succeeded`);
    if (before === "out" || before === "failed")
      throw new Error(`${called} of ${step} was sent again while it was ${before}`);
    if (before === undefined && !track.round!.fresh)
      throw new Error(`${called} of ${step} was not sent with the others`);
    calls.set(called, "out");
    const expected = track.given.has(called) ? track.given.get(called) : this.undoneBy(step, track, called);
    if (!isDeepStrictEqual(event.data ?? null, expected ?? null))
      throw new Error(
        `${called} of ${step} was given ${JSON.stringify(event.data)}, not ${JSON.stringify(expected)}`,
      );
  }

  /** The step's output, or its input where it has none; of an `each` that of the element. */
  private undoneBy(step: string, track: Track, called: string): unknown {
    if (this.drawing.dynamic?.has(step)) return track.outputs.get(Number(called.split("/")[1]));
    return track.output ? track.output.value : track.input;
  }

  private beginRound(step: string, track: Track): void {
    const mayHave = track.isUnknown && (this.blind.has(step) || this.drawing.onTimeout?.[step] === undefined);
    const attempted = this.include && track.ran;
    if (!track.stands && !mayHave && !attempted) throw new Error(`${step} was undone and had never taken effect`);
    const calls: Round["calls"] = new Map();
    // The others go out in the same turn; whoever is missing is owed.
    if (!this.drawing.dynamic?.has(step)) for (const name of this.negationsOf(step)) calls.set(name, "waiting");
    track.round = { effects: track.effects, fresh: true, calls };
    track.succeeded = false;
    track.given.clear();
  }
}

/** Throws with a sentence when an undo went out before everything effective behind it in the set was settled. */
export function assertUndoOrder(drawing: Drawing, events: readonly JourneyEvent[]): void {
  const oracle = new UndoOracle(drawing);
  for (const event of events) oracle.see(event);
}
