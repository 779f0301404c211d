import { expect, it } from "vitest";
import { Changelog } from "../../../../engine/bus/kafka/changelog.ts";
import type { Checkpoints } from "../../../../engine/bus/kafka/checkpoint.ts";
import type { Connection } from "../../../../engine/bus/kafka/client.ts";

const text = (value: string) => Buffer.from(value);

it("reads to the end although a broker that throttles this client answers with nothing at all", async () => {
  const records = [
    { offset: "0", timestamp: "1", key: text("a"), value: text("1") },
    { offset: "1", timestamp: "1", key: text("a"), value: text("2") },
  ];
  const partition = { partition: 0, highWatermark: "2", lastStableOffset: "2", abortedTransactions: [] };
  const answers = [
    { responses: [] },
    { responses: [{ partitions: [{ ...partition, messages: records.slice(0, 1) }] }] },
    { responses: [] },
    { responses: [{ partitions: [{ ...partition, messages: records.slice(1) }] }] },
  ];
  const connection = {
    wire: undefined,
    leaderOf: () => "1",
    offsets: async () => new Map([[0, 0]]),
    retry: (request: () => unknown) => request(),
    inFetchTurn: (_: string, fetch: () => unknown) => fetch(),
    broker: async () => ({ fetch: async () => answers.shift() }),
  } as unknown as Connection;
  const checkpoints = { load: async () => undefined, follow: () => {} } as unknown as Checkpoints;
  const log = new Changelog(connection, "journeys", 0, checkpoints);
  await log.readToEnd();
  expect([...log.restored().entries]).toEqual([["a", "2"]]);
  expect(answers).toEqual([]);
});
