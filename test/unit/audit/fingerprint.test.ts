import { describe, expect, it } from "vitest";
import { fingerprint, messagePattern } from "../../../engine/audit/fingerprint.ts";

const failure = (message: string) => ({ service: "card", function: "authorize", code: "DECLINED", message });

describe("the pattern of a message", () => {
  it.each([
    ["order 4711 has no stock", "order <n> has no stock"],
    ["took 12.5 ms, 1,200 left", "took <n> ms, <n> left"],
    ["3f2a1b2c-9d0e-4f1a-8b2c-1234567890ab is gone", "<id> is gone"],
    ["user \"alice\" and user 'bob' differ", "user <value> and user <value> differ"],
    ["can't reach the users' store", "can't reach the users' store"],
    ["at 2026-11-22T10:00:00.000Z it stopped", "at <time> it stopped"],
    ["bounced: eve@example.com", "bounced: <email>"],
    ["trace 7f3a9c01e2 at 0xdeadBEEF", "trace <id> at <id>"],
    ["ord-4711 is closed", "ord-<n> is closed"],
    ["two\n  lines", "two lines"],
    ["plain words stay", "plain words stay"],
  ])("of %j is %j", (message, pattern) => {
    expect(messagePattern(message)).toBe(pattern);
  });

  it("is bounded", () => {
    expect(messagePattern("word ".repeat(10_000)).length).toBeLessThanOrEqual(300);
  });

  it("of a pattern is itself, so that groups don't depend on how often it was taken", () => {
    const once = messagePattern("order 4711 of 'bob' at 2026-11-22 failed with x7Gh29Kq");
    expect(messagePattern(once)).toBe(once);
  });
});

describe("the fingerprint of a failure", () => {
  it("is the same for another order, customer or amount", () => {
    expect(fingerprint("order", failure("order 1 of 'bob' costs 3.50"))).toBe(
      fingerprint("order", failure("order 22 of 'eve' costs 1")),
    );
  });

  it("differs by flow, service, function, code and message", () => {
    const one = failure("no stock");
    const prints = [
      fingerprint("order", one),
      fingerprint("refund", one),
      fingerprint("order", { ...one, service: "ticket" }),
      fingerprint("order", { ...one, function: "release" }),
      fingerprint("order", { ...one, code: "EMPTY" }),
      fingerprint("order", { ...one, message: "no money" }),
    ];
    expect(new Set(prints).size).toBe(prints.length);
  });
});
