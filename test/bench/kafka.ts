/**
 * `npm run bench -- kafka [throughput] [journeys] [latency] [in-flight]`: the manager on one Kafka broker beside bare
 * kafkajs, in one run. KAFKA_BROKERS names a broker; else one is started for the run.
 */
import { availableParallelism, loadavg } from "node:os";
import { startCluster } from "../support/kafka-cluster.ts";
import { benchInFlight } from "./kafka/in-flight.ts";
import { benchJourneys } from "./kafka/journeys.ts";
import { benchLatency } from "./kafka/latency.ts";
import { benchThroughput } from "./kafka/throughput.ts";

const PARTS: Record<string, (brokers: string[]) => Promise<void>> = {
  throughput: benchThroughput,
  journeys: benchJourneys,
  latency: benchLatency,
  "in-flight": benchInFlight,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`no part ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}
const given = process.env.KAFKA_BROKERS;
const cluster = given ? undefined : await startCluster({ brokers: 1 });
const brokers = given ? given.split(",") : (cluster?.addresses ?? []);
const load = () =>
  loadavg()
    .map((value) => value.toFixed(1))
    .join(" ");
try {
  console.log(`${availableParallelism()} cores, shared with the broker; load average before ${load()}`);
  for (const name of asked.length > 0 ? asked : Object.keys(PARTS)) await PARTS[name]?.(brokers);
  console.log(`load average after ${load()}`);
} finally {
  await cluster?.stop();
}
