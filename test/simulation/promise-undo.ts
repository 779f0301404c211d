/**
 * Promise 5: the order of undoing by an oracle of its own, the sets of rollbacks by their definitions, and the services'
 * own books: what they did is undone, and nothing else.
 */
import type { JourneyEvent } from "../../engine/core/events.ts";
import { MANAGER } from "../../engine/core/protocol.ts";
import { type Drawing, UndoOracle } from "../support/order-oracle.ts";
import { before, behind, branchOf } from "../support/set-oracle.ts";
import type { Track } from "../support/step-track.ts";
import { keyOf, runsJourneys, type SimFlow } from "./flows.ts";
import { Broken, type History, type Seen } from "./history.ts";
import type { SimServices } from "./services.ts";

const PROMISE = "promise 5";
/** A step has got its answer, or is not waited for any longer. */
const ENDS = ["step.succeeded", "step.failed", "step.timed_out", "step.late"];

export class UndoPromise {
  private readonly oracles = new Map<string, UndoOracle>();
  /** Parent's uuid -> the journeys that its steps run. */
  private readonly children = new Map<string, string[]>();
  private readonly flows: ReadonlyMap<string, SimFlow>;
  private readonly services: SimServices;
  private readonly history: History;

  constructor(flows: ReadonlyMap<string, SimFlow>, services: SimServices, history: History) {
    this.flows = flows;
    this.services = services;
    this.history = history;
  }

  see(seen: Seen): void {
    const { event, after } = seen;
    const oracle = this.oracleOf(event);
    if (event.type === "journey.started" && after.parent) {
      const { uuid } = after.parent;
      this.children.set(uuid, [...(this.children.get(uuid) ?? []), event.uuid]);
    }
    try {
      if (event.type === "rollback.started") this.assertSet(event, oracle);
      if (event.type === "undo.dispatched") this.assertChildrenUndone(event, oracle);
      if (ENDS.includes(event.type)) {
        this.assertStopped(seen, oracle);
        this.assertOldestAnswered(event, oracle);
      }
      oracle.see(event);
    } catch (error) {
      throw new Broken(PROMISE, (error as Error).message, event.uuid);
    }
  }

  private oracleOf(event: JourneyEvent): UndoOracle {
    const known = this.oracles.get(event.uuid);
    if (known) return known;
    const drawn = (version: string): Drawing => drawingOf(this.flow(event.name, version));
    const oracle = new UndoOracle(drawn(event.version), drawn);
    this.oracles.set(event.uuid, oracle);
    return oracle;
  }

  private flow(name: string, version: string): SimFlow {
    const flow = this.flows.get(keyOf(name, version));
    if (!flow) throw new Error(`no flow ${name} ${version} was published`);
    return flow;
  }

  // ---- sets ----

  private assertSet(event: JourneyEvent, oracle: UndoOracle): void {
    const flow = this.flow(event.name, event.version);
    const { set, scope, trigger, rerun, include } = event.detail as {
      set: string[];
      scope: string;
      trigger: string;
      rerun?: { step: string };
      include?: string;
    };
    if (event.actor === undefined && this.isPivotPassed(flow, oracle))
      throw new Error("a rollback began by itself past the pivot");
    if (scope === "to") {
      const roots = rerun ? [rerun.step] : Object.keys(flow.edges);
      const sets = roots.map((root) => [...behind(flow.edges, root), ...(rerun ? [root] : [])]);
      if (!sets.some((one) => isSameSet(one, set))) throw new Error(`[${set}] lies behind no step`);
      return;
    }
    const policy = trigger === "failure" ? (flow.policy.scope as string) : undefined;
    const expected =
      policy === undefined || event.step === undefined ? scope : scopeThatFits(flow, policy, event.step);
    if (expected !== scope) throw new Error(`the scope is ${scope}, not ${expected}`);
    if (event.step === undefined && scope !== "journey") throw new Error(`a rollback of scope ${scope} of no step`);
    const members = membersOf(flow, scope, event.step ?? "");
    const track = oracle.track(event.step ?? "");
    if (scope !== "journey" && (include !== undefined || mayHaveEffect(track))) members.add(event.step ?? "");
    if (!isSameSet([...members], set))
      throw new Error(`the set of scope ${scope} is [${set}], not [${[...members]}]`);
  }

  private isPivotPassed(flow: SimFlow, oracle: UndoOracle): boolean {
    return Object.keys(flow.edges).some((id) => flow.steps[id]?.pivot === true && oracle.track(id).succeeded);
  }

  // ---- other journeys ----

