import { describe, expect, test } from "vitest";
import { copyDifferences } from "../../../../engine/bus/kafka/connection-test/topics.ts";

/** A topic of two partitions with so many copies, all of them in sync unless told. */
const topic = (replicas: number, inSync = replicas, leader = 1) => ({
  topic: "shop.tomanager",
  missing: false,
  partitions: [
    { leader: 1, replicas, inSync: replicas },
    { leader, replicas, inSync },
  ],
  allowed: new Set<never>(),
});
const minimum = (inSync: number) => new Map([["min.insync.replicas", String(inSync)]]);

describe("copies of a topic", () => {
  test.each([
    ["one broker, one copy", topic(1), minimum(1), 1],
    ["three brokers, three copies, two of them in sync", topic(3), minimum(2), 3],
    ["two brokers, two copies, one of them in sync", topic(2), minimum(1), 2],
    ["one copy behind, but enough in sync", topic(3, 2), minimum(2), 3],
  ])("%s: nothing to say", (_title, found, settings, brokers) => {
    expect(copyDifferences(found, settings, brokers)).toEqual([]);
  });

  test.each([
    ["more in sync than there are", topic(1), minimum(2), 1, true, /asks for 2 copies in sync and has 1/],
    ["too few in sync now", topic(3, 1), minimum(2), 3, true, /partitions that take no records now/],
    ["a partition without a leader", topic(3, 3, -1), minimum(2), 3, true, /partitions that take no records now/],
    ["one copy on three brokers", topic(1), minimum(1), 3, false, /has 1 copy of each partition; 3 outlive/],
    ["one in sync is enough for a record", topic(3), minimum(1), 3, false, /lost with that broker/],
    ["all must be in sync", topic(3), minimum(3), 3, false, /one broker down stops it/],
  ])("%s: is said", (_title, found, settings, brokers, serious, what) => {
    const [difference, ...others] = copyDifferences(found, settings, brokers);
    expect([difference?.serious, others]).toEqual([serious, []]);
    expect(difference?.what).toMatch(what);
    expect(difference?.fix).not.toBe("");
  });
});
