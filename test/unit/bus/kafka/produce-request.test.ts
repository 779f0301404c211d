import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ProduceRequest, WireMessage } from "../../../../engine/bus/kafka/broker.ts";
import { crc32c } from "../../../../engine/bus/kafka/crc32c.ts";
import { encodeProduceRequest } from "../../../../engine/bus/kafka/produce-request.ts";

const require = createRequire(import.meta.url);
/** What kafkajs writes is the measure. */
const kafkajsRequest = require("kafkajs/src/protocol/requests/produce/v3/request.js");
const kafkajsCrc = require("kafkajs/src/protocol/recordBatch/crc32C/index.js");

const text = fc.string({ unit: "grapheme", maxLength: 200 });
const field = fc.option(
  fc.oneof(
    text,
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  ),
);
// kafkajs sorts timestamps as text, so all have the same length here.
const timestamp = fc.integer({ min: 1_700_000_000_000, max: 1_799_999_999_999 }).map(String);
const message: fc.Arbitrary<WireMessage> = fc.record({
  key: field,
  value: field,
  headers: fc.dictionary(text, text, { maxKeys: 3 }),
  timestamp,
});
const partition = fc.record({
  partition: fc.nat(1_000),
  firstSequence: fc.nat(2_147_483_647),
  messages: fc.array(message, { minLength: 1, maxLength: 20 }),
});
const request: fc.Arbitrary<ProduceRequest> = fc.record({
  transactionalId: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
  producerId: fc.bigInt({ min: 0n, max: 9_007_199_254_740_991n }).map(String),
  producerEpoch: fc.nat(32_767),
  acks: fc.constant(-1 as const),
  timeout: fc.nat(100_000),
  topicData: fc.array(
    fc.record({
      topic: fc.string({ minLength: 1, maxLength: 50 }),
      partitions: fc.array(partition, { maxLength: 4 }),
    }),
    { maxLength: 4 },
  ),
});

describe("a produce request", () => {
  it("is byte for byte what kafkajs writes", async () => {
    await fc.assert(
      fc.asyncProperty(request, async (given) => {
        const { buffer } = await kafkajsRequest(given).encode();
        expect(encodeProduceRequest(given).equals(buffer)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("takes a batch of many records", async () => {
    const messages = Array.from({ length: 3_000 }, (_, index) => ({
      key: `k${index}`,
      value: "ä".repeat(index % 700),
      headers: { id: `${index}` },
      timestamp: "1799999999999",
    }));
    const given: ProduceRequest = {
      ...{ transactionalId: "work-1", producerId: "4711", producerEpoch: 3, acks: -1, timeout: 8_000 },
      topicData: [{ topic: "audit", partitions: [{ partition: 5, firstSequence: 17, messages }] }],
    };
    const { buffer } = await kafkajsRequest(given).encode();
    expect(encodeProduceRequest(given).equals(buffer)).toBe(true);
  });
});

it("the checksum is CRC-32C", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(crc32c(bytes)).toBe(kafkajsCrc(Buffer.from(bytes)) >>> 0);
    }),
  );
});
