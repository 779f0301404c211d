/** One read of a topic, with a long poll where nothing is there yet. */
import { AntigraphError } from "../../core/errors.ts";
import type { BusRecord, ReadQuery, ReadResult } from "../bus.ts";
import type { Client, Connection } from "./client.ts";
import { delay, topicNotFound, typeOf, unavailable } from "./errors.ts";
import { type FetchedPartition, fetchFrom } from "./fetch.ts";

/** A wait is made of polls of this length, so that a reader that goes away frees its connection soon. */
const POLL_MS = 250;
const RETRY_MS = 100;
/** A read that finds no leader or no broker is tried this long. */
const UNAVAILABLE_TIMEOUT_MS = 10_000;
const MAXIMUM_IDLE_CONNECTIONS = 4;

/** Lends each read a connection of its own: Kafka answers one request after the other on each. */
export class Reader {
  private readonly client: Client;
  private readonly idle: Connection[] = [];
  private readonly closing: AbortSignal;

  constructor(client: Client, closing: AbortSignal) {
    this.client = client;
    this.closing = closing;
  }

  /** Throws `topic_not_found`, `invalid_request`, `offset_out_of_range` or `bus_unavailable`. */
  async read(query: ReadQuery): Promise<ReadResult> {
    if (!Number.isInteger(query.limit) || query.limit < 1) {
      throw new AntigraphError(
        "invalid_request",
        `The limit of a read must be a positive integer, not ${query.limit}.`,
      );
    }
    const connection = this.idle.pop() ?? this.client.connection("all");
    try {
      return await this.poll(connection, query);
    } finally {
      if (this.closing.aborted || this.idle.length >= MAXIMUM_IDLE_CONNECTIONS) connection.close();
      else this.idle.push(connection);
    }
  }

  close(): void {
    for (const connection of this.idle.splice(0)) connection.close();
  }

  private async poll(connection: Connection, query: ReadQuery): Promise<ReadResult> {
    const { topic, limit, waitMs = 0, signal } = query;
    await this.check(connection, query);
    const stop = signal === undefined ? this.closing : AbortSignal.any([this.closing, signal]);
    const positions = new Map(Object.entries(query.from).map(([partition, offset]) => [Number(partition), offset]));
    const deadline = Date.now() + waitMs;
    const giveUpAt = Date.now() + UNAVAILABLE_TIMEOUT_MS;
    for (;;) {
      const maxWaitMs = Math.max(0, Math.min(POLL_MS, deadline - Date.now()));
      try {
        const fetched = await withAbort(fetchAll(connection, topic, positions, maxWaitMs), stop);
        if (fetched !== undefined) {
          const result = merge(fetched, limit);
          for (const [partition, next] of result.next) positions.set(partition, next);
          if (result.records.length > 0 || (Date.now() >= deadline && !result.more)) {
            return { records: result.records, next: Object.fromEntries(positions) };
          }
        }
        if (stop.aborted) return { records: [], next: Object.fromEntries(positions) };
      } catch (error) {
        if (typeOf(error) === "OFFSET_OUT_OF_RANGE") throw await outOfRange(connection, topic, positions);
        if (Date.now() > giveUpAt) throw unavailable(`reading ${topic}`, error);
        await connection.refresh();
        await delay(RETRY_MS, stop);
      }
    }
  }

  private async check(connection: Connection, { topic, from }: ReadQuery): Promise<void> {
    await knowTopic(connection, topic);
    const partitions = connection.partitionsOf(topic);
    for (const partition of Object.keys(from).map(Number)) {
      if (partition >= 0 && partition < partitions) continue;
      throw new AntigraphError(
        "invalid_request",
        `Topic ${topic} has the partitions 0 to ${partitions - 1}, not ${partition}.`,
      );
    }
  }
}

/**
 * Throws `topic_not_found` or `bus_unavailable`.
 * @param how "meet" for who can't go on without the topic
 */
