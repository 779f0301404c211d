/** What a Kafka profile comes to: its connection, and how strict it is; also for processes that have no console. */
import type { KafkaInstallation } from "../bus/kafka/client.ts";
import { AntigraphError } from "../core/errors.ts";
import { connectionOf } from "./connection-of.ts";
import type { FixedCluster } from "./fixed-profile.ts";
import { findProfile, firstProfiles, type ProfilesFile, readProfiles, type StoredProfile } from "./profile-file.ts";
import { ENVIRONMENTS } from "./schemas/profile.ts";
import { noSecretStore, type SecretSources } from "./secret-store.ts";

/**
 * A Kafka profile's connection, for processes that have no console: reads the data folder, changes nothing.
 * @throws AntigraphError profile_not_found, data_folder_corrupt, not_supported (embedded), secret_missing, file_unusable
 */
export async function readInstallation(
  dataDir: string,
  name: string,
  environment: Record<string, string | undefined> = process.env,
): Promise<KafkaInstallation> {
  const profile = findProfile(readProfiles(dataDir) ?? firstProfiles(), name);
  return installationOf(profile, { secrets: noSecretStore, environment });
}

/**
 * The same with what binds whoever works on the profile.
 * @throws AntigraphError as `readInstallation`
 */
export async function readClusterProfile(
  dataDir: string,
  name: string,
  environment: Record<string, string | undefined> = process.env,
): Promise<FixedCluster> {
  const file = readProfiles(dataDir) ?? firstProfiles();
  const profile = findProfile(file, name);
  const connection = await installationOf(profile, { secrets: noSecretStore, environment });
  const strictest = strictestOf(file, profile).environment;
  // Production is unlocked in a console, by somebody with a reason.
  const read_only = profile.read_only || strictest === "prod";
  return { name, environment: strictest, read_only, connection };
}

/** @throws AntigraphError not_supported (embedded), secret_missing, file_unusable */
export async function installationOf(
  { name, kafka }: StoredProfile,
  sources: SecretSources,
): Promise<KafkaInstallation> {
  if (kafka === undefined) {
    throw new AntigraphError("not_supported", `The profile ${name} is no Kafka cluster: it has no connection.`);
  }
  return { ...(await connectionOf(kafka, sources)), prefix: kafka.prefix, topics: kafka.topics ?? {} };
}

/** The profile of the same cluster whose environment is the strictest; itself where none is stricter. */
export function strictestOf({ profiles }: ProfilesFile, profile: StoredProfile): StoredProfile {
  const { cluster_id } = profile;
  if (cluster_id === undefined) return profile;
  const strictness = (each: StoredProfile) => ENVIRONMENTS.indexOf(each.environment);
  return profiles
    .filter((each) => each.cluster_id === cluster_id)
    .reduce((strict, each) => (strictness(each) > strictness(strict) ? each : strict), profile);
}
