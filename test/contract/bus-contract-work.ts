import { describe, expect, it } from "vitest";
import type { BusRecord, Worker } from "../../engine/bus/bus.ts";
import { partitionFor } from "../../engine/core/murmur2.ts";
import { Inbox, valuesOf } from "../support/bus-inbox.ts";
import { CountingWorker } from "../support/bus-worker.ts";
import type { Fixture } from "./bus-contract.ts";
import { readAll } from "./bus-contract-append.ts";

export function workContract(get: () => Fixture): void {
  const counting = ({ input, output, group }: Fixture) => new CountingWorker({ topic: input, out: output, group });
  const send = ({ bus, input }: Fixture, key: string, ...values: string[]) =>
    bus.append(values.map((value) => ({ topic: input, key, value })));
  const answersTo = (records: readonly BusRecord[], key: string) =>
    valuesOf(records.filter((record) => record.key === key));

  describe("work", () => {
    it("restores every partition before anything is processed on it", async () => {
      const fixture = get();
      await send(fixture, "a", "x");
      const worker = counting(fixture);
      const handle = await fixture.bus.work(worker);
      await readAll(fixture, fixture.output, 1);
      const calls = worker.calls.items.filter(({ partition }) => partition === partitionFor("a", 4));
      expect(calls.slice(0, 2).map(({ call }) => call)).toEqual(["restore", "process"]);
      expect(handle.partitions()).toEqual([0, 1, 2, 3]);
      await handle.stop();
    });

    it("processes what was there before and what comes, each input once, in each key's order", async () => {
      const fixture = get();
      await send(fixture, "a", "x", "x");
      const handle = await fixture.bus.work(counting(fixture));
      await send(fixture, "a", "x");
      await send(fixture, "b", "x");
      const records = await readAll(fixture, fixture.output, 4);
      expect(answersTo(records, "a")).toEqual(["a 1", "a 2", "a 3"]);
      expect(answersTo(records, "b")).toEqual(["b 1"]);
      await handle.stop();
    });

    it("tells the worker after the commit, when readers can see the outputs", async () => {
      const fixture = get();
      const worker = counting(fixture);
      const handle = await fixture.bus.work(worker);
      await send(fixture, "a", "x");
      await worker.calls.until((calls) => calls.some(({ call }) => call === "committed"));
      const { records } = await fixture.bus.read({
        topic: fixture.output,
        from: { [partitionFor("a", 4)]: 0 },
        limit: 10,
      });
      expect(valuesOf(records)).toEqual(["a 1"]);
      await handle.stop();
    });

    it("processes what it sends to its own topic", async () => {
      const fixture = get();
      const handle = await fixture.bus.work(counting(fixture));
      await send(fixture, "a", "again 3");
      expect(answersTo(await readAll(fixture, fixture.output, 4), "a")).toEqual(["a 1", "a 2", "a 3", "a 4"]);
      await handle.stop();
    });

    it("goes on after a restart with the state and the position of its last commit", async () => {
      const fixture = get();
      const first = counting(fixture);
      await fixture.bus.work(first);
      for (const key of ["a", "b", "c", "d", "e"]) await send(fixture, key, "x", "x");
      await send(fixture, "e", "forget");
      await readAll(fixture, fixture.output, 11);
      fixture.bus = await fixture.reopen();
      const second = counting(fixture);
      const handle = await fixture.bus.work(second);
      expect(second.counts()).toEqual({ a: 2, b: 2, c: 2, d: 2 });
      await send(fixture, "a", "x");
      expect(answersTo(await readAll(fixture, fixture.output, 12), "a")).toEqual(["a 1", "a 2", "a 3"]);
      await handle.stop();
    });

    it("reads one state entry of a partition it owns", async () => {
      const fixture = get();
      const handle = await fixture.bus.work(counting(fixture));
      await send(fixture, "a", "x", "x");
      await send(fixture, "b", "x", "forget");
      await readAll(fixture, fixture.output, 4);
      expect(handle.lookup(partitionFor("a", 4), "a")).toBe('{"count":2}');
      expect(handle.lookup(partitionFor("b", 4), "b")).toBeUndefined();
      await handle.stop();
    });

    it("keeps closed entries for lookups and leaves them out of what it restores", async () => {
      const fixture = get();
      await fixture.bus.work(counting(fixture));
      await send(fixture, "a", "x", "close");
      await send(fixture, "b", "x");
      await readAll(fixture, fixture.output, 3);
      fixture.bus = await fixture.reopen();
      const worker = counting(fixture);
      const handle = await fixture.bus.work(worker);
      expect(worker.counts()).toEqual({ b: 1 });
      expect(handle.lookup(partitionFor("a", 4), "a")).toBe('{"count":2}');
      await send(fixture, "a", "x");
      expect(answersTo(await readAll(fixture, fixture.output, 4), "a")).toEqual(["a 1", "a 2", "a 3"]);
      expect(handle.lookup(partitionFor("a", 4), "a")).toBe('{"count":3}');
      expect(worker.counts()).toEqual({ a: 3, b: 1 });
      await send(fixture, "a", "close");
      await send(fixture, "a", "forget");
      await readAll(fixture, fixture.output, 6);
      expect(handle.lookup(partitionFor("a", 4), "a")).toBeUndefined();
      await handle.stop();
    });

    it("waits with the rest of a batch when the worker asks for time, and with its timers", async () => {
      const fixture = get();
      const worker = counting(fixture);
      const handle = await fixture.bus.work(worker);
      await send(fixture, "a", "timer 0", "x", "later", "x");
      await send(fixture, "a", "x");
      const before = await readAll(fixture, fixture.output, 2);
      expect(answersTo(before, "a")).toEqual(["a 1", "a 2"]);
      expect(worker.counts()).toEqual({ a: 2 });
      worker.resume();
      const after = await readAll(fixture, fixture.output, 6);
      expect(answersTo(after, "a")).toEqual(["a 1", "a 2", "a 3", "a 4", "a 5", "timer a"]);
      await handle.stop();
    });

    it("puts a record that `process` can't take into the dead letters, whole, and goes on behind it", async () => {
      const fixture = get();
      const { bus, deadLetters } = fixture;
      const worker = counting(fixture);
      const handle = await bus.work(worker);
      const inbox = new Inbox();
      const subscription = await bus.subscribe(deadLetters, inbox.add, "end");
      const values = Array.from({ length: 40 }, () => "x");
      values[23] = "poison";
      const placements = await bus.append(
        values.map((value) => ({ topic: fixture.input, key: "a", value, headers: { trace: "1" } })),
      );
      const records = await readAll(fixture, fixture.output, 39);
      expect(answersTo(records, "a")).toEqual(Array.from({ length: 39 }, (_, i) => `a ${i + 1}`));
      expect(worker.counts()).toEqual({ a: 39 });
      const [letter] = await inbox.atLeast(1);
      expect(letter).toMatchObject({ key: "a", value: "poison" });
      expect(letter?.headers).toEqual({
        trace: "1",
        reason: "processing_failed",
        message: "poison is not for me",
        topic: fixture.input,
        partition: `${placements[23]?.partition}`,
        offset: `${placements[23]?.offset}`,
      });
      expect(inbox.items).toHaveLength(1);
      await subscription.close();
      await handle.stop();
    });

    it("takes an output that can't be sent for a record that can't be processed", async () => {
      const fixture = get();
      const inbox = new Inbox();
      const subscription = await fixture.bus.subscribe(fixture.deadLetters, inbox.add, "end");
      const worker = counting(fixture);
      const handle = await fixture.bus.work(worker);
      await send(fixture, "a", "x", "lost", "x");
      expect(valuesOf(await readAll(fixture, fixture.output, 2))).toEqual(["a 1", "a 2"]);
      expect(valuesOf(await inbox.atLeast(1))).toEqual(["lost"]);
      expect(worker.counts()).toEqual({ a: 2 });
      await subscription.close();
      await handle.stop();
    });

    it("calls a worker when its timer is due, behind everything that was appended before", async () => {
      const fixture = get();
      const worker = counting(fixture);
      const handle = await fixture.bus.work(worker);
      const start = Date.now();
      await send(fixture, "a", "timer 60");
      await send(fixture, "a", "x");
      const records = await readAll(fixture, fixture.output, 3);
      expect(answersTo(records, "a")).toEqual(["a 1", "a 2", "timer a"]);
      expect(Date.now() - start).toBeGreaterThanOrEqual(60);
      await handle.stop();
    });

    it("keeps timers over a restart, and reads what came meanwhile before it fires them", async () => {
      const fixture = get();
      await fixture.bus.work(counting(fixture));
      // Long enough for the bus to be closed before the timer is due.
      const timerMs = fixture.bus.kind === "kafka" ? 2_000 : 30;
      await send(fixture, "a", `timer ${timerMs}`);
      await readAll(fixture, fixture.output, 1);
      const due = Date.now() + timerMs;
      fixture.bus = await fixture.reopen();
      let sent = 1;
      for (; Date.now() <= due; sent++) await send(fixture, "a", "x");
      const handle = await fixture.bus.work(counting(fixture));
      const answers = answersTo(await readAll(fixture, fixture.output, sent + 1), "a");
      expect(answers).toHaveLength(sent + 1);
      expect(answers.at(-1)).toBe("timer a");
      await handle.stop();
    });

    it("calls a worker without records when it is woken", async () => {
      const fixture = get();
      const worker = counting(fixture);
      const handle = await fixture.bus.work(worker);
      handle.wake(2);
      await worker.calls.until((calls) =>
        calls.some(({ call, partition, size }) => call === "process" && partition === 2 && size === 0),
      );
      await handle.stop();
    });

    it("shares the partitions among workers, each input going to one of them", async () => {
      const fixture = get();
      const workers = [counting(fixture), counting(fixture)];
      const handles = await Promise.all(workers.map((worker) => fixture.bus.work(worker)));
      const keys = Array.from({ length: 32 }, (_, i) => `key-${i}`);
      for (const key of keys) await send(fixture, key, "x", "x");
      const records = await readAll(fixture, fixture.output, 64);
      for (const key of keys) expect(answersTo(records, key)).toEqual([`${key} 1`, `${key} 2`]);
      const owned = handles.flatMap((handle) => handle.partitions()).sort();
      expect(owned).toEqual([0, 1, 2, 3]);
      await Promise.all(handles.map((handle) => handle.stop()));
    });

    it("hands its partitions over when it stops: the next one has its state, and it is called no more", async () => {
      const fixture = get();
      const first = counting(fixture);
      const second = counting(fixture);
      const firstHandle = await fixture.bus.work(first);
      await send(fixture, "a", "x", "x");
      await readAll(fixture, fixture.output, 2);
      await firstHandle.stop();
      expect(first.memory.size).toBe(0);
      expect(firstHandle.partitions()).toEqual([]);
      const calls = first.calls.items.length;
      const secondHandle = await fixture.bus.work(second);
      await send(fixture, "a", "x");
      expect(answersTo(await readAll(fixture, fixture.output, 3), "a")).toEqual(["a 1", "a 2", "a 3"]);
      expect(first.calls.items).toHaveLength(calls);
      await secondHandle.stop();
    });

    it("refuses work when the worker can't restore its state", async () => {
      const fixture = get();
      const worker: Worker = counting(fixture);
      worker.restore = () => {
        throw new Error("state of another version");
      };
      await expect(fixture.bus.work(worker)).rejects.toThrow("state of another version");
      const handle = await fixture.bus.work(counting(fixture));
      expect(handle.partitions()).toEqual([0, 1, 2, 3]);
      await handle.stop();
    });

    it("shows as a group with members, positions and lag", async () => {
      const fixture = get();
      const handle = await fixture.bus.work(counting(fixture));
      await send(fixture, "a", "x", "x");
      await readAll(fixture, fixture.output, 2);
      const info = (await fixture.bus.groups()).find(({ group }) => group === fixture.group);
      expect(info).toMatchObject({ members: 1 });
      expect(info?.topics.map(({ lag }) => lag)).toEqual([0, 0, 0, 0]);
      await handle.stop();
    });
  });
}
