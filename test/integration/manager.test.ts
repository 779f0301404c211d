import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Bus, BusRecord } from "../../engine/bus/bus.ts";
import { openEmbeddedBus } from "../../engine/bus/embedded/bus.ts";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { evolve } from "../../engine/core/evolve.ts";
import type { Journey } from "../../engine/core/journey.ts";
import { partitionFor } from "../../engine/core/murmur2.ts";
import { type FromManager, MANAGER, TOPICS } from "../../engine/core/protocol.ts";
import { createFlowRegistry, type FlowRegistry } from "../../engine/manager/flows.ts";
import { createHealthRegistry, type HealthRegistry } from "../../engine/manager/health.ts";
import { createManager, type Manager } from "../../engine/manager/manager.ts";
import { type FlowSketch, flowFile, UUID } from "../support/journey-spec.ts";

const chain: FlowSketch = {
  edges: { user: [], license: ["user"], member: ["license"] },
  negations: { license: ["remove", "log"] },
};

let folder: string;
let bus: Bus;
let flows: FlowRegistry;
let health: HealthRegistry;
let manager: Manager;

async function open(): Promise<void> {
  bus = openEmbeddedBus({ file: join(folder, "bus.sqlite") });
  flows = await createFlowRegistry({ bus, topic: TOPICS.edits });
  health = await createHealthRegistry({ bus, topic: TOPICS.services });
  manager = createManager({ bus, flows, health });
  await manager.start();
}
async function close(): Promise<void> {
  await manager.stop();
  await flows.close();
  await health.close();
  await bus.close();
}
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "antigraph-"));
  await open();
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

const publish = (sketch: FlowSketch): Promise<unknown> =>
  bus.append([{ topic: TOPICS.edits, key: null, value: JSON.stringify(flowFile(sketch)) }]);
const say = (value: Record<string, unknown>, more: { headers?: Record<string, string>; partition?: number } = {}) =>
  bus.append([
    {
      topic: TOPICS.toManager,
      key: String(value.uuid),
      value: JSON.stringify({ name: "flow", status: "success", data: null, ...value }),
      ...more,
    },
  ]);
const start = (uuid: string, data: unknown = {}, name = "flow", version?: string) =>
  say({ uuid, name, version, service: MANAGER, function: "start", data });
const act = (uuid: string, action: string, data: Record<string, unknown> = {}) =>
  say({ uuid, service: MANAGER, function: action, data: { id: `${action}-1`, actor: "olga", reason: "r", ...data } });

/** Everything in a topic, over all partitions. */
async function all(topic: string): Promise<BusRecord[]> {
  const info = (await bus.topics()).find((t) => t.name === topic)!;
  const from = Object.fromEntries(info.offsets.map((o) => [o.partition, o.start]));
  return (await bus.read({ topic, from, limit: 10_000 })).records;
}
const commands = async (uuid = UUID): Promise<FromManager[]> =>
  (await all(TOPICS.fromManager)).filter((r) => r.key === uuid).map((r) => JSON.parse(r.value!));
const events = async (uuid = UUID): Promise<JourneyEvent[]> =>
  (await all(TOPICS.audit)).filter((r) => r.key === uuid).map((r) => JSON.parse(r.value!));
const state = async (uuid = UUID): Promise<Journey> =>
  (await events(uuid)).reduce<Journey | undefined>((journey, event) => evolve(journey, event), undefined)!;
/** Answers the commands as they come, until the journey ends. */
async function serve(uuid: string, answer: (command: FromManager) => Record<string, unknown>): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    const stop = manager.onEnded((id) => {
      if (id !== uuid) return;
      stop();
      resolve();
    });
  });
  const subscription = await bus.subscribe(TOPICS.fromManager, async (records) => {
    for (const record of records.filter((r) => r.key === uuid)) {
      const command: FromManager = JSON.parse(record.value!);
      const { name, version, service, function: fn, step, attempt } = command;
      await say({ uuid, name, version, service, function: fn, step, attempt, ...answer(command) });
    }
  });
  await ended;
  await subscription.close();
}

