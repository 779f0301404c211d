/** What became of an action: accepted (202) is not done yet, its own event in the journey's history is. */
import type { JourneyEvent } from "../core/events.ts";
import { pause, systemClock } from "../service/clock.ts";
import type { ConsoleClient } from "../service/console-client.ts";

const POLL_MS = 100;
const WAIT_MS = 5_000;

export type ActionOutcome =
  | { is: "done"; event: JourneyEvent }
  | { is: "refused"; event: JourneyEvent }
  /** No manager has taken it up within 5 s; it waits in the topic. */
  | { is: "pending" };

export async function actionOutcome(client: ConsoleClient, uuid: string, id: string): Promise<ActionOutcome> {
  const endsAt = systemClock.now() + WAIT_MS;
  for (;;) {
    const { body } = await client.call(`/journeys/${uuid}/events`);
    const { events } = body as { events: JourneyEvent[] };
    const event = events.find((one) => one.id === id);
    if (event) return event.type === "action.refused" ? { is: "refused", event } : { is: "done", event };
    if (systemClock.now() > endsAt) return { is: "pending" };
    await pause(systemClock, POLL_MS);
  }
}
