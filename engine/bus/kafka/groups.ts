/** The consumer groups of the cluster, with members and lag. */
import type { Admin } from "kafkajs";
import type { GroupInfo } from "../bus.ts";
import type { Client } from "./client.ts";
import { logsOf } from "./topics.ts";

/** Positions that are newer than what the group has stored: group -> topic -> partition -> offset. */
export type KnownPositions = (group: string, topic: string, partition: number) => number | undefined;

export async function describeGroups(admin: Admin, client: Client, known: KnownPositions): Promise<GroupInfo[]> {
  const listed = (await admin.listGroups()).groups.filter(({ protocolType }) => protocolType === "consumer");
  if (listed.length === 0) return [];
  const { groups } = await admin.describeGroups(listed.map(({ groupId }) => groupId));
  const infos = await Promise.all(
    groups.map(async ({ groupId, members }): Promise<GroupInfo> => {
      const topics = await admin.fetchOffsets({ groupId });
      const positions = topics.flatMap(({ topic, partitions }) =>
        partitions
          .filter(({ offset }) => Number(offset) >= 0)
          .map(({ partition, offset }) => ({
            topic,
            partition,
            committed: known(groupId, topic, partition) ?? Number(offset),
            end: 0,
            lag: 0,
          })),
      );
      return { group: groupId, members: members.length, topics: positions };
    }),
  );
  const names = new Set(infos.flatMap((info) => info.topics.map((position) => position.topic)));
  const logs = await logsOf(client, [...names]);
  for (const { topics } of infos) {
    topics.sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition));
    for (const position of topics) {
      position.end = logs.get(position.topic)?.[position.partition]?.end ?? position.committed;
      position.lag = Math.max(0, position.end - position.committed);
    }
  }
  return infos;
}
