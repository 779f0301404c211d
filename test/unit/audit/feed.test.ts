import { describe, expect, it, vi } from "vitest";
import type { AuditRecord } from "../../../engine/audit/audit-record.ts";
import { CatchUp } from "../../../engine/audit/catch-up.ts";
import { Feed } from "../../../engine/audit/feed.ts";
import type { IngestResult } from "../../../engine/audit/ingest.ts";
import type { Bus, BusRecord, ObservableBus } from "../../../engine/bus/bus.ts";
import { AntigraphError } from "../../../engine/core/errors.ts";
import { listeningLogger } from "./cache-fixture.ts";
import { ManualClock } from "./manual-clock.ts";

const TOPIC = "antigraph.audit";
const NOTHING: IngestResult = { changes: [], events: 0, duplicates: 0, malformed: 0 };

/** A bus of one topic that delivers when the test says so. */
class OneTopicBus implements Pick<ObservableBus, "offsets" | "subscribe"> {
  ends: number[] = [0];
  from: unknown;
  /** Whoever asks whether everything was delivered waits for this. */
  readonly delivered = Promise.withResolvers<void>();
  deliver: (records: BusRecord[]) => void | Promise<void> = () => {};

  async offsets() {
    return this.ends.map((end, partition) => ({ partition, start: 0, end }));
  }

  async subscribe(...[, onRecords, from]: Parameters<Bus["subscribe"]>) {
    this.deliver = onRecords;
    this.from = from;
    return { caughtUp: Promise.resolve(), upToDate: () => this.delivered.promise, close: async () => {} };
  }
}

const records = (count: number, firstOffset = 0, size = 10): BusRecord[] =>
  Array.from({ length: count }, (_, index) => ({
    topic: TOPIC,
    partition: 0,
    offset: firstOffset + index,
    timestamp: 0,
    key: null,
    value: "x".repeat(size),
    headers: {},
  }));

function feedOf(ingest: (records: AuditRecord[], more: boolean) => Promise<IngestResult>) {
  const bus = new OneTopicBus();
  const clock = new ManualClock();
  const logger = listeningLogger();
  const options = { bus, topic: TOPIC, clock, logger };
  let moved = () => {};
  const feed = new Feed({ ...options, ingest, onIngested: () => moved() });
  const catchUp = new CatchUp({ ...options, feed: () => feed });
  moved = () => catchUp.moved();
  return { bus, clock, logger, feed, catchUp };
}

/** An ingest that waits to be let go, batch by batch. */
function gate() {
  const batches: AuditRecord[][] = [];
  const waiting: (() => void)[] = [];
  const ingest = (batch: AuditRecord[]): Promise<IngestResult> => {
    batches.push(batch);
    return new Promise((resolve) => waiting.push(() => resolve(NOTHING)));
  };
  return { batches, ingest, letGo: () => waiting.shift()?.() };
}

describe("the feed", () => {
  it("hands records over in bounded batches, one at a time, in their order", async () => {
    const { ingest, batches, letGo } = gate();
    const { feed, bus } = feedOf(ingest);
    await feed.start({ 0: 0 });
    void bus.deliver(records(2_500));
    for (const sizes of [[1_000], [1_000, 1_000], [1_000, 1_000, 500]]) {
      await vi.waitFor(() => expect(batches.map((batch) => batch.length)).toEqual(sizes));
      letGo();
    }
    await vi.waitFor(() => expect(feed.isIdle).toBe(true));
    expect(batches.flat().map((record) => record.offset)).toEqual(records(2_500).map((record) => record.offset));
    expect(feed.positions()).toEqual({ 0: 2_500 });
  });

  it("bounds a batch by its size too, but takes one record at least", async () => {
    const sizes: number[] = [];
    const { feed, bus } = feedOf(async (batch) => {
      sizes.push(batch.length);
      return NOTHING;
    });
    await feed.start({});
    await bus.deliver(records(5, 0, 3_000_000));
    await vi.waitFor(() => expect(feed.positionOf(0)).toBe(5));
    expect(sizes).toEqual([1, 1, 1, 1, 1]);
  });

  it("lets the bus wait while its queue is full", async () => {
    const { ingest, letGo, batches } = gate();
    const { feed, bus } = feedOf(ingest);
    await feed.start({ 0: 0 });
    let delivered = 0;
    const producer = (async () => {
      for (let batch = 0; batch < 20; batch += 1) {
        await bus.deliver(records(1_000, batch * 1_000));
        delivered += 1;
      }
    })();
    await vi.waitFor(() => expect(delivered).toBe(5));
    for (let batch = 0; batch < 20; batch += 1) {
      await vi.waitFor(() => expect(batches.length).toBe(batch + 1));
      expect(delivered).toBeLessThanOrEqual(batch + 6);
      letGo();
    }
    await producer;
    expect(batches.flat().length).toBe(20_000);
  });

  it("tries a batch that failed again, in its place, with growing pauses", async () => {
    let failures = 3;
    const taken: number[] = [];
    const { feed, bus, clock, logger } = feedOf(async (batch) => {
      if (failures > 0) {
        failures -= 1;
        throw new Error("disk full");
      }
      taken.push(...batch.map((record) => record.offset));
      return NOTHING;
    });
    await feed.start({ 0: 0 });
    await bus.deliver(records(2));
    await bus.deliver(records(2, 2));
    for (const pauseMs of [100, 200, 400]) {
      await vi.waitFor(() => expect(clock.waiting).toBe(1));
      clock.pass(pauseMs - 1);
      expect(clock.waiting).toBe(1);
      clock.pass(1);
    }
    await vi.waitFor(() => expect(taken).toEqual([0, 1, 2, 3]));
    expect(logger.lines.map((line) => line.message)).toEqual(Array(3).fill(expect.stringContaining("tried again")));
  });

  it("stops at once, also between two tries and with a full queue", async () => {
    const { feed, bus } = feedOf(async () => {
      throw new Error("disk full");
    });
    await feed.start({ 0: 0 });
    const delivering = bus.deliver(records(9_000));
    await feed.stop();
    await delivering;
    expect(feed.positionOf(0)).toBe(0);
  });
});

