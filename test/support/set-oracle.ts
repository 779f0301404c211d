/**
 * Which steps a rollback of each scope is about, from the definitions alone and by brute force: reachability along the
 * drawn edges, and forks found by taking a step out and looking whether the other can still be reached.
 */

/** step -> its predecessors */
export type Edges = Record<string, readonly string[]>;

const START = Symbol("start");
type Node = string | typeof START;

/** Everything reachable from the step, without itself. */
export function behind(edges: Edges, step: string): Set<string> {
  return reached(step, (node) => Object.keys(edges).filter((id) => edges[id]!.includes(node)));
}

/** Everything the step can be reached from, without itself. */
export function before(edges: Edges, step: string): Set<string> {
  return reached(step, (node) => edges[node] ?? []);
}

function reached(from: string, next: (node: string) => readonly string[]): Set<string> {
  const found = new Set<string>();
  const open = [from];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const other of next(node)) {
      if (!found.has(other)) open.push(other);
      found.add(other);
    }
  }
  return found;
}

/** The ancestors strictly after the nearest fork that dominates the step; undefined where there is no such fork. */
export function branchOf(edges: Edges, step: string): Set<string> | undefined {
  const ancestors = before(edges, step);
  const dominating = [START as Node, ...ancestors].filter(
    (node) => isFork(edges, node) && dominates(edges, node, step),
  );
  // The nearest is the one that all the others dominate in turn.
  const nearest = dominating.find((fork) =>
    dominating.every(
      (other) => other === fork || other === START || (fork !== START && dominates(edges, other, fork)),
    ),
  );
  if (nearest === undefined) return undefined;
  if (nearest === START) return ancestors;
  const after = behind(edges, nearest as string);
  return new Set([...ancestors].filter((id) => after.has(id)));
}

const isFork = (edges: Edges, node: Node): boolean => successors(edges, node).length > 1;

function successors(edges: Edges, node: Node): string[] {
  return Object.keys(edges).filter((id) =>
    node === START ? edges[id]!.length === 0 : edges[id]!.includes(node as string),
  );
}

/** Every way from the start to the step goes through the node. */
function dominates(edges: Edges, node: Node, step: string): boolean {
  if (node === START) return true;
  const open = successors(edges, START).filter((id) => id !== node);
  const seen = new Set(open);
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === step) return false;
    for (const next of successors(edges, id)) {
      if (next === node || seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return true;
}
