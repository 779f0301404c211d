import { resolve } from "node:path";
import { SAMPLE_NAMES } from "../../../examples/services/names.ts";
import { type ConsoleClient, ConsoleError, ConsoleUnreachable } from "../../service/console-client.ts";
import { accessCluster, clusterArgs, repeatableClusterArgs } from "../cluster-access.ts";
import { command } from "../command.ts";
import { accessConsole, consoleArgs } from "../console-access.ts";
import { defaultDataDir } from "../data-dir.ts";
import { Failure, UsageError } from "../failure.ts";
import { faultsOf } from "../fault-flags.ts";
import { type Io, printJson } from "../io.ts";
import { table } from "../table.ts";
import { untilStopped } from "../until-stopped.ts";

export const servicesCommand = command({
  name: "services",
  description:
    "Run the sample services on a console (start it with --no-samples) or on a Kafka cluster, or show their tables",
  args: {
    only: { type: "string", description: `Only these of ${SAMPLE_NAMES.join(", ")}`, valueHint: "NAME,..." },
    fail: {
      type: "string",
      description: "Make calls fail before they do anything; repeatable",
      valueHint: "service.function[=RATE]",
    },
    delay: {
      type: "string",
      description: "Hold calls up; repeatable",
      valueHint: "[service.function=]MS",
    },
    data: {
      type: "string",
      description:
        "Their SQLite files lie in samples/ in it (default: the console's data folder; kafka/ in it with --brokers)",
      valueHint: "DIR",
    },
    dump: { type: "boolean", description: "Show what is in their tables, and run nothing" },
    url: consoleArgs.url,
    profile: { type: "string", description: "On the Kafka cluster of this profile instead", valueHint: "NAME" },
    brokers: { type: "string", description: "Or on this cluster, in clear", valueHint: "HOST:PORT,..." },
    prefix: clusterArgs.prefix,
    topic: clusterArgs.topic,
    json: { type: "boolean", description: "Answer as JSON" },
  },
  repeatable: ["fail", "delay", ...repeatableClusterArgs],
  async run({ args, all, io }) {
    const names = namesOf(args.only);
    const onKafka = args.brokers !== undefined || args.profile !== undefined;
    const topics = all("topic");
    if (!onKafka && args.prefix !== undefined) throw new UsageError("--prefix goes with --brokers.");
    if (!onKafka && topics.length > 0) throw new UsageError("--topic goes with --brokers.");
    const cluster = onKafka ? await accessCluster(args, topics, io) : undefined;
    const dataDir = args.data ?? resolve(defaultDataDir(io.environment), onKafka ? "kafka" : "");
    if (args.dump) return await dump(dataDir, names, args.json === true, io);
    const faults = faultsOf(all("fail"), all("delay"), names);
    const { where, place } =
      cluster === undefined
        ? await onConsole(args.url, dataDir, io)
        : { where: cluster.connection, place: cluster.place };
    const { runSamples } = await import("../../../examples/services/samples.ts");
    const samples = await runSamples({
      ...{ ...where, dataDir, only: names, faults },
      log: (level, message) => {
        if (level !== "info") io.err(message);
      },
    });
    const stopped = untilStopped();
    try {
      await Promise.race([samples.ready, samples.ended, stopped]);
      if (args.json) {
        // A connection holds secrets too.
        const told = "url" in where ? { url: place } : { brokers: where.brokers, prefix: where.prefix };
        printJson(io, { services: names, ...told, data: dataDir, faults });
      } else {
        io.out(`${names.join(", ")} run on ${place}; their tables are in ${dataDir}/samples. Ctrl-C stops them.`);
        for (const { service, function: name, rate, delay_ms } of faults) {
          const what = rate > 0 ? `fails (${Math.round(rate * 100)} % of the calls)` : `waits ${delay_ms} ms`;
          io.out(`${service}.${name} ${what}.`);
        }
      }
      await Promise.race([samples.ended, stopped]);
    } catch (error) {
      // What the console said is clearer than that a transport couldn't go on.
      throw error instanceof Error && error.cause instanceof ConsoleError ? error.cause : error;
    } finally {
      await samples.stop();
    }
  },
});

async function onConsole(given: string | undefined, dataDir: string, io: Io) {
  const { url, token, client } = accessConsole({ url: given, "data-dir": dataDir }, io);
  if (token === undefined) {
    const fix = "Set ANTIGRAPH_TOKEN, or name the console's data folder with --data.";
    throw new Failure("unauthorized", "The services need the console's token", fix);
  }
  await greet(client, io);
  return { where: { url, token }, place: url };
}

/** A console that isn't there yet is waited for. */
async function greet(client: ConsoleClient, io: Io): Promise<void> {
  try {
    const { body } = await client.call("/info");
    if (!(body as { samples: boolean }).samples) return;
    io.err(
      "That console runs sample services of its own, which answer the same commands (--no-samples leaves them out).",
    );
  } catch (error) {
    if (!(error instanceof ConsoleUnreachable)) throw error;
    io.err(`No console answers at ${client.url} yet; the services wait for it.`);
  }
}

function namesOf(only: string | undefined): string[] {
  if (only === undefined) return SAMPLE_NAMES;
  const names = only.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !SAMPLE_NAMES.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`--only: there is no sample service "${unknown}"; there are ${SAMPLE_NAMES.join(", ")}.`);
  }
  return names;
}

async function dump(dataDir: string, names: string[], json: boolean, io: Io): Promise<void> {
  const { dumpSamples } = await import("../../../examples/services/dump.ts");
  const services = dumpSamples(dataDir, names);
  if (json) {
    printJson(io, services);
    return;
  }
  for (const [service, tables] of Object.entries(services)) {
    for (const [name, rows] of Object.entries(tables)) {
      io.out(`${service}.${name}: ${rows.length} ${rows.length === 1 ? "row" : "rows"}`);
      const [first] = rows;
      if (!first) continue;
      const columns = Object.keys(first);
      const cells = rows.map((row) => columns.map((column) => String(row[column] ?? "")));
      io.out(`${table(columns, cells)}\n`);
    }
  }
}
