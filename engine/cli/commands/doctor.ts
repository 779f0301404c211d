import { command } from "../command.ts";
import { needsKafka } from "../needs-kafka.ts";

export const doctorCommand = command({
  name: "doctor",
  description: "Test the connection to a Kafka cluster, stage by stage",
  args: {
    profile: { type: "string", description: "The profile to test", valueHint: "NAME" },
    brokers: { type: "string", description: "Or these brokers", valueHint: "HOST:PORT,..." },
    json: { type: "boolean", description: "Answer as JSON" },
  },
  run() {
    throw needsKafka("doctor tests the connection to a Kafka cluster");
  },
});
