// Journeys for end-to-end specs, started and followed over the API.

import { expect } from "@playwright/test";
import type { JourneyEvent } from "../../engine/core/events.ts";
import type { JourneyView } from "../../engine/core/view.ts";
import type { ApiClient } from "./e2e-console.ts";

/** Starts a journey and waits until it has one of these statuses. */
export async function startJourney(
  api: ApiClient,
  name: string,
  data: unknown,
  until: readonly JourneyView["status"][],
): Promise<JourneyView> {
  const { uuid } = await api.post<{ uuid: string }>("/journeys", { name, data });
  return untilStatus(api, uuid, until);
}

export async function untilStatus(
  api: ApiClient,
  uuid: string,
  wanted: readonly JourneyView["status"][],
): Promise<JourneyView> {
  let journey: JourneyView | undefined;
  await expect(async () => {
    journey = await api.get<JourneyView>(`/journeys/${uuid}`);
    expect(wanted).toContain(journey.status);
  }).toPass();
  return journey as JourneyView;
}

export async function eventsOf(api: ApiClient, uuid: string): Promise<JourneyEvent[]> {
  return (await api.get<{ events: JourneyEvent[] }>(`/journeys/${uuid}/events`)).events;
}

/** Which commands went out together, as `service.function`, in the order of the groups; within a group by name. */
export function sentTogether(events: readonly JourneyEvent[]): string[][] {
  const groups: string[][] = [];
  let before: JourneyEvent | undefined;
  for (const event of events) {
    if (event.type === "step.dispatched" || event.type === "undo.dispatched") {
      const name = `${event.service}.${event.function}`;
      if (before?.type === event.type && before.at === event.at) groups.at(-1)?.push(name);
      else groups.push([name]);
    }
    before = event;
  }
  return groups.map((group) => group.sort());
}

/** An onboarding that succeeds, and one whose last step refuses. */
export const GOOD_HIRE = { name: "Ada Lovelace", email: "ada@example.com", group: "engineering" };
export const BAD_HIRE = { ...GOOD_HIRE, group: "closed" };
