/**
 * The producer of transactions. Never tried again: whatever happens but CONCURRENT_TRANSACTIONS, a transaction is
 * abandoned by its owner.
 */
import { type PartitionBatch, Sequences, split } from "./batches.ts";
import type { Connection, KafkaBroker, ProducerIdentity } from "./client.ts";
import { delay, isFinal, typeOf } from "./errors.ts";
import { sendParts } from "./produce.ts";

/** A transaction that nobody ends is aborted by Kafka after this time. */
const TRANSACTION_TIMEOUT_MS = 60_000;
/** Kafka needs a moment to settle a transaction before the producer can begin the next one. */
const CONCURRENT_RETRY_MS = 1;
const CONCURRENT_TIMEOUT_MS = 15_000;

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

  /**
   * Gets an epoch of its own: from now on every other holder of this id is fenced, its open transaction aborted. Waits
   * for a transaction that is being settled.
   */
  async initialise(): Promise<void> {
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
    const { identity, coordinator, transactionalId } = this;
    if (identity === undefined || coordinator === undefined) throw new Error(`${transactionalId} isn't initialised`);
    const who = { transactionalId, ...identity };
    this.ending = false;
    const byLeader = this.byLeader(batches);
    await this.begin(coordinator, batches);
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
    this.ending = true;
    await coordinator.endTxn({ ...who, transactionResult: true });
    return batches.map((batch) => offsets.get(batch) ?? 0);
  }

  /** Registers all partitions of a transaction in one request. */
  private async begin(coordinator: KafkaBroker, batches: readonly PartitionBatch[]): Promise<void> {
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
