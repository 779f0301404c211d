/** A member of a consumer group that shares a topic's partitions: services. At least once, in each partition's order. */
import type kafkajs from "kafkajs";
import type { BusLogger, ConsumeOptions, Consumption } from "../bus.ts";
import type { Client, Connection } from "./client.ts";
import { Delivery } from "./delivery.ts";
import { delay } from "./errors.ts";
import { GroupMembership } from "./member.ts";
import { knowTopic } from "./read.ts";

const DEFAULT_BATCH_RECORDS = 500;
const RETRY_MS = 250;
/** How often a member that works on several batches at once stores how far it has come. */
const STORE_EVERY_MS = 500;
const STORE_TIMEOUT_MS = 2_000;

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

export class Consumer implements Consumption {
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
  /** What the group has stored, by partition. */
  private readonly stored = new Map<number, number>();
  private storing: Promise<void> = Promise.resolve();
  private closed: Promise<void> | undefined;
  private readonly timer: NodeJS.Timeout | undefined;

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
      ...(options.unsettled ? {} : { onTaken: (positions: Map<number, number>) => this.store(positions) }),
      logger: context.logger,
    });
    if (options.unsettled) this.timer = setInterval(() => void this.storeSettled().catch(() => {}), STORE_EVERY_MS);
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
      onRebalance: () => this.letGo(),
      onAssigned: (assigned) => this.assigned(assigned),
      onLost: () => this.lost(),
      // Whoever has them by now is at work on them: nothing more may be begun here.
      onSilence: () => this.lost(),
    });
    await this.member.joined;
    await this.settling;
    this.delivery.aim(ends);
  }

  upToDate(): Promise<void> {
    return this.delivery.upToDate();
  }

  drain(): Promise<void> {
    return this.delivery.drain();
  }

  /** Lets the running callback finish, stores what is dealt with, and leaves the group. */
  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  private async end(): Promise<void> {
    clearInterval(this.timer);
    await this.delivery.drain();
    const timeout = new AbortController();
    const stored = this.storeSettled().catch(() => {}); // it comes again, to whoever is next
    await Promise.race([stored, delay(STORE_TIMEOUT_MS, timeout.signal)]);
    timeout.abort();
    this.closing.abort();
    await this.delivery.close();
    await this.member?.leave();
    this.fetching.close();
    this.coordination.close();
  }

  /** The others have changed. Partitions that stay here are read on without a break. */
  private async letGo(): Promise<void> {
    await this.delivery.hold();
    await this.options.onRebalance?.();
    await this.storeSettled();
  }

  private assigned(assigned: readonly number[]): void {
    const held = this.delivery.partitions();
    const gone = held.filter((partition) => !assigned.includes(partition));
    const fresh = assigned.filter((partition) => !held.includes(partition));
    this.remove(gone);
    for (const partition of fresh) this.stored.delete(partition);
    this.settling = this.begin(fresh);
    this.delivery.release();
  }

  private lost(): void {
    this.remove(this.delivery.partitions());
  }

  private remove(partitions: number[]): void {
    for (const partition of partitions) this.delivery.remove(partition);
    if (partitions.length > 0) this.options.onLost?.(partitions);
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

  /** One at a time. */
  private storeSettled(): Promise<void> {
    const { unsettled } = this.options;
    if (unsettled === undefined) return Promise.resolve();
    this.storing = this.storing
      .catch(() => {})
      .then(async () => {
        const open = unsettled();
        const moved = new Map<number, number>();
        for (const partition of this.delivery.partitions()) {
          const read = this.delivery.position(partition) ?? 0;
          const next = Math.min(open[partition] ?? read, read);
          if (this.stored.get(partition) !== next) moved.set(partition, next);
        }
        await this.store(moved);
        for (const [partition, next] of moved) this.stored.set(partition, next);
      });
    return this.storing;
  }
}
