/** Finds where a flow begins, and what is wrong with its graph: cycles, no beginning or several, steps out of reach. */
import { listed, type Report } from "./check-report.ts";
import { type FlowNode, label } from "./check-workflow.ts";
import { compareIds } from "./graph.ts";

export interface Beginning {
  /** The start's node where it isn't a step itself. */
  marker?: FlowNode;
  /** The nodes that run first. */
  first: FlowNode[];
}

/**
 * The start is the node of type `start`; else a node with `root: true` and nothing before it, which is a step too if its
 * type names a call; else the steps without predecessors are where it begins. Several such roots that are all steps are all
 * entries.
 */
export function findBeginning(nodes: ReadonlyMap<string, FlowNode>, report: Report): Beginning {
  const all = [...nodes.values()];
  const starts = all.filter((node) => node.call.is === "start");
  const roots = all.filter((node) => node.root && node.from.length === 0);
  const [start, ...more] = starts.length > 0 ? starts : roots;
  if (start && more.length > 0 && [start, ...more].some(({ call }) => call.is !== "step")) {
    const how = starts.length > 0 ? "Keep one start node" : "Leave root: true on one of them, or draw a start node";
    report.error(
      "several_starts",
      `The flow begins at ${listed([start, ...more].map(label), "")}. ${how}.`,
      more[0]?.id,
    );
  }
  if (start) {
    if (start.call.is === "step") return { first: [start, ...more] };
    return { marker: start, first: [start, ...more] };
  }
  const first = all.filter((node) => node.from.length === 0);
  if (first.length === 0 && all.length > 0) {
    report.error(
      "no_start",
      "No step of the flow comes first: each has a predecessor. Add a start node, or break the cycle.",
    );
  }
  return { first };
}

/** Reports one cycle for each knot of cycles, naming the nodes on it in order. True when there is one. */
export function reportCycles(nodes: ReadonlyMap<string, FlowNode>, report: Report): boolean {
  const finished = new Set<FlowNode>();
  const onCycle = new Set<FlowNode>();
  for (const node of nodes.values()) {
    for (const cycle of cyclesFrom(node, finished)) {
      if (cycle.some((member) => onCycle.has(member))) continue;
      for (const member of cycle) onCycle.add(member);
      reportCycle(cycle, report);
    }
  }
  return onCycle.size > 0;
}

function reportCycle(cycle: readonly FlowNode[], report: Report): void {
  const lowest = cycle.reduce((low, node) => (compareIds(node.id, low.id) < 0 ? node : low));
  const place = cycle.indexOf(lowest);
  const ring = [...cycle.slice(place), ...cycle.slice(0, place), lowest];
  report.error(
    "cycle",
    `The steps ${ring.map(label).join(" -> ")} wait for each other in a cycle. Remove one of its connections.`,
    lowest.id,
  );
}

/** Reports the nodes that no path from the beginning leads to. Where there is no beginning, that has been said. */
export function reportUnreachable(nodes: ReadonlyMap<string, FlowNode>, { first }: Beginning, report: Report): void {
  if (first.length === 0) return;
  const reached = new Set(first);
  for (const node of reached) {
    for (const next of node.to) reached.add(next);
  }
  for (const node of nodes.values()) {
    if (reached.has(node)) continue;
    report.error(
      "unreachable_step",
      `No path leads from the start to ${label(node)}, so it would never run. Connect or remove it.`,
      node.id,
    );
  }
}

/** The nodes, each after those before it: by depth, then by id. Nodes on cycles, and behind them, are missing. */
export function topologicalOrder(nodes: ReadonlyMap<string, FlowNode>): FlowNode[] {
  const placed = new Set<FlowNode>();
  let level = [...nodes.values()].filter((node) => node.from.length === 0);
  while (level.length > 0) {
    for (const node of level) placed.add(node);
    const followers = new Set(level.flatMap((node) => node.to));
    const ready = [...followers].filter((node) => node.from.every((before) => placed.has(before)));
    level = ready.sort((one, other) => compareIds(one.id, other.id));
  }
  return [...placed];
}

/** Walks depth first, without recursion. `finished`: the nodes that walks are through with. */
function* cyclesFrom(root: FlowNode, finished: Set<FlowNode>): Generator<FlowNode[]> {
  if (finished.has(root)) return;
  const path = [{ node: root, followers: root.to.values() }];
  const places = new Map([[root, 0]]);
  for (let end = path.at(-1); end; end = path.at(-1)) {
    const { value: next, done } = end.followers.next();
    if (done) {
      finished.add(end.node);
      places.delete(end.node);
      path.pop();
    } else if (places.has(next)) {
      yield path.slice(places.get(next)).map(({ node }) => node);
    } else if (!finished.has(next)) {
      places.set(next, path.length);
      path.push({ node: next, followers: next.to.values() });
    }
  }
}
