/** The topics of the cluster. */
import type { Admin } from "kafkajs";
import type { TopicInfo } from "../bus.ts";
import type { Connection } from "./client.ts";
import { typeOf } from "./errors.ts";

const TOPIC_RESOURCE = 2;

/** Kafka's own topics are left out. `connection` sees the ends of all records, committed or not. */
export async function describeTopics(admin: Admin, connection: Connection): Promise<TopicInfo[]> {
  const names = (await admin.listTopics()).filter((name) => !name.startsWith("__")).sort();
  if (names.length === 0) return [];
  const policies = await cleanupPolicies(admin, names);
  const described = await Promise.all(
    names.map(async (name) => {
      const log = await logOf(connection, name);
      if (log === undefined) return undefined;
      const offsets = [...log.ends].map(([partition, end]) => ({
        partition,
        start: log.starts.get(partition) ?? end,
        end,
      }));
      offsets.sort((a, b) => a.partition - b.partition);
      const compacted = policies.get(name)?.includes("compact") ?? false;
      return { name, partitions: offsets.length, compacted, offsets };
    }),
  );
  return described.filter((topic) => topic !== undefined);
}

/** Undefined for a topic that has just been deleted. */
export async function logOf(
  connection: Connection,
  topic: string,
): Promise<{ starts: Map<number, number>; ends: Map<number, number> } | undefined> {
  try {
    await connection.know(topic);
    const partitions = connection.allPartitions(topic);
    const [starts, ends] = await Promise.all([
      connection.offsets(topic, partitions, "start"),
      connection.offsets(topic, partitions, "end"),
    ]);
    return { starts, ends };
  } catch (error) {
    if (typeOf(error) === "UNKNOWN_TOPIC_OR_PARTITION") return undefined;
    throw error;
  }
}

async function cleanupPolicies(admin: Admin, names: readonly string[]): Promise<Map<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: TOPIC_RESOURCE, name, configNames: ["cleanup.policy"] })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      configEntries.find(({ configName }) => configName === "cleanup.policy")?.configValue ?? "delete",
    ]),
  );
}