export async function knowTopic(connection: Connection, topic: string, how: "know" | "meet" = "know"): Promise<void> {
  try {
    await connection[how](topic);
  } catch (error) {
    const type = typeOf(error);
    if (type === "UNKNOWN_TOPIC_OR_PARTITION" || type === "INVALID_TOPIC_EXCEPTION") throw topicNotFound(topic);
    throw unavailable(`topic ${topic}`, error);
  }
}

/** `offset_out_of_range` for the first of the positions that lies outside of its log. */
export async function outOfRange(
  connection: Connection,
  topic: string,
  positions: ReadonlyMap<number, number>,
): Promise<AntigraphError> {
  const partitions = [...positions.keys()];
  const [starts, ends] = [
    await connection.offsets(topic, partitions, "start"),
    await connection.offsets(topic, partitions, "end"),
  ];
  for (const [partition, offset] of positions) {
    const start = starts.get(partition) ?? 0;
    const end = ends.get(partition) ?? 0;
    if (offset < start || offset > end) return outOfLog({ topic, partition, offset, start, end });
  }
  return new AntigraphError("offset_out_of_range", `An offset of ${topic} is outside of its log.`, { topic });
}

export function outOfLog(at: {
  topic: string;
  partition: number;
  offset: number;
  start: number;
  end: number;
}): AntigraphError {
  const { topic, partition, offset, start, end } = at;
  return new AntigraphError(
    "offset_out_of_range",
    `Offset ${offset} of ${topic}/${partition} is outside of its log, which goes from ${start} to ${end}.`,
    { topic, partition, start, end },
  );
}

async function fetchAll(
  connection: Connection,
  topic: string,
  positions: ReadonlyMap<number, number>,
  maxWaitMs: number,
): Promise<FetchedPartition[]> {
  const byLeader = new Map<string, { partition: number; offset: number }[]>();
  for (const [partition, offset] of positions) {
    const leader = connection.leaderOf(topic, partition);
    if (leader !== undefined) byLeader.set(leader, [...(byLeader.get(leader) ?? []), { partition, offset }]);
  }
  // Some without a leader keep nobody from reading the others.
  if (byLeader.size === 0) throw new Error(`${topic}/${[...positions.keys()].join(", ")}: no leader now`);
  const answers = await Promise.all(
    [...byLeader].map(([leader, led]) => fetchFrom(connection, leader, topic, led, { maxWaitMs })),
  );
  return answers.flat();
}

/** Undefined when the signal was faster. */
async function withAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) {
    promise.catch(() => {});
    return undefined;
  }
  let stop: () => void = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    promise.catch(() => {});
    signal.removeEventListener("abort", stop);
  }
}

/**
 * The oldest records by timestamp, each partition in its order, `limit` at most; stops where the next record of a
 * partition is not known though there is one.
 */
function merge(
  fetched: readonly FetchedPartition[],
  limit: number,
): { records: BusRecord[]; next: Map<number, number>; more: boolean } {
  const heads = fetched.map((source) => ({ source, index: 0 }));
  const records: BusRecord[] = [];
  while (records.length < limit) {
    let oldest: (typeof heads)[number] | undefined;
    let stop = false;
    for (const head of heads) {
      const { source, index } = head;
      const record = source.records[index];
      if (record === undefined) {
        stop ||= source.next < source.lastStable;
        continue;
      }
      const rival = oldest?.source.records[oldest.index];
      if (rival === undefined || record.timestamp < rival.timestamp) oldest = head;
    }
    const record = oldest?.source.records[oldest.index];
    if (oldest === undefined || record === undefined) break;
    // What is known of the others may be younger than what isn't known yet of one.
    if (stop && records.length > 0) break;
    records.push(record);
    oldest.index++;
  }
  const next = new Map(
    heads.map(({ source, index }) => [source.partition, source.records[index]?.offset ?? source.next]),
  );
  return {
    records,
    next,
    more: heads.some(
      ({ source, index }) => index === 0 && source.next < source.lastStable && source.records.length === 0,
    ),
  };
}
