import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TextMap } from "../../../../engine/bus/kafka/text-map.ts";

const written = (map: TextMap, key: string): string | undefined => {
  const length = map.byteLength(key);
  if (length === undefined) return undefined;
  const target = Buffer.alloc(length + 2, 0x21);
  expect(map.copyTo(key, target, 1)).toBe(length);
  expect([target[0], target.at(-1)]).toEqual([0x21, 0x21]);
  return target.toString("utf8", 1, length + 1);
};

describe("a map of texts", () => {
  it("is like a Map, whatever is set and deleted in whatever order", () => {
    const key = fc.constantFrom(..."abcdefghij");
    // Below and above a unit, many units, and too large for a block; of one, two, three and four bytes a character.
    const sizes = fc.oneof(fc.nat(200), fc.constantFrom(59, 60, 61, 123, 124, 125, 8_187, 8_188, 8_189, 20_000));
    const text = fc.tuple(fc.constantFrom("x", "é", "€", "𝄞"), sizes).map(([char, size]) => char.repeat(size));
    const change = fc.oneof(
      { weight: 3, arbitrary: fc.record({ key, text }) },
      fc.record({ key, text: fc.constant(undefined) }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
        const map = new TextMap();
        const expected = new Map<string, string>();
        for (const { key, text } of changes) {
          if (text === undefined) expect(map.delete(key)).toBe(expected.delete(key));
          else {
            map.set(key, text);
            expected.set(key, text);
          }
          expect(map.get(key)).toBe(text);
          expect(map.has(key)).toBe(text !== undefined);
          expect(written(map, key)).toBe(text);
        }
        expect(map.size).toBe(expected.size);
        expect(Object.fromEntries(map)).toEqual(Object.fromEntries(expected));
        expect([...map.keys()].sort()).toEqual([...expected.keys()].sort());
        const copy = map.copy();
        for (const key of expected.keys()) map.set(key, "changed");
        expect(Object.fromEntries(copy)).toEqual(Object.fromEntries(expected));
        for (const key of "abcdefghij") copy.set(key, `${key} `.repeat(40));
        expect([...copy.keys()].sort()).toEqual([..."abcdefghij"]);
        for (const [key, text] of copy) expect(text).toBe(`${key} `.repeat(40));
      }),
      { numRuns: 200 },
    );
  });

  it("writes nothing of what it hasn't", () => {
    const map = new TextMap([["a", "1"]]);
    const target = Buffer.alloc(4);
    expect([map.byteLength("b"), map.copyTo("b", target, 0), map.get("b"), map.delete("b")]).toEqual([
      undefined,
      0,
      undefined,
      false,
    ]);
    expect(target).toEqual(Buffer.alloc(4));
  });

  it("uses room again, however lengths change", () => {
    const map = new TextMap();
    const expected = new Map<string, string>();
    for (let round = 0; round < 40; round++) {
      // Each round another length, so that no freed block fits.
      const length = 100 + round * 64;
      for (let index = 0; index < 1_000; index++) {
        const text = `${round} ${index} `.padEnd(length, "ab");
        map.set(`k${index}`, text);
        expected.set(`k${index}`, text);
      }
      // Twice of what is needed, and a few chunks.
      expect(map.capacity).toBeLessThan(2 * 1_000 * (length + 68) + 6 * 262_144);
    }
    expect(Object.fromEntries(map)).toEqual(Object.fromEntries(expected));
  });

  it("gives room back when most of what it had is gone", () => {
    const map = new TextMap();
    for (let index = 0; index < 20_000; index++) map.set(`k${index}`, `${index} `.padEnd(400, "x"));
    const { capacity } = map;
    for (let index = 500; index < 20_000; index++) map.delete(`k${index}`);
    expect(map.capacity).toBeLessThan(capacity / 5);
    for (let index = 0; index < 500; index++) expect(map.get(`k${index}`)).toBe(`${index} `.padEnd(400, "x"));
  });

  it("takes no more room for the same lengths again and again", () => {
    const map = new TextMap();
    const fill = (from: number) => {
      for (let index = from; index < 5_000; index += 3) map.set(`k${index}`, "x".repeat(200 + (index % 7) * 100));
    };
    for (const from of [0, 1, 2]) fill(from);
    const { capacity } = map;
    for (let round = 0; round < 20; round++) {
      // A third: with more the rest would be moved together.
      for (let index = round % 3; index < 5_000; index += 3) map.delete(`k${index}`);
      fill(round % 3);
      expect(map.capacity).toBe(capacity);
    }
  });
});
