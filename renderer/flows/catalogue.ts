/** The functions that can be put on the canvas, by service: from heartbeats and calls, published flows and negations. */
import type { NegationList } from "../../engine/core/flow.ts";
import { MANAGER } from "../../engine/core/protocol.ts";
import { callOf, stepIdsOf, type Workflow } from "./document.ts";

export interface CatalogueFunction {
  function: string;
  /** `service.function` */
  call: string;
  /** It is known as what undoes another function, so it is rarely a step itself. */
  undoes: string[];
  /** Where it is known from, best source first. */
  source: "service" | "flow" | "negation" | "engine";
  /** What it does, of built-in steps. */
  about?: string;
}

export interface CatalogueService {
  service: string;
  status: "up" | "down" | "unknown";
  functions: CatalogueFunction[];
}

/** The steps that the manager itself carries out. */
const BUILT_IN: Record<string, string> = {
  wait: "waits for a time, or until a moment",
  approve: "waits for a person's decision",
  journey: "runs another flow",
  each: "runs a flow for each element of a list",
};

/** What the catalogue takes of GET /services. */
export interface KnownService {
  service: string;
  status: "up" | "down" | "unknown";
  instances: { functions: string[] }[];
  functions: { function: string }[];
}

/** The built-in steps, as a service of their own. */
export function builtInSteps(): CatalogueService {
  const functions = Object.entries(BUILT_IN).map(([name, about]) => ({
    function: name,
    call: `${MANAGER}.${name}`,
    undoes: [],
    source: "engine" as const,
    about,
  }));
  return { service: MANAGER, status: "unknown", functions };
}

/** All known functions: services by name; in each, first the functions that steps call, then those that undo. */
export function buildCatalogue(
  services: readonly KnownService[],
  workflows: readonly Workflow[],
  negations: readonly NegationList[],
): CatalogueService[] {
  const found = new Map<string, { status: CatalogueService["status"]; functions: Map<string, CatalogueFunction> }>();
  const add = (service: string, name: string, source: CatalogueFunction["source"]) => {
    const entry = found.get(service) ?? { status: "unknown", functions: new Map() };
    found.set(service, entry);
    if (!entry.functions.has(name))
      entry.functions.set(name, { function: name, call: `${service}.${name}`, undoes: [], source });
    return entry.functions.get(name);
  };
  for (const known of services) {
    if (known.service === MANAGER) continue;
    found.set(known.service, { status: known.status, functions: new Map() });
    for (const instance of known.instances)
      for (const name of instance.functions) add(known.service, name, "service");
    for (const { function: name } of known.functions) add(known.service, name, "service");
  }
  for (const workflow of workflows)
    for (const id of stepIdsOf(workflow)) {
      const call = callOf(workflow, workflow.nodes[id]?.type ?? "");
      if (call !== undefined && call.service !== MANAGER) add(call.service, call.function, "flow");
    }
  for (const list of [...negations, ...workflows.map((workflow) => workflow.negations ?? {})])
    for (const [service, functions] of Object.entries(list))
      for (const [name, undo] of Object.entries(functions))
        for (const negation of undo) {
          const entry = add(service, negation, "negation");
          if (entry !== undefined && !entry.undoes.includes(name)) entry.undoes.push(name);
        }
  return [...found]
    .map(([service, { status, functions }]) => ({ service, status, functions: [...functions.values()].sort(byUse) }))
    .sort((a, b) => a.service.localeCompare(b.service));
}

/** The functions that match every word of the search. */
export function searchCatalogue(catalogue: readonly CatalogueService[], search: string): CatalogueService[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return catalogue.flatMap((entry) => {
    const functions = entry.functions.filter((known) =>
      words.every((word) => known.call.toLowerCase().includes(word)),
    );
    return functions.length === 0 ? [] : [{ ...entry, functions }];
  });
}

function byUse(a: CatalogueFunction, b: CatalogueFunction): number {
  const undo = Number(a.undoes.length > 0) - Number(b.undoes.length > 0);
  return undo !== 0 ? undo : a.function.localeCompare(b.function);
}
