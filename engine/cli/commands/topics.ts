import { brokersOf } from "../brokers.ts";
import { command, group, integer } from "../command.ts";
import { Failure, UsageError } from "../failure.ts";
import { printJson } from "../io.ts";
import { lineLogger } from "../line-logger.ts";
import { table } from "../table.ts";

const MAXIMUM_PARTITIONS = 1_000;
const MAXIMUM_REPLICATION = 9;

const createCommand = command({
  name: "create",
  description: "Create the topics on a Kafka cluster, or say what differs",
  args: {
    brokers: { type: "string", description: "The cluster", valueHint: "HOST:PORT,..." },
    prefix: { type: "string", description: "In front of all topic names", valueHint: "TEXT" },
    partitions: { type: "string", description: "Of tomanager, audit and journeys alike (12)", valueHint: "N" },
    replication: {
      type: "string",
      description: "Copies of each partition (3 where there are brokers)",
      valueHint: "N",
    },
    json: { type: "boolean", description: "Answer as JSON" },
  },
  async run({ args, io }) {
    if (args.brokers === undefined) throw new UsageError("Name the cluster with --brokers HOST:PORT,...");
    const { provisionTopics, topicNames } = await import("../../bus/kafka/provision.ts");
    const provisioned = await provisionTopics({
      brokers: brokersOf(args.brokers),
      topics: topicNames(args.prefix),
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
