import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDuration, LONGEST_MS, parseDuration, parseMoment } from "../../../engine/core/duration.ts";

describe("durations", () => {
  test.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    ["0s", 0],
    [1500, 1500],
    [0, 0],
    [-0, 0],
    [LONGEST_MS, LONGEST_MS],
  ])("%j is %d ms", (written, ms) => {
    expect(parseDuration(written)).toBe(ms);
  });

  test.each([
    "",
    "30",
    "30 s",
    "1.5h",
    "-1s",
    "s",
    "1w",
    "5M",
    "1h30m",
    "3651d",
    "9".repeat(400),
    -1,
    0.5,
    Number.NaN,
  ])("%j is no duration", (written) => {
    expect(parseDuration(written)).toBeUndefined();
  });

  test.each([null, undefined, true, {}, [], ["1s"], Number.POSITIVE_INFINITY])(
    "%j is no duration either",
    (written) => {
      expect(parseDuration(written)).toBeUndefined();
    },
  );

  test.each([
    [0, "0ms"],
    [500, "500ms"],
    [90_000, "90s"],
    [120_000, "2m"],
    [86_400_000, "1d"],
  ])("%d ms are written %s", (ms, written) => {
    expect(formatDuration(ms)).toBe(written);
  });

  test("what is written can be read again", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LONGEST_MS }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});

describe("moments", () => {
  test("are ISO 8601 with a zone", () => {
    expect(parseMoment("2027-01-31T08:00:00Z")).toBe(Date.UTC(2027, 0, 31, 8));
    expect(parseMoment("2027-01-31T08:00+01:00")).toBe(Date.UTC(2027, 0, 31, 7));
    expect(parseMoment("2027-01-31T08:00:00.250Z")).toBe(Date.UTC(2027, 0, 31, 8, 0, 0, 250));
  });

  test.each(["2027-01-31", "2027-01-31T08:00:00", "2027-13-31T08:00:00Z", "input.x 1", "1", ""])(
    "%j is none, whatever Date.parse makes of it",
    (text) => {
      expect(parseMoment(text)).toBeUndefined();
    },
  );
});
