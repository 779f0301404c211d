import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { TransactionalProducer } from "../../../../engine/bus/kafka/transactional-producer.ts";
import { batches, SmallKafka } from "../../../support/small-kafka.ts";

/** What the coordinator tells of a transaction; undefined: it doesn't. */
let described: string | undefined;
vi.mock("../../../../engine/bus/kafka/describe-transaction.ts", () => ({
  describeTransaction: async () => {
    if (described === undefined) throw new Error("unsupported");
    return { state: described, producerEpoch: 0 };
  },
}));

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
