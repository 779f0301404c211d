import { lazy, Suspense } from "react";
import { useShortcut } from "../frame/shortcuts.ts";
import { useStore } from "../parts/store.ts";
import { useProfile } from "../queries.ts";
import { openStartJourney, startSheet } from "./start-store.ts";

const StartSheet = lazy(() => import("./start-sheet.tsx").then((module) => ({ default: module.StartSheet })));

/** Shows the sheet "Start a journey" over whatever page asked for it. */
export function StartSheetHost() {
  const suggestion = useStore(startSheet);
  const readOnly = useProfile()?.read_only === true;
  useShortcut({
    keys: "n",
    does: "Start a journey",
    group: "Everywhere",
    run: () => {
      if (!readOnly) openStartJourney();
    },
  });
  if (suggestion === undefined) return null;
  return (
    <Suspense fallback={null}>
      <StartSheet suggestion={suggestion} onClose={() => startSheet.set(undefined)} />
    </Suspense>
  );
}
