/** Which cluster a command works on, and how its topics are called: a profile of a data folder, or brokers in clear. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { KafkaInstallation } from "../bus/kafka/client.ts";
import { TOPIC_SETTINGS, type TopicSettings, topicProblem } from "../core/topic-names.ts";
import { brokersOf } from "./brokers.ts";
import { defaultDataDir } from "./data-dir.ts";
import { UsageError } from "./failure.ts";
import type { Io } from "./io.ts";

export const clusterArgs = {
  profile: { type: "string", description: "The profile of the cluster", valueHint: "NAME" },
  brokers: { type: "string", description: "Or its brokers, in clear", valueHint: "HOST:PORT,..." },
  prefix: { type: "string", description: "With --brokers: in front of all topic names", valueHint: "TEXT" },
  topic: {
    type: "string",
    description: `With --brokers: what a topic (${TOPIC_SETTINGS.join(", ")}) is called; repeatable`,
    valueHint: "TOPIC=NAME",
  },
  data: { type: "string", description: "The data folder with the profiles", valueHint: "DIR" },
} as const;

/** Of these options those that may be given several times. */
export const repeatableClusterArgs = ["topic"];

export interface ClusterGiven {
  profile?: string | undefined;
  brokers?: string | undefined;
  prefix?: string | undefined;
  data?: string | undefined;
}

export interface ClusterAccess {
  connection: KafkaInstallation;
  /** As the operator named it. */
  place: string;
  /** `--profile NAME`, or `--brokers ... --prefix ... --topic ...`: for commands in advice. */
  flags: string;
}

/**
 * @param topics the values of `--topic`
 * @throws UsageError, and AntigraphError profile_not_found, not_supported, secret_missing, file_unusable
 */
export async function accessCluster(given: ClusterGiven, topics: readonly string[], io: Io): Promise<ClusterAccess> {
  const { profile, connection } = clusterGiven(given, topics);
  if (connection !== undefined) {
    const { brokers, prefix } = connection;
    const named = topics.map((topic) => ` --topic ${topic}`).join("");
    const flags = `--brokers ${brokers.join(",")}${prefix ? ` --prefix ${prefix}` : ""}${named}`;
    return { connection, place: brokers.join(","), flags };
  }
  const { readInstallation } = await import("../api/cluster-profile.ts");
  const read = await readInstallation(profilesFolder(given.data, io), profile, io.environment);
  return { connection: read, place: `the profile ${profile}`, flags: `--profile ${profile}` };
}

/** Which of the two ways to name a cluster was taken. @throws UsageError */
export function clusterGiven(
  { profile, brokers, prefix }: ClusterGiven,
  topics: readonly string[],
): { profile: string; connection?: undefined } | { profile?: undefined; connection: KafkaInstallation } {
  if (profile !== undefined && brokers === undefined) {
    if (prefix !== undefined) throw new UsageError("--prefix goes with --brokers; a profile has its own.");
    if (topics.length > 0) throw new UsageError("--topic goes with --brokers; a profile has its own.");
    return { profile };
  }
  if (profile !== undefined || brokers === undefined) {
    throw new UsageError(
      "Name the cluster: either --profile NAME or --brokers HOST:PORT,... (the embedded bus belongs to one console).",
    );
  }
  const connection = { brokers: brokersOf(brokers), prefix: prefix ?? "", topics: topicsOf(prefix ?? "", topics) };
  return { connection };
}

/** `TOPIC=NAME` of each `--topic`. */
function topicsOf(prefix: string, given: readonly string[]): TopicSettings {
  if (!/^[A-Za-z0-9._-]*$/.test(prefix)) {
    throw new UsageError(`--prefix: a prefix is letters, digits, ., - and _, not "${prefix}".`);
  }
  const own: Record<string, string> = {};
  for (const each of given) {
    const [, topic = "", name = ""] = /^([^=]+)=(.+)$/.exec(each) ?? [];
    if (topic === "") throw new UsageError(`--topic takes TOPIC=NAME, not "${each}".`);
    if (own[topic] !== undefined) throw new UsageError(`--topic names ${topic} twice.`);
    own[topic] = name;
  }
  const problem = topicProblem(prefix, own);
  if (problem !== undefined) throw new UsageError(`--topic ${problem.setting}: ${problem.message}.`);
  return own;
}

/**
 * Where the profiles are: a manager's own data folder need not have them, then they are where consoles keep them.
 * @param data as given
 */
export function profilesFolder(data: string | undefined, io: Io): string {
  const usual = defaultDataDir(io.environment);
  if (data === undefined) return usual;
  return existsSync(join(data, "profiles.json")) ? resolve(data) : usual;
}
