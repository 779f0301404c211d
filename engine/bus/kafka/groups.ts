/** The consumer groups of the cluster, with members and lag. */
import type { Admin, default as kafkajs } from "kafkajs";
import type { GroupInfo } from "../bus.ts";
import type { Client } from "./client.ts";
import { logsOf } from "./topics.ts";

/** Positions that are newer than what the group has stored: group -> topic -> partition -> offset. */
export type KnownPositions = (group: string, topic: string, partition: number) => number | undefined;

export async function describeGroups(
  admin: Admin,
  client: Client,
  codec: typeof kafkajs.AssignerProtocol,
  known: KnownPositions,
): Promise<GroupInfo[]> {
  const listed = (await admin.listGroups()).groups.filter(({ protocolType }) => protocolType === "consumer");
  if (listed.length === 0) return [];
  const { groups } = await admin.describeGroups(listed.map(({ groupId }) => groupId));
  const infos = await Promise.all(
    groups.map(async ({ groupId, members, state }): Promise<GroupInfo> => {
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
      const clients = members.map(({ memberId, clientId, clientHost, memberAssignment }) => ({
        ...{ member: memberId, client: clientId, host: clientHost.replace(/^\//, "") },
        partitions: partitionsOf(codec, memberAssignment),
      }));
      return { group: groupId, members: members.length, state, clients, topics: positions };
    }),
  );
  const names = new Set(infos.flatMap((info) => info.topics.map((position) => position.topic)));
  const logs = await logsOf(client, [...names]);
  for (const { topics } of infos) {
    topics.sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition));
    for (const position of topics) {
      const log = logs.get(position.topic)?.[position.partition];
      position.end = log === undefined || log.away ? position.committed : log.end;
      position.lag = Math.max(0, position.end - position.committed);
    }
  }
  return infos;
}

/** Empty while the group settles who has what, and for members of a protocol that this client doesn't know. */
function partitionsOf(
  codec: typeof kafkajs.AssignerProtocol,
  assignment: Buffer,
): { topic: string; partition: number }[] {
  try {
    const decoded = assignment.length === 0 ? null : codec.MemberAssignment.decode(assignment);
    return Object.entries(decoded?.assignment ?? {}).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
  } catch {
    return [];
  }
}
