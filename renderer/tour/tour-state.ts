/** How far the first steps have been taken, on this machine. */

export type TourStep = "start" | "fail" | "draw" | "connect";

export interface TourState {
  closed: boolean;
  done: TourStep[];
}

const KEY = "antigraph.tour";

export function readTour(): TourState {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    if (typeof kept !== "object" || kept === null) return { closed: false, done: [] };
    const done = "done" in kept && Array.isArray(kept.done) ? kept.done.filter(isStep) : [];
    return { closed: "closed" in kept && kept.closed === true, done };
  } catch {
    return { closed: false, done: [] };
  }
}

export function writeTour(state: TourState): void {
  localStorage.setItem(KEY, JSON.stringify(state));
}

function isStep(value: unknown): value is TourStep {
  return value === "start" || value === "fail" || value === "draw" || value === "connect";
}
