import { lazy, Suspense, useEffect, useState } from "react";
import { useStore } from "../parts/store.ts";
import { openPalette, paletteOpened } from "./palette-store.ts";

const Palette = lazy(() => import("./palette.tsx").then((module) => ({ default: module.Palette })));

/** Listens for Ctrl/Cmd-K everywhere, also while something is being typed, and loads the palette when first asked. */
export function PaletteHost() {
  const opened = useStore(paletteOpened);
  const [everOpened, setEverOpened] = useState(false);
  if (opened && !everOpened) setEverOpened(true);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey)
        return;
      event.preventDefault();
      openPalette();
    };
    document.addEventListener("keydown", onKey, { capture: true });
    return () => document.removeEventListener("keydown", onKey, { capture: true });
  }, []);

  if (!everOpened) return null;
  return (
    <Suspense fallback={null}>
      <Palette />
    </Suspense>
  );
}
