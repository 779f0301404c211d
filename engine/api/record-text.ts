/** JSON texts of records, and the bound on their size. */
import { AntigraphError } from "../core/errors.ts";

/** Kafka refuses larger messages by default (message.max.bytes), and a batch above its limit hangs the client. */
export const MAXIMUM_RECORD_BYTES = 1_000_000;

/** A record's value as text: strings go out as they are, null is a tombstone, anything else is JSON. */
export function recordText(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

/** @throws AntigraphError payload_too_large */
export function assertRecordSize(text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAXIMUM_RECORD_BYTES) return;
  throw new AntigraphError(
    "payload_too_large",
    `A record of ${bytes} bytes is larger than the ${MAXIMUM_RECORD_BYTES} that one may have.`,
  );
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** A W3C trace context header worth passing on, else undefined. */
export function traceparentOf(header: string | undefined): string | undefined {
  return header !== undefined && TRACEPARENT.test(header) ? header : undefined;
}
