/**
 * Confluent's wire format: a byte 0, the id of the record's schema in four bytes, and the payload. It stays at this edge:
 * whoever reads records gets the payload as text with `schemaId` beside it, and gives both back to write the same bytes.
 */
import { isUtf8 } from "node:buffer";
import type { BusRecord, NewRecord } from "../bus.ts";

const MAGIC = 0;
const HEADER_BYTES = 5;
const ID_OFFSET = 1;

export interface WireFormat {
  /**
   * The schema id that records of a topic bear; undefined where they are written as they are.
   * @throws AntigraphError bus_unavailable while it isn't known
   */
  idOf(topic: string): number | undefined;
}

/** The value as it goes out. @throws as `idOf` */
export function framed({ topic, value, schemaId }: NewRecord, wire: WireFormat | undefined): string | Buffer | null {
  const id = value === null ? undefined : (schemaId ?? wire?.idOf(topic));
  if (value === null || id === undefined) return value;
  const header = Buffer.alloc(HEADER_BYTES, MAGIC);
  header.writeUInt32BE(id, ID_OFFSET);
  return Buffer.concat([header, Buffer.from(value)]);
}

/** What a value in the wire format says; undefined for any other. No text and no JSON begins with a byte 0. */
export function unframed(value: Buffer): { schemaId: number; payload: string } | undefined {
  if (value[0] !== MAGIC || value.length <= HEADER_BYTES) return undefined;
  const payload = value.subarray(HEADER_BYTES);
  return isUtf8(payload) ? { schemaId: value.readUInt32BE(ID_OFFSET), payload: payload.toString() } : undefined;
}

/** A record as readers see it: of a value in the wire format the payload, with its schema's id beside it. */
export function unwrapped(record: BusRecord): BusRecord {
  const { bytes, ...shown } = record;
  if (record.value === null || record.value.charCodeAt(0) !== MAGIC) return record;
  // Where the text is all there is of a value, it is its bytes.
  const frame = unframed(bytes?.value ?? Buffer.from(record.value));
  if (!frame) return record;
  const isKeyText = !bytes?.key || isUtf8(bytes.key);
  return { ...shown, value: frame.payload, schemaId: frame.schemaId, ...(bytes && !isKeyText && { bytes }) };
}
