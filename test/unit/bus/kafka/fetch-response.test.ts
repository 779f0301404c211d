import { createRequire } from "node:module";
import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import lz4 from "lz4js";
import snappy from "snappyjs";
import { describe, expect, it } from "vitest";
import { type DecodedPartition, readMessages } from "../../../../engine/bus/kafka/decoded-messages.ts";
import { decodeFetchResponse, FETCH_VERSIONS } from "../../../../engine/bus/kafka/fetch-response.ts";
import { readBatches } from "../../../../engine/bus/kafka/record-batches.ts";

const require = createRequire(import.meta.url);
/** What kafkajs writes and reads is the measure. */
const Encoder = require("kafkajs/src/protocol/encoder");
const { RecordBatch } = require("kafkajs/src/protocol/recordBatch/v0");
const KafkajsRecord = require("kafkajs/src/protocol/recordBatch/record/v0");
const MessageSet = require("kafkajs/src/protocol/messageSet");
const kafkajsResponse = (version: number) => require(`kafkajs/src/protocol/requests/fetch/v${version}/response.js`);

const TOPIC = "orders";
const ATTRIBUTES_AT = 21;
const CONTROL = 0x20;
const LOG_APPEND_TIME = 0x08;

interface GivenRecord {
  /** Offsets that compaction has taken away before it. */
  gap: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer | Buffer[]>;
  timestampDelta: number;
}

interface GivenBatch {
  kind: "data" | "marker" | "emptied";
  producer: number;
  transactional: boolean;
  gzip: boolean;
  logAppendTime: boolean;
  timestamp: number;
  records: GivenRecord[];
  /** Offsets that compaction has taken away behind the last record. */
  tail: number;
}

const bytes = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 60 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 200 }).map((given) => Buffer.from(given)),
);
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 10 }).filter((given) => given !== "__proto__");
const record: fc.Arbitrary<GivenRecord> = fc.record({
  gap: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(500)),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.dictionary(name, fc.oneof(bytes, fc.array(bytes, { minLength: 1, maxLength: 3 })), { maxKeys: 3 }),
  timestampDelta: fc.oneof(fc.integer({ min: -1_000, max: 1_000 }), fc.nat(100_000_000_000)),
});
const batch: fc.Arbitrary<GivenBatch> = fc.record({
  kind: fc.constantFrom("data", "data", "data", "marker", "emptied"),
  producer: fc.nat(3),
  transactional: fc.boolean(),
  gzip: fc.boolean(),
  logAppendTime: fc.boolean(),
  timestamp: fc.integer({ min: 0, max: 1_900_000_000_000 }),
  records: fc.array(record, { minLength: 1, maxLength: 8 }),
  tail: fc.oneof(fc.constant(0), fc.nat(50)),
});
interface Given {
  version: number;
  partitions: GivenPartition[];
}
interface GivenPartition {
  start: number;
  batches: GivenBatch[];
  /** Which of the transactional batches are listed as the first of an aborted transaction. */
  aborted: boolean[];
  /** The share of the records before the position, and of the bytes that were cut off. */
  read: number;
  cut: number;
}
const response: fc.Arbitrary<Given> = fc.record({
  version: fc.integer({ min: FETCH_VERSIONS.first, max: FETCH_VERSIONS.last }),
  partitions: fc.array(
    fc.record({
      start: fc.oneof(fc.nat(10), fc.integer({ min: 2 ** 31 - 5, max: 2 ** 40 })),
      batches: fc.array(batch, { maxLength: 6 }),
      aborted: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      read: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
      cut: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
    }),
    { maxLength: 3 },
  ),
});

/** A header of 16 bytes, then blocks, each with its length. */
function framed(raw: Buffer): Buffer {
  const blocks = [raw.subarray(0, 5), raw.subarray(5)].flatMap((part) => {
    const packed = snappy.compress(new Uint8Array(part));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(packed.length);
    return [length, packed];
  });
  return Buffer.concat([Buffer.from("\x82SNAPPY\0\0\0\0\x01\0\0\0\x01", "latin1"), ...blocks]);
}

