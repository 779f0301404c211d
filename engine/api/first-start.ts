/**
 * What a newcomer finds: on the first start with the sample services, an empty embedded profile gets the sample flows
 * and a handful of journeys, one of which fails and undoes itself in front of their eyes.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { flowRecordSchema } from "../core/protocol.ts";
import type { FlowPublisher } from "./flow-publishing.ts";
import type { ApiHost } from "./host.ts";
import { negationListSchema } from "./schemas/flow.ts";
import { startJourney } from "./starts.ts";

const DEMO_REASON = "Sample journey of the first start";

const DEMO_JOURNEYS = [
  { name: "onboarding", data: { name: "Ada Lovelace", plan: "team" } },
  { name: "onboarding", data: { name: "Grace Hopper", plan: "team" } },
  { name: "onboarding", data: { name: "Katherine Johnson", plan: "team", group: "closed" } },
  { name: "order", data: { customer: "Edsger", item: "chair", quantity: 2, amount: 180 } },
  { name: "order", data: { customer: "Barbara", item: "desk", quantity: 1, amount: 4200 } },
] as const;

/** Has nothing ever been published here, or started? */
export async function isFirstStart(host: Pick<ApiHost, "bus" | "topics">): Promise<boolean> {
  const used = [host.topics.edits, host.topics.toManager];
  const topics = (await host.bus.topics()).filter(({ name }) => used.includes(name));
  return topics.every(({ offsets }) => offsets.every(({ end }) => end === 0));
}

/** Publishes the sample flows and takes their negations into the profile's list, if it is empty. */
export async function publishSamples(host: ApiHost, publisher: FlowPublisher, examplesDir: string): Promise<void> {
  if (Object.keys(host.negations.get()).length === 0) {
    host.negations.set(negationListSchema.parse(readJson(join(examplesDir, "negations.json"))));
  }
  const folder = join(examplesDir, "flows");
  const files = readdirSync(folder).filter((file) => file.endsWith(".flow.json"));
  for (const file of files.sort()) {
    await publisher.publish(flowRecordSchema.parse(readJson(join(folder, file))), { dryRun: false });
  }
}

/** Starts the demo journeys; call it once the sample services answer. */
export async function startDemoJourneys(host: ApiHost): Promise<void> {
  for (const { name, data } of DEMO_JOURNEYS) {
    if (!host.flows.newest(name)) continue;
    await startJourney(
      host,
      { name, data, reason: DEMO_REASON },
      { waitMs: 0, traceparent: undefined, signal: host.closing },
    );
  }
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}
