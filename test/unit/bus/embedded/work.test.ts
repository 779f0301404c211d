import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { partitionFor } from "../../../../engine/core/murmur2.ts";
import { EmbeddedBusFolder, recordsOf } from "../../../support/bus-embedded.ts";
import { valuesOf } from "../../../support/bus-inbox.ts";
import { CountingWorker } from "../../../support/bus-worker.ts";

const TOPICS = [
  { name: "in", partitions: 4 },
  { name: "out", partitions: 4 },
];

describe("workers of the embedded bus", () => {
  let place: EmbeddedBusFolder;
  let now: number;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    place = new EmbeddedBusFolder();
    now = 1_000_000;
  });
  afterEach(async () => {
    vi.useRealTimers();
    await place.dispose();
  });

  const open = () => place.open({ topics: TOPICS, clock: () => now });
  const worker = () => new CountingWorker({ topic: "in", out: "out", group: "workers" });
  const advance = (milliseconds: number) => {
    now += milliseconds;
    vi.advanceTimersByTime(milliseconds);
  };

  it("fires no timer before its time on the bus's clock", async () => {
    const { bus } = open();
    await bus.work(worker());
    await bus.append([{ topic: "in", key: "a", value: "timer 5000" }]);
    advance(4_999);
    expect(valuesOf(await recordsOf(bus, "out"))).toEqual(["a 1"]);
    advance(1);
    expect(valuesOf(await recordsOf(bus, "out"))).toEqual(["a 1", "timer a"]);
  });

  it("reads what was appended in the turn in which a timer is due before it fires it", async () => {
    const { bus } = open();
    await bus.work(worker());
    await bus.append([{ topic: "in", key: "a", value: "timer 5000" }]);
    const append = bus.append([{ topic: "in", key: "a", value: "in time" }]);
    advance(5_000);
    await append;
    expect(valuesOf(await recordsOf(bus, "out"))).toEqual(["a 1", "a 2", "timer a"]);
  });

  it("fires a timer although input never ends", async () => {
    const { bus } = open();
    const counting = worker();
    await bus.work(counting);
    await bus.append([{ topic: "in", key: "a", value: "timer 10" }]);
    // Partition of "a", so that its log always has something unread.
    await bus.append([{ topic: "in", key: "b", value: "again 1000000000", partition: partitionFor("a", 4) }]);
    advance(10);
    await counting.calls.until((calls) => calls.some(({ call, size }) => call === "process" && size === 0));
  });

  it("does not spin when a worker leaves a due timer as it is", async () => {
    const { bus } = open();
    const counting = worker();
    await bus.work(counting);
    counting.nextDue = () => now - 1;
    await bus.append([{ topic: "in", key: "a", value: "x" }]);
    const empty = () => counting.calls.items.filter(({ call, size }) => call === "process" && size === 0).length;
    const before = empty();
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(empty() - before).toBeLessThanOrEqual(1);
    advance(1);
    expect(empty()).toBeGreaterThan(before);
  });

  it("goes on with input while a timer's call throws, and tries that again later", async () => {
    const { bus } = open();
    const counting = worker();
    await bus.work(counting);
    await bus.append([{ topic: "in", key: "a", value: "timer 10" }]);
    let broken = true;
    let asked = 0;
    counting.onProcess = (_partition, records) => {
      if (records.length > 0) return;
      asked++;
      if (broken) throw new Error("clock trouble");
    };
    advance(10);
    for (let more = 0; more < 3; more++) await bus.append([{ topic: "in", key: "a", value: "x" }]);
    advance(999);
    expect(asked).toBe(1);
    expect(valuesOf(await recordsOf(bus, "out"))).toEqual(["a 1", "a 2", "a 3", "a 4"]);
    broken = false;
    advance(1);
    expect(valuesOf(await recordsOf(bus, "out"))).toEqual(["a 1", "a 2", "a 3", "a 4", "timer a"]);
  });

  it("finds one poison record among many with few calls, restoring what the same transaction has written", async () => {
    const { bus, storage } = open();
    const counting = worker();
    await bus.work(counting);
    counting.calls.items.length = 0;
    storage.commits = 0;
    const values = Array.from({ length: 256 }, (_, i) => (i === 200 ? "poison" : "x"));
    await bus.append(values.map((value) => ({ topic: "in", key: "a", value })));
    expect(counting.counts()).toEqual({ a: 255 });
    expect(storage.commits).toBe(1);
    expect(counting.calls.items.filter(({ call }) => call === "restore").length).toBeLessThan(10);
    expect(valuesOf(await recordsOf(bus, "antigraph.deadletter"))).toEqual(["poison"]);
  });

  it("dead-letters each of several poison records and nothing else", async () => {
    const { bus } = open();
    const counting = worker();
    await bus.work(counting);
    const values = Array.from({ length: 100 }, (_, i) => (i % 9 === 0 ? "poison" : `${i}`));
    await bus.append(values.map((value) => ({ topic: "in", key: "a", value })));
    await counting.calls.until(() => counting.counts().a === 88);
    expect(await recordsOf(bus, "out")).toHaveLength(88);
    expect(valuesOf(await recordsOf(bus, "antigraph.deadletter"))).toEqual(Array(12).fill("poison"));
  });

  it("tries a restore that threw in the middle of work again later, and loses no input", async () => {
    const { bus } = open();
    const counting = worker();
    await bus.work(counting);
    await bus.append([{ topic: "in", key: "a", value: "x" }]);
    const restore = counting.restore.bind(counting);
    counting.restore = () => {
      throw new Error("no memory left");
    };
    await bus.append([{ topic: "in", key: "a", value: "poison" }]);
    await bus.append([{ topic: "in", key: "a", value: "x" }]);
    expect(counting.counts()).toEqual({});
    counting.restore = restore;
    advance(1_000);
    expect(counting.counts()).toEqual({ a: 2 });
    expect(valuesOf(await recordsOf(bus, "out"))).toEqual(["a 1", "a 2"]);
  });

  it("survives callbacks of the worker that throw where they must not", async () => {
    const { bus } = open();
    const counting = worker();
    counting.committed = () => {
      throw new Error("from committed");
    };
    counting.revoke = () => {
      throw new Error("from revoke");
    };
    const handle = await bus.work(counting);
    await bus.append([{ topic: "in", key: "a", value: "x" }]);
    await handle.stop();
    expect(valuesOf(await recordsOf(bus, "out"))).toEqual(["a 1"]);
  });

  it("keeps the group's members apart from consumers of the same name", async () => {
    const { bus } = open();
    await bus.work(worker());
    const consume = bus.consume({ group: "workers", topic: "in", fromBeginning: true, onRecords() {} });
    await expect(consume).rejects.toMatchObject({ code: "invalid_request" });
  });

  it("refuses a lookup on a partition of somebody else", async () => {
    const { bus } = open();
    const handle = await bus.work(worker());
    await handle.stop();
    expect(() => handle.lookup(0, "a")).toThrow("belongs to another worker");
  });
});
