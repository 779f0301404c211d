/**
 * The producer of transactions. Never tried again: whatever happens but CONCURRENT_TRANSACTIONS, a transaction is
 * abandoned by its owner.
 */
import { type PartitionBatch, Sequences, split } from "./batches.ts";
import type { KafkaBroker, ProducerIdentity, TransactionIdentity } from "./broker.ts";
import type { Connection } from "./client.ts";
import { describeTransaction } from "./describe-transaction.ts";
import { delay, isFinal, typeOf } from "./errors.ts";
import { sendParts } from "./produce.ts";

/** A transaction that nobody ends is aborted by Kafka after this time. */
const TRANSACTION_TIMEOUT_MS = 60_000;
/** Kafka needs a moment to settle a transaction before the producer can begin the next one. */
const CONCURRENT_RETRY_MS = 1;
const CONCURRENT_TIMEOUT_MS = 15_000;
/** A transaction that takes longer to be settled may have a partition without a leader. */
const SETTLING_MS = 1_000;
const ABORTING = new Set(["PrepareAbort", "PrepareEpochFence"]);

/** One transactional id, used by one owner for one transaction after the other. */
export class TransactionalProducer {
  readonly transactionalId: string;
  /** The end of the last transaction was asked for: if it failed, it may have been committed all the same. */
  ending = false;
  private readonly connection: Connection;
  private identity: ProducerIdentity | undefined;
  private coordinator: KafkaBroker | undefined;
  private sequences = new Sequences();

  constructor(connection: Connection, transactionalId: string) {
    this.connection = connection;
    this.transactionalId = transactionalId;
  }

  /** Of who has initialised it last; -1 before that. */
  get epoch(): number {
    return this.identity?.producerEpoch ?? -1;
  }

  /**
   * Gets an epoch of its own: from now on every other holder of this id is fenced, its open transaction aborted. Waits
   * for a transaction that is being settled.
   */
  initialise(): Promise<void> {
    return this.begin(async () => false);
  }

  /**
   * Bars whoever holds this id with an epoch up to the one given. That's so when the id is initialised; but also before,
   * when its coordinator has a younger epoch and aborts what was open: then only a partition without a leader doesn't know
   * yet, and that one can't be worked on anyway.
   */
  fence(epoch: number): Promise<void> {
    const since = Date.now();
    return this.begin(async (coordinator) => {
      if (Date.now() < since + SETTLING_MS) return false;
      const found = await describeTransaction(coordinator, this.transactionalId).catch(() => undefined);
      return found !== undefined && ABORTING.has(found.state) && found.producerEpoch > epoch;
    });
  }

  /** `isEnough`: asked while a transaction is being settled. */
  private async begin(isEnough: (coordinator: KafkaBroker) => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + CONCURRENT_TIMEOUT_MS;
    for (let waitMs = 2; ; waitMs = Math.min(50, waitMs * 2)) {
      try {
        this.coordinator = await this.connection.transactionCoordinator(this.transactionalId);
        const request = { transactionalId: this.transactionalId, transactionTimeout: TRANSACTION_TIMEOUT_MS };
        const { producerId, producerEpoch } = await this.coordinator.initProducerId(request);
        this.identity = { producerId, producerEpoch };
        this.sequences = new Sequences();
        return;
      } catch (error) {
        if (isFinal(error) || Date.now() > deadline) throw error;
        if (typeOf(error) !== "CONCURRENT_TRANSACTIONS") await this.connection.refresh();
        else if (this.coordinator !== undefined && (await isEnough(this.coordinator))) return;
        await delay(waitMs);
      }
    }
  }

