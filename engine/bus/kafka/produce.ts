/**
 * Producers: one that is idempotent (appends to one partition, tried again with the same sequence numbers until the
 * outcome is known) and one for transactions (never tried again: whatever happens but CONCURRENT_TRANSACTIONS, its
 * transaction is abandoned by its owner). Both compare the answer with what was sent: every topic-partition exactly once.
 */
import { AntigraphError } from "../../core/errors.ts";
import type { Connection, KafkaBroker, ProduceResponse, ProducerIdentity, WireMessage } from "./client.ts";
import { delay, isFinal, typeOf } from "./errors.ts";

const BROKER_TIMEOUT_MS = 8_000;
/** Above this a partition's records go in several requests; brokers take 1,048,588 bytes by default. */
export const MAXIMUM_BATCH_BYTES = 921_600;
/** A transaction that nobody ends is aborted by Kafka after this time. */
const TRANSACTION_TIMEOUT_MS = 60_000;
/** Kafka needs a moment to settle a transaction before the producer can begin the next one. */
const CONCURRENT_RETRY_MS = 1;
const CONCURRENT_TIMEOUT_MS = 15_000;
const RETRY_FIRST_MS = 20;
const RETRY_MAXIMUM_MS = 1_000;

/** What goes to one partition, in order. */
export interface PartitionBatch {
  topic: string;
  partition: number;
  messages: WireMessage[];
  /** Of all messages, roughly. */
  bytes: number;
}

/** Gathers messages by topic and partition. */
export class Batches {
  readonly all: PartitionBatch[] = [];
  bytes = 0;
  private readonly byName = new Map<string, PartitionBatch>();

  add(topic: string, partition: number, message: WireMessage): PartitionBatch {
    const name = `${partition} ${topic}`;
    let batch = this.byName.get(name);
    if (batch === undefined) {
      batch = { topic, partition, messages: [], bytes: 0 };
      this.byName.set(name, batch);
      this.all.push(batch);
    }
    const bytes = sizeOf(message);
    batch.messages.push(message);
    batch.bytes += bytes;
    this.bytes += bytes;
    return batch;
  }
}

const RECORD_OVERHEAD_BYTES = 32;

/** The bytes that a message takes in a request, and a few more. */
export function sizeOf({ key, value, headers }: WireMessage): number {
  let bytes = RECORD_OVERHEAD_BYTES + Buffer.byteLength(key ?? "") + Buffer.byteLength(value ?? "");
  for (const name in headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? "") + 4;
  return bytes;
}

class Sequences {
  private readonly next = new Map<string, number>();

  /** The first sequence number of so many records, which are used up by this. */
  take({ topic, partition }: PartitionBatch, count: number): number {
    const name = `${partition} ${topic}`;
    const first = this.next.get(name) ?? 0;
    this.next.set(name, (first + count) % 2_147_483_648);
    return first;
  }
}

/** A part of a batch that fits into one request, with its place in the producer's sequence. */
interface Part extends PartitionBatch {
  firstSequence: number;
}

function split(batch: PartitionBatch, sequences: Sequences): Part[] {
  if (batch.bytes <= MAXIMUM_BATCH_BYTES) {
    return [{ ...batch, firstSequence: sequences.take(batch, batch.messages.length) }];
  }
  const parts: Part[] = [];
  let messages: WireMessage[] = [];
  let bytes = 0;
  const close = () => {
    if (messages.length === 0) return;
    parts.push({ ...batch, messages, bytes, firstSequence: sequences.take(batch, messages.length) });
    messages = [];
    bytes = 0;
  };
  for (const message of batch.messages) {
    const size = sizeOf(message);
    if (bytes + size > MAXIMUM_BATCH_BYTES) close();
    messages.push(message);
    bytes += size;
  }
  close();
  return parts;
}

/** The first offset that each part got, in their order. Rejects unless every one of them was written. */
async function sendParts(
  broker: KafkaBroker,
  identity: ProducerIdentity & { transactionalId?: string },
  parts: readonly Part[],
): Promise<number[]> {
  const topics = new Map<string, Part[]>();
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
   * Writes all batches in one transaction; when it resolves, readers of committed records see them. Answers the first
   * offset of each batch. When it rejects, the outcome is unknown: the owner must treat it as lost and never use this
   * producer again.
   */
  async commit(batches: readonly PartitionBatch[]): Promise<number[]> {
    const { identity, coordinator, transactionalId } = this;
    if (identity === undefined || coordinator === undefined) throw new Error(`${transactionalId} isn't initialised`);
    const who = { transactionalId, ...identity };
    this.ending = false;
    const byLeader = this.byLeader(batches);
    await this.begin(coordinator, batches);
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
