import { parseDuration } from "../../core/duration.ts";
import { AntigraphError } from "../../core/errors.ts";
import { topicNames } from "../../core/topic-names.ts";
import { accessCluster, clusterArgs, repeatableClusterArgs } from "../cluster-access.ts";
import { command, group, integer } from "../command.ts";
import { Failure, UsageError } from "../failure.ts";
import { printJson } from "../io.ts";
import { lineLogger } from "../line-logger.ts";
import { table } from "../table.ts";

const MAXIMUM_PARTITIONS = 1_000;
const MAXIMUM_REPLICATION = 9;
/** What a manager that was away hasn't read yet must still be there. */
const SHORTEST_RETENTION_MS = 3_600_000;

const createCommand = command({
  name: "create",
  description: "Create the topics on a Kafka cluster, or say what differs",
  args: {
    ...clusterArgs,
    partitions: { type: "string", description: "Of tomanager, audit and journeys alike (12)", valueHint: "N" },
    retention: {
      type: "string",
      description: "How long inputs, commands, audit and ended journeys are kept (7d)",
      valueHint: "TIME",
    },
    replication: {
      type: "string",
      description: "Copies of each partition (3 where there are brokers)",
      valueHint: "N",
    },
    json: { type: "boolean", description: "Answer as JSON" },
  },
  repeatable: repeatableClusterArgs,
  async run({ args, all, io }) {
    const { connection, flags } = await accessCluster(args, all("topic"), io);
    const { provisionTopics } = await import("../../bus/kafka/provision.ts");
    const provisioned = await provisionTopics({
      ...connection,
      topics: topicNames(connection.prefix, connection.topics),
      partitions: integer(args.partitions, "--partitions", 1, MAXIMUM_PARTITIONS),
      replication: integer(args.replication, "--replication", 1, MAXIMUM_REPLICATION),
      retentionMs: retentionOf(args.retention),
      logger: lineLogger(io, false),
    }).catch((error: unknown) => {
      if (!(error instanceof AntigraphError) || error.code !== "bus_unavailable") throw error;
      throw new Failure(error.code, error.message, `\`antigraph doctor ${flags}\` finds out what is in the way.`);
    });
    const { created, differences } = provisioned;
    if (args.json) printJson(io, provisioned);
    else {
      io.out(created.length > 0 ? `Created ${created.join(", ")}.` : "All topics are there.");
      const rows = differences.map(({ topic, what, has, wanted }) => [topic, what, has, wanted]);
      if (rows.length > 0) io.out(table(["topic", "what", "has", "wanted"], rows));
    }
    if (differences.length > 0) {
      const fix =
        "Nothing was changed: alter the topics with Kafka's tools, ask for what they have, or choose another --prefix.";
      throw new Failure("topics_differ", `${differences.length} settings differ from what was asked for`, fix);
    }
  },
});

/** Flows are kept for ever, whatever is asked for. */
function retentionOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const retentionMs = parseDuration(given);
  if (retentionMs === undefined || retentionMs < SHORTEST_RETENTION_MS) {
    throw new UsageError(`--retention takes a time like 12h or 30d, an hour at least, not "${given}".`);
  }
  return retentionMs;
}

export const topicsCommand = group("topics", "Provision topics", { create: createCommand });