  /**
   * Has an open transaction of this id aborted, without waiting until every partition in it knows: one of them may have no
   * leader. For ids whose owner is known to do nothing more with them.
   */
  async abort(): Promise<void> {
    await this.connection.retry(async () => {
      const coordinator = await this.connection.transactionCoordinator(this.transactionalId);
      const request = { transactionalId: this.transactionalId, transactionTimeout: TRANSACTION_TIMEOUT_MS };
      await coordinator.initProducerId(request).catch((error: unknown) => {
        if (typeOf(error) !== "CONCURRENT_TRANSACTIONS") throw error;
      });
    });
  }

  /**
   * Writes all batches in one transaction; when it resolves, readers of committed records see them. Answers the first
   * offset of each batch. When it rejects, the outcome is unknown: the owner must treat it as lost and never use this
   * producer again. `onBegun`: the transaction before this one is settled, readers of committed records see all of it.
   */
  async commit(batches: readonly PartitionBatch[], onBegun: () => void = () => {}): Promise<number[]> {
    this.ending = false;
    const offsets = await this.write(batches, onBegun);
    await this.end();
    return offsets;
  }

  /** The first part of `commit`: nobody sees it yet. */
  async write(batches: readonly PartitionBatch[], onBegun: () => void = () => {}): Promise<number[]> {
    const { who, coordinator } = this.ready();
    const byLeader = this.byLeader(batches);
    await this.register(coordinator, batches);
    onBegun();
    const offsets = new Map<PartitionBatch, number>();
    await Promise.all(
      [...byLeader].map(async ([nodeId, led]) => {
        const broker = await this.connection.broker(nodeId);
        const queues = led.map((batch) => ({ batch, parts: split(batch, this.sequences) }));
        // In rounds, so that a request has each partition once.
        for (let round = 0; queues.some(({ parts }) => round < parts.length); round++) {
          const turn = queues.flatMap(({ batch, parts }) => {
            const part = parts[round];
            return part === undefined ? [] : [{ batch, part }];
          });
          const placed = await sendParts(
            broker,
            who,
            turn.map(({ part }) => part),
          );
          for (const [index, { batch }] of turn.entries()) {
            if (!offsets.has(batch)) offsets.set(batch, placed[index] ?? 0);
          }
        }
      }),
    );
    return batches.map((batch) => offsets.get(batch) ?? 0);
  }

  /** The last part of `commit`. */
  async end(): Promise<void> {
    const { who, coordinator } = this.ready();
    this.ending = true;
    await coordinator.endTxn({ ...who, transactionResult: true });
  }

  private ready(): { who: TransactionIdentity; coordinator: KafkaBroker } {
    const { identity, coordinator, transactionalId } = this;
    if (identity === undefined || coordinator === undefined) throw new Error(`${transactionalId} isn't initialised`);
    return { who: { transactionalId, ...identity }, coordinator };
  }

  /** Registers all partitions of a transaction in one request. */
  private async register(coordinator: KafkaBroker, batches: readonly PartitionBatch[]): Promise<void> {
    const { identity, transactionalId } = this;
    if (identity === undefined) return;
    const topics = new Map<string, number[]>();
    for (const { topic, partition } of batches) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
    const request = {
      transactionalId,
      ...identity,
      topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
    };
    const deadline = Date.now() + CONCURRENT_TIMEOUT_MS;
    for (;;) {
      try {
        await coordinator.addPartitionsToTxn(request);
        return;
      } catch (error) {
        // The transaction before this one is still being settled; nothing has happened yet.
        if (typeOf(error) !== "CONCURRENT_TRANSACTIONS" || Date.now() > deadline) throw error;
        await delay(CONCURRENT_RETRY_MS);
      }
    }
  }

  private byLeader(batches: readonly PartitionBatch[]): Map<string, PartitionBatch[]> {
    const leaders = new Map<string, PartitionBatch[]>();
    for (const batch of batches) {
      const leader = this.connection.leaderOf(batch.topic, batch.partition);
      if (leader === undefined) throw new Error(`${batch.topic}/${batch.partition} has no leader now`);
      leaders.set(leader, [...(leaders.get(leader) ?? []), batch]);
    }
    return leaders;
  }
}
