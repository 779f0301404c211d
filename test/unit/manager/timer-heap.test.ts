import fc from "fast-check";
import { expect, it } from "vitest";
import { TimerHeap } from "../../../engine/manager/timer-heap.ts";

/** In the heap, and in what is expected of it. */
function set(heap: TimerHeap, expected: Map<string, number>, { uuid, at }: { uuid: string; at: number | undefined }) {
  heap.set(uuid, at);
  if (at === undefined) expected.delete(uuid);
  else expected.set(uuid, at);
}

it("gives out each journey once, at its last time, earliest first, however often times change", () => {
  const change = fc.record({
    uuid: fc.constantFrom("a", "b", "c", "d"),
    at: fc.option(fc.nat(50), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4_000, size: "max" }), (changes) => {
      const heap = new TimerHeap();
      const expected = new Map<string, number>();
      for (const change of changes) set(heap, expected, change);
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

it("gives out many journeys in the order of their times, also when others come in between", () => {
  const times = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 200, size: "max" });
  fc.assert(
    fc.property(times, times, (before, between) => {
      const heap = new TimerHeap();
      const set = (name: string, list: number[]) => {
        for (const [index, at] of list.entries()) heap.set(`${name} ${index}`, at);
      };
      const expected = [...before].sort((a, b) => a - b);
      set("before", before);
      const first = heap.next();
      expect(first).toBe(expected.shift());
      expect(heap.takeDue(first ?? 0)).toBeDefined();
      set("between", between);
      const left = [...expected, ...between].sort((a, b) => a - b);
      const taken: (number | null)[] = [];
      for (let due = heap.next(); due !== null; due = heap.next()) {
        taken.push(due);
        heap.takeDue(due);
      }
      expect(taken).toEqual(left);
    }),
  );
});

it("takes journeys away and sets others in their place, in any order", () => {
  const change = fc.record({ uuid: fc.nat(40).map(String), at: fc.option(fc.nat(1_000), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 500, size: "max" }), (changes) => {
      const heap = new TimerHeap();
      const expected = new Map<string, number>();
      for (const change of changes) {
        set(heap, expected, change);
        expect(heap.size).toBe(expected.size);
        expect(heap.next()).toBe(expected.size === 0 ? null : Math.min(...expected.values()));
      }
    }),
  );
});
