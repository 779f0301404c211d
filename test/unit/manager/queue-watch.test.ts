import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GroupProgress, PartitionOffsets, ReadQuery, ReadResult } from "../../../engine/bus/bus.ts";
import { partitionFor } from "../../../engine/core/murmur2.ts";
import { createQueueWatch, type QueuedCommand, type QueueWatch } from "../../../engine/manager/queue-watch.ts";
import { groupsOf } from "../../../engine/manager/service-groups.ts";
import { UUID } from "../../support/journey-spec.ts";

const PARTITIONS = 4;
const HOME = partitionFor(UUID, PARTITIONS);
const START = Date.parse("2026-11-22T03:00:00.000Z");

/** A topic whose partition HOME has a record every 100 ms, and the groups that read it. */
class FakeBus {
  groups = new Map<string, Record<number, number>>();
  end = 1_000;
  looks = 0;
  failing = false;
  isUnreadable = false;
  readonly asked: (readonly string[])[] = [];

  progress = async (groups: readonly string[]): Promise<GroupProgress[]> => {
    this.looks += 1;
    this.asked.push(groups);
    if (this.failing) throw new Error("away");
    return groups.flatMap((group) => {
      const positions = this.groups.get(group);
      return positions ? [{ group, members: 1, positions }] : [];
    });
  };

  offsets = async (): Promise<PartitionOffsets[]> =>
    Array.from({ length: PARTITIONS }, (_, partition) => ({
      partition,
      start: 0,
      end: partition === HOME ? this.end : 0,
    }));

  read = async ({ from }: ReadQuery): Promise<ReadResult> => {
    if (this.isUnreadable) throw new Error("may not read");
    const offset = from[HOME] ?? 0;
    const record = { topic: "fromanager", partition: HOME, offset, key: UUID, value: "{}", headers: {} };
    const isThere = offset < this.end;
    return { records: isThere ? [{ ...record, timestamp: writtenAt(offset) }] : [], next: from };
  };
}

const writtenAt = (offset: number): number => START + offset * 100;

let bus: FakeBus;
let watch: QueueWatch;
beforeEach(() => {
  vi.useFakeTimers({ now: START });
  bus = new FakeBus();
  watch = createQueueWatch({ bus, topic: "fromanager", groupsOf: (service) => groupsOf(service, "") });
});
afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

/** The 500th command, written at START + 50 s, with 5 s of time. */
const command: QueuedCommand = {
  ...{ service: "user", uuid: UUID, sentAt: writtenAt(500) },
  ...{ timeoutMs: 5_000, queueTimeoutMs: 600_000 },
};

/** The group moves on to an offset, a second passes. */
async function move(offset: number, group = "service.user") {
  bus.groups.set(group, { [HOME]: offset });
  await vi.advanceTimersByTimeAsync(1_000);
}

async function until(time: number) {
  await vi.advanceTimersByTimeAsync(time - Date.now());
}

