/**
 * A service that reaches the topics through the HTTP API of a console on the embedded profile: it reads `fromanager` by
 * long polls and appends to `tomanager`. The API has no consumer groups, so the service's store keeps the positions;
 * without a store a service begins at the topic's end. Instances that share one store file share the work's effects,
 * not its load.
 *
 * While the console is away it tries again, at most every 5 s, for as long as the service runs.
 */
import { z } from "zod";
import type { BusRecord } from "../bus/bus.ts";
import { TOPICS } from "../core/protocol.ts";
import { backoffMs, pause } from "./clock.ts";
import { type ConsoleClient, ConsoleError, ConsoleUnreachable, createConsoleClient } from "./console-client.ts";
import { type Connection, type ConnectOptions, type Positions, type Transport, TransportError } from "./transport.ts";

const POLL_WAIT_MS = 20_000;
const POLL_LIMIT_RECORDS = 500;
/** How much longer than its wait a poll may take before it counts as lost. */
const POLL_GRACE_MS = 10_000;

export interface HttpTransportOptions {
  /** Where the console listens, for instance http://127.0.0.1:4600 */
  url: string;
  token: string;
  fetch?: typeof globalThis.fetch;
}

const pageSchema = z.object({
  records: z.array(
    z.object({
      partition: z.number(),
      offset: z.number(),
      timestamp: z.string(),
      key: z.string().nullable(),
      headers: z.record(z.string(), z.string()),
      value: z.string().nullable(),
    }),
  ),
  next: z.string(),
});

const topicsSchema = z.object({
  topics: z.array(
    z.object({
      name: z.string(),
      offsets: z.array(z.object({ partition: z.number(), start: z.number(), end: z.number() })),
    }),
  ),
});

/** The transport over the HTTP API. */
export function createHttpTransport(options: HttpTransportOptions): Transport {
  const client = createConsoleClient(options);
  return {
    remembers: false,
    async connect(connect): Promise<Connection> {
      const stopping = new AbortController();
      const reading = readOn(client, connect, stopping.signal);
      const stopReading = () => {
        stopping.abort(new Error("the service stops"));
        return reading;
      };
      return {
        append: (records) => append(client, records),
        stopReading,
        close: stopReading,
      };
    },
  };
}

async function append(client: ConsoleClient, records: Parameters<Connection["append"]>[0]): Promise<void> {
  const byTopic = Map.groupBy(records, (record) => record.topic);
  for (const [topic, some] of byTopic) {
    const body = { records: some.map(({ key, value, headers }) => ({ key, value, headers })) };
    try {
      await client.call(`/topics/${encodeURIComponent(topic)}/records`, { method: "POST", body });
    } catch (error) {
      throw toTransportError(error);
    }
  }
}

/** Reads until stopped or denied; never rejects. */
async function readOn(client: ConsoleClient, connect: ConnectOptions, signal: AbortSignal): Promise<void> {
  let positions: Positions = { ...connect.positions };
  let failures = 0;
  let checked = false;
  while (!signal.aborted) {
    try {
      if (!checked) {
        positions = await checkedPositions(client, connect, positions, signal);
        checked = true;
      }
      const begin = connect.from === "beginning" ? "start" : "end";
      const first = Object.keys(positions).length === 0;
      const page = await poll(client, first ? begin : format(positions), first ? 0 : POLL_WAIT_MS, signal);
      failures = 0;
      positions = { ...positions, ...parsePositions(page.next) };
      connect.onConnection(true);
      await connect.onRecords(page.records, positions).accepted;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ConsoleError && error.code === "offset_out_of_range") {
        // The topic isn't the one we had read (its log was cut or begun anew): look where it stands now.
        checked = false;
      } else {
        const failure = toTransportError(error);
        if (failure.kind === "denied") return connect.onFatal(failure);
        connect.onConnection(false, failure.message);
        checked = false;
      }
      failures += 1;
      await pause(connect.clock, backoffMs(failures, connect.random), signal);
    }
  }
}

async function poll(client: ConsoleClient, offset: string, waitMs: number, signal: AbortSignal) {
  const { body } = await client.call(`/topics/${TOPICS.fromManager}/records`, {
    query: { offset, limit: POLL_LIMIT_RECORDS, wait: waitMs },
    timeoutMs: waitMs + POLL_GRACE_MS,
    signal,
  });
  const page = pageSchema.parse(body);
  const records: BusRecord[] = page.records.map((record) => ({
    ...record,
    topic: TOPICS.fromManager,
    timestamp: Date.parse(record.timestamp),
  }));
  return { records, next: page.next };
}

/**
 * Positions that fit the topic as it is now. A position behind the topic's end means that the data folder was begun
 * anew: everything in it is new to us. One before its start means that records have been cut off: go on at the start.
 */
async function checkedPositions(
  client: ConsoleClient,
  connect: ConnectOptions,
  positions: Positions,
  signal: AbortSignal,
): Promise<Positions> {
  if (Object.keys(positions).length === 0) return positions;
  const { body } = await client.call("/topics", { signal });
  const topic = topicsSchema.parse(body).topics.find(({ name }) => name === TOPICS.fromManager);
  const offsets = topic?.offsets ?? [];
  const isNew = offsets.some(({ partition, end }) => (positions[partition] ?? 0) > end);
  const checked: Positions = {};
  for (const { partition, start } of offsets) {
    checked[partition] = isNew ? start : Math.max(positions[partition] ?? start, start);
  }
  const moved = offsets.some(({ partition }) => checked[partition] !== (positions[partition] ?? checked[partition]));
  if (moved) connect.onReset(checked);
  return checked;
}

function format(positions: Positions): string {
  return Object.entries(positions)
    .map(([partition, offset]) => `${partition}:${offset}`)
    .join(",");
}

function parsePositions(next: string): Positions {
  const positions: Positions = {};
  for (const pair of next.split(",")) {
    const [partition, offset] = pair.split(":").map(Number);
    if (Number.isInteger(partition) && Number.isInteger(offset)) positions[Number(partition)] = Number(offset);
  }
  return positions;
}

function toTransportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  if (error instanceof ConsoleError) {
    const { status, message } = error;
    if (status === 401 || status === 403) return new TransportError("denied", message, error);
    if (status >= 500 || status === 408 || status === 429) return new TransportError("unavailable", message, error);
    return new TransportError("refused", message, error);
  }
  if (error instanceof ConsoleUnreachable) return new TransportError("unavailable", error.message, error);
  return new TransportError("unavailable", error instanceof Error ? error.message : String(error), error);
}
