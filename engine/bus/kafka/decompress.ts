/**
 * Records as other clients compress them. Whatever a service's producer is set to, its replies are read: one that could not be
 * would stop its partition. What this product writes itself is not compressed.
 */
import { promisify } from "node:util";
import { unzip, zstdDecompress } from "node:zlib";
import lz4 from "lz4js";
import snappy from "snappyjs";

/** Of one batch; brokers take a megabyte by default, and nothing honest grows beyond this. */
const MAXIMUM_BYTES = 134_217_728;

/** How Java's clients cut what they give to Snappy: a header, then blocks with their length before them. */
const SNAPPY_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const SNAPPY_HEADER_BYTES = 16;

const gunzip = promisify(unzip);
const zstd = promisify(zstdDecompress);
const limit = { maxOutputLength: MAXIMUM_BYTES };

/** By the number in a batch's attributes; 0 is not compressed. Each throws when the bytes are damaged or too large. */
const CODECS: ((bytes: Buffer) => Buffer | Promise<Buffer>)[] = [
  (bytes) => bytes,
  (bytes) => gunzip(bytes, limit),
  unsnap,
  (bytes) => Buffer.from(lz4.decompress(bytes, Math.min(MAXIMUM_BYTES, lz4.decompressBound(bytes)))),
  (bytes) => zstd(bytes, limit),
];

/** The records of a batch. Throws for a codec that Kafka has got since. */
export async function decompress(codec: number, bytes: Buffer): Promise<Buffer> {
  const read = CODECS[codec];
  if (read === undefined) throw new Error(`records are compressed in a way that isn't known here (${codec})`);
  return read(bytes);
}

function unsnap(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, SNAPPY_MAGIC.length).equals(SNAPPY_MAGIC)) return block(bytes);
  const blocks: Buffer[] = [];
  for (let at = SNAPPY_HEADER_BYTES; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    blocks.push(block(bytes.subarray(at + 4, end)));
    at = end;
  }
  return Buffer.concat(blocks);
}

const block = (bytes: Buffer): Buffer => Buffer.from(snappy.uncompress(new Uint8Array(bytes), MAXIMUM_BYTES));
