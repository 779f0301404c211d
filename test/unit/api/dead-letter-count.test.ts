import { expect, test } from "vitest";
import { createDeadLetterCount } from "../../../engine/api/dead-letter-count.ts";
import type { BusRecord, ReadQuery } from "../../../engine/bus/bus.ts";

/** A partition of which only these offsets hold records; the rest are markers. `readable`: before an open transaction. */
function log(offsets: number[], readable: number) {
  const asked: number[] = [];
  const read = async ({ from, limit }: ReadQuery) => {
    const [start = 0] = Object.values(from);
    asked.push(start);
    const found = offsets.filter((offset) => offset >= start && offset < readable).slice(0, limit);
    const last = found.length === limit ? (found.at(-1) ?? 0) + 1 : Math.max(start, readable);
    return { records: found.map((offset) => ({ partition: 0, offset }) as BusRecord), next: { 0: last } };
  };
  return { asked, read };
}
const ends = (start: number, end: number) => [{ partition: 0, start, end }];

test("counts records, not markers, and reads each place once", async () => {
  const { asked, read } = log([2, 5, 6], 9);
  const count = createDeadLetterCount({ read }, "letters");
  expect(await count(ends(0, 9))).toBe(3);
  expect(await count(ends(0, 9))).toBe(3);
  expect(asked).toEqual([0]);
});

test("forgets what retention has taken, and begins anew with a topic that was made anew", async () => {
  const count = createDeadLetterCount(log([2, 5, 6], 9), "letters");
  await count(ends(0, 9));
  expect(await count(ends(6, 9))).toBe(1);
  expect(await count(ends(9, 9))).toBe(0);
  expect(await count(ends(0, 8))).toBe(3);
});

test("what can't be read yet isn't counted; of very many the distance is taken for now", async () => {
  expect(await createDeadLetterCount(log([1, 7], 4), "letters")(ends(0, 9))).toBe(1);
  const many = Array.from({ length: 20_000 }, (_, offset) => offset);
  const count = createDeadLetterCount(log(many, 20_000), "letters");
  expect(await count(ends(0, 20_000))).toBe(20_000);
  expect(await count(ends(0, 20_000))).toBe(20_000);
});

test("two that ask at once get the same answer", async () => {
  const count = createDeadLetterCount(log([0, 1], 4), "letters");
  expect(await Promise.all([count(ends(0, 4)), count(ends(0, 4))])).toEqual([2, 2]);
});
