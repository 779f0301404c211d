import { describe, expect, it } from "vitest";
import { foldAll } from "../../../engine/audit/fold.ts";
import { wordsOf } from "../../../engine/audit/journey-words.ts";
import { matchPart, matchWords, uuidRange } from "../../../engine/audit/text-query.ts";
import { History } from "./cache-fixture.ts";

describe("what a person types", () => {
  it.each([
    ["alice", '"alice" *'],
    ["alice bo", '"alice" AND "bo"'],
    ['say "hi" OR NOT *', '"say" AND """hi""" AND "OR" AND "NOT" *'],
    ["alice@example.com", '"alice@example.com" *'],
    ["3f2a1b2c-9d0e-4f", '"3f2a1b2c9d0e4f" *'],
    ["a\0b", '"a" AND "b"'],
    ["  --  ", undefined],
  ])("%j becomes %j", (text, expression) => {
    expect(matchWords(text)).toBe(expression);
  });

  it("takes a part of a message as words in their order", () => {
    expect(matchPart("failed with 503")).toBe('"failed with 503" *');
    expect(matchPart("?!")).toBeUndefined();
  });

  it("may be the beginning of a uuid", () => {
    expect(uuidRange("3F2A1b2c-9d")).toEqual({ from: "3f2a1b2c-9d", to: "3f2a1b2c-9dg" });
    expect(uuidRange("3f2a")).toEqual({ from: "3f2a", to: "3f2ag" });
    for (const text of ["3f2", "alice", "3f2a1b2c9d", "3f2a-"]) expect(uuidRange(text)).toBeUndefined();
  });
});

describe("the words of a journey", () => {
  it("are name, values of input and outputs, and errors; uuids are one word", () => {
    const history = new History(1, {
      data: { id: "3f2a1b2c-9d0e-4f1a-8b2c-1234567890ab", plan: "pro", seats: 7, vip: true },
    })
      .ran("a", "user.create_user", { nested: [{ made: "u-1" }] })
      .failed("b", "card.charge", { code: "DECLINED", message: "no funds" });
    const journey = foldAll(history.events);
    expect(journey && wordsOf(journey)).toEqual({
      text: "onboarding \n 3f2a1b2c9d0e4f1a8b2c1234567890ab \n pro \n 7 \n u-1",
      errors: "DECLINED \n no funds",
    });
  });

  it("are bounded, whatever the data", () => {
    const data = { long: "x".repeat(100_000), many: Array.from({ length: 10_000 }, (_, index) => `value-${index}`) };
    const journey = foldAll(new History(1, { data }).events);
    expect(journey && wordsOf(journey).text.length).toBeLessThan(5_000);
  });
});
