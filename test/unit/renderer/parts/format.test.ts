import { describe, expect, it } from "vitest";
import {
  ago,
  bytes,
  duration,
  exactTime,
  percent,
  plural,
  rate,
  shortId,
  shortTime,
} from "../../../../renderer/parts/format.ts";

describe("how figures are written", () => {
  it("durations in two units at most", () => {
    expect([0, 96, 999.4, 1_000, 41_230, 59_999, 144_000, 11_520_000, 187_200_000].map(duration)).toEqual([
      "0 ms",
      "96 ms",
      "999 ms",
      "1.0 s",
      "41.2 s",
      "59.9 s",
      "2 m 24 s",
      "3 h 12 m",
      "2 d 4 h",
    ]);
    expect(duration(-5)).toBe("0 ms");
  });

  it("shares never as 0 or 100 when they aren't", () => {
    expect([0, 0.0001, 0.007, 0.31, 0.999, 1].map(percent)).toEqual([
      "0 %",
      "< 0.1 %",
      "0.7 %",
      "31 %",
      "99 %",
      "100 %",
    ]);
  });

  it("rates, sizes and counts", () => {
    expect([0, 0.01, 0.4, 12.5, 1240].map(rate)).toEqual(["0/s", "< 0.1/s", "0.4/s", "12.5/s", "1,240/s"]);
    expect([512, 12_400, 3_100_000, 7_000_000_000].map(bytes)).toEqual(["512 B", "12.4 kB", "3.1 MB", "7.0 GB"]);
    expect([plural(1, "journey"), plural(18_402, "journey")]).toEqual(["1 journey", "18,402 journeys"]);
  });

  it("times short with the day when it isn't today, and exact with the offset", () => {
    const at = new Date(2026, 10, 22, 3, 12, 44, 123);
    const now = new Date(2026, 10, 22, 9, 0, 0).getTime();
    const nextYear = new Date(2027, 1, 1).getTime();
    expect(shortTime(at.toISOString(), now)).toBe("03:12:44");
    expect(shortTime(at.toISOString(), now + 86_400_000)).toContain("22");
    expect(shortTime(at.toISOString(), nextYear)).toContain("2026");
    expect(exactTime(at.toISOString())).toMatch(/^2026-11-22 03:12:44\.123 [+-]\d\d:\d\d \(.+\)$/);
    expect(shortTime("nonsense")).toBe("nonsense");
    expect(exactTime("nonsense")).toBe("nonsense");
  });

  it("ages in one unit", () => {
    const now = Date.parse("2026-11-22T12:00:00Z");
    const before = (ms: number) => ago(new Date(now - ms).toISOString(), now);
    expect([500, 12_000, 240_000, 3 * 3_600_000, 49 * 3_600_000].map(before)).toEqual([
      "just now",
      "12 s ago",
      "4 m ago",
      "3 h ago",
      "2 d ago",
    ]);
  });

  it("ids by their two ends, the end in the length an operator types to confirm", () => {
    expect(shortId("6f1c2d0e-0000-4000-8000-0000001ba920")).toBe("6f1c2d0e…1ba920");
    expect(shortId("short")).toBe("short");
  });
});
