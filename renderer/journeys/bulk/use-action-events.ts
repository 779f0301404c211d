/**
 * An accepted action has happened once its own event stands in the journey's history. This watches for these events,
 * led by the stream.
 */
import { useEffect, useEffectEvent, useRef, useState } from "react";
import type { JourneyEvent } from "../../../engine/core/events.ts";
import { api } from "../../api.ts";
import { useStreamMessages } from "../../live-queries.ts";

/** Histories read side by side. */
const READS_AT_ONCE = 4;

export type ActionEvent = { kind: "done" } | { kind: "refused"; message: string };

/** What the history says about an action: nothing yet, done, or refused with the reason. */
export function findActionEvent(events: readonly JourneyEvent[], actionId: string): ActionEvent | undefined {
  const event = events.find(({ id }) => id === actionId);
  if (event === undefined) return undefined;
  if (event.type !== "action.refused") return { kind: "done" };
  return { kind: "refused", message: event.error?.message ?? event.reason ?? "The journey refused it." };
}

/** @param sent action ids by uuid; grows as batches are accepted */
export function useActionEvents(sent: ReadonlyMap<string, string>): ReadonlyMap<string, ActionEvent> {
  const [found, setFound] = useState<ReadonlyMap<string, ActionEvent>>(new Map());
  const queue = useRef(new Set<string>());
  const reading = useRef(0);

  const read = useEffectEvent(async (uuid: string) => {
    const actionId = sent.get(uuid);
    if (actionId === undefined) return;
    const { events } = await api.events(uuid).catch(() => ({ events: [] }));
    const event = findActionEvent(events, actionId);
    if (event !== undefined) setFound((before) => new Map(before).set(uuid, event));
  });

  const work = useEffectEvent(() => {
    for (const uuid of queue.current) {
      if (reading.current >= READS_AT_ONCE) return;
      queue.current.delete(uuid);
      reading.current += 1;
      void read(uuid).finally(() => {
        reading.current -= 1;
        work();
      });
    }
  });

  useEffect(() => {
    for (const uuid of sent.keys()) queue.current.add(uuid);
    work();
  }, [sent]);

  useStreamMessages((message) => {
    const touched =
      message.type === "reset" ? [...sent.keys()] : (message.changes.journeys ?? []).map(({ uuid }) => uuid);
    for (const uuid of touched) if (sent.has(uuid) && !found.has(uuid)) queue.current.add(uuid);
    work();
  });

  return found;
}
