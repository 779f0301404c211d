/** The palette's functions: from the services, from the newest versions of published flows, and from negations. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { NegationList } from "../../engine/core/flow.ts";
import { api } from "../api.ts";
import { useFlows, useServices } from "../queries.ts";
import { keys } from "../query-keys.ts";
import { buildCatalogue, builtInSteps, type CatalogueService } from "./catalogue.ts";
import type { Workflow } from "./document.ts";
import { readWorkflow } from "./import-flow.ts";

/** So many flows are read for the functions they know; the services know most of them anyway. */
const MAXIMUM_FLOWS_READ = 30;

export function useNegations(): NegationList | undefined {
  return useQuery({ queryKey: keys.negations, queryFn: ({ signal }) => api.negations(signal) }).data?.negations;
}

export function useCatalogue(negations: NegationList | undefined): CatalogueService[] {
  const services = useServices().data?.services;
  const flows = useFlows().data?.flows ?? [];
  const newest = flows.slice(0, MAXIMUM_FLOWS_READ).flatMap(({ name, versions }) => {
    const version = versions[0]?.version;
    return version === undefined ? [] : [{ name, version }];
  });
  const workflows = useQueries({
    queries: newest.map(({ name, version }) => ({
      queryKey: keys.flow(name, version),
      queryFn: ({ signal }: { signal: AbortSignal }) => api.flow(name, version, signal),
      staleTime: Number.POSITIVE_INFINITY,
    })),
    combine: (results) => results.flatMap(({ data }) => readable(data?.workflow)),
  });
  return useMemo(
    () => [...buildCatalogue(services ?? [], workflows, negations === undefined ? [] : [negations]), builtInSteps()],
    [services, workflows, negations],
  );
}

function readable(workflow: Record<string, unknown> | undefined): Workflow[] {
  if (workflow === undefined) return [];
  const read = readWorkflow(workflow);
  return read.ok ? [read.workflow] : [];
}
