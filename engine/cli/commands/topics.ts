import { accessCluster, clusterArgs } from "../cluster-access.ts";
import { command, group, integer } from "../command.ts";
import { Failure } from "../failure.ts";
import { printJson } from "../io.ts";
import { lineLogger } from "../line-logger.ts";
import { table } from "../table.ts";

const MAXIMUM_PARTITIONS = 1_000;
const MAXIMUM_REPLICATION = 9;

const createCommand = command({
  name: "create",
  description: "Create the topics on a Kafka cluster, or say what differs",
  args: {
    ...clusterArgs,
    partitions: { type: "string", description: "Of tomanager, audit and journeys alike (12)", valueHint: "N" },
    replication: {
      type: "string",
      description: "Copies of each partition (3 where there are brokers)",
      valueHint: "N",
    },
    json: { type: "boolean", description: "Answer as JSON" },
  },
  async run({ args, io }) {
    const { connection, prefix } = await accessCluster(args, io);
    const { provisionTopics, topicNames } = await import("../../bus/kafka/provision.ts");
    const provisioned = await provisionTopics({
      ...connection,
      topics: topicNames(prefix),
      partitions: integer(args.partitions, "--partitions", 1, MAXIMUM_PARTITIONS),
      replication: integer(args.replication, "--replication", 1, MAXIMUM_REPLICATION),
      logger: lineLogger(io, false),
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

export const topicsCommand = group("topics", "Provision topics", { create: createCommand });
