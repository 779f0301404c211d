/**
 * A service straight over a `Bus`, as a member of the consumer group `service.NAME`: in one process with the engine, or,
 * through kafka-transport.ts, on a cluster. Batches overtake each other; the group's offset is committed behind what is
 * settled, and never beyond a command that isn't.
 */
import type { Bus } from "../bus/bus.ts";
import { AntigraphError } from "../core/errors.ts";
import { TOPICS } from "../core/protocol.ts";
import { type TopicSettings, topicNames } from "../core/topic-names.ts";
import { type Connection, type ConnectOptions, type Transport, TransportError } from "./transport.ts";

const MAXIMUM_BATCH_RECORDS = 500;

export interface BusTransportOptions {
  /** In front of all topic names and of the group's. */
  prefix?: string;
  /** Topics that have names of their own: `{ fromanager: "orders.commands" }`. */
  topics?: TopicSettings;
  /** 500 records */
  maximumBatch?: number;
}

/** The in-process transport. Closing the service leaves the bus open. */
export function createBusTransport(bus: Bus, options: BusTransportOptions = {}): Transport {
  return {
    remembers: true,
    async connect(connect) {
      const connection = await consumeFrom(bus, connect, options);
      connect.onConnection(true);
      return connection;
    },
  };
}

/** Joins the service's group. Rejects as `Bus.consume` does. */
export async function consumeFrom(
  bus: Bus,
  { service, from, onRecords, unsettled, onRebalance, onLost }: ConnectOptions,
  { prefix = "", topics, maximumBatch = MAXIMUM_BATCH_RECORDS }: BusTransportOptions,
): Promise<Connection> {
  const names = topicNames(prefix, topics);
  const nameOf = new Map<string, string>([
    [TOPICS.toManager, names.toManager],
    [TOPICS.services, names.services],
    [TOPICS.deadLetter, names.deadLetter],
  ]);
  const subscription = await bus.consume({
    group: groupOf(service, prefix),
    topic: names.fromManager,
    fromBeginning: from === "beginning",
    maximumBatch,
    // A service that ends while it has no room reads nothing more anyway.
    onRecords: (records) => onRecords(records, {}).accepted.catch(() => {}),
    unsettled,
    onRebalance,
    onLost,
  });
  return {
    async append(records) {
      try {
        await bus.append(records.map((record) => ({ ...record, topic: nameOf.get(record.topic) ?? record.topic })));
      } catch (error) {
        throw toTransportError(error);
      }
    },
    stopReading: () => subscription.drain(),
    close: () => subscription.close(),
  };
}

/** The consumer group of a service's instances. */
export const groupOf = (service: string, prefix = ""): string => `${prefix}service.${service}`;

export function toTransportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  if (error instanceof AntigraphError && error.code === "payload_too_large") {
    return new TransportError("refused", error.message, error);
  }
  return new TransportError("unavailable", error instanceof Error ? error.message : String(error), error);
}
