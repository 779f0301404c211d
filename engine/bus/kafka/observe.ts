/** Looking at the cluster: brokers, and where the logs of a topic begin and end, now or at a time. */
import type { Admin } from "kafkajs";
import type { ClusterInfo, PartitionOffsets } from "../bus.ts";
import type { Client, Connection } from "./client.ts";
import { hasQuorum, quorumLeader } from "./describe-quorum.ts";
import { topicNotFound, typeOf, unavailable } from "./errors.ts";
import { knowTopic } from "./read.ts";

export class Observer {
  private readonly client: Client;
  private readonly admin: Admin;
  private connection: Connection;

  constructor(client: Client, admin: Admin) {
    this.client = client;
    this.admin = admin;
    this.connection = client.connection();
  }

  async cluster(): Promise<ClusterInfo> {
    try {
      const { brokers, controller, clusterId } = await this.admin.describeCluster();
      const ruling = await this.controller(controller).catch(() => undefined);
      const listed = brokers.map(({ nodeId, host, port }) => ({
        ...{ id: nodeId, host, port },
        controller: nodeId === ruling,
      }));
      return { id: clusterId, brokers: listed.sort((a, b) => a.id - b.id) };
    } catch (error) {
      throw unavailable("the cluster can't be described", error);
    }
  }

  /** The ends are those that readers of committed records see. Throws `topic_not_found` or `bus_unavailable`. */
  offsets(topic: string): Promise<PartitionOffsets[]> {
    return this.look(topic, async (connection) => {
      const { starts, ends } = await connection.logs(topic);
      return connection.allPartitions(topic).map((partition) => {
        const end = ends.get(partition);
        if (end === undefined) return { partition, start: 0, end: 0, away: true };
        return { partition, start: Math.min(starts.get(partition) ?? end, end), end };
      });
    });
  }

  offsetsAt(topic: string, time: number): Promise<Record<number, number>> {
    return this.look(topic, async (connection) => {
      const { ends } = await connection.logs(topic);
      const asked = [...ends.keys()].map((partition) => ({ partition }));
      const found = await connection.retry(() =>
        connection.cluster.fetchTopicsOffset([{ topic, partitions: asked, fromTimestamp: time }]),
      );
      const offsets = found.flatMap((answer) => answer.partitions);
      return Object.fromEntries(
        [...ends].map(([partition, end]) => {
          const offset = Number(offsets.find((it) => it.partition === partition)?.offset ?? -1);
          return [partition, offset < 0 ? end : Math.min(offset, end)];
        }),
      );
    });
  }

  /**
   * Without ZooKeeper the metadata names any broker as the controller, another one each time: one that clients may ask
   * (KIP-590). Undefined while there is none; it may also be none of the brokers. Rejects where the broker may not tell.
   */
  private async controller(named: number | null): Promise<number | undefined> {
    await this.connection.connect();
    await this.connection.cluster.refreshMetadataIfNecessary();
    const broker = await this.connection.anyBroker();
    if (!hasQuorum(broker)) return named ?? undefined;
    return quorumLeader(broker);
  }

  close(): void {
    this.connection.close();
  }

  /** A topic that was deleted keeps a connection from reading anything: then it is looked for on a fresh one. */
  private async look<T>(topic: string, request: (connection: Connection) => Promise<T>): Promise<T> {
    for (let fresh = false; ; fresh = true) {
      const { connection } = this;
      try {
        await knowTopic(connection, topic);
        return await request(connection);
      } catch (error) {
        const isGone = typeOf(error) === "UNKNOWN_TOPIC_OR_PARTITION";
        if (fresh || !isGone) throw isGone ? topicNotFound(topic) : unavailable(`topic ${topic}`, error);
        if (this.connection === connection) this.connection = this.client.connection();
        connection.close();
      }
    }
  }
}
