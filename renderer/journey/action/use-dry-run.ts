/**
 * The dry run of an action, made again whenever the form changes or the journey moves. The former plan stays until the
 * new one is there; that it changed is told.
 */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Preview } from "../../../engine/core/view.ts";
import { api } from "../../api.ts";
import type { MadeRequest, Request } from "./action-form.ts";

/** A typed text is planned once it rests. */
const TYPING_MS = 250;
/** After a plan changed by itself the button rests this long, so that nobody presses on what he hasn't read. */
const CHANGED_REST_MS = 900;

export interface DryRun {
  preview: Preview | undefined;
  error: unknown;
  /** What is shown isn't what the form or the journey say now. */
  stale: boolean;
  /** The journey moved and the plan is another one than before, though the form is the same. */
  changed: boolean;
  /** The plan changed just now. */
  resting: boolean;
  again: () => void;
}

export function useDryRun(uuid: string, made: MadeRequest, seq: number, enabled: boolean): DryRun {
  const wanted = made.ok ? JSON.stringify(made.request) : undefined;
  const asked = useRested(wanted);
  const query = useQuery({
    queryKey: ["dry-run", uuid, seq, asked],
    queryFn: ({ signal }) => api.dryRun(uuid, JSON.parse(asked ?? "{}") as Request, signal),
    enabled: enabled && asked !== undefined,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
  const current = query.isSuccess && !query.isPlaceholderData && wanted === asked;
  const { changed, resting } = useChange(current ? query.data.plan : undefined, asked);
  return {
    preview: made.ok && query.error === null ? query.data : undefined,
    error: made.ok ? query.error : null,
    stale: !current,
    changed,
    resting,
    again: () => void query.refetch(),
  };
}

/** The text once it has stayed the same for a moment; the first one at once. */
function useRested(text: string | undefined): string | undefined {
  const [rested, setRested] = useState(text);
  useEffect(() => {
    if (text === rested) return;
    const timer = setTimeout(() => setRested(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, rested]);
  return rested;
}

/** Whether the plan of one and the same request became another one. */
function useChange(plan: string | undefined, request: string | undefined): { changed: boolean; resting: boolean } {
  const [seen, setSeen] = useState<{ request: string | undefined; plan: string; changed: boolean; at: number }>();
  const [resting, setResting] = useState(false);
  if (plan !== undefined && (seen === undefined || seen.request !== request || seen.plan !== plan)) {
    const changed = seen !== undefined && seen.request === request;
    setSeen({
      request,
      plan,
      changed: changed || (seen?.request === request && seen?.changed === true),
      at: Date.now(),
    });
    if (changed) setResting(true);
  }
  useEffect(() => {
    if (!resting) return;
    const timer = setTimeout(() => setResting(false), CHANGED_REST_MS);
    return () => clearTimeout(timer);
  }, [resting]);
  return { changed: seen?.changed === true && seen.request === request, resting };
}