/** The bytes of a log from `start` on; each batch with its first offset and the one behind it. */
async function write(start: number, batches: readonly GivenBatch[]) {
  const written: { bytes: Buffer; first: number; behind: number; given: GivenBatch }[] = [];
  let first = start;
  for (const given of batches) {
    const { kind, producer, transactional, gzip, logAppendTime, timestamp, tail } = given;
    const records = kind === "marker" ? given.records.slice(0, 1) : given.records;
    let delta = -1;
    const encoded = records.map(({ gap, key, value, headers, timestampDelta }) => {
      delta += 1 + gap;
      return KafkajsRecord({ offsetDelta: delta, timestampDelta, key, value, headers });
    });
    const lastOffsetDelta = delta + tail;
    const { buffer } = await RecordBatch({
      compression: gzip && kind === "data" ? 1 : 0,
      firstOffset: first,
      firstTimestamp: timestamp,
      maxTimestamp: timestamp + 7,
      lastOffsetDelta,
      transactional: transactional || kind === "marker",
      producerId: 5_000_000_000 + producer,
      records: kind === "emptied" ? [] : encoded,
    });
    if (kind === "marker") buffer[ATTRIBUTES_AT + 1] |= CONTROL;
    if (logAppendTime) buffer[ATTRIBUTES_AT + 1] |= LOG_APPEND_TIME;
    written.push({ bytes: buffer, first, behind: first + lastOffsetDelta + 1, given });
    first += lastOffsetDelta + 1;
  }
  return written;
}

interface EncodedPartition {
  partition: number;
  errorCode?: number;
  aborted: { producerId: number; firstOffset: number }[];
  records: Buffer;
}

function encode(version: number, partitions: readonly EncodedPartition[]): Buffer {
  const encoder = new Encoder().writeInt32(17);
  if (version >= 7) encoder.writeInt16(0).writeInt32(0);
  encoder.writeInt32(1).writeString(TOPIC).writeInt32(partitions.length);
  for (const { partition, errorCode = 0, aborted, records } of partitions) {
    encoder
      .writeInt32(partition)
      .writeInt16(errorCode)
      .writeInt64(2 ** 41 + 3)
      .writeInt64(2 ** 41);
    if (version >= 5) encoder.writeInt64(0);
    encoder.writeInt32(aborted.length || -1);
    for (const { producerId, firstOffset } of aborted) encoder.writeInt64(producerId).writeInt64(firstOffset);
    if (version >= 11) encoder.writeInt32(-1);
    encoder.writeBytes(records);
  }
  return encoder.buffer;
}

async function build({ version, partitions }: Given) {
  const built = [];
  for (const [partition, { start, batches, aborted: chosen, read, cut }] of partitions.entries()) {
    const written = await write(start, batches);
    const all = Buffer.concat(written.map((it) => it.bytes));
    const last = written.at(-1)?.bytes.length ?? 0;
    // kafkajs throws where there is too little of the only batch to see its magic.
    const records = all.subarray(0, all.length - Math.floor(Math.max(0, last - 17) * cut));
    const end = written.at(-1)?.behind ?? start;
    const from = start + Math.floor((end - start) * read);
    const aborted = written
      .filter(({ given }, index) => given.kind !== "marker" && given.transactional && chosen[index])
      .map(({ first, given }) => ({ producerId: 5_000_000_000 + given.producer, firstOffset: first }));
    const whole = written.filter((_, index) => index < written.length - 1 || records.length === all.length);
    // In any order, as the broker may list them.
    built.push({ partition, records, from, aborted: aborted.reverse(), whole });
  }
  return { payload: encode(version, built), built };
}

