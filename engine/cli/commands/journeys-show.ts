import type { JourneyView } from "../../core/view.ts";
import { command } from "../command.ts";
import { accessConsole, consoleArgs } from "../console-access.ts";
import { printJson } from "../io.ts";
import { journeyText } from "../journey-text.ts";

export const showCommand = command({
  name: "show",
  description: "Show a journey, as it is or as it was",
  args: {
    uuid: { type: "positional", required: true, description: "The journey" },
    at: {
      type: "string",
      description: "As it was after this event, or at this time (ISO 8601)",
      valueHint: "SEQ|TIME",
    },
    ...consoleArgs,
  },
  async run({ args, io }) {
    const { client } = accessConsole(args, io);
    const { body } = await client.call(`/journeys/${encodeURIComponent(args.uuid)}`, { query: { at: args.at } });
    if (args.json) printJson(io, body);
    else io.out(journeyText(body as JourneyView));
  },
});
