/** How far groups have come on one topic, in few requests: coordinators are remembered, and asked once for all members. */
import type { GroupProgress } from "../bus.ts";
import type { KafkaBroker } from "./broker.ts";
import type { Connection } from "./client.ts";
import { topicNotFound, typeOf, unavailable } from "./errors.ts";
import { knowTopic } from "./read.ts";

/** What Kafka calls a group that it doesn't know. */
const UNKNOWN = "Dead";
const ANSWER_TIMEOUT_MS = 10_000;
/** Groups that may not be described are left out, and asked for again after so long. */
const DENIED_MS = 60_000;

interface DescribedGroup {
  groupId: string;
  state: string;
  members: unknown[];
}

export class Progress {
  private readonly connection: Connection;
  private readonly coordinators = new Map<string, KafkaBroker>();
  /** Until when, by group. */
  private readonly denied = new Map<string, number>();

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Throws `topic_not_found` or `bus_unavailable`. */
  async of(groups: readonly string[], topic: string): Promise<GroupProgress[]> {
    if (groups.length === 0) return [];
    for (const deadline = Date.now() + ANSWER_TIMEOUT_MS; ; ) {
      try {
        await knowTopic(this.connection, topic);
        return await this.ask(groups, topic);
      } catch (error) {
        if (typeOf(error) === "UNKNOWN_TOPIC_OR_PARTITION") throw topicNotFound(topic);
        // Coordinators move: look for them once more.
        const isFirst = this.coordinators.size > 0;
        this.coordinators.clear();
        await this.connection.refresh();
        if (!isFirst || Date.now() > deadline) throw unavailable("groups can't be described", error);
      }
    }
  }

  close(): void {
    this.connection.close();
  }

  private async ask(groups: readonly string[], topic: string): Promise<GroupProgress[]> {
    const byBroker = new Map<KafkaBroker, string[]>();
    for (const group of groups) {
      const coordinator = await this.allowed(group, () => this.coordinatorOf(group));
      if (coordinator !== undefined) byBroker.set(coordinator, [...(byBroker.get(coordinator) ?? []), group]);
    }
    const partitions = this.connection.allPartitions(topic).map((partition) => ({ partition, offset: "0" }));
    const answers = await Promise.all(
      [...byBroker].map(async ([broker, groupIds]) => {
        const { groups: described }: { groups: DescribedGroup[] } = await broker.describeGroups({ groupIds });
        const there = described.filter(({ state }) => state !== UNKNOWN);
        return Promise.all(
          there.map(async ({ groupId, members }): Promise<GroupProgress> => {
            const { responses } = await broker.offsetFetch({ groupId, topics: [{ topic, partitions }] });
            const stored = responses
              .flatMap((answer) => answer.partitions)
              .map(({ partition, offset }) => [partition, Number(offset)] as const)
              .filter(([, offset]) => offset >= 0);
            return { group: groupId, members: members.length, positions: Object.fromEntries(stored) };
          }),
        );
      }),
    );
    return answers.flat();
  }

  private async coordinatorOf(group: string): Promise<KafkaBroker> {
    const coordinator = this.coordinators.get(group) ?? (await this.connection.groupCoordinator(group));
    this.coordinators.set(group, coordinator);
    return coordinator;
  }

  /** Undefined for a group that may not be described: even to look for its coordinator takes that right. */
  private async allowed<T>(group: string, request: () => Promise<T>): Promise<T | undefined> {
    if ((this.denied.get(group) ?? 0) > Date.now()) return undefined;
    try {
      return await request();
    } catch (error) {
      if (!typeOf(error)?.endsWith("AUTHORIZATION_FAILED")) throw error;
      this.denied.set(group, Date.now() + DENIED_MS);
      return undefined;
    }
  }
}
