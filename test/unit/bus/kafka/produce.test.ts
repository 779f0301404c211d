import { describe, expect, it } from "vitest";
import { compare } from "../../../../engine/bus/kafka/produce.ts";

const sent = [
  { topic: "audit", partition: 0 },
  { topic: "audit", partition: 3 },
  { topic: "state", partition: 0 },
];
const answer = (...placed: [string, number, string][]) => ({
  topics: placed.map(([topicName, partition, baseOffset]) => ({
    topicName,
    partitions: [{ partition, baseOffset }],
  })),
});

describe("what a broker answers to a send", () => {
  it("tells the offset of everything that was sent, in its order", () => {
    const response = answer(["state", 0, "7"], ["audit", 3, "5"], ["audit", 0, "9"]);
    expect(compare(sent, response)).toEqual([9, 5, 7]);
  });

  it.each([
    ["a partition is missing", answer(["state", 0, "7"], ["audit", 0, "9"])],
    ["a partition comes twice", answer(["state", 0, "7"], ["audit", 0, "9"], ["audit", 0, "12"])],
    ["another one than was sent is there", answer(["state", 0, "7"], ["audit", 3, "5"], ["audit", 1, "9"])],
  ])("is refused when %s", (_, response) => {
    expect(() => compare(sent, response)).toThrow();
  });
});
