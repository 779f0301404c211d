/** `npm run kafka -- --brokers 1|3`: a cluster for development, until Ctrl-C. */
import { parseArgs } from "node:util";
import { startCluster } from "./kafka-cluster.ts";

const { values } = parseArgs({ options: { brokers: { type: "string", default: "1" } } });
const count = Number(values.brokers);
if (count !== 1 && count !== 3) {
  console.error("--brokers is 1 or 3");
  process.exit(2);
}
const cluster = await startCluster({ brokers: count });
console.log(`KAFKA_BROKERS=${cluster.addresses.join(",")}`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    await cluster.stop();
    process.exit(0);
  });
}
