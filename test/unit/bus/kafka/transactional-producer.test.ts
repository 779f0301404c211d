import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Batches } from "../../../../engine/bus/kafka/batches.ts";
import type { KafkaBroker, ProduceRequest } from "../../../../engine/bus/kafka/broker.ts";
import type { Connection } from "../../../../engine/bus/kafka/client.ts";
import { TransactionalProducer } from "../../../../engine/bus/kafka/transactional-producer.ts";

/** What the coordinator tells of a transaction; undefined: it doesn't. */
let described: string | undefined;
vi.mock("../../../../engine/bus/kafka/describe-transaction.ts", () => ({
  describeTransaction: async () => {
    if (described === undefined) throw new Error("unsupported");
    return { state: described, producerEpoch: 0 };
  },
}));

/** Two brokers. The records of a partition are in its log once, whoever wrote them how often. */
class SmallKafka {
  readonly logs = new Map<number, { sequence: number; value: string }[]>();
  readonly leaders = new Map<number, string>();
  /** What the connection believes; `refresh` corrects it. */
  private believed = new Map<number, string>();
  isSilent = false;
  coordinator = "1";
  private believedCoordinator = "1";
  epoch = 0;
  readonly asked: string[] = [];
  /** Taken from the front: what becomes of the next produce requests and of the next ends. */
  readonly produces: ("lost answer" | "cut before" | "fenced")[] = [];
  readonly ends: ("lost answer" | "fenced")[] = [];
  /** The coordinator is busy with the transaction for so many requests, and what comes of each. */
  readonly busy: (() => void)[] = [];
  private open = false;
  committed = 0;

  constructor() {
    for (const partition of [0, 1]) {
      this.leaders.set(partition, "1");
      this.logs.set(partition, []);
    }
    this.believed = new Map(this.leaders);
  }

  get connection(): Connection {
    const known: Partial<Connection> = {
      leaderOf: (_topic, partition) => this.believed.get(partition),
      broker: async (nodeId) => this.broker(nodeId),
      transactionCoordinator: async () => this.broker(this.believedCoordinator),
      refresh: async () => {
        if (this.isSilent) return;
        this.believed = new Map(this.leaders);
        this.believedCoordinator = this.coordinator;
      },
      retry: async (request) => request(),
    };
    return known as Connection;
  }

  private broker(nodeId: string): KafkaBroker {
    const coordinate = (what: string) => {
      this.asked.push(`${what} ${nodeId}`);
      if (nodeId !== this.coordinator) throw failure("NOT_COORDINATOR_FOR_GROUP");
    };
    const known: Partial<KafkaBroker> = {
      initProducerId: async () => {
        coordinate("init");
        const becomes = this.busy.shift();
        becomes?.();
        if (becomes !== undefined) throw failure("CONCURRENT_TRANSACTIONS");
        return { producerId: "7", producerEpoch: this.epoch };
      },
      addPartitionsToTxn: async () => {
        coordinate("add");
        this.open = true;
      },
      endTxn: async () => {
        coordinate("end");
        const fate = this.ends.shift();
        if (fate === "fenced") throw failure("INVALID_PRODUCER_EPOCH");
        if (this.open) this.committed++;
        this.open = false;
        if (fate === "lost answer") throw closed();
      },
      produce: async (request) => this.produce(nodeId, request),
    };
    return known as KafkaBroker;
  }

  private async produce(nodeId: string, { topicData }: ProduceRequest) {
    const parts = topicData.flatMap(({ topic, partitions }) => partitions.map((part) => ({ topic, ...part })));
    this.asked.push(`produce ${nodeId}: ${parts.map(({ partition }) => partition)}`);
    const fate = this.produces.shift();
    if (fate === "cut before") throw closed();
    if (fate === "fenced") throw failure("INVALID_PRODUCER_EPOCH");
    let moved = false;
    const placed = parts.map(({ topic, partition, firstSequence, messages }) => {
      if (this.leaders.get(partition) !== nodeId) {
        moved = true;
        return { topicName: topic, partitions: [] };
      }
      const log = this.logs.get(partition) ?? [];
      if (!log.some(({ sequence }) => sequence === firstSequence)) {
        log.push(...messages.map(({ value }, index) => ({ sequence: firstSequence + index, value: String(value) })));
      }
      const baseOffset = String(log.findIndex(({ sequence }) => sequence === firstSequence));
      return { topicName: topic, partitions: [{ partition, baseOffset }] };
    });
    // kafkajs throws the error of one partition; the others are written.
    if (moved) throw failure("NOT_LEADER_FOR_PARTITION");
    if (fate === "lost answer") throw closed();
    return { topics: placed };
  }
}

const failure = (type: string) => Object.assign(new Error(type), { type });
const closed = () => Object.assign(new Error("Closed connection"), { name: "KafkaJSConnectionClosedError" });

function batches(...values: string[]): Batches {
  const all = new Batches();
  for (const partition of [0, 1]) {
    for (const value of values) all.add("audit", partition, { key: null, value, headers: {} });
  }
  return all;
}

let kafka: SmallKafka;
let producer: TransactionalProducer;
beforeEach(async () => {
  described = undefined;
  kafka = new SmallKafka();
  producer = new TransactionalProducer(kafka.connection, "work-1");
  await producer.initialise();
  await producer.commit(batches("a").all);
  kafka.asked.length = 0;
});