describe("catching up", () => {
  it("is immediate when everything is ingested", async () => {
    const { catchUp, feed, bus } = feedOf(async () => NOTHING);
    bus.ends = [3, 0];
    await feed.start({ 0: 3, 1: 0 });
    expect(await catchUp.wait(0)).toBe(true);
  });

  it("waits for what was in the topic at the call, and for nothing later", async () => {
    const { ingest, letGo } = gate();
    const { catchUp, feed, bus } = feedOf(ingest);
    bus.ends = [2];
    await feed.start({ 0: 0 });
    let reached: boolean | undefined;
    const waiting = catchUp.wait(1_000).then((result) => {
      reached = result;
    });
    await bus.deliver(records(2));
    bus.ends = [9];
    expect(await catchUp.behind()).toBe(9);
    expect(reached).toBeUndefined();
    letGo();
    await waiting;
    expect(reached).toBe(true);
    expect(await catchUp.behind()).toBe(7);
  });

  it("gives up after the time given", async () => {
    const { catchUp, feed, bus, clock } = feedOf(async () => NOTHING);
    bus.ends = [1];
    await feed.start({ 0: 0 });
    expect(await catchUp.wait(0)).toBe(false);
    const waiting = catchUp.wait(500);
    await vi.waitFor(() => expect(clock.waiting).toBe(1));
    clock.pass(500);
    expect(await waiting).toBe(false);
  });

  it("isn't kept waiting by a log's end that holds no records", async () => {
    const { ingest, letGo } = gate();
    const { catchUp, feed, bus, clock } = feedOf(ingest);
    bus.ends = [5, 4];
    await feed.start({ 0: 0, 1: 4 });
    await bus.deliver(records(3));
    let reached: boolean | undefined;
    const waiting = catchUp.wait(1_000).then((result) => {
      reached = result;
    });
    await vi.waitFor(() => expect(clock.waiting).toBe(1));
    bus.delivered.resolve();
    await bus.delivered.promise;
    // Delivered, but not ingested yet.
    expect(reached).toBeUndefined();
    letGo();
    await waiting;
    expect(reached).toBe(true);
    expect(await catchUp.wait(0)).toBe(true);
  });

  it("is false when the topic can't be reached", async () => {
    const { catchUp, feed, bus } = feedOf(async () => NOTHING);
    await feed.start({ 0: 0 });
    bus.offsets = () => Promise.reject(new AntigraphError("bus_unavailable", "no broker"));
    expect(await catchUp.wait(1_000)).toBe(false);
  });

  it("goes on with the feed that takes the place of one that was stopped", async () => {
    const first = feedOf(async () => NOTHING);
    const second = feedOf(async () => NOTHING);
    let current = first.feed;
    const catchUp = new CatchUp({ bus: first.bus, topic: TOPIC, clock: first.clock, feed: () => current });
    first.bus.ends = [2];
    await first.feed.start({ 0: 0 });
    const waiting = catchUp.wait(1_000);
    await vi.waitFor(() => expect(first.clock.waiting).toBe(1));
    await first.feed.stop();
    first.bus.delivered.resolve();
    current = second.feed;
    await vi.waitFor(() => expect(first.clock.waiting).toBe(2));
    await second.feed.start({ 0: 2 });
    second.bus.delivered.resolve();
    first.clock.pass(100);
    expect(await waiting).toBe(true);
  });

  it("ends with false when the store closes", async () => {
    const { catchUp, feed, bus, clock } = feedOf(async () => NOTHING);
    bus.ends = [1];
    await feed.start({ 0: 0 });
    const waiting = catchUp.wait(1_000);
    await vi.waitFor(() => expect(clock.waiting).toBe(1));
    catchUp.close();
    expect(await waiting).toBe(false);
  });
});
