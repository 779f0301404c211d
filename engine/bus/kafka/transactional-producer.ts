/**
 * The producer of transactions. What is asked of a broker that isn't the right one any more, or whose answer is lost, is
 * asked again for a moment: records have numbers, and partitions may be registered twice. Only the end isn't asked for again
 * when its answer is lost: the first request, late, would end the next transaction of this id in its middle (KIP-890).
 * Whatever else happens but CONCURRENT_TRANSACTIONS, a transaction is abandoned by its owner.
 */
import { type Part, type PartitionBatch, Sequences, split } from "./batches.ts";
import type { KafkaBroker, ProducerIdentity, TransactionIdentity } from "./broker.ts";
import type { Connection } from "./client.ts";
import { describeTransaction } from "./describe-transaction.ts";
import { delay, hasMoved, isFinal, typeOf } from "./errors.ts";
import { sendParts } from "./produce.ts";

/** A transaction that nobody ends is aborted by Kafka after this time, and up to ten seconds more. */
const TRANSACTION_TIMEOUT_MS = 60_000;
/** Kafka needs a moment to settle a transaction before the producer can begin the next one. */
const CONCURRENT_RETRY_MS = 1;
const CONCURRENT_TIMEOUT_MS = 15_000;
/** Longer than a leader or a coordinator takes to move in good order; one that died is missed for longer anyway. */
const MOVED_TIMEOUT_MS = 1_500;
const MOVED_RETRY_MS = 25;
/** A transaction that takes longer to be settled may have a partition without a leader. */
const SETTLING_MS = 1_000;
const ABORTING = new Set(["PrepareAbort", "PrepareEpochFence"]);
/** The coordinator brings it to its end by itself, or there is nothing to be brought. */
const SETTLED = new Set(["PrepareCommit", "PrepareAbort", "CompleteCommit", "CompleteAbort", "Empty", "Dead"]);
const ABORT_RETRY_MS = 50;
/** Brokers before 3.0 don't tell of transactions, and close the connection when they are asked. */
const MAXIMUM_UNTOLD = 3;

/** One transactional id, used by one owner for one transaction after the other. */
export class TransactionalProducer {
  readonly transactionalId: string;
  /** The end of the last transaction was asked for: if it failed, it may have been committed all the same. */
  ending = false;
  private readonly connection: Connection;
  private readonly timeoutMs: number;
  private identity: ProducerIdentity | undefined;
  private coordinator: KafkaBroker | undefined;
  private sequences = new Sequences();

