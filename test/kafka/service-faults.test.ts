/** Services that are killed, replaced, and cut off from the cluster: no effect twice, no reply lost, no rollback for nothing. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { defineService, type Handler } from "../../engine/service/define.ts";
import { createKafkaTransport } from "../../engine/service/kafka-transport.ts";
import { type RunningService, runService } from "../../engine/service/run.ts";
import { openServiceStore } from "../../engine/service/store.ts";
import { Unavailable } from "../../engine/service/unavailable.ts";
import { dumpSamples } from "../../examples/services/dump.ts";
import { type CliProcess, dataFolder, spawnCli } from "../integration/cli-process.ts";
import { flowFile } from "../support/journey-spec.ts";
import { type KafkaCluster, startCluster } from "../support/kafka-cluster.ts";
import { openProfile, type Profile, sampleFlow } from "../support/kafka-samples.ts";

let cluster: KafkaCluster;
beforeAll(async () => {
  cluster = await startCluster({ brokers: 1 });
}, 90_000);
afterAll(() => cluster?.stop());

async function startManager({ brokers, prefix }: Profile): Promise<CliProcess> {
  const manager = spawnCli(["manager", "--brokers", brokers, "--prefix", prefix, "--data", dataFolder()]);
  await manager.printed(/works on/);
  return manager;
}

async function startServices({ brokers, prefix }: Profile, data: string, args: string[] = []): Promise<CliProcess> {
  const services = spawnCli(["services", "--brokers", brokers, "--prefix", prefix, "--data", data, ...args]);
  await services.printed(/run on/);
  return services;
}

/** Keeps starting journeys; resolves with all of them when told to stop. */
function keepStarting(profile: Profile): () => Promise<string[]> {
  const uuids: string[] = [];
  let going = true;
  const done = (async () => {
    while (going) {
      const uuid = await profile.start("onboarding", { name: "Ada" });
      uuids.push(uuid);
      await profile.events.until((all) => all.some((event) => event.uuid === uuid));
    }
  })();
  return async () => {
    going = false;
    await done;
    return uuids;
  };
}

/** Every step of every journey took effect once, and was answered once by what the manager took. */
function expectOnce(data: string, uuids: string[]): void {
  const { user, license, membership } = dumpSamples(data);
  for (const effects of [user?.effects, license?.effects, membership?.effects]) {
    expect(effects?.map(({ journey }) => journey).sort()).toEqual([...uuids].sort());
    expect(new Set(effects?.map(({ command }) => command)).size).toBe(uuids.length);
  }
}

const answered = (profile: Profile, count: number) =>
  profile.events.until((all) => all.filter(({ type }) => type === "journey.completed").length >= count);

it("services killed with -9 in mid-work and started again: every effect once, every journey completed", async () => {
  const profile = await openProfile(cluster.addresses);
  const flow = sampleFlow("onboarding");
  await profile.publish(flow);
  await startManager(profile);
  const data = dataFolder();
  let services = await startServices(profile, data);
  const stop = keepStarting(profile);
  for (let kill = 1; kill <= 2; kill++) {
    await answered(profile, kill * 10);
    services.child.kill("SIGKILL");
    await services.exited;
    services = await startServices(profile, data);
  }
  await answered(profile, 30);
  const uuids = await stop();
  const ends = await Promise.all(uuids.map((uuid) => profile.ended(uuid)));
  expect(new Set(ends)).toEqual(new Set(["journey.completed"]));
  expectOnce(data, uuids);
});

it("instances replaced one after the other: not a single rollback, every effect once", async () => {
  const profile = await openProfile(cluster.addresses);
  await profile.publish(sampleFlow("onboarding"));
  await startManager(profile);
  const data = dataFolder();
  const old = [await startServices(profile, data), await startServices(profile, data)];
  const stop = keepStarting(profile);
  await answered(profile, 5);
  for (const [index, instance] of old.entries()) {
    await startServices(profile, data);
    instance.child.kill("SIGINT");
    expect(await instance.exited).toMatchObject({ code: 0 });
    await answered(profile, (index + 2) * 5);
  }
  const uuids = await stop();
  const ends = await Promise.all(uuids.map((uuid) => profile.ended(uuid)));
  expect(new Set(ends)).toEqual(new Set(["journey.completed"]));
  expect(new Set(profile.events.items.map(({ type }) => type))).not.toContain("rollback.started");
  expectOnce(data, uuids);
});

/** A service in this process, its memory on disk in `data`. */
async function startOwn(profile: Profile, name: string, handler: Handler, data: string): Promise<RunningService> {
  mkdirSync(data, { recursive: true });
  const store = openServiceStore({ path: join(data, `${name}.sqlite`) });
  const definition = defineService({ name, functions: { a: handler, undo_a: () => null } });
  const transport = createKafkaTransport({ brokers: cluster.addresses, prefix: profile.prefix });
  const running = await runService(definition, transport, { store, instance: name, stopGraceMs: 100 });
  const stop = running.stop;
  running.stop = async () => {
    await stop();
    if (store.db.open) store.close();
  };
  onTestFinished(() => running.stop());
  await running.ready;
  return running;
}