describe("the manager on the embedded bus", () => {
  it("runs a journey and undoes it when a step fails: negations together, the step before after both", async () => {
    await publish(chain);
    await start(UUID, { name: "Ada" });
    await serve(UUID, (c) =>
      c.function === "member" ? { status: "failure", error: { message: "quota" } } : { data: { did: c.function } },
    );
    expect((await commands()).map((c) => c.function)).toEqual([
      "user",
      "license",
      "member",
      "remove",
      "log",
      "undo_user",
    ]);
    expect(await state()).toMatchObject({ status: "rolled_back", error: { message: "quota" } });
    expect((await events()).map((e) => e.seq)).toEqual((await events()).map((_, i) => i + 1));
  });

  it("takes the newest version for new journeys and finishes the old ones on theirs, over restarts", async () => {
    await publish(chain);
    await start(UUID);
    await publish({ edges: { other: [] }, version: "2" });
    const second = "6f1c2d0e-0000-4000-8000-00000000a921";
    await start(second);
    await close();
    await open();
    await serve(UUID, () => ({}));
    expect(await state()).toMatchObject({ status: "completed", version: "1" });
    expect((await commands(second)).map((c) => c.function)).toEqual(["other"]);
  });

  it("rolls a completed journey back by hand, also after a restart", async () => {
    await publish(chain);
    await start(UUID);
    await serve(UUID, (c) => ({ data: { did: c.function } }));
    await close();
    await open();
    await act(UUID, "rollback");
    await act(UUID, "rollback");
    await serve(UUID, () => ({}));
    const sent = await commands();
    expect(sent.slice(3).map((c) => [c.function, c.data])).toEqual([
      ["undo_member", { did: "member" }],
      ["remove", { did: "license" }],
      ["log", { did: "license" }],
      ["undo_user", { did: "user" }],
    ]);
  });

  it("puts what it can't use into the dead letters, with the original bytes and the reason, and goes on", async () => {
    await bus.append([{ topic: TOPICS.toManager, key: "x", value: "{nonsense", headers: { h: "1" } }]);
    await start(UUID, {}, "nobody-knows");
    await say({ uuid: UUID, service: "svc", function: "user" });
    await publish(chain);
    await start(UUID);
    await serve(UUID, () => ({}));
    const letters = await all(TOPICS.deadLetter);
    expect(letters.map((r) => r.headers.reason).sort()).toEqual(["malformed", "unknown_flow", "unknown_journey"]);
    expect(letters.find((r) => r.headers.reason === "malformed")).toMatchObject({
      key: "x",
      value: "{nonsense",
      headers: { h: "1", topic: TOPICS.toManager },
    });
    expect(manager.status().deadLettered).toBe(3);
  });

  it("sends a record that another client put elsewhere to its journey's home", async () => {
    await publish(chain);
    const home = partitionFor(UUID, 12);
    await say({ uuid: UUID, service: MANAGER, function: "start", data: {} }, { partition: (home + 1) % 12 });
    await serve(UUID, () => ({}));
    expect((await state()).status).toBe("completed");
    const moved = (await all(TOPICS.toManager)).find((r) => r.headers["origin-partition"] !== undefined)!;
    expect(moved).toMatchObject({ partition: home, headers: { "origin-partition": String((home + 1) % 12) } });
  });

  it("runs sub-journeys and undoes them by rolling them back", async () => {
    await publish({ name: "child", edges: { pay: [] } });
    await publish({
      edges: { sub: [], last: ["sub"] },
      calls: { sub: "manager.journey" },
      steps: { sub: { flow: "child" } },
    });
    await start(UUID, { n: 1 });
    const served: string[] = [];
    const subscription = await bus.subscribe(TOPICS.fromManager, async (records) => {
      for (const record of records) {
        const c: FromManager = JSON.parse(record.value!);
        served.push(c.function);
        const failed =
          c.function === "last" ? { status: "failure", error: { message: "no" } } : { data: { paid: true } };
        await say({
          uuid: c.uuid,
          name: c.name,
          version: c.version,
          service: c.service,
          function: c.function,
          step: c.step,
          attempt: c.attempt,
          ...failed,
        });
      }
    });
    await new Promise<void>((resolve) => manager.onEnded((uuid) => uuid === UUID && resolve()));
    await subscription.close();
    expect(served).toEqual(["pay", "last", "undo_pay"]);
    expect(await state()).toMatchObject({ status: "rolled_back" });
  });
});