  constructor(connection: Connection, transactionalId: string, timeoutMs = TRANSACTION_TIMEOUT_MS) {
    this.connection = connection;
    this.transactionalId = transactionalId;
    this.timeoutMs = timeoutMs;
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
        const request = { transactionalId: this.transactionalId, transactionTimeout: this.timeoutMs };
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
   *
   * A coordinator that answers CONCURRENT_TRANSACTIONS may have begun to abort, or be about to end the transaction as its
   * owner has asked. Neither is certain before it stands in the coordinator's log: with brokers away that fails, and the
   * transaction is open as before. Rejects when it is still so after 15 s, or when the cluster can't be reached. Once
   * `signal` is aborted nothing is tried again.
   */
  async abort(signal?: AbortSignal): Promise<void> {
    const { transactionalId, connection, timeoutMs } = this;
    const deadline = Date.now() + CONCURRENT_TIMEOUT_MS;
    const request = { transactionalId, transactionTimeout: timeoutMs };
    for (let untold = 0; signal?.aborted !== true; ) {
      const ask = async () => {
        const coordinator = await connection.transactionCoordinator(transactionalId);
        try {
          await coordinator.initProducerId(request);
          return undefined;
        } catch (error) {
          if (typeOf(error) !== "CONCURRENT_TRANSACTIONS") throw error;
          return { coordinator, error };
        }
      };
      const busy = await connection.retry(ask, undefined, signal);
      if (busy === undefined) return;
      const found = await describeTransaction(busy.coordinator, transactionalId).catch(() => undefined);
      if (found === undefined) untold++;
      if (untold >= MAXIMUM_UNTOLD || (found !== undefined && SETTLED.has(found.state))) return;
      if (Date.now() > deadline) throw busy.error;
      await delay(ABORT_RETRY_MS, signal);
    }
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
    // Throws before anything is begun when one has no leader.
    this.byLeader(batches);
    await this.register(batches);
    onBegun();
    const queues = batches.map((batch) => split(batch, this.sequences));
    const offsets: number[] = [];
    // In rounds, so that a request has each partition once.
    for (let round = 0; queues.some((parts) => round < parts.length); round++) {
      const placed = await this.place(queues.flatMap((parts) => parts[round] ?? []));
      if (round === 0) offsets.push(...queues.map(([first]) => (first && placed.get(first)) ?? 0));
    }
    return offsets;
  }

  /** The last part of `commit`. */
  async end(): Promise<void> {
    this.ending = true;
    const isRefused = (error: unknown) => typeOf(error) !== undefined && hasMoved(error);
    await this.ask((coordinator) => coordinator.endTxn({ ...this.who(), transactionResult: true }), isRefused);
  }

  private who(): TransactionIdentity {
    const { identity, transactionalId } = this;
    if (identity === undefined) throw new Error(`${transactionalId} isn't initialised`);
    return { transactionalId, ...identity };
  }

  /** Registers all partitions of a transaction in one request. */
  private async register(batches: readonly PartitionBatch[]): Promise<void> {
    const topics = new Map<string, number[]>();
    for (const { topic, partition } of batches) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
    const wanted = [...topics].map(([topic, partitions]) => ({ topic, partitions }));
    // The transaction before this one may still be being settled.
    await this.ask((coordinator) => coordinator.addPartitionsToTxn({ ...this.who(), topics: wanted }));
  }

  /** Asks the coordinator, or the one that it is by now. */
  private async ask(
    request: (coordinator: KafkaBroker) => Promise<unknown>,
    mayRepeat: (error: unknown) => boolean = hasMoved,
  ): Promise<void> {
    const since = Date.now();
    for (;;) {
      try {
        this.coordinator ??= await this.connection.transactionCoordinator(this.transactionalId);
        await request(this.coordinator);
        return;
      } catch (error) {
        const tookMs = Date.now() - since;
        if (typeOf(error) === "CONCURRENT_TRANSACTIONS" && tookMs < CONCURRENT_TIMEOUT_MS) {
          await delay(CONCURRENT_RETRY_MS);
        } else if (mayRepeat(error) && tookMs < MOVED_TIMEOUT_MS) {
          this.coordinator = undefined;
          await this.connection.refresh();
          await delay(MOVED_RETRY_MS);
        } else throw error;
      }
    }
  }

  /** The offset of each part. What may have been written already is known by its sequence number when it comes again. */
  private async place(parts: readonly Part[]): Promise<Map<Part, number>> {
    const placed = new Map<Part, number>();
    const since = Date.now();
    for (;;) {
      const failures: unknown[] = [];
      const send = async ([nodeId, led]: [string, Part[]]) => {
        try {
          const offsets = await sendParts(await this.connection.broker(nodeId), this.who(), led);
          for (const [index, part] of led.entries()) placed.set(part, offsets[index] ?? 0);
        } catch (error) {
          failures.push(error);
        }
      };
      await Promise.all([...this.byLeader(parts.filter((part) => !placed.has(part)))].map(send));
      if (failures.length === 0) return placed;
      const [reason] = failures.sort((a, b) => Number(hasMoved(a)) - Number(hasMoved(b)));
      if (!hasMoved(reason) || Date.now() > since + MOVED_TIMEOUT_MS) throw reason;
      await this.connection.refresh();
      await delay(MOVED_RETRY_MS);
    }
  }

  private byLeader<It extends PartitionBatch>(batches: readonly It[]): Map<string, It[]> {
    const leaders = new Map<string, It[]>();
    for (const batch of batches) {
      const leader = this.connection.leaderOf(batch.topic, batch.partition);
      if (leader === undefined) throw new Error(`${batch.topic}/${batch.partition} has no leader now`);
      leaders.set(leader, [...(leaders.get(leader) ?? []), batch]);
    }
    return leaders;
  }
}
