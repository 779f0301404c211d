/** Opens the sheets about profiles from anywhere; the frame shows them. */
import { createStore } from "../parts/store.ts";

export type ProfileSheet = { sheet: "choose"; name: string } | { sheet: "unlock" };

export const profileSheet = createStore<ProfileSheet | undefined>(undefined);

/** Asks before another profile is opened. */
export function openChoose(name: string): void {
  profileSheet.set({ sheet: "choose", name });
}

/** Asks for the reason why production is unlocked. */
export function openUnlock(): void {
  profileSheet.set({ sheet: "unlock" });
}
