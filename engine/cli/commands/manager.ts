import { resolve } from "node:path";
import { AntigraphError } from "../../core/errors.ts";
import { brokersOf } from "../brokers.ts";
import { command } from "../command.ts";
import { defaultDataDir } from "../data-dir.ts";
import { Failure, UsageError } from "../failure.ts";
import { printJson } from "../io.ts";
import { lineLogger } from "../line-logger.ts";
import { untilStopped } from "../until-stopped.ts";

export const managerCommand = command({
  name: "manager",
  description: "Run a manager without a console, beside others on a Kafka cluster",
  args: {
    profile: { type: "string", description: "The profile to work on", valueHint: "NAME" },
    brokers: { type: "string", description: "Or these brokers", valueHint: "HOST:PORT,..." },
    prefix: { type: "string", description: "In front of all topic names", valueHint: "TEXT" },
    data: { type: "string", description: "The data folder, one for each manager", valueHint: "DIR" },
    "api-port": { type: "string", description: "Serve the HTTP API here", valueHint: "N" },
    verbose: { type: "boolean", description: "Log more than warnings and errors" },
    json: { type: "boolean", description: "Answer as JSON" },
  },
  async run({ args, io }) {
    if (args.profile !== undefined) throw notYet("--profile: profiles of Kafka clusters");
    if (args["api-port"] !== undefined) throw notYet("--api-port: the API of a manager without a console");
    if (args.brokers === undefined) {
      throw new UsageError(
        "Name the cluster with --brokers HOST:PORT,... (the embedded bus belongs to one console).",
      );
    }
    const dataDir = resolve(args.data ?? defaultDataDir(io.environment), "manager");
    const stopped = untilStopped();
    const { runManager } = await import("../../manager/run-on-kafka.ts");
    const running = await runManager({
      brokers: brokersOf(args.brokers),
      prefix: args.prefix,
      dataDir,
      logger: lineLogger(io, args.verbose === true),
    }).catch((error: unknown) => {
      if (!(error instanceof AntigraphError)) throw error;
      throw new Failure(error.code, error.message);
    });
    try {
      const { partitions } = running.status();
      if (args.json) printJson(io, { partitions, data: dataDir });
      else io.out(`The manager works on ${partitions.length} partitions of ${args.brokers}. Ctrl-C stops it.`);
      await stopped;
    } finally {
      await running.stop();
    }
  },
});

const notYet = (what: string): Failure =>
  new Failure("not_supported", `${what} can't be had yet`, "Name the cluster with --brokers HOST:PORT,...");
