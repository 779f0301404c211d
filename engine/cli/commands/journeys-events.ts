import type { JourneyEvent } from "../../core/events.ts";
import { command } from "../command.ts";
import { accessConsole, consoleArgs } from "../console-access.ts";
import { printJson } from "../io.ts";
import { eventsTable } from "../journey-text.ts";

export const eventsCommand = command({
  name: "events",
  description: "Show all that happened in a journey, in order",
  args: { uuid: { type: "positional", required: true, description: "The journey" }, ...consoleArgs },
  async run({ args, io }) {
    const { client } = accessConsole(args, io);
    const { body } = await client.call(`/journeys/${encodeURIComponent(args.uuid)}/events`);
    if (args.json) printJson(io, body);
    else io.out(eventsTable((body as { events: JourneyEvent[] }).events));
  },
});
