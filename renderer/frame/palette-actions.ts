/** What the command palette offers beside pages, flows and journeys: pages register the actions they allow now. */
import type { TablerIcon } from "@tabler/icons-react";
import { useEffect, useEffectEvent } from "react";
import { createStore, useStore } from "../parts/store.ts";

export interface PaletteAction {
  id: string;
  label: string;
  description?: string;
  /** Words that find it though they don't stand in the label. */
  keywords?: string;
  icon?: TablerIcon;
  run: () => void;
}

const registered = createStore<readonly (readonly PaletteAction[])[]>([]);

/** Offers actions in the palette while the component is mounted. Give ids and labels that change with what is allowed. */
export function usePaletteActions(actions: readonly PaletteAction[]): void {
  const signature = actions.map(({ id, label, description }) => `${id}\n${label}\n${description ?? ""}`).join("\n\n");
  const current = useEffectEvent(() => actions);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for the actions, which are new objects each time
  useEffect(() => {
    const entry = current().map((action) => ({
      ...action,
      run: () =>
        current()
          .find(({ id }) => id === action.id)
          ?.run(),
    }));
    registered.set([...registered.get(), entry]);
    return () => registered.set(registered.get().filter((other) => other !== entry));
  }, [signature]);
}

export function useRegisteredActions(): PaletteAction[] {
  return useStore(registered).flat();
}
