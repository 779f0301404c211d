/** The questions that several pages ask, as hooks over TanStack Query. Kept fresh by live-queries.ts. */
import { QueryClient, queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import type { JourneyEvents } from "../engine/api/schemas/journey.ts";
import type { Profile } from "../engine/api/schemas/profile.ts";
import { ApiError, api } from "./api.ts";
import { keys } from "./query-keys.ts";

/** A failed read is tried this often again, when the error says it may help. */
const MAXIMUM_RETRIES = 2;
/** A safety net below the stream: aggregates are read again at least this often. */
const REFRESH_MS = 15_000;

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        retry: (failures, error) =>
          failures < MAXIMUM_RETRIES && (!(error instanceof ApiError) || isWorthARetry(error)),
        // Stale data stays on the page while it is read again or can't be.
        refetchOnWindowFocus: true,
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}

/** While the console or its cluster is away, asking again at once helps nobody: the page says so and asks later. */
function isWorthARetry({ retryable, status, code }: ApiError): boolean {
  return retryable && status !== 0 && code !== "bus_unavailable";
}

export function useInfo() {
  return useQuery({ queryKey: keys.info, queryFn: ({ signal }) => api.info(signal), staleTime: 60_000 });
}

/** The profile in use; undefined until it is known. */
export function useProfile(): Profile | undefined {
  return useInfo().data?.profile;
}

/** All profiles of this console, without their secrets. */
export function useProfiles() {
  return useQuery({ queryKey: keys.profiles, queryFn: ({ signal }) => api.profiles(signal) });
}

export function useManager() {
  return useQuery({
    queryKey: keys.manager,
    queryFn: ({ signal }) => api.manager(signal),
    refetchInterval: REFRESH_MS,
  });
}

export function useSetManager() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (running: boolean) => api.setManager(running),
    onSuccess: (state) => queries.setQueryData(keys.manager, state),
  });
}

export function useFlows() {
  return useQuery({ queryKey: keys.flows, queryFn: ({ signal }) => api.flows(signal) });
}

export function useFlow(name: string, version: string) {
  return useQuery({
    queryKey: keys.flow(name, version),
    queryFn: ({ signal }) => api.flow(name, version, signal),
    // A published version never changes.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useServices() {
  return useQuery({
    queryKey: keys.services,
    queryFn: ({ signal }) => api.services({}, signal),
    refetchInterval: REFRESH_MS,
  });
}

export function useJourney(uuid: string) {
  return useQuery({
    queryKey: keys.journeyAt(uuid, "now"),
    queryFn: ({ signal }) => api.journey(uuid, undefined, signal),
  });
}

function compiledFlow(name: string, version: string) {
  return queryOptions({
    queryKey: keys.compiledFlow(name, version),
    queryFn: ({ signal }) => api.compiledFlow(name, version, signal),
    // A published version never changes.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The flow as the engine walks it. */
export function useCompiledFlow(name: string, version: string) {
  return useQuery(compiledFlow(name, version));
}

/** The whole history. What is known already is kept as it is, and only what was added since is read. */
function journeyEvents(queries: QueryClient, uuid: string) {
  const queryKey = keys.events(uuid);
  return queryOptions({
    queryKey,
    queryFn: async ({ signal }): Promise<JourneyEvents> => {
      const known = queries.getQueryData<JourneyEvents>(queryKey) ?? { events: [] };
      const { events } = await api.events(uuid, known.events.at(-1)?.seq, signal);
      // The page needs the flow as soon as it has the events: it is on its way while they are read.
      const last = events.at(-1);
      if (last !== undefined) void queries.prefetchQuery(compiledFlow(last.name, last.version));
      return events.length === 0 ? known : { events: [...known.events, ...events] };
    },
    structuralSharing: false,
  });
}

export function useJourneyEvents(uuid: string) {
  const queries = useQueryClient();
  return useQuery(journeyEvents(queries, uuid));
}

/** Reads what the page of a journey needs, for one that is likely to be opened next: then it opens at once. */
export function usePrefetchJourney(): (journey: { uuid: string; name: string; version: string }) => void {
  const queries = useQueryClient();
  return useCallback(
    ({ uuid, name, version }) => {
      void import("./journey/journey-page.tsx");
      void queries.prefetchQuery(compiledFlow(name, version));
      void queries.prefetchQuery(journeyEvents(queries, uuid));
    },
    [queries],
  );
}

/** Faults exist on the embedded profile only; elsewhere the question isn't asked. */
export function useFaults() {
  const profile = useProfile();
  return useQuery({
    queryKey: keys.faults,
    queryFn: ({ signal }) => api.faults(signal),
    enabled: profile?.kind === "embedded",
  });
}

export function useSetFaults() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: api.setFaults,
    onSuccess: (faults) => queries.setQueryData(keys.faults, faults),
  });
}
