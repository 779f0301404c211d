/** Which partition a new record belongs to, and how it looks on the wire. */
import { AntigraphError } from "../../core/errors.ts";
import { partitionFor } from "../../core/murmur2.ts";
import type { NewRecord } from "../bus.ts";
import { MAXIMUM_BATCH_BYTES, sizeOf } from "./batches.ts";
import type { WireMessage } from "./broker.ts";
import type { Connection } from "./client.ts";
import { topicNotFound } from "./errors.ts";
import { tooLarge } from "./produce.ts";
import { framed } from "./wire-format.ts";

export interface Routed {
  topic: string;
  partition: number;
  message: WireMessage;
  bytes: number;
}

/** For topics that the connection knows. Throws `topic_not_found`, `invalid_request` or `payload_too_large`. */
export function route(connection: Connection, record: NewRecord): Routed {
  const { topic, key } = record;
  const partitions = connection.partitionsOf(topic);
  if (partitions === 0) throw topicNotFound(topic);
  const partition = record.partition ?? (key === null ? 0 : partitionFor(key, partitions));
  if (!Number.isInteger(partition) || partition < 0 || partition >= partitions) {
    throw new AntigraphError(
      "invalid_request",
      `Topic ${topic} has the partitions 0 to ${partitions - 1}, not ${partition}.`,
    );
  }
  const sent = record.bytes ?? { key, value: framed(record, connection.wire) };
  const message = { ...sent, headers: record.headers ?? {} };
  const bytes = sizeOf(message);
  if (bytes > MAXIMUM_BATCH_BYTES) throw tooLarge({ topic, partition });
  return { topic, partition, message, bytes };
}
