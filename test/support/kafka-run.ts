/**
 * `npm run kafka -- --brokers 1|3`, or `--secure` for one broker with SASL_SSL and ACLs: a cluster for development, until
 * Ctrl-C. It forgets everything then.
 */
import { once } from "node:events";
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { startCluster } from "./kafka-cluster.ts";
import { PASSWORD, startSecureCluster, USERS } from "./kafka-secure-cluster.ts";

const USAGE = "npm run kafka [-- --brokers 1|3] [-- --secure]";
/** Kafka's own. */
const USUAL_PORT = 9092;

const { count, isSecure } = options();
const stop = isSecure ? await runSecure() : await runInClear(count);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    await stop();
    process.exit(0);
  });
}

/** Ends the process with 2 and what is wrong where the arguments aren't understood. */
function options(): { count: 1 | 3; isSecure: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        brokers: { type: "string", default: "1" },
        secure: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    if (values.brokers !== "1" && values.brokers !== "3") throw new Error("--brokers is 1 or 3");
    if (values.secure && values.brokers !== "1") throw new Error("--secure is one broker");
    return { count: values.brokers === "1" ? 1 : 3, isSecure: values.secure };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return process.exit(2);
  }
}

async function runInClear(brokers: 1 | 3): Promise<() => Promise<void>> {
  const isUsualFree = await isFree(USUAL_PORT);
  if (!isUsualFree) console.log(`Port ${USUAL_PORT} is taken; another one it is.`);
  const cluster = await startCluster({ brokers, ...(isUsualFree && { port: USUAL_PORT }) });
  console.log(`KAFKA_BROKERS=${cluster.addresses.join(",")}`);
  return () => cluster.stop();
}

async function runSecure(): Promise<() => Promise<void>> {
  const secure = await startSecureCluster();
  const kafka = {
    brokers: secure.brokers("SASL"),
    sasl: { mechanism: "scram-sha-512", username: USERS[0], password: `\${SHOP_KAFKA_PASSWORD}` },
    tls: { ca: secure.authority.caFile },
  };
  console.log(`Users: ${USERS.join(", ")} (${USERS[0]} may do everything, the others nothing until an ACL says so)`);
  console.log(`SHOP_KAFKA_PASSWORD=${PASSWORD}`);
  console.log(`A profile: ${JSON.stringify({ name: "shop", kind: "kafka", environment: "prod", kafka })}`);
  console.log(`Without a login, to grant rights: ${secure.brokers("PLAINTEXT").join(",")}`);
  return () => secure.stop();
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
