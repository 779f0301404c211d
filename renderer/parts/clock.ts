/** One ticking clock for all running durations of a page, so that two hundred rows need one timer. */
import { useSyncExternalStore } from "react";
import { serverNow } from "../server-time.ts";

const TICK_MS = 1_000;

let now = serverNow();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function tick(): void {
  now = serverNow();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function snapshot(): number {
  // Nobody listened for a while: the kept time is old.
  if (listeners.size === 0) now = Math.max(now, Math.floor(serverNow() / TICK_MS) * TICK_MS);
  return now;
}

const still = () => () => {};

/** Milliseconds since 1970 on the console's clock, renewed every second; stands still when not `ticking`. */
export function useNow(ticking = true): number {
  return useSyncExternalStore(ticking ? subscribe : still, snapshot);
}
