/** Sums over the versions of a flow, for its row in the list. */
import type { FlowVersion } from "../../engine/api/schemas/flow.ts";

export interface FlowSums {
  running: number;
  ended: number;
  /** Shares of the journeys that have ended; undefined while none has. */
  success?: number;
  rollback?: number;
}

export function sumUp(
  versions: readonly Pick<FlowVersion, "running" | "completed" | "rolled_back" | "total">[],
): FlowSums {
  const sum = (read: (version: (typeof versions)[number]) => number) =>
    versions.reduce((total, version) => total + read(version), 0);
  const running = sum((version) => version.running);
  const ended = Math.max(0, sum((version) => version.total) - running);
  if (ended === 0) return { running, ended };
  return {
    running,
    ended,
    success: sum((version) => version.completed) / ended,
    rollback: sum((version) => version.rolled_back) / ended,
  };
}
