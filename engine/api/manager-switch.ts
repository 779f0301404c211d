/** The manager of this process behind a switch that an operator can turn. */
import type { Logger } from "../manager/logger.ts";
import type { Manager } from "../manager/manager.ts";
import type { ManagerSwitch } from "./host.ts";

/** Between tries of a manager that can't start yet: its cluster is away, its topics aren't there. */
const RETRY_MS = 1_000;

export interface OwnedManagerSwitch extends ManagerSwitch {
  /**
   * Starts it as soon as that works, until it is switched off.
   * @param may whether it may run here at all, once that is known
   */
  keepRunning(may: Promise<boolean>): void;
  close(): Promise<void>;
}

/** Turns are taken one after the other, so that a stop never overtakes a start. */
export function createManagerSwitch(manager: Manager, logger: Logger): OwnedManagerSwitch {
  const listeners = new Set<() => void>();
  let turn: Promise<void> = Promise.resolve();
  let retry: NodeJS.Timeout | undefined;
  let isWanted = false;
  let why: string | undefined;

  const tell = () => {
    for (const listener of [...listeners]) listener();
  };
  manager.onPartitions(tell);
  const set = (running: boolean): Promise<void> => {
    const next = turn.then(async () => {
      if (running !== isWanted || manager.status().running === running) return;
      await (running ? manager.start() : manager.stop());
      why = undefined;
      tell();
    });
    turn = next.catch(() => {});
    return next;
  };
  const setRunning = (running: boolean): Promise<void> => {
    isWanted = running;
    clearTimeout(retry);
    why = undefined;
    return set(running).catch((error: unknown) => {
      isWanted = false;
      throw error;
    });
  };
  const tryToStart = async (): Promise<void> => {
    try {
      await set(true);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== why) {
        logger.warn({ why: message }, "The manager can't start yet; it is tried again");
        why = message;
        tell();
      }
      if (isWanted) retry = setTimeout(() => void tryToStart(), RETRY_MS).unref();
    }
  };
  return {
    status: () => ({ ...manager.status(), ...(why !== undefined && { why }) }),
    setRunning,
    keepRunning(may) {
      isWanted = true;
      void may.then((it) => {
        // An operator may have decided meanwhile.
        if (!isWanted || manager.status().running) return;
        if (it) void tryToStart();
        else isWanted = false;
      });
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => setRunning(false),
  };
}
