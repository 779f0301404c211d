import { command, group } from "../command.ts";
import { needsKafka } from "../needs-kafka.ts";

const createCommand = command({
  name: "create",
  description: "Create the topics on a Kafka cluster, or say what differs",
  args: {
    brokers: { type: "string", description: "The cluster", valueHint: "HOST:PORT,..." },
    partitions: { type: "string", description: "Of tomanager, audit and journeys alike", valueHint: "N" },
    replication: { type: "string", description: "Copies of each partition", valueHint: "N" },
    json: { type: "boolean", description: "Answer as JSON" },
  },
  run() {
    throw needsKafka("topics create provisions a Kafka cluster");
  },
});

export const topicsCommand = group("topics", "Provision topics", { create: createCommand });
