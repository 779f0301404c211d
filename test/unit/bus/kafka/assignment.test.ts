import fc from "fast-check";
import { expect, it } from "vitest";
import { assign } from "../../../../engine/bus/kafka/assignment.ts";

const holding = fc.uniqueArray(fc.integer({ min: 0, max: 23 }));

it("gives every partition to one member, evenly, whatever they say that they hold", () => {
  fc.assert(
    fc.property(fc.array(holding, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 24 }), (held, count) => {
      const members = held.map((partitions, index) => ({ memberId: `m${index}`, partitions }));
      const shares = [...assign(members, count).values()];
      expect(shares.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
      const sizes = shares.map((share) => share.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});

it("moves no more than it must when a member joins, and only the partitions of one that leaves", () => {
  const before = [
    { memberId: "a", partitions: [0, 2, 4] },
    { memberId: "b", partitions: [1, 3, 5] },
  ];
  const joined = assign([...before, { memberId: "c", partitions: [] }], 6);
  expect(joined.get("a")).toEqual([0, 2]);
  expect(joined.get("b")).toEqual([1, 3]);
  expect(joined.get("c")).toEqual([4, 5]);
  const left = assign(
    [
      { memberId: "b", partitions: [1, 3] },
      { memberId: "c", partitions: [4, 5] },
    ],
    6,
  );
  expect(left.get("b")).toEqual([0, 1, 3]);
  expect(left.get("c")).toEqual([2, 4, 5]);
});
