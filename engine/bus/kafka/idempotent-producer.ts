/**
 * The idempotent producer: appends to one partition, tried again with the same sequence numbers until the outcome is
 * known.
 */
import { type PartitionBatch, Sequences } from "./batches.ts";
import type { ProducerIdentity } from "./broker.ts";
import type { Connection } from "./client.ts";
import { delay, isFinal, typeOf } from "./errors.ts";
import { tooLarge } from "./produce.ts";
import { SharedRequests } from "./shared-requests.ts";

/** Kafka asks for one; without a transaction it means nothing. */
const TRANSACTION_TIMEOUT_MS = 60_000;
const RETRY_FIRST_MS = 20;
const RETRY_MAXIMUM_MS = 1_000;

/** Appends to single partitions, each once, whatever leaders and connections do meanwhile. */
export class IdempotentProducer {
  private readonly connection: Connection;
  private identity: Promise<ProducerIdentity> | undefined;
  private sequences = new Sequences();
  private readonly requests: SharedRequests;

  constructor(connection: Connection) {
    this.connection = connection;
    this.requests = new SharedRequests(connection);
  }

  /**
   * Writes a batch that fits into one request, all of it or nothing; answers its first offset. Rejects when the cluster
   * refuses it or after `timeoutMs`: then it may still have been written. One call at a time for each partition.
   */
  async append(batch: PartitionBatch, timeoutMs: number): Promise<number> {
    const deadline = Date.now() + timeoutMs;
    let identity: ProducerIdentity | undefined;
    let firstSequence = 0;
    for (let waitMs = RETRY_FIRST_MS; ; waitMs = Math.min(RETRY_MAXIMUM_MS, waitMs * 2)) {
      try {
        const current = await this.identify();
        if (identity === undefined) firstSequence = this.sequences.take(batch, batch.messages.length);
        identity ??= current;
        const leader = this.connection.leaderOf(batch.topic, batch.partition);
        if (leader === undefined) throw new Error(`${batch.topic}/${batch.partition} has no leader now`);
        return await this.requests.send(leader, identity, { ...batch, firstSequence });
      } catch (error) {
        if (isFinal(error) || Date.now() > deadline) {
          // The sequence has a hole now: the next append begins another one.
          this.identity = undefined;
          if (typeOf(error) === "MESSAGE_TOO_LARGE") throw tooLarge(batch);
          throw error;
        }
        await this.connection.refresh();
        await delay(waitMs);
      }
    }
  }

  private identify(): Promise<ProducerIdentity> {
    this.identity ??= this.initialise().catch((error: unknown) => {
      this.identity = undefined;
      throw error;
    });
    return this.identity;
  }

  private async initialise(): Promise<ProducerIdentity> {
    await this.connection.connect();
    const broker = await this.connection.anyBroker();
    const identity = await broker.initProducerId({ transactionTimeout: TRANSACTION_TIMEOUT_MS });
    this.sequences = new Sequences();
    return { producerId: identity.producerId, producerEpoch: identity.producerEpoch };
  }
}
