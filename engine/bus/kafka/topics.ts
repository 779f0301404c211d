/** The topics of the cluster. */
import type { Admin } from "kafkajs";
import type { TopicInfo } from "../bus.ts";
import type { Client, Connection } from "./client.ts";
import { typeOf } from "./errors.ts";

const TOPIC_RESOURCE = 2;

/** Kafka's own topics are left out. */
export async function describeTopics(admin: Admin, client: Client): Promise<TopicInfo[]> {
  const names = (await admin.listTopics()).filter((name) => !name.startsWith("__")).sort();
  const [logs, settings] = await Promise.all([logsOf(client, names), settingsOf(admin, names)]);
  return [...logs].map(([name, offsets]) => {
    const { cleanup = "delete", retention } = settings.get(name) ?? {};
    return {
      name,
      partitions: offsets.length,
      compacted: cleanup.includes("compact"),
      offsets,
      ...(cleanup.includes("delete") && retention !== undefined && { retentionMs: Number(retention) }),
    };
  });
}

/** Where the logs of topics begin and end, committed or not; without those that have just been deleted. */
export async function logsOf(client: Client, names: readonly string[]): Promise<Map<string, TopicInfo["offsets"]>> {
  if (names.length === 0) return new Map();
  // A connection of its own: one topic that is deleted later would keep all others' metadata from being read.
  const connection = client.connection("all");
  try {
    const there = await knownOf(connection, names);
    const { starts, ends } = await connection.logsOf(there);
    return new Map(
      there.map((topic) => [
        topic,
        connection.allPartitions(topic).map((partition) => {
          const place = connection.placeOf(topic, partition);
          const end = ends.get(topic)?.get(partition);
          if (end === undefined) return { partition, start: 0, end: 0, away: true, ...place };
          return { partition, start: starts.get(topic)?.get(partition) ?? end, end, ...place };
        }),
      ]),
    );
  } finally {
    connection.close();
  }
}

async function knownOf(connection: Connection, names: readonly string[]): Promise<string[]> {
  try {
    await connection.know(...names);
    return [...names];
  } catch (error) {
    if (typeOf(error) !== "UNKNOWN_TOPIC_OR_PARTITION") throw error;
  }
  // One of them is gone: Kafka doesn't tell which.
  const known: string[] = [];
  for (const name of names) {
    try {
      await connection.know(name);
      known.push(name);
    } catch (error) {
      if (typeOf(error) !== "UNKNOWN_TOPIC_OR_PARTITION") throw error;
    }
  }
  return known;
}

/** A client that may not see the settings of topics sees the topics all the same. */
async function settingsOf(
  admin: Admin,
  names: readonly string[],
): Promise<Map<string, { cleanup?: string; retention?: string }>> {
  if (names.length === 0) return new Map();
  const configNames = ["cleanup.policy", "retention.ms"];
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: names.map((name) => ({ type: TOPIC_RESOURCE, name, configNames })),
    });
    return new Map(
      resources.map(({ resourceName, configEntries }) => {
        const configured = (wanted: string) =>
          configEntries.find(({ configName }) => configName === wanted)?.configValue ?? undefined;
        return [resourceName, { cleanup: configured("cleanup.policy"), retention: configured("retention.ms") }];
      }),
    );
  } catch (error) {
    if (typeOf(error)?.endsWith("AUTHORIZATION_FAILED") || typeOf(error) === "UNKNOWN_TOPIC_OR_PARTITION") {
      return new Map();
    }
    throw error;
  }
}