  /** What a step behind this one ran is rolled back before this one is undone. */
  private assertChildrenUndone(event: JourneyEvent, oracle: UndoOracle): void {
    const flow = this.flow(event.name, event.version);
    for (const uuid of this.children.get(event.uuid) ?? []) {
      const child = this.history.of(uuid)!;
      const step = child.parent!.step;
      const track = oracle.track(step);
      const isBehind = behind(flow.edges, event.step ?? "").has(step) && oracle.members.has(step);
      if (!isBehind || child.status !== "completed" || flow.steps[step]?.irreversible === true) continue;
      // Its end has been told to its parent, and nobody has said that it's undone.
      if (track.stands && !track.byHand && runsJourneys(flow, step))
        throw new Error(`${event.step} was undone while journey ${uuid} of ${step} behind it stood`);
    }
  }

  /** A sub-journey that a rollback wants to be over is told so before anything else is heard of it. */
  private assertStopped({ event, before }: Seen, oracle: UndoOracle): void {
    const id = event.step ?? "";
    const step = before?.steps[id];
    const isRunning = step?.status === "dispatched" || step?.status === "inprogress";
    const isRollingBack = before?.rollback !== undefined && before.rollback.endedAt === undefined;
    if (step?.child === undefined || !isRunning || !isRollingBack || !oracle.members.has(id) || before?.paused)
      return;
    if (!step.stopping) throw new Error(`the journey of ${id} was not told that it is rolled back`);
  }

  /** A reply that names no attempt answers the oldest one that has had no reply. */
  private assertOldestAnswered(event: JourneyEvent, oracle: UndoOracle): void {
    const flow = this.flow(event.name, event.version);
    if (!flow.bare || !event.cause || event.service === MANAGER || event.detail?.negation !== undefined) return;
    const { out, unanswered } = oracle.track(event.step ?? "");
    const { attempt = 0 } = event;
    const isOpen = out.has(attempt) || unanswered.has(attempt);
    if (isOpen && [...out, ...unanswered].some((other) => other < attempt))
      throw new Error(`a reply of ${event.step} was taken for #${attempt}, and an older one had had none`);
  }

  // ---- the services' books ----

  atTheEnd(): void {
    for (const journey of this.history.journeys()) {
      const oracle = this.oracles.get(journey.uuid)!;
      const flow = this.flow(journey.name, journey.version);
      try {
        if (journey.status === "rolled_back") oracle.assertNothingOwed("the journey ended");
        for (const step of Object.keys(flow.edges))
          this.compareBooks(journey.uuid, step, oracle, journey.status, flow);
      } catch (error) {
        throw new Broken(PROMISE, (error as Error).message, journey.uuid);
      }
    }
  }

  private compareBooks(uuid: string, step: string, oracle: UndoOracle, status: string, flow: SimFlow): void {
    const track = oracle.track(step);
    if (status !== "rolled_back" || !oracle.members.has(step) || track.byHand || flow.bare) return;
    for (const name of oracle.negationsOf(step)) {
      const undone = this.services.undone.get(`${uuid}/${step}/${name}`) ?? [];
      for (const { order, attempt, answered } of this.services.effects.get(`${uuid}/${step}`) ?? []) {
        // What was repeated although it had worked counts once; what nobody heard of may stay where the flow says so.
        if (track.moot.has(attempt) || (!answered && flow.steps[step]?.onTimeout !== undefined)) continue;
        if (!answered && flow.steps[step]?.pivot === true) continue;
        if (!undone.some((one) => one.order > order))
          throw new Error(`${step} #${attempt} took effect, and ${name} never ran after it`);
      }
    }
  }
}

function drawingOf(flow: SimFlow): Drawing {
  const ids = Object.keys(flow.edges);
  const undoable = (id: string): string[] =>
    flow.steps[id]?.irreversible === true ? [] : (flow.negations[id] ?? []);
  const unknown = ids.flatMap((id): [string, "ignore" | "hold"][] => {
    const said = flow.steps[id]?.pivot === true ? "hold" : flow.steps[id]?.onTimeout;
    return said === "ignore" || said === "hold" ? [[id, said]] : [];
  });
  const isDynamic = (id: string): boolean =>
    flow.calls[id] === `${MANAGER}.each` && flow.steps[id]?.irreversible !== true;
  return {
    edges: flow.edges,
    negations: Object.fromEntries(ids.map((id) => [id, undoable(id)])),
    dynamic: new Set(ids.filter(isDynamic)),
    onTimeout: Object.fromEntries(unknown),
  };
}

const mayHaveEffect = (track: Track): boolean =>
  track.out.size > 0 || track.isUnknown || (track.workedAllTheSame && !track.succeeded);

function scopeThatFits(flow: SimFlow, policy: string, step: string): string {
  return policy === "branch" && branchOf(flow.edges, step) === undefined ? "journey" : policy;
}

function membersOf(flow: SimFlow, scope: string, step: string): Set<string> {
  if (scope === "journey") return new Set(Object.keys(flow.edges));
  if (scope === "path") return before(flow.edges, step);
  return branchOf(flow.edges, step) ?? new Set(["no fork dominates it"]);
}

const isSameSet = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((id) => other.includes(id));