describe("the clock of a command", () => {
  it("counts from the last advance that was short of it, for as long as the group moves", async () => {
    bus.groups.set("service.user", { [HOME]: 100 });
    watch.sent("user");
    await until(command.sentAt);
    for (const offset of [120, 140, 160, 180, 200, 220, 240, 260]) await move(offset);
    const { at, isSure } = watch.dueOf(command, Date.now());
    expect([at > Date.now(), at - Date.now() > 3_000, isSure]).toEqual([true, true, false]);
  });

  it("counts on from there when the group stands still: then its time is over", async () => {
    bus.groups.set("service.user", { [HOME]: 100 });
    watch.sent("user");
    await until(command.sentAt);
    await move(120);
    const seenAt = Date.now() - 1_000;
    await vi.advanceTimersByTimeAsync(20_000);
    const { at, isSure } = watch.dueOf(command, Date.now());
    expect(isSure).toBe(true);
    expect(at - 5_000).toBeGreaterThanOrEqual(seenAt);
    expect(at - 5_000).toBeLessThanOrEqual(seenAt + 1_000);
  });

  it("counts from its sending when the group was never seen to move", async () => {
    bus.groups.set("service.user", { [HOME]: 100 });
    watch.sent("user");
    await until(command.sentAt + 20_000);
    expect(watch.dueOf(command, Date.now())).toEqual({ at: command.sentAt + 5_000, isSure: true });
  });

  it("isn't moved by what the group does behind it", async () => {
    bus.groups.set("service.user", { [HOME]: 480 });
    watch.sent("user");
    await until(command.sentAt);
    await move(500);
    const passedAt = Date.now();
    for (const offset of [600, 700, 800, 900]) await move(offset);
    expect(watch.dueOf(command, Date.now()).at).toBeLessThanOrEqual(passedAt + 5_000);
  });

  it("waits for its queue no longer than queueTimeout", async () => {
    bus.groups.set("service.user", { [HOME]: 100 });
    watch.sent("user");
    await until(command.sentAt);
    for (let offset = 101; offset < 140; offset++) await move(offset);
    const { at } = watch.dueOf({ ...command, queueTimeoutMs: 10_000 }, Date.now());
    expect(at).toBe(command.sentAt + 15_000);
  });

  it("is sure only when the queue was looked at after it ran out; asking has it looked at", async () => {
    await until(command.sentAt);
    const first = watch.dueOf(command, command.sentAt + 5_000);
    expect(first).toEqual({ at: command.sentAt + 5_000, isSure: false });
    bus.groups.set("service.user", { [HOME]: 100 });
    await until(command.sentAt + 5_000);
    watch.dueOf(command, Date.now());
    await vi.advanceTimersByTimeAsync(200);
    expect(watch.dueOf(command, Date.now()).isSure).toBe(true);
  });

  it("is never sure while the cluster can't be asked, until its queueTimeout is over", async () => {
    bus.groups.set("service.user", { [HOME]: 100 });
    watch.sent("user");
    await until(command.sentAt);
    bus.failing = true;
    await vi.advanceTimersByTimeAsync(300_000);
    expect(watch.dueOf(command, Date.now()).isSure).toBe(false);
    await vi.advanceTimersByTimeAsync(310_000);
    expect(watch.dueOf(command, Date.now()).isSure).toBe(true);
  });

  it("of a service without a group counts from its sending", async () => {
    watch.sent("user");
    await until(command.sentAt + 5_000);
    watch.dueOf(command, Date.now());
    await vi.advanceTimersByTimeAsync(200);
    expect(watch.dueOf(command, Date.now())).toEqual({ at: command.sentAt + 5_000, isSure: true });
  });

  it("counts from when the group came to life, if that was later", async () => {
    await until(command.sentAt);
    watch.sent("user");
    await vi.advanceTimersByTimeAsync(3_000);
    await move(100);
    const { at } = watch.dueOf(command, Date.now());
    expect(at - 5_000).toBeGreaterThanOrEqual(command.sentAt + 3_000);
    expect(at - 5_000).toBeLessThanOrEqual(command.sentAt + 4_000);
  });

  it("counts from any advance where managers may not read the queue", async () => {
    bus.isUnreadable = true;
    bus.groups.set("service.user", { [HOME]: 100 });
    watch.sent("user");
    await until(command.sentAt);
    for (const offset of [600, 700, 800]) await move(offset);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(watch.dueOf(command, Date.now()).at).toBeGreaterThan(command.sentAt + 6_000);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(watch.dueOf(command, Date.now()).isSure).toBe(true);
  });

  it("counts anew when the group was set back by hand", async () => {
    bus.groups.set("service.user", { [HOME]: 100 });
    watch.sent("user");
    await until(command.sentAt);
    for (const offset of [120, 140, 90]) await move(offset);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(watch.dueOf(command, Date.now())).toEqual({ at: command.sentAt + 5_000, isSure: true });
  });
});

describe("looks", () => {
  it("are made about once a second while a group lags, and none once it has caught up", async () => {
    bus.groups.set("service.user", { [HOME]: 900 });
    watch.sent("user");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(bus.looks).toBeGreaterThanOrEqual(9);
    expect(bus.looks).toBeLessThanOrEqual(11);
    await move(1_000);
    const before = bus.looks;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(bus.looks).toBe(before);
    watch.sent("user");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(bus.looks).toBe(before + 1);
  });

  it("ask for 64 groups at most; the others have their turn next", async () => {
    for (let index = 0; index < 100; index++) watch.sent(`s${index}`);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(bus.asked.map((groups) => groups.length <= 64)).not.toContain(false);
    expect(new Set(bus.asked.flat()).size).toBe(200);
  });

  it("find a service under its own name, too", async () => {
    bus.groups.set("user", { [HOME]: 100 });
    watch.sent("user");
    await until(command.sentAt);
    for (const offset of [120, 140, 160, 180, 200, 220]) await move(offset, "user");
    expect(watch.dueOf(command, Date.now()).at).toBeGreaterThan(Date.now());
  });
});
