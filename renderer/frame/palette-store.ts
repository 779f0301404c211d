import { createStore } from "../parts/store.ts";

/** Whether the command palette is open. It is loaded when it is opened first. */
export const paletteOpened = createStore(false);

export function openPalette(): void {
  paletteOpened.set(true);
}
