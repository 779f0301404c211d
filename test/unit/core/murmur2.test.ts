import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { murmur2, partitionFor } from "../../../engine/core/murmur2.ts";

const require = createRequire(import.meta.url);
const kafkajsMurmur2 = require("kafkajs/src/producer/partitioners/default/murmur2.js") as (key: string) => number;

const text = fc.string({ unit: "grapheme", maxLength: 60 });
const long = fc.string({ unit: "grapheme-ascii", minLength: 200, maxLength: 600 });

describe("murmur2", () => {
  it.each([
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ])("hashes %s as the Kafka clients' own test suite expects", (key, hash) => {
    expect(murmur2(key)).toBe(hash);
  });

  it("agrees with kafkajs on any text, whatever its length and alphabet", () => {
    fc.assert(
      fc.property(fc.oneof(text, long), (key) => {
        expect(murmur2(key)).toBe(kafkajsMurmur2(key));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("partitionFor", () => {
  it("takes the positive hash modulo the partitions, as Java's default partitioner does", () => {
    expect(partitionFor("foobar", 12)).toBe((-790332482 & 0x7fffffff) % 12);
    expect(partitionFor("abc", 12)).toBe(479470107 % 12);
  });

  it("stays within the partitions and uses all of them", () => {
    const used = new Set<number>();
    for (let i = 0; i < 1_000; i++) used.add(partitionFor(`key-${i}`, 12));
    expect([...used].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });
});
