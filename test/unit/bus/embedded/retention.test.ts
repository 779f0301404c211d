import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EmbeddedBusFolder, recordsOf } from "../../../support/bus-embedded.ts";
import { Inbox, valuesOf } from "../../../support/bus-inbox.ts";
import { CountingWorker } from "../../../support/bus-worker.ts";

const DAY_MS = 86_400_000;
const TOPICS = [
  { name: "in", partitions: 1 },
  { name: "out", partitions: 1 },
  { name: "tomanageredits", partitions: 1 },
  { name: "keyed", partitions: 1, compacted: true },
];

describe("retention and compaction", () => {
  let place: EmbeddedBusFolder;
  let now: number;
  beforeEach(() => {
    place = new EmbeddedBusFolder();
    now = 1_000 * DAY_MS;
  });
  afterEach(() => place.dispose());

  const open = () => place.open({ topics: TOPICS, clock: () => now, retentionMs: 2 * DAY_MS });

  it("takes out what is older than the retention time; offsets stay", async () => {
    const first = open();
    for (let day = 0; day < 4; day++) {
      await first.bus.append([{ topic: "in", key: "k", value: `day ${day}` }]);
      now += DAY_MS;
    }
    await first.bus.close();
    const { bus } = open();
    const topic = (await bus.topics()).find(({ name }) => name === "in");
    expect(topic?.offsets).toEqual([{ partition: 0, start: 2, end: 4 }]);
    expect((await recordsOf(bus, "in")).map(({ offset, value }) => [offset, value])).toEqual([
      [2, "day 2"],
      [3, "day 3"],
    ]);
  });

  it("answers offset_out_of_range, with the log's start, for what it has taken out", async () => {
    const first = open();
    for (let i = 0; i < 3; i++) await first.bus.append([{ topic: "in", key: "k", value: "old" }]);
    now += 3 * DAY_MS;
    await first.bus.append([{ topic: "in", key: "k", value: "new" }]);
    await first.bus.close();
    const { bus } = open();
    const gone = { code: "offset_out_of_range", details: { topic: "in", partition: 0, start: 3, end: 4 } };
    await expect(bus.read({ topic: "in", from: { 0: 2 }, limit: 1 })).rejects.toMatchObject(gone);
    await expect(bus.subscribe("in", () => {}, { 0: 2 })).rejects.toMatchObject(gone);
  });

  it("gives new records new offsets when everything before was taken out", async () => {
    const first = open();
    for (let i = 0; i < 5; i++) await first.bus.append([{ topic: "in", key: "k", value: "old" }]);
    now += 3 * DAY_MS;
    await first.bus.close();
    for (let restart = 0; restart < 2; restart++) await open().bus.close();
    const { bus } = open();
    expect(await recordsOf(bus, "in")).toEqual([]);
    const [placement] = await bus.append([{ topic: "in", key: "k", value: "new" }]);
    expect(placement?.offset).toBe(5);
  });

  it("takes out everything that is old, however much it is", async () => {
    const first = open();
    for (let i = 0; i < 7; i++) {
      await first.bus.append(Array.from({ length: 1_000 }, () => ({ topic: "in", key: "k", value: "old" })));
    }
    now += 3 * DAY_MS;
    await first.bus.close();
    expect(await recordsOf(open().bus, "in")).toEqual([]);
  });

  it("keeps flows for ever", async () => {
    const first = open();
    await first.bus.append([{ topic: "tomanageredits", key: "k", value: "a flow" }]);
    now += 1_000 * DAY_MS;
    await first.bus.close();
    expect(valuesOf(await recordsOf(open().bus, "tomanageredits"))).toEqual(["a flow"]);
  });

  it("keeps input that a worker has not read, however old it is", async () => {
    const first = open();
    const handle = await first.bus.work(new CountingWorker({ topic: "in", out: "out", group: "workers" }));
    await first.bus.append([{ topic: "in", key: "k", value: "read" }]);
    await handle.stop();
    await first.bus.append([{ topic: "in", key: "k", value: "unread" }]);
    now += 30 * DAY_MS;
    await first.bus.close();
    const { bus } = open();
    expect(valuesOf(await recordsOf(bus, "in"))).toEqual(["unread"]);
    const worker = new CountingWorker({ topic: "in", out: "out", group: "workers" });
    await bus.work(worker);
    await worker.calls.until((calls) => calls.some(({ call }) => call === "committed"));
    expect(worker.counts()).toEqual({ k: 2 });
  });

  it("forgets closed state after the retention time, and no other", async () => {
    const first = open();
    const names = { topic: "in", out: "out", group: "workers" };
    await first.bus.work(new CountingWorker(names));
    const send = (key: string, value: string) => first.bus.append([{ topic: "in", key, value }]);
    for (const key of ["open", "closed", "again"]) await send(key, "x");
    for (const key of ["closed", "again"]) await send(key, "close");
    now += 1.5 * DAY_MS;
    await send("again", "close");
    now += DAY_MS;
    await first.bus.close();
    const { bus } = open();
    const handle = await bus.work(new CountingWorker(names));
    expect(["open", "closed", "again"].map((key) => handle.lookup(0, key))).toEqual([
      '{"count":1}',
      undefined,
      '{"count":3}',
    ]);
  });

  it("moves a consumer whose records were taken out to what is left, and says so", async () => {
    const first = open();
    const taken = new Inbox();
    const member = await first.bus.consume({ group: "g", topic: "in", fromBeginning: true, onRecords: taken.add });
    await member.close();
    await first.bus.append([{ topic: "in", key: "k", value: "missed" }]);
    now += 3 * DAY_MS;
    await first.bus.append([{ topic: "in", key: "k", value: "left" }]);
    await first.bus.close();
    const errors: Record<string, unknown>[] = [];
    const logger = { warn() {}, error: (details: Record<string, unknown>) => errors.push(details) };
    const { bus } = place.open({ topics: TOPICS, clock: () => now, retentionMs: 2 * DAY_MS, logger });
    await bus.consume({ group: "g", topic: "in", fromBeginning: true, onRecords: taken.add });
    expect(valuesOf(await taken.atLeast(1))).toEqual(["left"]);
    expect(errors).toEqual([expect.objectContaining({ topic: "in", partition: 0, from: 0, to: 1 })]);
  });

  it("keeps the newest record of each key of a compacted topic, at its offset, however old it is", async () => {
    const first = open();
    for (let i = 0; i < 9; i++) await first.bus.append([{ topic: "keyed", key: `k${i % 3}`, value: `${i}` }]);
    now += 100 * DAY_MS;
    await first.bus.close();
    const { bus } = open();
    expect((await recordsOf(bus, "keyed")).map(({ key, offset }) => [key, offset])).toEqual([
      ["k0", 6],
      ["k1", 7],
      ["k2", 8],
    ]);
    const inbox = new Inbox();
    const subscription = await bus.subscribe("keyed", inbox.add);
    await subscription.caughtUp;
    expect(valuesOf(inbox.items)).toEqual(["6", "7", "8"]);
  });

  it("keeps tombstones for a day, then takes them out with their key", async () => {
    const first = open();
    await first.bus.append([{ topic: "keyed", key: "a", value: "1" }]);
    await first.bus.append([{ topic: "keyed", key: "a", value: null }]);
    now += DAY_MS / 2;
    await first.bus.close();
    const second = open();
    expect(valuesOf(await recordsOf(second.bus, "keyed"))).toEqual([null]);
    now += DAY_MS;
    await second.bus.close();
    const { bus } = open();
    const inbox = new Inbox();
    const subscription = await bus.subscribe("keyed", inbox.add);
    await subscription.caughtUp;
    expect(inbox.items).toEqual([]);
    const [placement] = await bus.append([{ topic: "keyed", key: "a", value: "2" }]);
    expect(placement?.offset).toBe(2);
    expect(valuesOf(await inbox.atLeast(1))).toEqual(["2"]);
  });
});
