/**
 * Questions about a compiled flow's graph. Pure, and remembered per flow, so that the engine may ask at every event and
 * the designer at every key press. Steps that don't exist have no ancestors, descendants or forks.
 */
import type { CompiledFlow, FlowStep } from "./flow.ts";

/** The flow's beginning, which is a node of the graph but not a step. */
export const START: unique symbol = Symbol("start");
/** What the edge from the start is called where edges go by their predecessor's id (`when`). */
export const START_EDGE = "start";
export type Fork = string | typeof START;

interface Memo {
  ancestors: Map<string, ReadonlySet<string>>;
  descendants: Map<string, ReadonlySet<string>>;
  forks: Map<string, readonly Fork[]>;
}

const memos = new WeakMap<CompiledFlow, Memo>();

/** The steps that lie on some path from the start to this step, without the step itself. */
export function ancestors(flow: CompiledFlow, id: string): ReadonlySet<string> {
  const known = memoOf(flow).ancestors;
  return known.get(id) ?? remember(known, id, reach(flow, id, "predecessors"));
}

/** The steps that some path leads to from this step, without the step itself. */
export function descendants(flow: CompiledFlow, id: string): ReadonlySet<string> {
  const known = memoOf(flow).descendants;
  return known.get(id) ?? remember(known, id, reach(flow, id, "successors"));
}

/** The steps that nothing follows, in the flow's order. */
export function lastSteps(flow: CompiledFlow): string[] {
  return flow.order.filter((id) => flow.steps[id]?.successors.length === 0);
}

/** The steps that an edge leads to from the start, in the flow's order. */
export function firstSteps(flow: CompiledFlow): string[] {
  return flow.order.filter((id) => comesFirst(flow.steps[id]));
}

/** Whether an edge leads from the start into this step. */
export function comesFirst(step: FlowStep | undefined): boolean {
  return step?.predecessors.length === 0 || step?.fromStart === true;
}

/**
 * The nearest fork that every path from the start to this step goes through: a step with several successors, or START
 * when several edges leave it. The step itself doesn't count. Undefined when there is none.
 */
export function nearestDominatingFork(flow: CompiledFlow, id: string): Fork | undefined {
  // From the front to the back, so that the recursion never goes deep.
  if (memoOf(flow).forks.size === 0) for (const step of flow.order) dominatingForks(flow, step);
  return dominatingForks(flow, id).at(-1);
}

/** The ancestors of this step that lie strictly after its nearest dominating fork; undefined when it has no such fork. */
export function branchAncestors(flow: CompiledFlow, id: string): ReadonlySet<string> | undefined {
  const fork = nearestDominatingFork(flow, id);
  if (fork === undefined) return undefined;
  if (fork === START) return ancestors(flow, id);
  const after = descendants(flow, fork);
  return new Set([...ancestors(flow, id)].filter((ancestor) => after.has(ancestor)));
}

/** Whether neither step comes before the other, so that both can be under way at once. */
export function areParallel(flow: CompiledFlow, one: string, other: string): boolean {
  return one !== other && !ancestors(flow, one).has(other) && !ancestors(flow, other).has(one);
}

const CHUNKS = /\d+|\D+/g;

/** Orders ids by their code units, runs of digits as numbers: n2 before n10. Total: 0 only for equal ids. */
export function compareIds(one: string, other: string): number {
  const left = one.match(CHUNKS) ?? [];
  const right = other.match(CHUNKS) ?? [];
  for (const [index, chunk] of left.entries()) {
    const against = right[index];
    if (against === undefined) break;
    const difference = compareChunks(chunk, against);
    if (difference !== 0) return difference;
  }
  return left.length - right.length || compareText(one, other);
}

function compareChunks(one: string, other: string): number {
  if (!/^\d/.test(one) || !/^\d/.test(other)) return compareText(one, other);
  const left = one.replace(/^0+/, "");
  const right = other.replace(/^0+/, "");
  return left.length - right.length || compareText(left, right);
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function memoOf(flow: CompiledFlow): Memo {
  let memo = memos.get(flow);
  if (!memo) {
    memo = { ancestors: new Map(), descendants: new Map(), forks: new Map() };
    memos.set(flow, memo);
  }
  return memo;
}

function remember(known: Map<string, ReadonlySet<string>>, id: string, found: ReadonlySet<string>) {
  known.set(id, found);
  return found;
}

function reach(flow: CompiledFlow, id: string, along: "predecessors" | "successors"): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const neighbour of flow.steps[next]?.[along] ?? []) {
      if (found.has(neighbour)) continue;
      found.add(neighbour);
      open.push(neighbour);
    }
  }
  return found;
}

/**
 * The forks that dominate a step, the outermost first. Those of one predecessor lie on a path of the dominator tree
 * (START its root); what dominates all predecessors is what their paths have in common at the beginning.
 */
function dominatingForks(flow: CompiledFlow, id: string): readonly Fork[] {
  const { forks } = memoOf(flow);
  const known = forks.get(id);
  if (known) return known;
  const step = flow.steps[id];
  if (!step) return [];
  const paths = step.predecessors.map((predecessor) => {
    const above = dominatingForks(flow, predecessor);
    return isFork(flow, predecessor) ? [...above, predecessor] : above;
  });
  if (comesFirst(step)) paths.push(firstSteps(flow).length > 1 ? [START] : []);
  const found = paths.reduce(commonBeginning);
  forks.set(id, found);
  return found;
}

function commonBeginning(one: readonly Fork[], other: readonly Fork[]): readonly Fork[] {
  const end = one.findIndex((fork, index) => fork !== other[index]);
  return end === -1 ? one : one.slice(0, end);
}

function isFork(flow: CompiledFlow, id: string): boolean {
  return flow.steps[id]?.successors[1] !== undefined;
}
