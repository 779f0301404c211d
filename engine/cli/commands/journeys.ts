import { ACTIONS } from "../../core/protocol.ts";
import { group } from "../command.ts";
import { actionCommand } from "./journeys-action.ts";
import { eventsCommand } from "./journeys-events.ts";
import { listCommand } from "./journeys-list.ts";
import { showCommand } from "./journeys-show.ts";

export const journeysCommand = group("journeys", "Look at journeys and act on them", {
  list: listCommand,
  show: showCommand,
  events: eventsCommand,
  ...Object.fromEntries(ACTIONS.map((action) => [action, actionCommand(action)])),
});
