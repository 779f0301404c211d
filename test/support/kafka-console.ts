/** A console on a Kafka profile: topics of its own on the cluster, the sample flow published, sample services beside it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openProfiles } from "../../engine/api/profiles.ts";
import { profileDraftSchema } from "../../engine/api/schemas/profile.ts";
import { provisionTopics } from "../../engine/bus/kafka/provision.ts";
import { type TopicSettings, topicNames } from "../../engine/core/topic-names.ts";
import { runSamples } from "../../examples/services/samples.ts";
import { openTestConsole, temporaryFolder } from "./running-console.ts";

export const PROFILE = "cluster";
const EXAMPLES = join(import.meta.dirname, "../../examples");

export interface KafkaPlace {
  brokers: string[];
  prefix: string;
  topics?: TopicSettings;
}

/** Topics under a prefix of their own. */
export async function kafkaPlace(
  brokers: string[],
  partitions = 4,
  prefix = `c${crypto.randomUUID().slice(0, 8)}.`,
): Promise<KafkaPlace> {
  await provisionTopics({ brokers, topics: topicNames(prefix), partitions });
  return { brokers, prefix };
}

/** A data folder with a profile of this place. */
export async function folderWithProfile(
  place: KafkaPlace,
  options: { runManager?: boolean; name?: string; dataDir?: string } = {},
): Promise<string> {
  const { name = PROFILE, dataDir = temporaryFolder(), runManager = true } = options;
  const draft = { kind: "kafka", run_manager: runManager, kafka: place };
  await openProfiles(dataDir).put(name, profileDraftSchema.parse(draft));
  return dataDir;
}

export async function openKafkaConsole(place: KafkaPlace, options: { runManager?: boolean; dataDir?: string } = {}) {
  const dataDir = options.dataDir ?? (await folderWithProfile(place, options));
  const opened = await openTestConsole({ dataDir, profile: PROFILE });
  const publishSamples = async () => {
    const negations = JSON.parse(readFileSync(join(EXAMPLES, "negations.json"), "utf8"));
    await opened.api("PUT", "/negations", { negations });
    const flow = JSON.parse(readFileSync(join(EXAMPLES, "flows/onboarding.flow.json"), "utf8"));
    return opened.api("POST", "/flows", flow);
  };
  return { ...opened, publishSamples };
}

/** The three services of the onboarding, over Kafka; `group: "closed"` makes its last step fail. */
export async function runOnboardingServices(place: KafkaPlace) {
  const dataDir = temporaryFolder();
  const samples = await runSamples({ ...place, dataDir, only: ["user", "license", "membership"] });
  onTestFinished(() => samples.stop());
  await samples.ready;
  return { dataDir };
}
