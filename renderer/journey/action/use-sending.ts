/**
 * The way of an action once its button was pressed: sent, accepted (which is not success yet), and done or refused when
 * its own event stands in the journey's history.
 */
import { useMutation } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { ActionAccepted } from "../../../engine/api/schemas/action.ts";
import type { JourneyEvent } from "../../../engine/core/events.ts";
import type { Preview } from "../../../engine/core/view.ts";
import { ApiError, api } from "../../api.ts";
import type { Request } from "./action-form.ts";

export type Sending =
  | { phase: "ready" }
  | { phase: "sending" }
  /** Durable; nobody has decided on it yet. `at`: since when, milliseconds. */
  | { phase: "accepted"; queued: boolean; at: number }
  | { phase: "done"; event: JourneyEvent; replay?: string }
  | { phase: "refused"; code: string | undefined; message: string }
  /** The call itself failed; pressing again sends the same action once. */
  | { phase: "failed"; error: unknown };

export interface Send {
  state: Sending;
  send: (request: Request, preview: Preview, reason: string) => void;
  /** After a refusal: another try is another action. */
  restart: () => void;
}

export function useSending(uuid: string, events: readonly JourneyEvent[]): Send {
  // Made once per action: pressing again after a lost answer can't do it twice.
  const [id, setId] = useState(() => crypto.randomUUID());
  const [acceptedAt, setAcceptedAt] = useState(0);
  const mutation = useMutation({
    mutationFn: ({ request, preview, reason }: { request: Request; preview: Preview; reason: string }) =>
      api.act(uuid, { ...request, id, reason, plan: preview.plan, seq: preview.seq }),
    onSuccess: () => setAcceptedAt(Date.now()),
  });
  const { data, error, isPending, mutate, reset } = mutation;
  const own = useMemo(() => actionEvent(events, id), [events, id]);
  return {
    state: stateOf(own, data, error, isPending, acceptedAt),
    send: (request, preview, reason) => mutate({ request, preview, reason }),
    restart: () => {
      setId(crypto.randomUUID());
      reset();
    },
  };
}

/** The first event that an action caused. */
export function actionEvent(events: readonly JourneyEvent[], id: string): JourneyEvent | undefined {
  return (
    events.findLast((event) => event.id === id && event.type === "action.refused") ??
    events.find((event) => event.id === id)
  );
}

function stateOf(
  own: JourneyEvent | undefined,
  data: ActionAccepted | undefined,
  error: Error | null,
  isPending: boolean,
  acceptedAt: number,
): Sending {
  if (own?.type === "action.refused") {
    return { phase: "refused", code: own.error?.code, message: own.error?.message ?? "The journey refused it." };
  }
  if (own !== undefined) return { phase: "done", event: own, replay: data?.replay_uuid };
  if (isPending) return { phase: "sending" };
  if (error instanceof ApiError && isRefusal(error)) {
    return { phase: "refused", code: error.code, message: error.message };
  }
  if (error !== null) return { phase: "failed", error };
  if (data !== undefined) return { phase: "accepted", queued: data.queued, at: acceptedAt };
  return { phase: "ready" };
}

/** The call was understood and the answer is no; anything else may have been taken or not. */
function isRefusal({ status }: ApiError): boolean {
  return status >= 400 && status < 500;
}
