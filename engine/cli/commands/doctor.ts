import type { Stage } from "../../bus/kafka/connection-test.ts";
import { accessCluster, clusterArgs, repeatableClusterArgs } from "../cluster-access.ts";
import { command } from "../command.ts";
import { Told } from "../failure.ts";
import { type Io, printJson } from "../io.ts";

const STAGE_WIDTH = 13;
const STATUS_WIDTH = 8;
const INDENT = " ".repeat(STAGE_WIDTH);

export const doctorCommand = command({
  name: "doctor",
  description: "Test the connection to a Kafka cluster, stage by stage, and say what is missing",
  args: {
    ...clusterArgs,
    manager: {
      type: "boolean",
      default: true,
      description: "Its user is to run managers",
      negativeDescription: "Its user is to run consoles only",
    },
    json: { type: "boolean", description: "Answer as JSON" },
  },
  repeatable: repeatableClusterArgs,
  async run({ args, all, io }) {
    const { connection, flags } = await accessCluster(args, all("topic"), io);
    const { prefix, topics } = connection;
    const { testConnection } = await import("../../bus/kafka/connection-test.ts");
    const createTopics = `antigraph topics create ${flags}`;
    const stages: Stage[] = [];
    const { registry } = connection;
    const options = { prefix, topics, manager: args.manager, createTopics, ...(registry && { registry }) };
    for await (const stage of testConnection(connection, options)) {
      stages.push(stage);
      if (!args.json) print(stage, io);
    }
    if (args.json) printJson(io, { stages });
    if (stages.some(({ status }) => status === "failed")) throw new Told();
  },
});

function print({ stage, status, message, help, details = [] }: Stage, io: Io): void {
  const said = status === "failed" ? "FAILED" : status;
  io.out(`${stage.padEnd(STAGE_WIDTH)}${said.padEnd(STATUS_WIDTH)}${message}`);
  if (status === "ok" || status === "skipped") return;
  for (const line of details.length > 1 ? details : []) io.out(`${INDENT}- ${line}`);
  for (const line of help?.split("\n") ?? []) io.out(`${INDENT}${line}`);
}
