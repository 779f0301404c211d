import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EmbeddedBusFolder, recordsOf } from "../../../support/bus-embedded.ts";
import { Inbox, valuesOf } from "../../../support/bus-inbox.ts";
import { CountingWorker } from "../../../support/bus-worker.ts";

const TOPICS = [
  { name: "in", partitions: 4 },
  { name: "out", partitions: 4 },
];

describe("group commit", () => {
  let place: EmbeddedBusFolder;
  beforeEach(() => {
    place = new EmbeddedBusFolder();
  });
  afterEach(() => place.dispose());

  const worker = () => new CountingWorker({ topic: "in", out: "out", group: "workers" });

  it("writes the appends of one turn of the event loop in one transaction", async () => {
    const { bus, storage } = place.open({ topics: TOPICS });
    await Promise.all(Array.from({ length: 50 }, (_, i) => bus.append([{ topic: "in", key: `${i}`, value: "x" }])));
    expect(storage.commits).toBe(1);
  });

  it("writes an input, what the worker makes of it, and what it makes of that, in one transaction", async () => {
    const { bus, storage } = place.open({ topics: TOPICS });
    await bus.work(worker());
    await bus.append([{ topic: "in", key: "warm", value: "x" }]);
    storage.commits = 0;
    await bus.append([{ topic: "in", key: "a", value: "again 5" }]);
    expect(storage.commits).toBe(1);
    expect(valuesOf(await recordsOf(bus, "out")).filter((value) => value?.startsWith("a"))).toHaveLength(6);
  });

  it("bounds a transaction: a worker that feeds itself for ever stops nobody's append", async () => {
    const { bus } = place.open({ topics: TOPICS });
    await bus.work(worker());
    await bus.append([{ topic: "in", key: "a", value: "again 1000000000" }]);
    await bus.append([{ topic: "in", key: "b", value: "x" }]);
    expect(valuesOf(await recordsOf(bus, "out"))).toContain("a 1");
  });

  it("shows readers nothing before the commit", async () => {
    const { bus } = place.open({ topics: TOPICS });
    const counting = worker();
    const seen: Promise<number>[] = [];
    counting.onProcess = () => {
      const read = bus.read({ topic: "in", from: { 0: 0, 1: 0, 2: 0, 3: 0 }, limit: 10 });
      seen.push(read.then(({ records }) => records.length));
    };
    await bus.work(counting);
    await bus.append([{ topic: "in", key: "a", value: "x" }]);
    expect(await Promise.all(seen)).toEqual([0]);
  });

  it("refuses the appends of a commit that failed, and stores nothing of them", async () => {
    const { bus, storage } = place.open({ topics: TOPICS });
    const subscribed = new Inbox();
    await bus.subscribe("in", subscribed.add);
    await bus.append([{ topic: "in", key: "a", value: "before" }]);
    storage.failures = 1;
    const refused = [1, 2].map(() => bus.append([{ topic: "in", key: "a", value: "refused" }]));
    for (const append of refused) {
      await expect(append).rejects.toMatchObject({
        code: "bus_unavailable",
        message: `${place.file} can't be written, nothing was stored: database or disk is full.`,
      });
    }
    const [placement] = await bus.append([{ topic: "in", key: "a", value: "after" }]);
    expect(placement?.offset).toBe(1);
    expect(valuesOf(await recordsOf(bus, "in"))).toEqual(["before", "after"]);
    expect(valuesOf(await subscribed.atLeast(2))).toEqual(["before", "after"]);
  });

  it.each(["failures", "stateFailures"] as const)(
    "restores the workers' memories after a commit with %s",
    async (what) => {
      const { bus, storage } = place.open({ topics: TOPICS });
      const counting = worker();
      const handle = await bus.work(counting);
      await bus.append([{ topic: "in", key: "a", value: "x" }]);
      storage[what] = 1;
      await expect(bus.append([{ topic: "in", key: "a", value: "x" }])).rejects.toThrow();
      await bus.append([{ topic: "in", key: "a", value: "x" }]);
      expect(counting.counts()).toEqual({ a: 2 });
      expect(valuesOf(await recordsOf(bus, "out"))).toEqual(["a 1", "a 2"]);
      await handle.stop();
      const calls = counting.calls.items
        .filter(({ call, size }) => call !== "restore" || size > 0)
        .map(({ call }) => call);
      expect(calls.slice(0, 7)).toEqual([
        "process",
        "committed",
        "process",
        "revoke",
        "restore",
        "process",
        "committed",
      ]);
    },
  );

  it("processes by itself what was left when the disk failed, as soon as it can", async () => {
    const { bus, storage } = place.open({ topics: TOPICS });
    await bus.append([{ topic: "in", key: "a", value: "x" }]);
    storage.failures = 2;
    const counting = worker();
    await bus.work(counting);
    await counting.calls.until((calls) => calls.some(({ call }) => call === "committed"));
    expect(counting.counts()).toEqual({ a: 1 });
    expect(valuesOf(await recordsOf(bus, "out"))).toEqual(["a 1"]);
  });

  it("keeps consumers' positions over a commit that failed", async () => {
    const { bus, storage } = place.open({ topics: TOPICS });
    await bus.append([{ topic: "in", key: "a", value: "x" }]);
    const inbox = new Inbox();
    const member = await bus.consume({ group: "g", topic: "in", fromBeginning: true, onRecords: inbox.add });
    await inbox.atLeast(1);
    storage.failures = 1;
    await member.close();
    await vi.waitFor(() => {
      const stored = storage.positions().reduce((sum, { next }) => sum + next, 0);
      expect({ stored, failures: storage.failures }).toEqual({ stored: 1, failures: 0 });
    });
  });

  it("refuses a record above the size limit, and one without a key on a compacted topic", async () => {
    const { bus } = place.open({ topics: [...TOPICS, { name: "keyed", partitions: 1, compacted: true }] });
    const large = bus.append([{ topic: "in", key: "a", value: "x".repeat(9_000_000) }]);
    await expect(large).rejects.toMatchObject({ code: "invalid_request" });
    const keyless = bus.append([{ topic: "keyed", key: null, value: "x" }]);
    await expect(keyless).rejects.toMatchObject({ code: "invalid_request" });
  });

  it("answers an append of nothing", async () => {
    const { bus } = place.open({ topics: TOPICS });
    expect(await bus.append([])).toEqual([]);
  });
});
