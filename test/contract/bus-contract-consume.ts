import { describe, expect, it } from "vitest";
import type { BusRecord } from "../../engine/bus/bus.ts";
import { Inbox, valuesOf } from "../support/bus-inbox.ts";
import type { Fixture } from "./bus-contract.ts";

const KEYS = Array.from({ length: 16 }, (_, i) => `key-${i}`);

export function consumeContract(get: () => Fixture): void {
  /** One record for each key, `value` being the same. */
  const appendRound = ({ bus, input }: Fixture, value: string) =>
    bus.append(KEYS.map((key) => ({ topic: input, key, value })));

  describe("consume", () => {
    it("begins at the beginning or at the end, as the first member of a group says", async () => {
      const fixture = get();
      const { bus, input, group } = fixture;
      await appendRound(fixture, "old");
      const all = new Inbox();
      const fresh = new Inbox();
      const first = await bus.consume({ group, topic: input, fromBeginning: true, onRecords: all.add });
      const last = await bus.consume({
        group: `${group}-2`,
        topic: input,
        fromBeginning: false,
        onRecords: fresh.add,
      });
      await Promise.all([first.caughtUp, last.caughtUp]);
      await appendRound(fixture, "new");
      expect(await all.atLeast(32)).toHaveLength(32);
      expect(valuesOf(await fresh.atLeast(16))).toEqual(KEYS.map(() => "new"));
      await Promise.all([first.close(), last.close()]);
    });

    it("goes on where the group's members left, also over a restart", async () => {
      const fixture = get();
      const { input, group } = fixture;
      const before = new Inbox();
      await appendRound(fixture, "1");
      const first = await fixture.bus.consume({ group, topic: input, fromBeginning: true, onRecords: before.add });
      await before.atLeast(16);
      await first.close();
      await appendRound(fixture, "2");
      fixture.bus = await fixture.reopen();
      const after = new Inbox();
      const second = await fixture.bus.consume({ group, topic: input, fromBeginning: true, onRecords: after.add });
      await second.caughtUp;
      expect(valuesOf(await after.atLeast(16))).toEqual(KEYS.map(() => "2"));
      await second.close();
    });

    it("shares the partitions among members: each record goes to one, each partition to one at a time", async () => {
      const fixture = get();
      const { bus, input, group } = fixture;
      const inboxes = [new Inbox(), new Inbox()];
      const members = await Promise.all(
        inboxes.map(({ add }) => bus.consume({ group, topic: input, fromBeginning: true, onRecords: add })),
      );
      const total = () => inboxes.reduce((sum, { items }) => sum + items.length, 0);
      // Until both have got something: members need not have joined at the same moment.
      for (let round = 0; inboxes.some(({ items }) => items.length === 0); round++) {
        await appendRound(fixture, `${round}`);
        await Promise.race(inboxes.map((inbox) => inbox.until(() => total() >= (round + 1) * KEYS.length)));
      }
      const seen = inboxes.flatMap(({ items }) => items.map(({ partition, offset }) => `${partition}/${offset}`));
      expect(new Set(seen).size).toBe(seen.length);
      await Promise.all(members.map((member) => member.close()));
    });

    it("gives a member's partitions to the others when it leaves", async () => {
      const fixture = get();
      const { bus, input, group } = fixture;
      const staying = new Inbox();
      const options = { group, topic: input, fromBeginning: true };
      const stays = await bus.consume({ ...options, onRecords: staying.add });
      const leaves = await bus.consume({ ...options, onRecords: () => {} });
      await leaves.close();
      await appendRound(fixture, "after");
      const keys = (await staying.atLeast(16)).map(({ key }) => key);
      expect(new Set(keys)).toEqual(new Set(KEYS));
      await stays.close();
    });

    it("delivers a batch again when it is rejected, loses nothing and keeps the order", async () => {
      const { bus, single, group } = get();
      const taken = new Inbox();
      const tries = new Inbox<number>();
      const member = await bus.consume({
        group,
        topic: single,
        fromBeginning: true,
        maximumBatch: 3,
        async onRecords(records) {
          tries.add([records[0]?.offset ?? -1]);
          if (tries.items.length <= 2) throw new Error("the database is down");
          taken.add(records);
        },
      });
      await bus.append(["1", "2", "3", "4", "5"].map((value) => ({ topic: single, key: "k", value })));
      expect(valuesOf(await taken.atLeast(5))).toEqual(["1", "2", "3", "4", "5"]);
      expect(tries.items.slice(0, 3)).toEqual([tries.items[0], tries.items[0], tries.items[0]]);
      await member.close();
    });

    it("hands over `maximumBatch` records at most, one call at a time for each member", async () => {
      const { bus, single, group } = get();
      await bus.append(Array.from({ length: 20 }, (_, i) => ({ topic: single, key: "k", value: `${i}` })));
      const inbox = new Inbox();
      let running = 0;
      const onRecords = async (records: BusRecord[]) => {
        expect(++running).toBe(1);
        expect(records.length).toBeLessThanOrEqual(3);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        inbox.add(records);
      };
      const member = await bus.consume({ group, topic: single, fromBeginning: true, maximumBatch: 3, onRecords });
      expect(await inbox.atLeast(20)).toHaveLength(20);
      await member.close();
    });

    it("finishes the running batch at its close and commits it", async () => {
      const { bus, single, group } = get();
      const options = { group, topic: single, fromBeginning: true, maximumBatch: 1 };
      await bus.append(["1", "2"].map((value) => ({ topic: single, key: "k", value })));
      const started = new Inbox();
      let finish: () => void = () => {};
      const first = await bus.consume({
        ...options,
        onRecords(records) {
          started.add(records);
          return new Promise((resolve) => {
            finish = resolve;
          });
        },
      });
      await started.atLeast(1);
      const closed = first.close();
      finish();
      await closed;
      const rest = new Inbox();
      const second = await bus.consume({ ...options, onRecords: rest.add });
      expect(valuesOf(await rest.atLeast(1))).toEqual(["2"]);
      await second.close();
    });

    it("reads on while earlier batches are not dealt with, and commits nothing behind the first that isn't", async () => {
      const { bus, single, group } = get();
      const options = { group, topic: single, fromBeginning: true, maximumBatch: 2 };
      await bus.append(["1", "2", "3", "4", "5"].map((value) => ({ topic: single, key: "k", value })));
      const all = new Inbox();
      const open = new Set<number>();
      const unsettled = (): Record<number, number> => (open.size === 0 ? {} : { 0: Math.min(...open) });
      const onRecords = (records: BusRecord[]) => {
        for (const { offset } of records) open.add(offset);
        all.add(records);
      };
      const first = await bus.consume({ ...options, onRecords, unsettled });
      const records = await all.atLeast(5);
      for (const { offset, value } of records) if (value !== "2" && value !== "4") open.delete(offset);
      await first.close();
      open.clear();
      const again = new Inbox();
      const second = await bus.consume({ ...options, onRecords: again.add, unsettled });
      expect(valuesOf(await again.atLeast(4))).toEqual(["2", "3", "4", "5"]);
      await second.close();
      const rest = new Inbox();
      await bus.append([{ topic: single, key: "k", value: "6" }]);
      const third = await bus.consume({ ...options, onRecords: rest.add, unsettled });
      expect(valuesOf(await rest.atLeast(1))).toEqual(["6"]);
      await third.close();
    });

    it("delivers nothing more to a member that drains, which keeps its partitions until it closes", async () => {
      const { bus, single, group } = get();
      const options = { group, topic: single, fromBeginning: true };
      const before = new Inbox();
      const first = await bus.consume({ ...options, onRecords: before.add, unsettled: () => ({}) });
      await bus.append([{ topic: single, key: "k", value: "1" }]);
      await before.atLeast(1);
      await first.drain();
      await bus.append([{ topic: single, key: "k", value: "2" }]);
      expect((await bus.groups()).find((candidate) => candidate.group === group)).toMatchObject({ members: 1 });
      const after = new Inbox();
      await first.close();
      const second = await bus.consume({ ...options, onRecords: after.add, unsettled: () => ({}) });
      expect(valuesOf(await after.atLeast(1))).toEqual(["2"]);
      expect(valuesOf(before.items)).toEqual(["1"]);
      await second.close();
    });

    it("tells the groups' members, positions and lag", async () => {
      const fixture = get();
      const { bus, input, group } = fixture;
      const inbox = new Inbox();
      const member = await bus.consume({ group, topic: input, fromBeginning: true, onRecords: inbox.add });
      await appendRound(fixture, "x");
      await inbox.atLeast(16);
      await member.close();
      await bus.append([{ topic: input, key: null, value: "unread", partition: 2 }]);
      const info = (await bus.groups()).find((candidate) => candidate.group === group);
      expect(info).toMatchObject({ members: 0 });
      expect(info?.topics.map(({ topic, partition, lag }) => ({ topic, partition, lag }))).toEqual(
        [0, 1, 2, 3].map((partition) => ({ topic: input, partition, lag: partition === 2 ? 1 : 0 })),
      );
      const { topics = [] } = info ?? {};
      expect(await bus.progress([group, `${group}-none`], input)).toEqual([
        {
          ...{ group, members: 0 },
          positions: Object.fromEntries(topics.map(({ partition, committed }) => [partition, committed])),
        },
      ]);
      const again = await bus.consume({ group, topic: input, fromBeginning: true, onRecords: inbox.add });
      expect(await bus.progress([group], input)).toMatchObject([{ members: 1 }]);
      expect((await bus.groups()).find((candidate) => candidate.group === group)).toMatchObject({ members: 1 });
      await again.close();
    });
  });
}
