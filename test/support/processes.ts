// Which processes a process has started, so that a test can see that none outlives it.

import { execFileSync } from "node:child_process";

/** The ids of all processes below this one. */
export function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const line of execFileSync("ps", ["-axo", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n")) {
    const [child, parent] = line.trim().split(/\s+/).map(Number);
    if (child !== undefined && parent !== undefined) parents.set(child, parent);
  }
  const below = (ancestor: number): number[] =>
    [...parents].filter(([, parent]) => parent === ancestor).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

/** Those of the processes that still run. One that has ended but wasn't waited for yet doesn't count. */
export function stillRunning(pids: readonly number[]): number[] {
  if (pids.length === 0) return [];
  const running = execFileSync("ps", ["-axo", "pid=,stat="], { encoding: "utf8" }).trim().split("\n");
  const alive = new Set<number>();
  for (const line of running) {
    const [pid, state] = line.trim().split(/\s+/);
    if (state !== undefined && !state.startsWith("Z")) alive.add(Number(pid));
  }
  return pids.filter((pid) => alive.has(pid));
}
