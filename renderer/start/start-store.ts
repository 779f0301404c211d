/** Opens the sheet "Start a journey" from anywhere; the frame shows it. */
import { createStore } from "../parts/store.ts";

export interface StartSuggestion {
  /** The flow chosen beforehand; the first one of the list if left out. */
  name?: string;
  /** Its version; the newest if left out. */
  version?: string;
  /** The input to begin with; what was used last for this flow if left out. */
  data?: unknown;
}

export const startSheet = createStore<StartSuggestion | undefined>(undefined);

export function openStartJourney(suggestion: StartSuggestion = {}): void {
  startSheet.set(suggestion);
}
