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
 * type names a call; else the steps without predecessors are where it begins.
 */
export function findBeginning(nodes: ReadonlyMap<string, FlowNode>, report: Report): Beginning {
  const all = [...nodes.values()];
  const starts = all.filter((node) => node.call.is === "start");
  const roots = all.filter((node) => node.root && node.from.length === 0);
  const [start, ...more] = starts.length > 0 ? starts : roots;
  if (start && more.length > 0) {
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
  const done = new Set<string>();
  const onCycle = new Set<string>();
  for (const id of nodes.keys()) {
    for (const cycle of cyclesFrom(id, nodes, done)) {
      if (cycle.some((member) => onCycle.has(member))) continue;
      for (const member of cycle) onCycle.add(member);
      const lowest = cycle.indexOf([...cycle].sort(compareIds)[0] ?? "");
      const ring = [...cycle.slice(lowest), ...cycle.slice(0, lowest)];
      const names = ring.flatMap((member) => nodes.get(member) ?? []).map(label);
      report.error(
        "cycle",
        `The steps ${[...names, names[0]].join(" -> ")} wait for each other in a cycle. Remove one of its connections.`,
        ring[0],
      );
    }
  }
  return onCycle.size > 0;
}

/** Reports the nodes that no path from the beginning leads to. Where there is no beginning, that has been said. */
export function reportUnreachable(nodes: ReadonlyMap<string, FlowNode>, { first }: Beginning, report: Report): void {
  if (first.length === 0) return;
  const reached = new Set(first.map((node) => node.id));
  for (const id of reached) {
    for (const next of nodes.get(id)?.to ?? []) reached.add(next);
  }
  for (const node of nodes.values()) {
    if (reached.has(node.id)) continue;
    report.error(
      "unreachable_step",
      `No path leads from the start to ${label(node)}, so it would never run. Connect or remove it.`,
      node.id,
    );
  }
}

/** The nodes, each after those before it: by depth, then by id. Only for graphs without cycles. */
export function topologicalOrder(nodes: ReadonlyMap<string, FlowNode>): FlowNode[] {
  const waitingFor = new Map([...nodes.values()].map((node) => [node.id, node.from.length]));
  const order: FlowNode[] = [];
  let level = [...nodes.values()].filter((node) => node.from.length === 0);
  while (level.length > 0) {
    order.push(...level);
    const next: FlowNode[] = [];
    for (const follower of level.flatMap((node) => node.to)) {
      const left = (waitingFor.get(follower) ?? 0) - 1;
      waitingFor.set(follower, left);
      const node = nodes.get(follower);
      if (left === 0 && node) next.push(node);
    }
    level = next.sort((one, other) => compareIds(one.id, other.id));
  }
  return order;
}

/** Depth first, without recursion; `done` are the nodes that other walks have finished with. */
function* cyclesFrom(root: string, nodes: ReadonlyMap<string, FlowNode>, done: Set<string>): Generator<string[]> {
  if (done.has(root)) return;
  const path = [{ id: root, followers: followersOf(root, nodes) }];
  const places = new Map([[root, 0]]);
  for (let end = path.at(-1); end; end = path.at(-1)) {
    const { value: next, done: finished } = end.followers.next();
    if (finished) {
      done.add(end.id);
      places.delete(end.id);
      path.pop();
    } else if (places.has(next)) {
      yield path.slice(places.get(next)).map((step) => step.id);
    } else if (!done.has(next)) {
      places.set(next, path.length);
      path.push({ id: next, followers: followersOf(next, nodes) });
    }
  }
}

function followersOf(id: string, nodes: ReadonlyMap<string, FlowNode>): ArrayIterator<string> {
  return (nodes.get(id)?.to ?? []).values();
}
