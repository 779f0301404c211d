import { describe, expect, it } from "vitest";
import { Inbox, valuesOf } from "../support/bus-inbox.ts";
import type { Fixture } from "./bus-contract.ts";

export function subscribeContract(get: () => Fixture): void {
  describe("subscribe", () => {
    it("delivers a topic from its beginning, says when it has caught up, and goes on with what comes", async () => {
      const { bus, single } = get();
      await bus.append(["1", "2", "3"].map((value) => ({ topic: single, key: "k", value })));
      const inbox = new Inbox();
      const subscription = await bus.subscribe(single, inbox.add);
      await subscription.caughtUp;
      expect(valuesOf(inbox.items)).toEqual(["1", "2", "3"]);
      await bus.append([{ topic: single, key: "k", value: "4" }]);
      expect(valuesOf(await inbox.atLeast(4))).toEqual(["1", "2", "3", "4"]);
      await subscription.close();
    });

    it("says when it has delivered what is there now, also behind a batch for several partitions", async () => {
      const { bus, single, input } = get();
      const inbox = new Inbox();
      const subscription = await bus.subscribe(single, inbox.add);
      await subscription.upToDate();
      const records = [single, input, single].map((topic, i) => ({ topic, key: "k", value: `${i}` }));
      await bus.append(records);
      await subscription.upToDate();
      expect(valuesOf(inbox.items)).toEqual(["0", "2"]);
      await subscription.close();
    });

    it("has caught up at once on an empty topic, and at the end", async () => {
      const { bus, single, input } = get();
      await bus.append([{ topic: input, key: "k", value: "old" }]);
      const inbox = new Inbox();
      const empty = await bus.subscribe(single, inbox.add);
      const end = await bus.subscribe(input, inbox.add, "end");
      await Promise.all([empty.caughtUp, end.caughtUp]);
      expect(inbox.items).toEqual([]);
      await Promise.all([empty.close(), end.close()]);
    });

    it("delivers only what comes later when it begins at the end", async () => {
      const { bus, input } = get();
      await bus.append(["a", "b", "c", "d"].map((key) => ({ topic: input, key, value: "old" })));
      const inbox = new Inbox();
      const subscription = await bus.subscribe(input, inbox.add, "end");
      await bus.append([{ topic: input, key: "a", value: "new" }]);
      expect(valuesOf(await inbox.atLeast(1))).toEqual(["new"]);
      await subscription.close();
    });

    it("begins at given offsets, and at the beginning of partitions that are not named", async () => {
      const { bus, input } = get();
      const placements = await bus.append(
        ["0", "1", "2"].flatMap((value) => [
          { topic: input, key: null, value: `first ${value}`, partition: 0 },
          { topic: input, key: null, value: `second ${value}`, partition: 1 },
        ]),
      );
      const inbox = new Inbox();
      const subscription = await bus.subscribe(input, inbox.add, { 0: placements[4]?.offset ?? -1 });
      const values = valuesOf(await inbox.atLeast(4));
      expect(values.filter((value) => value?.startsWith("first"))).toEqual(["first 2"]);
      expect(values.filter((value) => value?.startsWith("second"))).toEqual(["second 0", "second 1", "second 2"]);
      await subscription.close();
    });

    it("refuses offsets outside of the log and topics that don't exist", async () => {
      const { bus, single } = get();
      const beyond = bus.subscribe(single, () => {}, { 0: 1_000 });
      await expect(beyond).rejects.toMatchObject({ code: "offset_out_of_range" });
      const unknown = bus.subscribe(`${single}-unknown`, () => {});
      await expect(unknown).rejects.toMatchObject({ code: "topic_not_found" });
    });

    it("delivers everything to every subscription, in each partition's order, however much it is", async () => {
      const { bus, input } = get();
      const inboxes = [new Inbox(), new Inbox()];
      const early = await bus.subscribe(input, inboxes[0]!.add);
      for (let batch = 0; batch < 30; batch++) {
        await bus.append(Array.from({ length: 100 }, (_, i) => ({ topic: input, key: `${i}`, value: `${batch}` })));
      }
      const late = await bus.subscribe(input, inboxes[1]!.add);
      for (const inbox of inboxes) {
        const records = await inbox.atLeast(3_000);
        expect(records).toHaveLength(3_000);
        const seen = new Map<string | null, number>();
        for (const { key, value } of records) {
          expect(Number(value)).toBe(seen.get(key) ?? 0);
          seen.set(key, Number(value) + 1);
        }
      }
      await Promise.all([early.close(), late.close()]);
    });

    it("calls back once at a time, and again with the same records after a rejection", async () => {
      const { bus, single } = get();
      const inbox = new Inbox();
      let running = 0;
      let failures = 2;
      const subscription = await bus.subscribe(single, async (records) => {
        expect(++running).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        if (failures-- > 0) throw new Error("not now");
        inbox.add(records);
      });
      for (const value of ["1", "2", "3"]) await bus.append([{ topic: single, key: "k", value }]);
      expect(valuesOf(await inbox.atLeast(3))).toEqual(["1", "2", "3"]);
      await subscription.close();
    });

    it("delivers nothing after its close", async () => {
      const { bus, single } = get();
      const closed = new Inbox();
      const open = new Inbox();
      const subscription = await bus.subscribe(single, closed.add);
      const other = await bus.subscribe(single, open.add);
      await subscription.close();
      await bus.append([{ topic: single, key: "k", value: "x" }]);
      await open.atLeast(1);
      expect(closed.items).toEqual([]);
      await other.close();
    });

    it("shows the newest record of each key of a compacted topic, also over a restart", async () => {
      const fixture = get();
      const { compacted } = fixture;
      for (let i = 0; i < 20; i++) await fixture.bus.append([{ topic: compacted, key: `k${i % 2}`, value: `${i}` }]);
      fixture.bus = await fixture.reopen();
      const inbox = new Inbox();
      const subscription = await fixture.bus.subscribe(compacted, inbox.add);
      await subscription.caughtUp;
      const newest = new Map(inbox.items.map(({ key, value }) => [key, value]));
      expect(Object.fromEntries(newest)).toEqual({ k0: "18", k1: "19" });
      await subscription.close();
    });
  });
}
