import { afterEach, describe, expect, it } from "vitest";
import { clockSkewMs, noteServerTime, serverNow } from "../../../renderer/server-time.ts";

afterEach(() => noteServerTime(new Date().toUTCString(), Date.now()));

describe("the console's clock beside ours", () => {
  it("is trusted when it differs by more than the header's seconds and the answer's way explain", () => {
    const now = Date.parse("2026-11-22T12:00:00Z");
    noteServerTime("Sun, 22 Nov 2026 12:05:00 GMT", now, now);
    expect(clockSkewMs()).toBe(300_000);
    expect(serverNow() - Date.now()).toBeGreaterThan(299_000);
  });

  it("is taken for the same when it is close, and when the answer doesn't say", () => {
    const now = Date.parse("2026-11-22T12:00:00Z");
    noteServerTime("Sun, 22 Nov 2026 11:59:58 GMT", now, now);
    expect(clockSkewMs()).toBe(0);
    noteServerTime(null, now, now);
    noteServerTime("yesterday", now, now);
    expect(clockSkewMs()).toBe(0);
  });

  it("isn't called wrong because an answer was slow to come", () => {
    const sentAt = Date.parse("2026-11-22T12:00:00Z");
    noteServerTime("Sun, 22 Nov 2026 12:00:00 GMT", sentAt, sentAt + 60_000);
    expect(clockSkewMs()).toBe(0);
    noteServerTime("Sun, 22 Nov 2026 11:55:00 GMT", sentAt, sentAt + 60_000);
    expect(clockSkewMs()).toBe(-299_000);
  });
});
