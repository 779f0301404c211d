import type { JourneyRow } from "../../audit/store.ts";
import { JOURNEY_STATUSES } from "../../core/view.ts";
import { command, integer } from "../command.ts";
import { accessConsole, consoleArgs } from "../console-access.ts";
import { printJson } from "../io.ts";
import { errorText } from "../journey-text.ts";
import { brief, duration, localTime, table } from "../table.ts";

const DEFAULT_ROWS = 20;
const MAXIMUM_ROWS = 200;

export const listCommand = command({
  name: "list",
  description: "List journeys, the newest first",
  args: {
    status: { type: "string", description: JOURNEY_STATUSES.join(", "), valueHint: "STATUS,..." },
    name: { type: "string", description: "Of this flow", valueHint: "FLOW" },
    version: { type: "string", description: "Of this version", valueHint: "V" },
    service: { type: "string", description: "In which this service was called", valueHint: "SERVICE" },
    waiting: { type: "enum", options: ["approval"], description: "In which a person's approval is waited for" },
    error: { type: "string", description: "With this error code, or text in the message", valueHint: "TEXT" },
    q: { type: "string", description: "With this text in ids, inputs, outputs or errors", valueHint: "TEXT" },
    from: { type: "string", description: "Started at or after, ISO 8601", valueHint: "TIME" },
    to: { type: "string", description: "Started before, ISO 8601", valueHint: "TIME" },
    sort: {
      type: "enum",
      options: ["started_at", "-started_at", "ended_at", "-ended_at", "duration", "-duration"],
      description: "By what, - for descending",
    },
    limit: {
      type: "string",
      description: `How many (default ${DEFAULT_ROWS}, at most ${MAXIMUM_ROWS})`,
      valueHint: "N",
    },
    cursor: { type: "string", description: "Where the page before ended", valueHint: "CURSOR" },
    ...consoleArgs,
  },
  async run({ args, io }) {
    const { status, name, version, service, waiting, error, q, from, to, sort, cursor } = args;
    const limit = integer(args.limit, "--limit", 1, MAXIMUM_ROWS) ?? DEFAULT_ROWS;
    const { client } = accessConsole(args, io);
    const query = { status, name, version, service, waiting, error, q, from, to, sort, cursor, limit };
    const { body } = await client.call("/journeys", { query });
    if (args.json) return printJson(io, body);
    const { journeys, next } = body as { journeys: JourneyRow[]; next: string | null };
    if (journeys.length === 0) return io.out("No journeys.");
    io.out(
      table(
        ["UUID", "FLOW", "STATUS", "STARTED", "TOOK", "WHERE", "ERROR"],
        journeys.map((row) => [
          row.uuid,
          `${row.name} ${row.version}`,
          row.status,
          localTime(row.started_at),
          duration(row.started_at, row.ended_at),
          brief(row.where.join(", "), 40),
          row.error ? brief(errorText(row.error)) : "",
        ]),
      ),
    );
    if (next) io.err(`There are more: --cursor ${next}`);
  },
});