describe("a fetch response", () => {
  it("gives what kafkajs reads: records, markers and aborted transactions, whatever is cut off", async () => {
    await fc.assert(
      fc.asyncProperty(response, async (given) => {
        const { payload, built } = await build(given);
        const own = decodeFetchResponse(payload, given.version);
        const theirs = await kafkajsResponse(given.version).decode(payload);
        expect(own?.clientSideThrottleTime).toBe(theirs.clientSideThrottleTime);
        const answers = own?.responses[0]?.partitions ?? [];
        expect(own?.responses.map(({ topicName }) => topicName)).toEqual([TOPIC]);
        expect(answers).toHaveLength(built.length);
        for (const [index, { from, whole }] of built.entries()) {
          const answer = answers[index];
          const decoded: DecodedPartition = theirs.responses[0].partitions[index];
          if (answer === undefined) throw new Error("a partition is missing");
          const { partition, errorCode, highWatermark, lastStableOffset } = answer;
          expect({ partition, errorCode, highWatermark, lastStableOffset }).toEqual({
            ...{ partition: index, errorCode: 0, highWatermark: 2 ** 41 + 3, lastStableOffset: 2 ** 41 },
          });
          const place = { topic: TOPIC, partition, from };
          const read = await readBatches(answer.batches, place, answer.abortedTransactions);
          expect(read.records).toEqual(readMessages(decoded, place).records);
          // kafkajs tells nothing of batches that compaction has emptied.
          expect(read.next).toBe(Math.max(from, whole.at(-1)?.behind ?? 0));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("leaves records from before Kafka 0.11 to kafkajs", async () => {
    const messages = [{ key: "k", value: "v", timestamp: 1_700_000_000_000 }];
    const { buffer } = MessageSet({ messageVersion: 1, entries: messages });
    const payload = encode(11, [{ partition: 0, aborted: [], records: buffer }]);
    expect(decodeFetchResponse(payload, 11)).toBeUndefined();
    const theirs = await kafkajsResponse(11).decode(payload);
    const read = readMessages(theirs.responses[0].partitions[0], { topic: TOPIC, partition: 0, from: 0 });
    expect(read.records.map(({ key, value }) => [key, value])).toEqual([["k", "v"]]);
    expect(read.next).toBe(1);
  });

  it("carries the errors of partitions to kafkajs, which throws them", async () => {
    const payload = encode(11, [{ partition: 3, errorCode: 1, aborted: [], records: Buffer.alloc(0) }]);
    const { parse } = kafkajsResponse(11);
    const thrown = parse(decodeFetchResponse(payload, 11));
    await expect(thrown).rejects.toMatchObject({ type: "OFFSET_OUT_OF_RANGE", topic: TOPIC, partition: 3 });
  });

  it("is refused when it is cut off itself", async () => {
    const { payload } = await build({ version: 11, partitions: [onePartition({})] });
    for (let end = 0; end < payload.length; end++) {
      expect(() => decodeFetchResponse(payload.subarray(0, end), 11)).toThrow(RangeError);
    }
  });
});

const plain: GivenBatch = {
  ...{ kind: "data", producer: 1, transactional: true, gzip: false, logAppendTime: false, tail: 0 },
  timestamp: 1_700_000_000_000,
  records: [{ gap: 0, key: Buffer.from("k"), value: Buffer.from("v"), headers: {}, timestampDelta: 0 }],
};

function onePartition(more: Partial<GivenPartition>): GivenPartition {
  return { start: 0, batches: [plain], aborted: [], read: 0, cut: 0, ...more };
}

describe("record batches", () => {
  const place = { topic: TOPIC, partition: 7, from: 0 };

  it("of a transaction that was aborted are left out, up to its marker", async () => {
    const marker: GivenBatch = { ...plain, kind: "marker" };
    const other = { ...plain, producer: 2 };
    const written = await write(0, [plain, other, plain, marker, plain, marker]);
    const all = Buffer.concat(written.map(({ bytes }) => bytes));
    const aborted = [{ producerId: 5_000_000_001n, firstOffset: 0 }];
    const { records, next } = await readBatches(all, place, aborted);
    expect([records.map(({ offset }) => offset), next]).toEqual([[1, 4], 6]);
  });

  it.each([
    [2, "Snappy as librdkafka writes it", (raw: Buffer) => snappy.compress(new Uint8Array(raw))],
    [2, "Snappy as Java writes it", framed],
    [3, "LZ4", (raw: Buffer) => lz4.compress(raw)],
    [4, "zstd", (raw: Buffer) => zstdCompressSync(raw)],
  ])("compressed (%i) with %s are read like others", async (codec, _name, compress) => {
    const [written] = await write(4, [plain]);
    if (written === undefined) throw new Error("nothing was written");
    const expected = await readBatches(written.bytes, place, []);
    const packed = Buffer.concat([written.bytes.subarray(0, 61), compress(written.bytes.subarray(61))]);
    packed[ATTRIBUTES_AT + 1] = codec;
    packed.writeInt32BE(packed.length - 12, 8);
    expect(expected.records).toHaveLength(1);
    expect(await readBatches(packed, place, [])).toEqual(expected);
  });

  it("that can't be decompressed are refused, with the place where they lie", async () => {
    const [written] = await write(4, [plain]);
    if (written === undefined) throw new Error("nothing was written");
    for (const codec of [1, 2, 3, 4, 5]) {
      written.bytes[ATTRIBUTES_AT + 1] = codec;
      await expect(readBatches(written.bytes, place, [])).rejects.toThrow(
        "orders/7: what was written at offset 4 can't be decompressed",
      );
    }
  });

  it("whose records reach beyond them are refused", async () => {
    const [written] = await write(0, [plain]);
    if (written === undefined) throw new Error("nothing was written");
    // The length of the value, before it and the count of headers.
    written.bytes[written.bytes.length - 3] = 100;
    await expect(readBatches(written.bytes, place, [])).rejects.toThrow(RangeError);
  });
});
