/** Where the Kafka suites find their cluster: KAFKA_BROKERS, else one broker that is started for the run. */
import type { TestProject } from "vitest/node";
import { startCluster } from "./kafka-cluster.ts";

declare module "vitest" {
  interface ProvidedContext {
    kafkaBrokers: string[];
  }
}

/** The project's global setup. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.KAFKA_BROKERS;
  if (given) {
    project.provide("kafkaBrokers", given.split(","));
    return async () => {};
  }
  const cluster = await startCluster({ brokers: 1 });
  project.provide("kafkaBrokers", cluster.addresses);
  return () => cluster.stop();
}
