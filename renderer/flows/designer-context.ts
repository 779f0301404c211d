/** What all parts of the designer share. */
import { createContext, use } from "react";
import type { CompiledFlow, Finding, NegationList } from "../../engine/core/flow.ts";
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
  checked: Checked;
  catalogue: CatalogueService[];
  /** The profile's negation list; undefined until it is known. */
  negations?: NegationList;
  /** Opens the dialog that says which calls unknown node types mean. */
  openMapping: () => void;
}

export const DesignerContext = createContext<DesignerScope | undefined>(undefined);

export function useDesignerScope(): DesignerScope {
  const scope = use(DesignerContext);
  if (scope === undefined) throw new Error("This part belongs inside a designer.");
  return scope;
}
