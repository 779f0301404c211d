/**
 * Membership in a consumer group: join, heartbeats that go on whatever the member is busy with, rebalances, leaving. Only
 * who has which partition is settled here; reading and committing are the owner's.
 *
 * When others join or leave, the member is asked again and again to join anew. It does so when its owner has let go of
 * what is under way (`onRebalance`), and then hears what it has (`onAssigned`).
 *
 * A coordinator that can't be reached takes nothing away by itself: after an outage it mostly still knows its members, and
 * the first heartbeat that is answered says that everything is as it was. But a member that it hasn't heard of for a
 * session may have been replaced without knowing it: it is told so (`onSilence`), and has to be careful until then.
 */
import type kafkajs from "kafkajs";
import type { BusLogger } from "../bus.ts";
import {
  assign,
  decodeAssignment,
  decodeMetadata,
  encodeAssignment,
  encodeMetadata,
  PROTOCOL,
} from "./assignment.ts";
import type { JoinedGroup, KafkaBroker } from "./broker.ts";
import type { Connection } from "./client.ts";
import { delay, isFinal, typeOf } from "./errors.ts";

/** A dead member is missed for this long. Kafka allows 6 s and more; a machine that is overloaded for seconds isn't dead. */
const SESSION_TIMEOUT_MS = 8_000;
const HEARTBEAT_MS = 300;
/** How long Kafka waits for the members at a rebalance; each lets go of its work within this time. */
const REBALANCE_TIMEOUT_MS = 10_000;
const LET_GO_TIMEOUT_MS = 5_000;
const RETRY_FIRST_MS = 50;
const RETRY_MAXIMUM_MS = 500;
const LEAVE_TIMEOUT_MS = 1_000;

export interface MemberOptions {
  connection: Connection;
  codec: typeof kafkajs.AssignerProtocol;
  group: string;
  topic: string;
  /** The others have changed: finish what is under way. Waited for, LET_GO_TIMEOUT_MS at most. */
  onRebalance(): Promise<void>;
  /** What the member has from now on. What it had before and is in here, it has kept without a break. */
  onAssigned(partitions: number[]): void;
  /** The group goes on without this member: what it had may have other owners already. */
  onLost(): void;
  /**
   * The group may have gone on without this member: nothing was heard of the coordinator for a session. Either `onAssigned`
   * follows, or `onLost`. Until then the member `owns` nothing.
   */
  onSilence?(): void;
  logger: BusLogger;
}

interface DescribedGroups {
  groups: { members: { memberId: string }[] }[];
}

export class GroupMembership {
  /** Resolves at the first assignment; rejects when joining is refused. */
  readonly joined: Promise<void>;
  private settle: { resolve(): void; reject(error: unknown): void } = { resolve: () => {}, reject: () => {} };
  private readonly options: MemberOptions;
  private readonly closing = new AbortController();
  private readonly loop: Promise<void>;
  private coordinator: KafkaBroker | undefined;
  private memberId = "";
  private generation = -1;
  private assigned: number[] = [];
  /** When the last request was sent that the coordinator has answered; milliseconds since 1970. */
  private heardAt = 0;
  private isSilent = false;
  private readonly listeners = new Set<() => void>();

  constructor(options: MemberOptions) {
    this.options = options;
    this.joined = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.joined.catch(() => {});
    this.loop = this.run();
  }

  get id(): string {
    return this.memberId;
  }

  owns(partition: number): boolean {
    return !this.isSilent && this.assigned.includes(partition);
  }

