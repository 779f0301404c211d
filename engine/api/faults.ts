/**
 * Faults an operator has asked the sample services for (embedded profile only). The services long-poll the board. It
 * lives in memory: after a restart of the console nothing fails on purpose any more.
 */
import type { Fault } from "./schemas/console.ts";

export interface FaultBoard {
  current(): { revision: number; faults: Fault[] };
  set(faults: Fault[]): { revision: number; faults: Fault[] };
  /** Resolves with the board once its revision isn't `revision` any more, or as it is after `waitMs` or on `signal`. */
  changedFrom(revision: number, waitMs: number, signal: AbortSignal): Promise<{ revision: number; faults: Fault[] }>;
}

/** @param firstRevision differs from run to run, so that a service that outlives the console notices the new board */
export function createFaultBoard(firstRevision: number): FaultBoard {
  let board = { revision: firstRevision, faults: [] as Fault[] };
  const waiting = new Set<() => void>();
  return {
    current: () => board,
    set(faults) {
      board = { revision: board.revision + 1, faults };
      for (const wake of [...waiting]) wake();
      return board;
    },
    changedFrom(revision, waitMs, signal) {
      if (board.revision !== revision || waitMs === 0 || signal.aborted) return Promise.resolve(board);
      return new Promise((resolve) => {
        const timer = setTimeout(wake, waitMs);
        function wake() {
          clearTimeout(timer);
          waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve(board);
        }
        waiting.add(wake);
        signal.addEventListener("abort", wake, { once: true });
      });
    },
  };
}