it("replies given while the cluster is away are kept on disk, over a restart too, and sent once", async () => {
  const profile = await openProfile(cluster.addresses);
  await profile.publish(flowFile({ edges: { a: [] }, policy: { timeout: "5m" } }));
  await startManager(profile);
  const data = dataFolder();
  const gate = Promise.withResolvers<void>();
  const order: string[] = [];
  const handler: Handler = async ({ uuid }) => {
    await gate.promise;
    order.push(uuid);
    return uuid;
  };
  const first = await startOwn(profile, "svc", handler, data);
  const uuids = await Promise.all(Array.from({ length: 10 }, () => profile.start("flow", null)));
  await expect.poll(() => first.status().running, { timeout: 10_000, interval: 20 }).toBe(10);
  const [broker] = cluster.brokers;
  broker?.signal("SIGKILL");
  gate.resolve();
  await expect.poll(() => first.status().unsent, { timeout: 10_000, interval: 20 }).toBe(10);
  await first.stop();
  await broker?.restart();
  await startOwn(profile, "svc", handler, data);
  const ends = await Promise.all(uuids.map((uuid) => profile.ended(uuid)));
  expect(new Set(ends)).toEqual(new Set(["journey.completed"]));
  const replies = profile.replies.items.filter(({ service }) => service === "svc").map(({ uuid }) => uuid);
  expect(replies.sort()).toEqual([...uuids].sort());
  expect(order.sort()).toEqual([...uuids].sort());
});

it("a service whose database is away holds its records for longer than their timeout: nothing fails", async () => {
  const profile = await openProfile(cluster.addresses);
  await profile.publish(flowFile({ edges: { a: [] }, policy: { timeout: "2s" } }));
  const manager = await startManager(profile);
  let up = false;
  const handler: Handler = ({ uuid }) => {
    if (!up) throw new Unavailable("the database is away");
    return uuid;
  };
  const service = await startOwn(profile, "svc", handler, dataFolder());
  const uuid = await profile.start("flow", null);
  await expect.poll(() => service.status().holding, { timeout: 10_000, interval: 20 }).toBe("the database is away");
  const dispatchedAt = Date.parse(profile.of(uuid).find(({ type }) => type === "step.dispatched")?.at ?? "");
  await expect.poll(() => Date.now() - dispatchedAt, { timeout: 10_000, interval: 100 }).toBeGreaterThan(5_000);
  // The next manager has not heard the holding begin.
  manager.child.kill("SIGINT");
  await manager.exited;
  await startManager(profile);
  up = true;
  expect(await profile.ended(uuid)).toBe("journey.completed");
  expect(profile.of(uuid).map(({ type }) => type)).not.toContain("step.timed_out");
});

it("a service that dies in mid-journey and comes back: fail rolls back, wait and ignore go on", async () => {
  const profile = await openProfile(cluster.addresses);
  const kinds = ["fail", "wait", "ignore"] as const;
  for (const onServiceDown of kinds) {
    const flow = flowFile({
      ...{ name: onServiceDown, edges: { a: [], b: ["a"] }, calls: { a: "first.a", b: "second.a" } },
      ...{ policy: { timeout: "5m" }, steps: { b: { onServiceDown } }, negations: {} },
    });
    await profile.publish(flow);
  }
  await startManager(profile);
  const gate = Promise.withResolvers<void>();
  await startOwn(profile, "first", () => gate.promise, dataFolder());
  const data = dataFolder();
  const second = await startOwn(profile, "second", () => "done", data);
  const uuids = await Promise.all(kinds.map((kind) => profile.start(kind, null)));
  await expect.poll(() => profile.heartbeats.items.some(({ key }) => key === "second/second")).toBe(true);
  await second.stop();
  const goneAt = Date.now();
  // Down after 30 s of silence.
  await expect.poll(() => Date.now() - goneAt, { timeout: 60_000, interval: 500 }).toBeGreaterThan(37_000);
  gate.resolve();
  const [fail = "", wait = "", ignore = ""] = uuids;
  expect(await profile.ended(fail)).toBe("rollback.completed");
  expect(profile.of(fail).find(({ type }) => type === "step.failed")?.error?.code).toBe("service_down");
  await profile.events.until(() =>
    profile.of(ignore).some(({ type, step }) => type === "step.dispatched" && step === "b"),
  );
  expect(profile.of(wait).some(({ type, step }) => type === "step.dispatched" && step === "b")).toBe(false);
  await startOwn(profile, "second", () => "done", data);
  expect([await profile.ended(wait), await profile.ended(ignore)]).toEqual([
    "journey.completed",
    "journey.completed",
  ]);
});
