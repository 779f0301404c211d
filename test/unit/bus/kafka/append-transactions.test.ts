import { beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { AppendTransactions } from "../../../../engine/bus/kafka/append-transactions.ts";
import { batches, SmallKafka } from "../../../support/small-kafka.ts";

const TIMEOUT_MS = 15_000;

let kafka: SmallKafka;
let transactions: AppendTransactions;
beforeEach(async () => {
  kafka = new SmallKafka();
  transactions = new AppendTransactions(kafka.connection, "append-1");
  await transactions.commit(batches("a").all, TIMEOUT_MS);
  kafka.asked.length = 0;
});

it("aborts a transaction whose end was lost at once: its partitions can't be read before", async () => {
  kafka.ends.push("lost");
  await expect(transactions.commit(batches("b").all, TIMEOUT_MS)).rejects.toThrow("Closed connection");
  await vi.waitFor(() => expect(kafka.aborted).toBe(1));
  expect(kafka).toMatchObject({ committed: 1, asked: ["add 1", "produce 1: 0,1", "end 1", "init 1"] });
});

it("begins the next one behind a request to abort that is under way, lest it be aborted in its place", async () => {
  kafka.ends.push("lost");
  let isDone = () => {};
  kafka.initialising.push(
    new Promise<void>((resolve) => {
      isDone = resolve;
    }),
  );
  await expect(transactions.commit(batches("b").all, TIMEOUT_MS)).rejects.toThrow("Closed connection");
  const next = transactions.commit(batches("c").all, TIMEOUT_MS);
  await new Promise(setImmediate);
  expect(kafka.asked).toEqual(["add 1", "produce 1: 0,1", "end 1", "init 1"]);
  isDone();
  await next;
  expect(kafka.asked.slice(4)).toEqual(["init 1", "add 1", "produce 1: 0,1", "end 1"]);
  expect(kafka).toMatchObject({ committed: 2, aborted: 1 });
});

it("leaves aborting to the next one, if there is one: it isn't kept waiting by a coordinator that is away", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  kafka.ends.push("lost");
  kafka.busy.push(() => {});
  await expect(transactions.commit(batches("b").all, TIMEOUT_MS)).rejects.toThrow("Closed connection");
  // No time passes.
  await transactions.commit(batches("c").all, TIMEOUT_MS);
  expect(kafka).toMatchObject({ committed: 2, aborted: 1 });
});

it("tries again as long as nothing can have been committed, and leaves nothing open", async () => {
  kafka.produces.push("fenced");
  await transactions.commit(batches("b").all, TIMEOUT_MS);
  expect(kafka).toMatchObject({ committed: 2, aborted: 1 });
});

it("aborts what it gives up", async () => {
  kafka.produces.push("fenced");
  await expect(transactions.commit(batches("b").all, -1)).rejects.toThrow("INVALID_PRODUCER_EPOCH");
  await vi.waitFor(() => expect(kafka.aborted).toBe(1));
});

it("stops asking when it is closed", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  kafka.ends.push("lost");
  kafka.busy.push(...Array.from({ length: 10 }, () => () => {}));
  await expect(transactions.commit(batches("b").all, TIMEOUT_MS)).rejects.toThrow("Closed connection");
  // No time passes.
  await transactions.close();
  expect(kafka.asked.filter((what) => what.startsWith("init"))).toHaveLength(1);
});
