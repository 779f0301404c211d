/**
 * One request to a broker, and the idempotent producer: appends to one partition, tried again with the same sequence
 * numbers until the outcome is known. Every answer is compared with what was sent: every topic-partition exactly once.
 */
import { AntigraphError } from "../../core/errors.ts";
import { type Part, type PartitionBatch, Sequences } from "./batches.ts";
import type { Connection, KafkaBroker, ProduceResponse, ProducerIdentity } from "./client.ts";
import { delay, isFinal, typeOf } from "./errors.ts";

const BROKER_TIMEOUT_MS = 8_000;
/** Kafka asks for one; without a transaction it means nothing. */
const TRANSACTION_TIMEOUT_MS = 60_000;
const RETRY_FIRST_MS = 20;
const RETRY_MAXIMUM_MS = 1_000;

/** The first offset that each part got, in their order. Rejects unless every one of them was written. */
export async function sendParts(
  broker: KafkaBroker,
  identity: ProducerIdentity & { transactionalId?: string },
  parts: readonly Omit<Part, "bytes">[],
): Promise<number[]> {
  const topics = new Map<string, Omit<Part, "bytes">[]>();
  for (const part of parts) topics.set(part.topic, [...(topics.get(part.topic) ?? []), part]);
  const response = await broker.produce({
    ...identity,
    acks: -1,
    timeout: BROKER_TIMEOUT_MS,
    topicData: [...topics].map(([topic, partitions]) => ({
      topic,
      partitions: partitions.map(({ partition, firstSequence, messages }) => ({
        partition,
        firstSequence,
        messages,
      })),
    })),
  });
  return compare(parts, response);
}

/** Every topic-partition that was sent must have been answered, once, and nothing else. */
export function compare(sent: readonly { topic: string; partition: number }[], response: ProduceResponse): number[] {
  const offsets = new Map<string, number>();
  for (const { topicName, partitions } of response.topics) {
    for (const { partition, baseOffset } of partitions) {
      const name = `${partition} ${topicName}`;
      if (offsets.has(name)) throw new Error(`${topicName}/${partition} was answered twice`);
      offsets.set(name, Number(baseOffset));
    }
  }
  if (offsets.size !== sent.length) throw new Error(`${sent.length} partitions were sent, ${offsets.size} answered`);
  return sent.map(({ topic, partition }) => {
    const offset = offsets.get(`${partition} ${topic}`);
    if (offset === undefined) throw new Error(`${topic}/${partition} was sent and not answered`);
    return offset;
  });
}

/** Appends to single partitions, each once, whatever leaders and connections do meanwhile. */
export class IdempotentProducer {
  private readonly connection: Connection;
  private identity: Promise<ProducerIdentity> | undefined;
  private sequences = new Sequences();

  constructor(connection: Connection) {
    this.connection = connection;
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
        const broker = await this.connection.broker(leader);
        const [offset] = await sendParts(broker, identity, [{ ...batch, firstSequence }]);
        return offset ?? 0;
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

export function tooLarge({ topic, partition }: { topic: string; partition: number }): AntigraphError {
  return new AntigraphError("payload_too_large", `A record is larger than ${topic}/${partition} takes.`);
}
