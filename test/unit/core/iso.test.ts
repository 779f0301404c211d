import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { iso, ms, optionalMs } from "../../../engine/core/iso.ts";

const moment = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });

describe("moments", () => {
  it("are as Date has them, however many there were before", () => {
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 200 }), (moments) => {
        for (const time of [...moments, ...moments]) {
          expect(iso(time)).toBe(new Date(time).toISOString());
          expect(ms(iso(time))).toBe(time);
        }
      }),
    );
  });

  it("that are none", () => {
    expect(ms("yesterday")).toBeNaN();
    expect(ms("yesterday")).toBeNaN();
    expect(() => iso(Number.NaN)).toThrow(RangeError);
    expect(optionalMs(undefined)).toBeUndefined();
    expect(optionalMs("2027-01-15T08:00:00.000Z")).toBe(Date.parse("2027-01-15T08:00:00.000Z"));
  });
});
