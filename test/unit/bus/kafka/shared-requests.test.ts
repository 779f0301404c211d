import { beforeEach, expect, it } from "vitest";
import type { Part } from "../../../../engine/bus/kafka/batches.ts";
import type { KafkaBroker, ProduceRequest } from "../../../../engine/bus/kafka/broker.ts";
import type { Connection } from "../../../../engine/bus/kafka/client.ts";
import { SharedRequests } from "../../../../engine/bus/kafka/shared-requests.ts";

const identity = { producerId: "7", producerEpoch: 0 };

/** What each request had in it: `topic/partition@firstSequence`. */
let requests: string[][];
/** By partition: Kafka's name of the error that it answers. */
let errors: Map<number, string>;
/** Requests wait for it. */
let gate: Promise<void>;
let shared: SharedRequests;

async function produce({ topicData }: ProduceRequest) {
  const parts = topicData.flatMap(({ topic, partitions }) => partitions.map((it) => ({ topic, ...it })));
  requests.push(parts.map(({ topic, partition, firstSequence }) => `${topic}/${partition}@${firstSequence}`));
  await gate;
  const failed = parts.find(({ partition }) => errors.has(partition));
  if (failed) throw Object.assign(new Error("refused"), { type: errors.get(failed.partition) });
  return {
    topics: topicData.map(({ topic: topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partition, firstSequence }) => ({
        partition,
        baseOffset: String(1_000 * partition + firstSequence),
      })),
    })),
  };
}

beforeEach(() => {
  requests = [];
  errors = new Map();
  gate = Promise.resolve();
  const broker = { produce } as Pick<KafkaBroker, "produce"> as KafkaBroker;
  shared = new SharedRequests({ broker: async () => broker } as Pick<Connection, "broker"> as Connection);
});

const part = (partition: number, firstSequence = 0, bytes = 100): Part => {
  const message = { key: null, value: "x", headers: {} };
  return { topic: "replies", partition, messages: [message], bytes, firstSequence };
};
const send = (it: Part, nodeId = "1", who = identity) => shared.send(nodeId, who, it);

it("puts what is asked for in one turn into one request for each broker", async () => {
  const offsets = await Promise.all([send(part(0)), send(part(1, 5)), send(part(2), "2"), send(part(3))]);
  expect(offsets).toEqual([0, 1_005, 2_000, 3_000]);
  expect(requests).toEqual([["replies/0@0", "replies/1@5", "replies/3@0"], ["replies/2@0"]]);
});

it("gathers the next request while one is under way", async () => {
  const open = Promise.withResolvers<void>();
  gate = open.promise;
  const first = send(part(0));
  await until(() => requests.length === 1);
  const later = [send(part(1)), send(part(2))];
  await new Promise((resolve) => setImmediate(resolve));
  expect(requests).toHaveLength(1);
  open.resolve();
  expect(await Promise.all([first, ...later])).toEqual([0, 1_000, 2_000]);
  expect(requests).toEqual([["replies/0@0"], ["replies/1@0", "replies/2@0"]]);
});

it("sends each part alone, with its numbers, when one of them is refused: only that one is", async () => {
  errors.set(1, "MESSAGE_TOO_LARGE");
  const sent = await Promise.allSettled([send(part(0, 4)), send(part(1, 6)), send(part(2, 8))]);
  expect(sent).toMatchObject([
    { value: 4 },
    { status: "rejected", reason: { type: "MESSAGE_TOO_LARGE" } },
    { value: 2_008 },
  ]);
  expect(requests.slice(1)).toEqual([["replies/0@4"], ["replies/1@6"], ["replies/2@8"]]);
});

it("rejects all of a request whose connection broke, and goes on", async () => {
  const broken = Promise.reject(new Error("Closed connection"));
  broken.catch(() => {});
  gate = broken;
  const sent = await Promise.allSettled([send(part(0)), send(part(1))]);
  expect(sent.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(requests).toHaveLength(1);
  gate = Promise.resolve();
  expect(await send(part(0))).toBe(0);
});

it("bounds a request, and keeps producers' identities apart", async () => {
  const other = { producerId: "8", producerEpoch: 0 };
  const half = 5_000_000;
  await Promise.all([send(part(0, 0, half)), send(part(1, 0, half)), send(part(2)), send(part(3), "1", other)]);
  expect(requests).toEqual([["replies/0@0"], ["replies/1@0", "replies/2@0"], ["replies/3@0"]]);
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
