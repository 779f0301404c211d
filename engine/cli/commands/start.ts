import type { JourneyStatus, JourneyView } from "../../core/view.ts";
import { pause, systemClock } from "../../service/clock.ts";
import { type ConsoleClient, ConsoleError } from "../../service/console-client.ts";
import { command, integer } from "../command.ts";
import { accessConsole, consoleArgs } from "../console-access.ts";
import { Failure, Told } from "../failure.ts";
import { printJson } from "../io.ts";
import { journeyText } from "../journey-text.ts";
import { jsonArgument } from "../json-argument.ts";

const POLL_MS = 250;
const LONGEST_CALL_MS = 30_000;
const DEFAULT_TIMEOUT_S = 300;
const LONGEST_TIMEOUT_S = 86_400;

/** In these a journey stays until a person does something, or for ever. */
const RESTING: ReadonlySet<JourneyStatus> = new Set([
  "completed",
  "rolled_back",
  "terminated",
  "rollback_failed",
  "held",
  "paused",
]);

export const startCommand = command({
  name: "start",
  description: "Start a journey",
  args: {
    name: { type: "positional", required: true, description: "The flow" },
    version: { type: "string", description: "Its version (default: the newest)", valueHint: "V" },
    data: { type: "string", description: "The journey's input", valueHint: "JSON|@FILE" },
    uuid: { type: "string", description: "Its id; the same one again starts nothing new", valueHint: "UUID" },
    reason: { type: "string", description: "Why, for its history", valueHint: "TEXT" },
    wait: { type: "boolean", description: "Wait until it ends; exit code 1 unless it completed" },
    timeout: {
      type: "string",
      description: `How long to wait, in seconds (default ${DEFAULT_TIMEOUT_S})`,
      valueHint: "S",
    },
    ...consoleArgs,
  },
  async run({ args, io }) {
    const timeoutS = integer(args.timeout, "--timeout", 1, LONGEST_TIMEOUT_S) ?? DEFAULT_TIMEOUT_S;
    const data = jsonArgument(args.data, "--data");
    const { client } = accessConsole(args, io);
    const { status, body } = await client.call("/journeys", {
      method: "POST",
      body: { name: args.name, version: args.version, data, uuid: args.uuid, reason: args.reason },
    });
    const started = body as { uuid: string; queued?: boolean };
    if (started.queued && !args.json) {
      io.err("The bus can't be reached: the console keeps the start and sends it later.");
    }
    if (!args.wait) {
      if (args.json) return printJson(io, started);
      const before = status === 200 ? " (it had been started before)" : "";
      return io.out(`${started.uuid}${before}`);
    }
    if (!args.json) io.err(`Started ${started.uuid}; waiting for its end.`);
    const journey = await untilResting(client, started.uuid, timeoutS * 1_000, io.now);
    if (args.json) printJson(io, journey);
    else io.out(journeyText(journey));
    if (journey.status !== "completed") throw new Told();
  },
});

async function untilResting(
  client: ConsoleClient,
  uuid: string,
  timeoutMs: number,
  now: () => number,
): Promise<JourneyView> {
  const endsAt = now() + timeoutMs;
  for (;;) {
    const journey = await lookAt(client, uuid);
    if (journey && RESTING.has(journey.status)) return journey;
    if (now() > endsAt) {
      const status = journey?.status ?? "not begun by a manager";
      const fix = `Look again with \`antigraph journeys show ${uuid}\`.`;
      throw new Failure("wait_timeout", `The journey is still ${status} after ${timeoutMs / 1_000} s`, fix);
    }
    await pause(systemClock, POLL_MS);
  }
}

/** Undefined while no manager has taken up its start. */
async function lookAt(client: ConsoleClient, uuid: string): Promise<JourneyView | undefined> {
  try {
    const { body } = await client.call(`/journeys/${uuid}`, { timeoutMs: LONGEST_CALL_MS });
    return body as JourneyView;
  } catch (error) {
    if (error instanceof ConsoleError && error.code === "journey_not_found") return undefined;
    throw error;
  }
}
