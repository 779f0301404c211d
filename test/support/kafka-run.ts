/** `npm run kafka -- --brokers 1|3`: a cluster for development, until Ctrl-C. It forgets everything then. */
import { once } from "node:events";
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { startCluster } from "./kafka-cluster.ts";

/** Kafka's own. */
const USUAL_PORT = 9092;

const { values } = parseArgs({ options: { brokers: { type: "string", default: "1" } } });
const count = Number(values.brokers);
if (count !== 1 && count !== 3) {
  console.error("--brokers is 1 or 3");
  process.exit(2);
}
const isUsualFree = await isFree(USUAL_PORT);
if (!isUsualFree) console.log(`Port ${USUAL_PORT} is taken; another one it is.`);
const cluster = await startCluster({ brokers: count, ...(isUsualFree && { port: USUAL_PORT }) });
console.log(`KAFKA_BROKERS=${cluster.addresses.join(",")}`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    await cluster.stop();
    process.exit(0);
  });
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
