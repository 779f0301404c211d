import fc from "fast-check";
import { expect, test } from "vitest";
import { Watermark } from "../../../engine/service/watermark.ts";

test("the position is the first offset not settled, whatever the order", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 30 }), (order) => {
      const watermark = new Watermark({ 4: 100 });
      const open = order.map((_, index) => 100 + index * 2); // gaps are other services' records
      for (const offset of open) watermark.open(4, offset);
      watermark.advance({ 4: 100 + order.length * 2 + 7 });
      for (const pick of order) {
        const [offset] = open.splice(pick % open.length, 1);
        const expected = open[0] ?? 100 + order.length * 2 + 7;
        expect(watermark.after(4, offset!)).toEqual({ 4: expected });
        watermark.settle(4, offset!);
        expect(watermark.positions()).toEqual({ 4: expected });
      }
    }),
  );
});

test("offsets read again after they were settled don't move it back", () => {
  const watermark = new Watermark({});
  watermark.open(0, 0);
  watermark.open(0, 1);
  watermark.settle(0, 0);
  watermark.open(0, 0);
  expect(watermark.positions()).toEqual({ 0: 1 });
});

test("tells the first offset of each partition that isn't settled, until the partition is another's", () => {
  const watermark = new Watermark({});
  for (const [partition, offset] of [
    [0, 5],
    [0, 6],
    [1, 9],
  ] as const) {
    watermark.open(partition, offset);
  }
  watermark.settle(0, 6);
  expect(watermark.unsettled()).toEqual({ 0: 5, 1: 9 });
  watermark.settle(0, 5);
  expect(watermark.unsettled()).toEqual({ 1: 9 });
  watermark.forget([1]);
  watermark.settle(1, 9);
  expect(watermark.unsettled()).toEqual({});
  watermark.open(1, 3);
  expect(watermark.unsettled()).toEqual({ 1: 3 });
});