  /** Resolves while nobody can have taken this member's place: at once, or when the coordinator has said what is so. */
  async confirmed(signal: AbortSignal): Promise<void> {
    while (this.isOverdue() && !signal.aborted && !this.closing.signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          this.listeners.delete(done);
          signal.removeEventListener("abort", done);
          resolve();
        };
        this.listeners.add(done);
        signal.addEventListener("abort", done);
      });
    }
  }

  /** Stores positions with the group; rejects when the group has gone on without this member. */
  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    const { group, topic } = this.options;
    const coordinator = await this.find();
    await coordinator.offsetCommit({
      groupId: group,
      groupGenerationId: this.generation,
      memberId: this.memberId,
      topics: [
        {
          topic,
          partitions: [...positions].map(([partition, offset]) => ({ partition, offset: String(offset) })),
        },
      ],
    });
  }

  /** The group's positions of these partitions, where there are any. */
  async committed(partitions: readonly number[]): Promise<Map<number, number>> {
    const { group, topic } = this.options;
    const coordinator = await this.find();
    const wanted = partitions.map((partition) => ({ partition, offset: "0" }));
    const { responses } = await coordinator.offsetFetch({ groupId: group, topics: [{ topic, partitions: wanted }] });
    const found = responses.flatMap((answer) => answer.partitions);
    return new Map(
      found.filter(({ offset }) => Number(offset) >= 0).map(({ partition, offset }) => [partition, Number(offset)]),
    );
  }

  /** Asks the group whether this member is in it; its own connection knows the way also when a topic is broken. */
  async has(memberId: string): Promise<boolean> {
    const coordinator = await this.find();
    const described: DescribedGroups = await coordinator.describeGroups({ groupIds: [this.options.group] });
    return described.groups.some(({ members }) => members.some((member) => member.memberId === memberId));
  }

  /** Leaves the group at once, so that the others take over without waiting for a timeout. */
  async leave(): Promise<void> {
    this.closing.abort();
    this.tell();
    this.settle.reject(new Error("left the group"));
    const { memberId, coordinator } = this;
    this.assigned = [];
    const left = (async () => {
      if (memberId !== "") await coordinator?.leaveGroup({ groupId: this.options.group, memberId });
    })().catch(() => {});
    await Promise.race([left, delay(LEAVE_TIMEOUT_MS)]);
  }

  /** Resolves when nothing runs any more; after `leave`. */
  async ended(): Promise<void> {
    await this.loop;
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    let waitMs = RETRY_FIRST_MS;
    let first = true;
    while (!signal.aborted) {
      try {
        await this.join();
        this.settle.resolve();
        first = false;
        waitMs = RETRY_FIRST_MS;
        await this.stay();
      } catch (error) {
        if (signal.aborted) return;
        const type = typeOf(error);
        this.coordinator = undefined;
        if (isLoss(type) && this.memberId !== "") this.lose();
        else if (type !== "REBALANCE_IN_PROGRESS") {
          if (first && isFinal(error)) {
            this.settle.reject(error);
            return;
          }
          this.checkSilence();
          const { group, logger } = this.options;
          if (waitMs >= RETRY_MAXIMUM_MS)
            logger.warn({ err: error, group }, "the group's coordinator can't be reached");
          await delay(waitMs, signal);
          waitMs = Math.min(RETRY_MAXIMUM_MS, waitMs * 2);
          await this.options.connection.refresh();
        }
      }
    }
  }

  private async join(): Promise<void> {
    const { group, topic, connection, codec } = this.options;
    await connection.know(topic);
    const coordinator = await this.find();
    const joined = await coordinator.joinGroup({
      groupId: group,
      sessionTimeout: SESSION_TIMEOUT_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      memberId: this.memberId,
      groupProtocols: [{ name: PROTOCOL, metadata: encodeMetadata(codec, topic, this.assigned) }],
    });
    this.memberId = joined.memberId;
    this.generation = joined.generationId;
    // Left while joining: the coordinator knows this member only now.
    if (this.closing.signal.aborted) {
      await coordinator.leaveGroup({ groupId: group, memberId: joined.memberId });
      return;
    }
    const sentAt = Date.now();
    const synced = await coordinator.syncGroup({
      groupId: group,
      generationId: joined.generationId,
      memberId: joined.memberId,
      groupAssignment: joined.leaderId === joined.memberId ? this.share(joined) : [],
    });
    if (this.closing.signal.aborted) return;
    this.assigned = decodeAssignment(codec, topic, synced.memberAssignment);
    this.isSilent = false;
    this.options.onAssigned([...this.assigned]);
    this.heard(sentAt);
  }

  private share({ members }: JoinedGroup): { memberId: string; memberAssignment: Buffer }[] {
    const { codec, topic, connection } = this.options;
    const known = members.map(({ memberId, memberMetadata }) => decodeMetadata(codec, memberId, memberMetadata));
    const shares = assign(known, connection.partitionsOf(topic));
    return [...shares].map(([memberId, partitions]) => ({
      memberId,
      memberAssignment: encodeAssignment(codec, topic, partitions),
    }));
  }

  /** Heartbeats until the group changes. */
  private async stay(): Promise<void> {
    const { signal } = this.closing;
    for (;;) {
      await delay(HEARTBEAT_MS, signal);
      if (signal.aborted) return;
      this.checkSilence();
      const sentAt = Date.now();
      try {
        const coordinator = await this.find();
        const { group } = this.options;
        await coordinator.heartbeat({
          groupId: group,
          groupGenerationId: this.generation,
          memberId: this.memberId,
        });
        this.heard(sentAt);
      } catch (error) {
        const type = typeOf(error);
        if (type === "REBALANCE_IN_PROGRESS") {
          this.heardAt = sentAt;
          await this.letGo();
          return;
        }
        if (isLoss(type)) throw error;
        this.coordinator = undefined;
        await this.options.connection.refresh();
      }
    }
  }

  /** The coordinator knows this member, and what it has. */
  private heard(sentAt: number): void {
    this.heardAt = sentAt;
    if (this.isSilent) {
      this.isSilent = false;
      this.options.onAssigned([...this.assigned]);
    }
    this.tell();
  }

  private isOverdue(): boolean {
    return Date.now() - this.heardAt > SESSION_TIMEOUT_MS;
  }

  private checkSilence(): void {
    if (this.isSilent || this.assigned.length === 0 || !this.isOverdue()) return;
    this.isSilent = true;
    this.options.onSilence?.();
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }

  private async letGo(): Promise<void> {
    const timeout = new AbortController();
    const done = this.options.onRebalance().catch((error: unknown) => {
      this.options.logger.warn({ err: error, group: this.options.group }, "letting go for a rebalance failed");
    });
    await Promise.race([done, delay(LET_GO_TIMEOUT_MS, timeout.signal)]);
    timeout.abort();
  }

  private lose(): void {
    this.memberId = "";
    this.isSilent = false;
    if (this.assigned.length === 0) return;
    this.assigned = [];
    this.options.onLost();
    this.tell();
  }

  private async find(): Promise<KafkaBroker> {
    this.coordinator ??= await this.options.connection.groupCoordinator(this.options.group);
    return this.coordinator;
  }
}

const isLoss = (type: string | undefined): boolean =>
  type === "UNKNOWN_MEMBER_ID" || type === "ILLEGAL_GENERATION" || type === "FENCED_INSTANCE_ID";
