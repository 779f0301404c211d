/** Which cluster a command works on: a profile of a data folder, or brokers in clear. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { KafkaConnection } from "../bus/kafka/client.ts";
import { brokersOf } from "./brokers.ts";
import { defaultDataDir } from "./data-dir.ts";
import { UsageError } from "./failure.ts";
import type { Io } from "./io.ts";

export const clusterArgs = {
  profile: { type: "string", description: "The profile of the cluster", valueHint: "NAME" },
  brokers: { type: "string", description: "Or its brokers, in clear", valueHint: "HOST:PORT,..." },
  prefix: { type: "string", description: "With --brokers: in front of all topic names", valueHint: "TEXT" },
  data: { type: "string", description: "The data folder with the profiles", valueHint: "DIR" },
} as const;

export interface ClusterGiven {
  profile?: string | undefined;
  brokers?: string | undefined;
  prefix?: string | undefined;
  data?: string | undefined;
}

export interface ClusterAccess {
  connection: KafkaConnection;
  prefix: string;
  /** As the operator named it. */
  place: string;
  /** `--profile NAME`, or `--brokers ... --prefix ...`: for commands in advice. */
  flags: string;
}

/** @throws UsageError, and AntigraphError profile_not_found, not_supported, secret_missing, file_unusable */
export async function accessCluster(given: ClusterGiven, io: Io): Promise<ClusterAccess> {
  const { profile, brokers, prefix } = given;
  if ((profile === undefined) === (brokers === undefined)) {
    throw new UsageError("Name the cluster: either --profile NAME or --brokers HOST:PORT,...");
  }
  if (brokers !== undefined) {
    const flags = `--brokers ${brokers}${prefix ? ` --prefix ${prefix}` : ""}`;
    return { connection: { brokers: brokersOf(brokers) }, prefix: prefix ?? "", place: brokers, flags };
  }
  if (prefix !== undefined) throw new UsageError("--prefix goes with --brokers; a profile has its own.");
  const { readConnection } = await import("../api/cluster-profile.ts");
  const name = profile ?? "";
  const { prefix: own, ...connection } = await readConnection(profilesFolder(given.data, io), name, io.environment);
  return { connection, prefix: own, place: `the profile ${name}`, flags: `--profile ${name}` };
}

/** A manager's own folder need not have the profiles: then they are where consoles keep them. */
function profilesFolder(data: string | undefined, io: Io): string {
  const usual = defaultDataDir(io.environment);
  if (data === undefined) return usual;
  return existsSync(join(data, "profiles.json")) ? resolve(data) : usual;
}
