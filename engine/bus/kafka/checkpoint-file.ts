/**
 * The file of one partition's checkpoint: blocks of changes, each added behind the others. Nothing is sought in it, so no
 * index has to be kept up while the manager works; when most of it is out of date, it is written anew.
 *
 * A block says how long it is and carries a checksum. What a crash has cut off at the end is left out: the blocks before
 * it are a checkpoint of an earlier time.
 */
import { type FileHandle, open, rename, rm, truncate } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { TextMap } from "./text-map.ts";

/** magic, bytes of the body, checksum of all that follows it, offset, time. */
const HEADER_BYTES = 28;
const MAGIC = 0x41474331;
const CHECKSUM_END = 12;
/** Of an entry: the lengths of key and value; a value of length -1 is deleted. */
const LENGTHS_BYTES = 8;
const BLOCK_BYTES = 1_048_576;
/** Longer than any value can be: a length beyond it is garbage. */
const MAXIMUM_BLOCK_BYTES = 134_217_728;
/** The offset of a block that isn't the last of its changes. */
const NOT_YET = -1;
/** It is written anew when it is twice as long as it has to be, and this more. */
const SPARE_BYTES = 8_388_608;

/** The changelog of one partition up to an offset. */
export interface Checkpoint {
  entries: TextMap;
  /** Where to read on. */
  next: number;
  /** When that was noted, in milliseconds since 1970. */
  at: number;
}

/** Where the content comes from; it may change between two blocks. */
export interface Source extends Checkpoint {
  /** Keys whose entries are to be written, or that there is none any more; they are taken out. */
  changed: Set<string>;
}

/** Memory for one block after the other. */
export class Scratch {
  private buffer = Buffer.alloc(0);

  take(bytes: number): Buffer {
    if (this.buffer.length < bytes) this.buffer = Buffer.allocUnsafe(bytes);
    return this.buffer.subarray(0, bytes);
  }
}

/** One operation at a time, on all that share the memory for blocks. */
export class CheckpointFile {
  private readonly path: string;
  private readonly scratch: Scratch;
  private bytes = 0;
  /** What it took when it was last known to have nothing in it but what counts. */
  private neededBytes = 0;

  constructor(path: string, scratch: Scratch) {
    this.path = path;
    this.scratch = scratch;
  }

  /** Nothing was loaded or added since it was cleared. */
  get isEmpty(): boolean {
    return this.bytes === 0;
  }

  /** Undefined when there is none. What is behind the last whole block is cut off; throws when there is no whole one. */
  async load(): Promise<Checkpoint | undefined> {
    const file = await open(this.path, "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (file === undefined) return undefined;
    const entries = new TextMap();
    let noted: { next: number; at: number } | undefined;
    let size: number;
    this.bytes = 0;
    try {
      size = (await file.stat()).size;
      for (;;) {
        const block = await this.readBlock(file, this.bytes);
        if (block === undefined) break;
        apply(block, entries);
        this.bytes += block.length;
        const next = block.readDoubleBE(12);
        if (next !== NOT_YET) noted = { next, at: block.readDoubleBE(20) };
      }
    } finally {
      await file.close();
    }
    if (noted === undefined) throw new Error(`${this.path} has no checkpoint in it`);
    if (size > this.bytes) await truncate(this.path, this.bytes);
    this.neededBytes = 0;
    for (const key of entries.keys()) {
      this.neededBytes += LENGTHS_BYTES + key.length + (entries.byteLength(key) ?? 0);
    }
    return { entries, ...noted };
  }

  /** Begins anew with nothing. */
  async clear(): Promise<void> {
    this.bytes = 0;
    this.neededBytes = 0;
    await rm(this.path, { force: true });
  }

  /** Most of it is out of date. */
  get isWasteful(): boolean {
    return this.bytes > 2 * this.neededBytes + SPARE_BYTES;
  }

  /** Adds what has changed. The offset is noted when nothing is left, as it is then: more may come meanwhile. */
  async append(source: Source): Promise<void> {
    const isFirst = this.bytes === 0;
    const file = await open(this.path, "a");
    try {
      if ((await file.stat()).size !== this.bytes) throw new Error(`${this.path} was changed by somebody else`);
      this.bytes += await this.writeBlocks(file, source);
    } finally {
      await file.close();
    }
    if (isFirst) this.neededBytes = this.bytes;
  }

  /** The same for a source of all entries, which takes the place of what is there once it is whole. */
  async rewrite(source: Source): Promise<void> {
    const fresh = `${this.path}.new`;
    const file = await open(fresh, "w");
    let bytes: number;
    try {
      bytes = await this.writeBlocks(file, source);
    } finally {
      await file.close();
    }
    await rename(fresh, this.path);
    this.bytes = bytes;
    this.neededBytes = bytes;
  }

  /** Answers how many bytes were written. */
  private async writeBlocks(file: FileHandle, source: Source): Promise<number> {
    let bytes = 0;
    while (source.changed.size > 0) {
      const block = encodeBlock(this.scratch, source);
      await file.appendFile(block);
      bytes += block.length;
    }
    return bytes;
  }

  /** Undefined where there is no whole block. */
  private async readBlock(file: FileHandle, position: number): Promise<Buffer | undefined> {
    const header = Buffer.alloc(HEADER_BYTES);
    await file.read(header, 0, HEADER_BYTES, position);
    const bytes = HEADER_BYTES + header.readUInt32BE(4);
    if (header.readUInt32BE(0) !== MAGIC || bytes > MAXIMUM_BLOCK_BYTES) return undefined;
    const block = this.scratch.take(bytes);
    const { bytesRead } = await file.read(block, 0, bytes, position);
    if (bytesRead < bytes || crc32(block.subarray(CHECKSUM_END)) !== block.readUInt32BE(8)) return undefined;
    return block;
  }
}

function encodeBlock(scratch: Scratch, { changed, entries, next, at }: Source): Buffer {
  const taken: [key: string, keyBytes: number, valueBytes: number][] = [];
  let bytes = HEADER_BYTES;
  for (const key of changed) {
    if (bytes >= BLOCK_BYTES) break;
    const keyBytes = Buffer.byteLength(key);
    const valueBytes = entries.byteLength(key) ?? -1;
    taken.push([key, keyBytes, valueBytes]);
    bytes += LENGTHS_BYTES + keyBytes + Math.max(0, valueBytes);
    changed.delete(key);
  }
  const block = scratch.take(bytes);
  block.writeUInt32BE(MAGIC, 0);
  block.writeUInt32BE(bytes - HEADER_BYTES, 4);
  block.writeDoubleBE(changed.size === 0 ? next : NOT_YET, 12);
  block.writeDoubleBE(at, 20);
  let offset = HEADER_BYTES;
  for (const [key, keyBytes, valueBytes] of taken) {
    offset = block.writeUInt32BE(keyBytes, offset);
    offset = block.writeInt32BE(valueBytes, offset);
    offset += block.write(key, offset);
    offset += entries.copyTo(key, block, offset);
  }
  block.writeUInt32BE(crc32(block.subarray(CHECKSUM_END)), 8);
  return block;
}

function apply(block: Buffer, entries: TextMap): void {
  for (let offset = HEADER_BYTES; offset < block.length; ) {
    const keyAt = offset + LENGTHS_BYTES;
    const valueAt = keyAt + block.readUInt32BE(offset);
    const valueBytes = block.readInt32BE(offset + 4);
    const key = block.toString("utf8", keyAt, valueAt);
    offset = valueAt + Math.max(0, valueBytes);
    if (valueBytes < 0) entries.delete(key);
    else entries.set(key, block.toString("utf8", valueAt, offset));
  }
}
