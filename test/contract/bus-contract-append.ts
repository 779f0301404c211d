import { describe, expect, it, vi } from "vitest";
import type { BusRecord, NewRecord, ReadQuery } from "../../engine/bus/bus.ts";
import { partitionFor } from "../../engine/core/murmur2.ts";
import { valuesOf } from "../support/bus-inbox.ts";
import type { Fixture } from "./bus-contract.ts";

/** Reads until `count` records are there. */
export async function readAll({ bus }: Fixture, topic: string, count: number): Promise<BusRecord[]> {
  const info = (await bus.topics()).find(({ name }) => name === topic);
  let from = Object.fromEntries((info?.offsets ?? []).map(({ partition, start }) => [partition, start]));
  const records: BusRecord[] = [];
  while (records.length < count) {
    const result = await bus.read({ topic, from, limit: 1_000, waitMs: 1_000 });
    records.push(...result.records);
    from = result.next;
  }
  return records;
}

export function appendAndReadContract(get: () => Fixture): void {
  describe("append", () => {
    it("answers topic, partition and offset in the order given, and they are where the records then stand", async () => {
      const { bus, input, single } = get();
      const records: NewRecord[] = [
        { topic: single, key: "a", value: "1" },
        { topic: input, key: "b", value: "2" },
        { topic: single, key: "c", value: "3" },
        { topic: input, key: null, value: "4", partition: 3 },
      ];
      const placements = await bus.append(records);
      expect(placements.map(({ topic }) => topic)).toEqual([single, input, single, input]);
      for (const [index, { topic, partition, offset }] of placements.entries()) {
        const { records: found } = await bus.read({ topic, from: { [partition]: offset }, limit: 1 });
        expect(found[0]).toMatchObject({ topic, partition, offset, value: records[index]?.value });
      }
    });

    it("puts records of one key into the partition that Java's default partitioner gives it", async () => {
      const { bus, input } = get();
      const keys = ["a", "order-1", "ünï-😀", crypto.randomUUID(), ""];
      const placements = await bus.append(keys.map((key) => ({ topic: input, key, value: "x" })));
      expect(placements.map(({ partition }) => partition)).toEqual(keys.map((key) => partitionFor(key, 4)));
    });

    it("takes a partition that is named, and partition 0 where there is neither key nor partition", async () => {
      const { bus, input } = get();
      const placements = await bus.append([
        { topic: input, key: "a", value: "x", partition: 2 },
        { topic: input, key: null, value: "x", partition: 3 },
        { topic: input, key: null, value: "x" },
      ]);
      expect(placements.map(({ partition }) => partition)).toEqual([2, 3, 0]);
    });

    it("keeps the order within a partition, also of appends that are not awaited", async () => {
      const fixture = get();
      const values = Array.from({ length: 200 }, (_, i) => `${i}`);
      await Promise.all(values.map((value) => fixture.bus.append([{ topic: fixture.single, key: "k", value }])));
      const records = await readAll(fixture, fixture.single, 200);
      expect(valuesOf(records)).toEqual(values);
      const offsets = records.map(({ offset }) => offset);
      expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    });

    it("appends all records or none", async () => {
      const { bus, single } = get();
      const mixed = [
        { topic: single, key: "a", value: "lost" },
        { topic: `${single}-unknown`, key: "a", value: "lost" },
      ];
      await expect(bus.append(mixed)).rejects.toMatchObject({ code: "topic_not_found" });
      await bus.append([{ topic: single, key: "a", value: "kept" }]);
      expect(valuesOf(await readAll(get(), single, 1))).toEqual(["kept"]);
    });

    it("refuses a partition that the topic doesn't have", async () => {
      const { bus, input } = get();
      const append = bus.append([{ topic: input, key: null, value: "x", partition: 4 }]);
      await expect(append).rejects.toMatchObject({ code: "invalid_request" });
    });

    it("gives back keys, values and headers as they were: null, empty, unicode, control characters", async () => {
      const fixture = get();
      const given: Omit<BusRecord, "topic" | "partition" | "offset" | "timestamp">[] = [
        { key: "k", value: null, headers: {} },
        { key: null, value: "", headers: { empty: "" } },
        { key: "", value: '{"text":"Grüße, 世界 😀"}', headers: { "x-ü": "世界", traceparent: "00-1-2-01" } },
        { key: "clé", value: "line\nbreak\ttab \u0000 nul \u2028", headers: {} },
        { key: "large", value: "ä".repeat(100_000), headers: {} },
      ];
      await fixture.bus.append(given.map((record) => ({ topic: fixture.single, ...record })));
      const records = await readAll(fixture, fixture.single, given.length);
      expect(records.map(({ key, value, headers }) => ({ key, value, headers }))).toEqual(given);
    });

    it("keeps what it has acknowledged over a restart", async () => {
      const fixture = get();
      await fixture.bus.append([{ topic: fixture.single, key: "k", value: "kept", headers: { a: "b" } }]);
      fixture.bus = await fixture.reopen();
      const [record] = await readAll(fixture, fixture.single, 1);
      expect(record).toMatchObject({ key: "k", value: "kept", headers: { a: "b" } });
      await fixture.bus.append([{ topic: fixture.single, key: "k", value: "next" }]);
      expect(valuesOf(await readAll(fixture, fixture.single, 2))).toEqual(["kept", "next"]);
    });

    it("stamps records with the time", async () => {
      const fixture = get();
      const before = Date.now();
      await fixture.bus.append([{ topic: fixture.single, key: "k", value: "x" }]);
      const [record] = await readAll(fixture, fixture.single, 1);
      expect(record?.timestamp).toBeGreaterThanOrEqual(before - 1_000);
      expect(record?.timestamp).toBeLessThanOrEqual(Date.now() + 1_000);
    });
  });

  describe("topics", () => {
    it("lists each topic with its partitions and the offsets of its log", async () => {
      const { bus, input, compacted } = get();
      const [placement] = await bus.append([{ topic: input, key: null, value: "x", partition: 1 }]);
      const topics = await bus.topics();
      const described = topics.find(({ name }) => name === input);
      expect(described).toMatchObject({ partitions: 4, compacted: false });
      expect(described?.offsets.map(({ partition }) => partition)).toEqual([0, 1, 2, 3]);
      expect(described?.offsets[1]?.start).toBeLessThanOrEqual(placement?.offset ?? -1);
      expect(described?.offsets[1]?.end).toBeGreaterThan(placement?.offset ?? Number.MAX_SAFE_INTEGER);
      expect(topics.find(({ name }) => name === compacted)).toMatchObject({ partitions: 1, compacted: true });
    });
  });

  describe("read", () => {
    it("reads on from where the last read ended, `limit` records at most", async () => {
      const { bus, single } = get();
      await bus.append(["1", "2", "3", "4", "5"].map((value) => ({ topic: single, key: "k", value })));
      const first = await bus.read({ topic: single, from: { 0: 0 }, limit: 2 });
      const second = await bus.read({ topic: single, from: first.next, limit: 2 });
      const third = await bus.read({ topic: single, from: second.next, limit: 2 });
      const fourth = await bus.read({ topic: single, from: third.next, limit: 2 });
      expect([first, second, third, fourth].map(({ records }) => valuesOf(records))).toEqual([
        ["1", "2"],
        ["3", "4"],
        ["5"],
        [],
      ]);
    });

    it("merges partitions by timestamp, keeps each one's order, and answers where to read on in each", async () => {
      const { bus, input } = get();
      for (let i = 0; i < 12; i++) {
        await bus.append([{ topic: input, key: null, value: `${i}`, partition: i % 3 }]);
      }
      let from: ReadQuery["from"] = { 0: 0, 1: 0, 2: 0, 3: 0 };
      const records: BusRecord[] = [];
      while (records.length < 12) {
        const result = await bus.read({ topic: input, from, limit: 5, waitMs: 1_000 });
        expect(Object.keys(result.next)).toEqual(["0", "1", "2", "3"]);
        records.push(...result.records);
        from = result.next;
      }
      const byPartition = [0, 1, 2].map((partition) => valuesOf(records.filter((it) => it.partition === partition)));
      expect(byPartition).toEqual([
        ["0", "3", "6", "9"],
        ["1", "4", "7", "10"],
        ["2", "5", "8", "11"],
      ]);
    });

    it("answers at once when there is nothing and no wait was asked for", async () => {
      const { bus, single } = get();
      expect(await bus.read({ topic: single, from: { 0: 0 }, limit: 10 })).toEqual({ records: [], next: { 0: 0 } });
    });

    it("waits for the first record of any of the partitions", async () => {
      const { bus, input } = get();
      const read = bus.read({ topic: input, from: { 0: 0, 1: 0, 2: 0, 3: 0 }, limit: 10, waitMs: 20_000 });
      await bus.append([{ topic: input, key: null, value: "there", partition: 2 }]);
      expect(valuesOf((await read).records)).toEqual(["there"]);
    });

    it("ends a wait empty when its time is over", async () => {
      const { bus, single } = get();
      const { records } = await bus.read({ topic: single, from: { 0: 0 }, limit: 10, waitMs: 30 });
      expect(records).toEqual([]);
    });

    it("ends a wait early when the reader goes away", async () => {
      const { bus, single } = get();
      const abort = new AbortController();
      const read = bus.read({ topic: single, from: { 0: 0 }, limit: 10, waitMs: 20_000, signal: abort.signal });
      abort.abort();
      expect((await read).records).toEqual([]);
    });

    it("answers offset_out_of_range outside of the log, with the log's start and end", async () => {
      const { bus, single } = get();
      await bus.append([{ topic: single, key: "k", value: "x" }]);
      const read = bus.read({ topic: single, from: { 0: 1_000 }, limit: 10 });
      await expect(read).rejects.toMatchObject({ code: "offset_out_of_range", details: { start: 0 } });
    });

    it("refuses topics and partitions that don't exist, and limits below 1", async () => {
      const { bus, single } = get();
      const unknown = bus.read({ topic: `${single}-unknown`, from: { 0: 0 }, limit: 10 });
      await expect(unknown).rejects.toMatchObject({ code: "topic_not_found" });
      const partition = bus.read({ topic: single, from: { 7: 0 }, limit: 10 });
      await expect(partition).rejects.toMatchObject({ code: "invalid_request" });
      const limit = bus.read({ topic: single, from: { 0: 0 }, limit: 0 });
      await expect(limit).rejects.toMatchObject({ code: "invalid_request" });
    });
  });

  describe("where a topic stands", () => {
    it("tells start and end of each partition", async () => {
      const { bus, input } = get();
      await bus.append([
        { topic: input, key: null, value: "a", partition: 2 },
        { topic: input, key: null, value: "b", partition: 2 },
      ]);
      const offsets = await bus.offsets(input);
      expect(offsets.map(({ partition, start }) => [partition, start])).toEqual([0, 1, 2, 3].map((it) => [it, 0]));
      const ends = offsets.map(({ end }) => end);
      expect(ends).toMatchObject([0, 0, expect.any(Number), 0]);
      expect(ends[2]).toBeGreaterThanOrEqual(2);
      await expect(bus.offsets("nowhere")).rejects.toMatchObject({ code: "topic_not_found" });
    });

    it("finds the first record written at a time or later, and the end where there is none", async () => {
      const fixture = get();
      const { bus, single } = fixture;
      const written: BusRecord[] = [];
      for (const value of ["a", "b", "c"]) {
        await bus.append([{ topic: single, key: "k", value }]);
        written.push(...(await readAll(fixture, single, written.length + 1)).slice(written.length));
        const [before] = written.slice(-1);
        // The next one is written in a later millisecond.
        await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(before?.timestamp ?? 0));
      }
      for (const { timestamp, offset } of written) {
        expect(await bus.offsetsAt(single, timestamp)).toEqual({ 0: offset });
      }
      expect(await bus.offsetsAt(single, 0)).toEqual({ 0: 0 });
      const [{ end } = { end: -1 }] = await bus.offsets(single);
      expect(await bus.offsetsAt(single, Date.now() + 60_000)).toEqual({ 0: end });
    });

    it("names the brokers, and how long topics keep their records", async () => {
      const { bus, single, compacted } = get();
      const { brokers } = await bus.cluster();
      expect(brokers.filter(({ controller }) => controller)).toHaveLength(1);
      const topics = new Map((await bus.topics()).map((topic) => [topic.name, topic]));
      expect(topics.get(single)?.retentionMs).toBeGreaterThan(0);
      expect(topics.get(compacted)).toMatchObject({ compacted: true });
      expect(topics.get(compacted)).not.toHaveProperty("retentionMs");
    });
  });
}
