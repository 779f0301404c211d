import fc from "fast-check";
import { expect, it } from "vitest";
import { TimerHeap } from "../../../engine/manager/timer-heap.ts";

it("gives out each journey once, at its last time, earliest first, however often times change", () => {
  const change = fc.record({
    uuid: fc.constantFrom("a", "b", "c", "d"),
    at: fc.option(fc.nat(50), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4_000, size: "max" }), (changes) => {
      const heap = new TimerHeap();
      const expected = new Map<string, number>();
      for (const { uuid, at } of changes) {
        heap.set(uuid, at);
        if (at === undefined) expected.delete(uuid);
        else expected.set(uuid, at);
      }
      const taken: number[] = [];
      for (let uuid = heap.takeDue(50); uuid !== undefined; uuid = heap.takeDue(50)) {
        taken.push(expected.get(uuid) ?? -1);
        expected.delete(uuid);
      }
      expect(expected.size).toBe(0);
      expect(taken).toEqual(taken.toSorted((a, b) => a - b));
    }),
    { numRuns: 50 },
  );
});

it("doesn't grow with the number of changes", () => {
  const heap = new TimerHeap();
  for (let index = 0; index < 100_000; index++) heap.set(`journey ${index % 10}`, index);
  expect(heap.entries).toBeLessThan(2_000);
  expect(heap.size).toBe(10);
  expect(heap.next()).toBe(99_990);
});
