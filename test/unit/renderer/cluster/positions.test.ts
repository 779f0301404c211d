import { describe, expect, it } from "vitest";
import type { TopicRecord } from "../../../../engine/api/schemas/record.ts";
import { holdsDeadLetters, originalHeaders, readDeadLetter } from "../../../../renderer/cluster/dead-letter.ts";
import { around, lowestOffsets, newest, olderThan, SHOWN_RECORDS } from "../../../../renderer/cluster/positions.ts";

const offsets = [
  { partition: 0, start: 10, end: 500 },
  { partition: 1, start: 0, end: 3 },
];

describe("where a topic is read", () => {
  it("the newest are shared out to the partitions", () => {
    expect(newest(offsets)).toBe(`-${SHOWN_RECORDS / 2}`);
  });

  it("older ones lie before what is shown, down to the log's start", () => {
    const lowest = lowestOffsets([
      { partition: 0, offset: 440 },
      { partition: 0, offset: 441 },
      { partition: 1, offset: 0 },
    ]);
    expect(olderThan(offsets, lowest)).toBe("0:380,1:0");
    expect(
      olderThan(
        offsets,
        new Map([
          [0, 10],
          [1, 0],
        ]),
      ),
    ).toBeUndefined();
  });

  it("a record is shown with a few before it", () => {
    expect(around(88, offsets.slice(0, 1))).toBe("83");
    expect(around(11, offsets.slice(0, 1))).toBe("10");
  });
});

describe("dead letters", () => {
  const letter: TopicRecord = {
    partition: 0,
    offset: 4,
    timestamp: "2026-11-22T00:00:00.000Z",
    key: "k",
    value: "broken {",
    headers: {
      id: "u/n/1",
      reason: "invalid_record",
      message: "no JSON",
      topic: "tomanager",
      partition: "3",
      offset: "7",
    },
  };

  it("tell why and from where", () => {
    expect(readDeadLetter(letter)).toEqual({
      reason: "invalid_record",
      message: "no JSON",
      topic: "tomanager",
      partition: 3,
      offset: 7,
    });
  });

  it("go out again with the headers they came with", () => {
    expect(originalHeaders(letter)).toEqual({ id: "u/n/1" });
  });

  it("stand in the profile's topic for them, whatever it is called, and in those of other installations", () => {
    const topic = { partitions: 1, compacted: false, records: 0, offsets: [] };
    expect(holdsDeadLetters({ ...topic, name: "orders.letters", role: "deadletter" })).toBe(true);
    expect(holdsDeadLetters({ ...topic, name: "antigraph.deadletter" })).toBe(true);
    expect(holdsDeadLetters({ ...topic, name: "eu.antigraph.deadletter" })).toBe(true);
    expect(holdsDeadLetters({ ...topic, name: "my-antigraph.deadletter" })).toBe(false);
    expect(holdsDeadLetters({ ...topic, name: "tomanager", role: "tomanager" })).toBe(false);
  });
});
