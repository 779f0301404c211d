/** The tabs of the details, as they stand in the address: `forward`, `undo`, `undo/NEGATION`, `events`, ... */

export type StepTab = "forward" | "undo" | "events" | "settings";
export type JourneyTab = "overview" | "operators" | "events";

const UNDO = "undo/";

/** The tab that shows one negation. */
export function undoTab(negation: string): string {
  return UNDO + negation;
}

export interface ChosenStepTab {
  tab: StepTab;
  negation?: string;
}

/** Undefined when the address names none. */
export function readStepTab(text: string | null): ChosenStepTab | undefined {
  if (text === null) return undefined;
  if (text.startsWith(UNDO)) return { tab: "undo", negation: text.slice(UNDO.length) };
  return text === "forward" || text === "undo" || text === "events" || text === "settings"
    ? { tab: text }
    : undefined;
}

export function readJourneyTab(text: string | null): JourneyTab {
  return text === "operators" || text === "events" ? text : "overview";
}
