/** The manager of this process behind a switch that an operator can turn. */
import type { Manager } from "../manager/manager.ts";
import type { ManagerSwitch } from "./host.ts";

/** Turns are taken one after the other, so that a stop never overtakes a start. */
export function createManagerSwitch(manager: Manager): ManagerSwitch {
  const listeners = new Set<() => void>();
  let turn: Promise<void> = Promise.resolve();
  return {
    status: () => manager.status(),
    setRunning(running) {
      const next = turn.then(async () => {
        if (manager.status().running === running) return;
        await (running ? manager.start() : manager.stop());
        for (const listener of [...listeners]) listener();
      });
      turn = next.catch(() => {});
      return next;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
