import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Bus, BusRecord, GroupProgress } from "../../../engine/bus/bus.ts";
import { type BusHealth, createHealthRegistry } from "../../../engine/manager/health.ts";

const START = Date.parse("2026-11-22T03:00:00.000Z");

/** The topic of the heartbeats, and the cluster's groups. */
class FakeBus {
  readonly stored: BusRecord[] = [];
  groups: Record<string, number> = {};
  away = false;
  asked: readonly string[] = [];
  private deliver: ((records: BusRecord[]) => void | Promise<void>) | undefined;

  subscribe: Bus["subscribe"] = async (_topic, onRecords) => {
    this.deliver = onRecords;
    await onRecords([...this.stored]);
    return { caughtUp: Promise.resolve(), upToDate: async () => {}, close: async () => {} };
  };

  progress = async (groups: readonly string[]): Promise<GroupProgress[]> => {
    if (this.away) throw new Error("away");
    this.asked = groups;
    return groups.flatMap((group) => {
      const members = this.groups[group];
      return members === undefined ? [] : [{ group, members, positions: {} }];
    });
  };

  /** A heartbeat, of now unless it is told from earlier. */
  beat(fields: Record<string, unknown> = {}, agoMs = 0): void {
    const time = Date.now() - agoMs;
    const { instance = "i1", service = "user" } = fields;
    const value = { service, instance, functions: ["create_user"], at: new Date(time).toISOString(), ...fields };
    this.record(`${service}/${instance}`, JSON.stringify(value), time);
  }

  record(key: string, value: string | null, timestamp = Date.now()): void {
    const record = { topic: "services", partition: 0, offset: 0, timestamp, key, value, headers: {} };
    if (this.deliver) void this.deliver([record]);
    else this.stored.push(record);
  }
}

let bus: FakeBus;
let health: BusHealth;
const changes: string[] = [];
beforeEach(() => {
  vi.useFakeTimers({ now: START });
  bus = new FakeBus();
  changes.length = 0;
});
afterEach(async () => {
  await health.close();
  vi.useRealTimers();
});

async function listen(services: string[] = [], prefix = "shop.") {
  const groups = { bus, topic: "fromanager", prefix, services: () => services };
  health = await createHealthRegistry({ bus: bus as Pick<Bus, "subscribe"> as Bus, topic: "services", groups });
  health.onChange((service) => changes.push(`${service} ${health.of(service)}`));
}
const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);
const iso = (agoS: number) => new Date(Date.now() - agoS * 1_000).toISOString();

describe("a service is", () => {
  it("unknown until it is heard, up while heartbeats come, down after 30 s of silence", async () => {
    await listen();
    expect(health.of("user")).toBe("unknown");
    bus.beat();
    expect(health.of("user")).toBe("up");
    await pass(29);
    bus.beat();
    await pass(29);
    expect(health.of("user")).toBe("up");
    await pass(2);
    expect(health.of("user")).toBe("down");
    expect(changes).toEqual(["user up", "user down"]);
    expect(health.services()).toMatchObject([{ service: "user", status: "down", why: "silent for 31 s" }]);
  });

  it("unknown for 30 s after this process began to listen, however long it has been silent", async () => {
    bus.beat({}, 600_000);
    await listen();
    expect(health.of("user")).toBe("unknown");
    await pass(31);
    expect(health.of("user")).toBe("down");
  });

  it("up while its consumer group has members, by any of its names, though it sends no heartbeats", async () => {
    bus.groups = { "shop.user": 1, "shop.service.card": 2 };
    await listen(["user", "card", "ticket"]);
    await pass(1);
    expect(["user", "card", "ticket"].map((name) => health.of(name))).toEqual(["up", "up", "unknown"]);
    expect(health.services()).toMatchObject([
      { service: "user", why: "its consumer group has 1 member" },
      { service: "card", why: "its consumer group has 2 members" },
    ]);
    bus.groups["shop.user"] = 0;
    await pass(20);
    expect(health.of("user")).not.toBe("down");
    await pass(20);
    expect(health.of("user")).toBe("down");
  });

  it("looked for in the group that its heartbeats name", async () => {
    await listen();
    bus.beat({ group: "legacy-users" });
    await pass(6);
    expect(bus.asked).toEqual(["shop.service.user", "shop.user", "legacy-users"]);
    bus.groups = { "legacy-users": 1 };
    await pass(40);
    expect(health.of("user")).toBe("up");
  });

  it("not down because the bus was away: it has 30 s to be heard again", async () => {
    await listen();
    bus.beat();
    bus.away = true;
    await pass(120);
    expect(health.of("user")).not.toBe("down");
    bus.away = false;
    await pass(25);
    expect(health.of("user")).not.toBe("down");
    bus.beat();
    await pass(31);
    expect(health.of("user")).toBe("down");
    bus.away = true;
    await pass(60);
    expect(health.of("user")).toBe("down");
  });

  it("redeployed without being down: one instance says goodbye, the next comes", async () => {
    await listen();
    bus.beat({ instance: "old" });
    bus.record("user/old", null);
    await pass(20);
    bus.beat({ instance: "new" });
    expect(changes).not.toContain("user down");
    expect(health.services()).toMatchObject([{ instances: [{ instance: "new" }] }]);
  });
});

it("instances that were killed are forgotten after an hour, but not the last one of a service", async () => {
  await listen();
  bus.beat({ instance: "killed" });
  await pass(10);
  bus.beat({ instance: "last" });
  await pass(3_700);
  expect(health.services()).toMatchObject([{ status: "down", instances: [{ instance: "last" }] }]);
});

describe("the time for which a service held its records", () => {
  const heldS = (sinceS: number) => health.heldMs("user", Date.now() - sinceS * 1_000, Date.now()) / 1_000;

  it("counts while any instance says so, and once", async () => {
    await listen();
    bus.beat({ instance: "i1", holding: true });
    bus.beat({ instance: "i2" });
    await pass(10);
    bus.beat({ instance: "i2", holding: true });
    await pass(10);
    expect(heldS(60)).toBe(20);
    bus.beat({ instance: "i1" });
    bus.beat({ instance: "i2" });
    await pass(10);
    expect(heldS(60)).toBe(20);
    expect(heldS(15)).toBe(5);
  });

  it("is known to a manager that begins to listen later, by what the heartbeat tells", async () => {
    bus.beat({ holding: true, held_since: iso(300) }, 2_000);
    await listen();
    await pass(1);
    bus.beat({ holding: true, held_since: iso(301) });
    expect(heldS(600)).toBeCloseTo(301, 0);
    bus.beat({ held_since: iso(301), held_until: iso(1) });
    await pass(20);
    expect(heldS(600)).toBeCloseTo(300, 0);
  });

  it("doesn't depend on the service's clock being right", async () => {
    await listen();
    const at = new Date(Date.now() + 3_600_000).toISOString();
    const held_since = new Date(Date.now() + 3_600_000 - 5_000).toISOString();
    bus.beat({ holding: true, at, held_since });
    await pass(5);
    expect(heldS(60)).toBe(10);
  });

  it("ends 30 s after the last heartbeat, and goes on if the next one says that it went on", async () => {
    await listen();
    const held_since = iso(0);
    bus.beat({ holding: true, held_since });
    await pass(100);
    expect(heldS(200)).toBe(30);
    bus.beat({ holding: true, held_since });
    expect(heldS(200)).toBe(100);
  });
});