function expectEverythingOnce(): void {
  for (const log of kafka.logs.values()) expect(log.map(({ value }) => value)).toEqual(["a", "b", "c"]);
  expect(kafka.committed).toBe(2);
}

describe("a transaction goes on, and has everything once, when", () => {
  it("the leader of one of its partitions has moved", async () => {
    kafka.leaders.set(1, "2");
    expect(await producer.commit(batches("b", "c").all)).toEqual([1, 1]);
    expectEverythingOnce();
    expect(kafka.asked).toEqual(["add 1", "produce 1: 0,1", "produce 1: 0", "produce 2: 1", "end 1"]);
  });

  it("a connection is cut before its records have arrived", async () => {
    kafka.produces.push("cut before");
    expect(await producer.commit(batches("b", "c").all)).toEqual([1, 1]);
    expectEverythingOnce();
  });

  it("a connection is cut after its records have arrived", async () => {
    kafka.produces.push("lost answer");
    expect(await producer.commit(batches("b", "c").all)).toEqual([1, 1]);
    expectEverythingOnce();
  });

  it("its coordinator has moved before it begins", async () => {
    kafka.coordinator = "2";
    await producer.commit(batches("b", "c").all);
    expectEverythingOnce();
    expect(kafka.asked).toEqual(["add 1", "add 2", "produce 1: 0,1", "end 2"]);
  });

  it("its coordinator moves before it ends", async () => {
    await producer.write(batches("b", "c").all);
    kafka.coordinator = "2";
    await producer.end();
    expectEverythingOnce();
  });
});

describe("a transaction is given up at once when", () => {
  it("a successor has fenced it in between", async () => {
    kafka.produces.push("lost answer", "fenced");
    await expect(producer.commit(batches("b", "c").all)).rejects.toThrow("INVALID_PRODUCER_EPOCH");
    expect(kafka.asked.at(-1)).toBe("produce 1: 0,1");
    expect(kafka.committed).toBe(1);
  });

  it("a successor has fenced it before its end", async () => {
    kafka.ends.push("fenced");
    await expect(producer.commit(batches("b", "c").all)).rejects.toThrow("INVALID_PRODUCER_EPOCH");
    expect(kafka.committed).toBe(1);
  });

  it("the answer to its end is lost: a first request that comes late must find no further transaction", async () => {
    kafka.ends.push("lost answer");
    await expect(producer.commit(batches("b", "c").all)).rejects.toThrow("Closed connection");
    expect(kafka.asked.filter((what) => what.startsWith("end"))).toHaveLength(1);
    // It may have been committed all the same.
    expect(producer.ending).toBe(true);
  });

  it("a partition has no leader: nothing is begun", async () => {
    kafka.leaders.delete(1);
    await kafka.connection.refresh();
    await expect(producer.commit(batches("b", "c").all)).rejects.toThrow("audit/1 has no leader now");
    expect(kafka.asked).toEqual([]);
  });
});

it("is given up after a moment when nobody says who leads now", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  kafka.leaders.set(1, "2");
  kafka.isSilent = true;
  const refused = expect(producer.commit(batches("b", "c").all)).rejects.toThrow("NOT_LEADER_FOR_PARTITION");
  await vi.advanceTimersByTimeAsync(2_000);
  await refused;
  expect(kafka.committed).toBe(1);
});

describe("an open transaction is aborted", () => {
  it("with the first request, if the coordinator has nothing else to do with it", async () => {
    await producer.abort();
    expect(kafka.asked).toEqual(["init 1"]);
  });

  it("also when the coordinator's first try to abort or end it fails, as it does with brokers away", async () => {
    described = "Ongoing";
    kafka.busy.push(
      () => {},
      () => {},
    );
    await producer.abort();
    expect(kafka.asked).toEqual(["init 1", "init 1", "init 1"]);
  });

  it.each(["PrepareAbort", "PrepareCommit", "CompleteAbort"])(
    "without waiting for its partitions: the coordinator says %s, and does the rest",
    async (state) => {
      described = "Ongoing";
      kafka.busy.push(
        () => {},
        () => {
          described = state;
        },
      );
      await producer.abort();
      expect(kafka.asked).toEqual(["init 1", "init 1"]);
    },
  );

  it("or it is said after 15 s that it wasn't", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    kafka.busy.push(...Array.from({ length: 10_000 }, () => () => {}));
    described = "Ongoing";
    const refused = expect(producer.abort()).rejects.toThrow("CONCURRENT_TRANSACTIONS");
    await vi.advanceTimersByTimeAsync(16_000);
    await refused;
  });

  it("as far as brokers go that don't tell: they are asked three times", async () => {
    kafka.busy.push(...Array.from({ length: 10 }, () => () => {}));
    await producer.abort();
    expect(kafka.asked).toEqual(["init 1", "init 1", "init 1"]);
  });

  it("unless this process stops", async () => {
    described = "Ongoing";
    const stopping = new AbortController();
    kafka.busy.push(
      () => {},
      () => stopping.abort(),
    );
    await producer.abort(stopping.signal);
    expect(kafka.asked).toEqual(["init 1", "init 1"]);
  });
});
