/** What all parts of the designer share. */
import { createContext, use, useSyncExternalStore } from "react";
import type { CompiledFlow, Finding, NegationList } from "../../engine/core/flow.ts";
import type { Store } from "../parts/store.ts";
import type { CatalogueService } from "./catalogue.ts";
import type { Designer } from "./designer-store.ts";

export interface Checked {
  findings: Finding[];
  byNode: ReadonlyMap<string, Finding[]>;
  errors: number;
  warnings: number;
  /** Present exactly when there are no errors. */
  flow?: CompiledFlow;
}

export interface DesignerScope {
  designer: Designer;
  checked: Store<Checked>;
  catalogue: CatalogueService[];
  /** The profile's negation list; undefined until it is known. */
  negations?: NegationList;
  /** Opens the dialog that says which calls unknown node types mean. */
  openMapping: () => void;
  /** Shows what the failure of the chosen step would undo. */
  openWhatIf: () => void;
}

export const DesignerContext = createContext<DesignerScope | undefined>(undefined);

export function useDesignerScope(): DesignerScope {
  const scope = use(DesignerContext);
  if (scope === undefined) throw new Error("This part belongs inside a designer.");
  return scope;
}

/** Reads what the checker says; `read` must answer with the same value while nothing changed for the reader. */
export function useChecked<T>(read: (checked: Checked) => T): T {
  const { checked } = useDesignerScope();
  return useSyncExternalStore(checked.subscribe, () => read(checked.get()));
}
