/**
 * The looks of all steps and edges at the shown moment, each followed by itself: when the journey moves, or the cursor
 * does, only the boxes that look different are drawn anew.
 */
import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import type { CompiledFlow } from "../../engine/core/flow.ts";
import type { Journey } from "../../engine/core/journey.ts";
import { type StepLook, stepLook, type UndoWalk, undoWalk, wasTaken } from "./step-look.ts";

export interface EdgeLook {
  taken: boolean;
  walk: UndoWalk;
}

export interface LookStore {
  step(id: string): StepLook;
  edge(from: string | undefined, to: string): EdgeLook;
  subscribe(listener: () => void): () => void;
  /** Shows another moment, or another flow. */
  show(journey: Journey, flow: CompiledFlow | undefined): void;
}

export function createLookStore(journey: Journey, flow: CompiledFlow | undefined): LookStore {
  const listeners = new Set<() => void>();
  let shown = { journey, flow };
  let steps = new Map<string, { look: StepLook; text: string; source: unknown }>();
  const edges = new Map<string, EdgeLook>();

  return {
    step(id) {
      const source = shown.journey.steps[id];
      const known = steps.get(id);
      if (known !== undefined && known.source === source) return known.look;
      const look = stepLook(id, shown.flow?.steps[id], shown.journey);
      const text = JSON.stringify(look);
      // The same look keeps its object, so that nobody draws it anew.
      const kept = known?.text === text ? known.look : look;
      steps.set(id, { look: kept, text, source });
      return kept;
    },
    edge(from, to) {
      const look: EdgeLook = {
        taken: wasTaken(from, to, shown.journey),
        walk: from === undefined ? "none" : undoWalk(from, to, shown.journey),
      };
      const key = JSON.stringify([from, to]);
      const known = edges.get(key);
      if (known !== undefined && known.taken === look.taken && known.walk === look.walk) return known;
      edges.set(key, look);
      return look;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    show(nextJourney, nextFlow) {
      const before = shown;
      if (before.journey === nextJourney && before.flow === nextFlow) return;
      // A look depends on its step, and on the journey as a whole: the rollback, and whether it has ended.
      const sameWhole =
        before.journey.rollback === nextJourney.rollback &&
        before.journey.status === nextJourney.status &&
        before.flow === nextFlow;
      if (!sameWhole) {
        steps = new Map([...steps].map(([id, { look, text }]) => [id, { look, text, source: UNKNOWN }]));
      }
      shown = { journey: nextJourney, flow: nextFlow };
      for (const listener of listeners) listener();
    },
  };
}

/** Equal to no step's state. */
const UNKNOWN = Symbol("unknown");

const LookContext = createContext<LookStore | undefined>(undefined);
export const LookProvider = LookContext.Provider;

function useLooks(): LookStore {
  const store = useContext(LookContext);
  if (store === undefined) throw new Error("the looks of steps are shown inside a LookProvider");
  return store;
}

/** How a step looks at the shown moment. */
export function useStepLook(id: string): StepLook {
  const store = useLooks();
  return useSyncExternalStore(
    store.subscribe,
    useCallback(() => store.step(id), [store, id]),
  );
}

export function useEdgeLook(from: string | undefined, to: string): EdgeLook {
  const store = useLooks();
  return useSyncExternalStore(
    store.subscribe,
    useCallback(() => store.edge(from, to), [store, from, to]),
  );
}
