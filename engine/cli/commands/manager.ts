import { command } from "../command.ts";
import { needsKafka } from "../needs-kafka.ts";

export const managerCommand = command({
  name: "manager",
  description: "Run a manager without a console, beside others on a Kafka cluster",
  args: {
    profile: { type: "string", description: "The profile to work on", valueHint: "NAME" },
    brokers: { type: "string", description: "Or these brokers", valueHint: "HOST:PORT,..." },
    data: { type: "string", description: "The data folder", valueHint: "DIR" },
    "api-port": { type: "string", description: "Serve the HTTP API here", valueHint: "N" },
    json: { type: "boolean", description: "Answer as JSON" },
  },
  run() {
    throw needsKafka("a manager of its own shares the work through Kafka (the embedded bus belongs to one process)");
  },
});
