/** One fetch from one broker, and what readers of committed records see of it. */
import type { BusRecord } from "../bus.ts";
import type { Connection } from "./client.ts";
import { type DecodedPartition, readMessages } from "./decoded-messages.ts";
import type { PartitionAnswer } from "./fetch-response.ts";
import { readBatches } from "./record-batches.ts";
import { unwrapped } from "./wire-format.ts";

const READ_COMMITTED = 1;
const MAXIMUM_BYTES = 16_777_216;
export const PARTITION_BYTES = 1_048_576;

/** Where to read on in a partition. */
export interface FetchPosition {
  partition: number;
  offset: number;
}

export interface FetchedPartition {
  partition: number;
  /** Committed records, in order. */
  records: BusRecord[];
  /** Where to read on: behind records, markers and what was aborted. */
  next: number;
  /** The offset behind the last record of all, and behind those whose transactions are settled. */
  highWatermark: number;
  lastStable: number;
}

/** As fetch-response.ts takes it apart, or as kafkajs does: see requests.ts. */
interface FetchResponse {
  responses: { partitions: (PartitionAnswer | DecodedPartition)[] }[];
}

export interface FetchOptions {
  maxWaitMs: number;
  /** Of one partition; a single larger record comes all the same. */
  partitionBytes?: number;
}

/**
 * Reads from one broker. Rejects with kafkajs's errors, also when one partition only has one: an offset outside of the
 * log is type OFFSET_OUT_OF_RANGE, a leader that has moved NOT_LEADER_FOR_PARTITION.
 */
export async function fetchFrom(
  connection: Connection,
  nodeId: string,
  topic: string,
  positions: readonly FetchPosition[],
  options: FetchOptions,
): Promise<FetchedPartition[]> {
  const { maxWaitMs, partitionBytes = PARTITION_BYTES } = options;
  const broker = await connection.broker(nodeId);
  const partitions = positions.map(({ partition, offset }) => ({
    partition,
    fetchOffset: String(offset),
    maxBytes: partitionBytes,
  }));
  const request = {
    maxWaitTime: maxWaitMs,
    minBytes: 1,
    maxBytes: MAXIMUM_BYTES,
    isolationLevel: READ_COMMITTED,
    topics: [{ topic, partitions }],
  };
  const response: FetchResponse = await connection.inFetchTurn(nodeId, () => broker.fetch(request));
  const asked = new Map(positions.map(({ partition, offset }) => [partition, offset]));
  const fetched = await Promise.all(
    response.responses
      .flatMap((answer) => answer.partitions)
      .map((answer) => settle(topic, asked.get(answer.partition) ?? 0, answer)),
  );
  if (connection.wire) for (const found of fetched) found.records = found.records.map(unwrapped);
  return Promise.all(
    fetched.map(async (found) => {
      const offset = asked.get(found.partition) ?? 0;
      if (found.next > offset || offset >= found.lastStable) return found;
      // Nothing, though something is there: the answer was full, or the log has a gap that nothing tells the end of. It is
      // passed one offset at a time, for no record may be skipped.
      if (positions.length === 1) return { ...found, next: offset + 1 };
      const alone = { partition: found.partition, offset };
      const [again] = await fetchFrom(connection, nodeId, topic, [alone], { ...options, maxWaitMs: 0 });
      return again ?? found;
    }),
  );
}

async function settle(
  topic: string,
  from: number,
  answer: PartitionAnswer | DecodedPartition,
): Promise<FetchedPartition> {
  const { partition } = answer;
  const place = { topic, partition, from };
  const read =
    "batches" in answer
      ? await readBatches(answer.batches, place, answer.abortedTransactions)
      : readMessages(answer, place);
  const highWatermark = Number(answer.highWatermark);
  return { partition, ...read, highWatermark, lastStable: Number(answer.lastStableOffset) };
}
