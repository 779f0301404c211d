/** A member of a consumer group that shares a topic's partitions: services. At least once, in each partition's order. */
import type kafkajs from "kafkajs";
import type { BusLogger, ConsumeOptions, Subscription } from "../bus.ts";
import type { Client, Connection } from "./client.ts";
import { Delivery } from "./delivery.ts";
import { delay } from "./errors.ts";
import { GroupMembership } from "./member.ts";
import { knowTopic } from "./read.ts";

const DEFAULT_BATCH_RECORDS = 500;
const RETRY_MS = 250;

export interface ConsumerContext {
  client: Client;
  codec: typeof kafkajs.AssignerProtocol;
  logger: BusLogger;
}

/** Joins the group. Throws `topic_not_found` or `bus_unavailable`. */
export async function consume(context: ConsumerContext, options: ConsumeOptions): Promise<Consumer> {
  const consumer = new Consumer(context, options);
  try {
    await consumer.start();
  } catch (error) {
    await consumer.close();
    throw error;
  }
  return consumer;
}

export class Consumer implements Subscription {
  readonly caughtUp: Promise<void>;
  private readonly options: ConsumeOptions;
  private readonly context: ConsumerContext;
  private readonly fetching: Connection;
  private readonly coordination: Connection;
  private readonly delivery: Delivery;
  private member: GroupMembership | undefined;
  /** Finding out where to begin, after each assignment. */
  private settling: Promise<void> = Promise.resolve();
  private readonly closing = new AbortController();

  constructor(context: ConsumerContext, options: ConsumeOptions) {
    this.context = context;
    this.options = options;
    this.fetching = context.client.connection();
    this.coordination = context.client.connection();
    this.delivery = new Delivery({
      name: `group ${options.group} on ${options.topic}`,
      connection: this.fetching,
      topic: options.topic,
      limit: options.maximumBatch ?? DEFAULT_BATCH_RECORDS,
      onRecords: options.onRecords,
      onTaken: (positions) => this.store(positions),
      logger: context.logger,
    });
    this.caughtUp = this.delivery.caughtUp;
  }

  async start(): Promise<void> {
    const { topic, group } = this.options;
    await knowTopic(this.fetching, topic);
    const partitions = this.fetching.allPartitions(topic);
    const ends = await this.fetching.offsets(topic, partitions, "end");
    this.member = new GroupMembership({
      ...this.context,
      connection: this.coordination,
      group,
      topic,
      onRebalance: () => this.delivery.hold(),
      onAssigned: (assigned, anew) => this.assigned(assigned, anew),
      onLost: () => this.lost(),
    });
    await this.member.joined;
    await this.settling;
    this.delivery.aim(ends);
  }

  upToDate(): Promise<void> {
    return this.delivery.upToDate();
  }

  /** Lets the running callback finish, stores what it has taken, and leaves the group. */
  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    await this.delivery.close();
    await this.member?.leave();
    this.fetching.close();
    this.coordination.close();
  }

  private assigned(assigned: readonly number[], anew: boolean): void {
    const held = this.delivery.partitions();
    for (const partition of held) {
      if (anew || !assigned.includes(partition)) this.delivery.remove(partition);
    }
    const fresh = assigned.filter((partition) => anew || !held.includes(partition));
    this.settling = this.begin(fresh);
    this.delivery.release();
  }

  private lost(): void {
    for (const partition of this.delivery.partitions()) this.delivery.remove(partition);
  }

  /** Where the group stands in its new partitions; where it never was, its beginning is stored at once. */
  private async begin(partitions: readonly number[]): Promise<void> {
    const { topic, fromBeginning } = this.options;
    const { member } = this;
    if (member === undefined || partitions.length === 0) return;
    while (!this.closing.signal.aborted) {
      try {
        const positions = await member.committed(partitions);
        const missing = partitions.filter((partition) => !positions.has(partition));
        if (missing.length > 0) {
          const initial = await this.fetching.offsets(topic, missing, fromBeginning ? "start" : "end");
          await member.commit(initial);
          for (const [partition, offset] of initial) positions.set(partition, offset);
        }
        for (const [partition, offset] of positions) {
          if (member.owns(partition)) this.delivery.add(partition, offset);
        }
        return;
      } catch (error) {
        // The group has changed again: the next assignment begins anew.
        if (!partitions.some((partition) => member.owns(partition))) return;
        const { logger } = this.context;
        logger.warn({ err: error, group: this.options.group, topic }, "a group's positions can't be read now");
        await delay(RETRY_MS, this.closing.signal);
      }
    }
  }

  private async store(positions: Map<number, number>): Promise<void> {
    const { member } = this;
    const owned = new Map([...positions].filter(([partition]) => member?.owns(partition)));
    if (owned.size > 0) await member?.commit(owned);
  }
}
