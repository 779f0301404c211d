import { describe, expect, inject, it } from "vitest";
import { kafkaPlace, openKafkaConsole, runOnboardingServices } from "../support/kafka-console.ts";

const brokers = inject("kafkaBrokers");
const ADA = { name: "onboarding", data: { name: "Ada", plan: "team" } };
const CLOSED = { name: "onboarding", data: { name: "Kay", plan: "team", group: "closed" } };

describe("a console on a Kafka profile", () => {
  it("publishes, starts, shows and undoes journeys as on the embedded bus, and goes on after a restart", async () => {
    const place = await kafkaPlace(brokers);
    const first = await openKafkaConsole(place);
    expect((await first.publishSamples()).status).toBe(201);
    await runOnboardingServices(place);
    const started = await first.api("POST", "/journeys?wait=30000", ADA);
    expect(started.body).toMatchObject({ status: "completed" });
    const failed = await first.api("POST", "/journeys?wait=30000", CLOSED);
    expect(failed.body).toMatchObject({ status: "rolled_back" });
    const { uuid } = started.body;
    const dry = await first.api("POST", `/journeys/${uuid}/actions`, {
      action: "rollback",
      reason: "",
      dry_run: true,
    });
    expect(dry.body.levels.flat()).toHaveLength(4);
    const rolled = await first.api("POST", `/journeys/${uuid}/actions`, { action: "rollback", reason: "by mistake" });
    expect(rolled).toMatchObject({ status: 202, body: { queued: false } });
    await first.untilStatus(uuid, "rolled_back");
    const info = (await first.api("GET", "/info")).body;
    expect(info).toMatchObject({
      profile: { name: "cluster", kind: "kafka", cluster_id: expect.any(String) },
      connection: { state: "connected" },
      outbox: { waiting: 0 },
      retention_days: 7,
    });
    const before = (await first.api("GET", `/journeys/${uuid}/events`)).body;
    await first.host.close();

    const second = await openKafkaConsole(place, { dataDir: first.dataDir });
    expect((await second.api("GET", `/journeys/${uuid}/events`)).body).toEqual(before);
    expect((await second.api("GET", "/journeys/counts")).body).toMatchObject({ rolled_back: 2 });
    expect((await second.api("POST", "/journeys?wait=30000", ADA)).body).toMatchObject({ status: "completed" });
  });

  it("shows the cluster: brokers, topics with their leaders and copies, groups with members and lag", async () => {
    const place = await kafkaPlace(brokers);
    const console = await openKafkaConsole(place);
    await console.publishSamples();
    await runOnboardingServices(place);
    await console.api("POST", "/journeys?wait=30000", ADA);
    const cluster = (await console.api("GET", "/cluster")).body;
    expect(cluster).toMatchObject({
      kind: "kafka",
      reachable: true,
      cluster_id: expect.any(String),
      audit_behind: 0,
    });
    expect(cluster.brokers).toContainEqual(expect.objectContaining({ controller: true, port: expect.any(Number) }));
    const { topics } = (await console.api("GET", "/topics")).body;
    const input = topics.find(({ name }: { name: string }) => name === `${place.prefix}tomanager`);
    expect(input).toMatchObject({ role: "tomanager", partitions: 4, replication: 1, retention_ms: 604_800_000 });
    expect(input.offsets[0]).toMatchObject({ leader: expect.any(Number), in_sync: [expect.any(Number)] });
    const state = topics.find(({ role }: { role?: string }) => role === "journeys");
    expect(state).toMatchObject({ compacted: true });
    const { groups } = (await console.api("GET", "/groups")).body;
    const managers = groups.find(({ group }: { group: string }) => group === `${place.prefix}antigraph.managers`);
    expect(managers).toMatchObject({ members: 1, state: "Stable" });
    expect(managers.clients[0].partitions).toHaveLength(4);
    // A service stores its position after it has answered.
    const lagOfUser = async () => {
      const { services } = (await console.api("GET", "/services")).body;
      return services.find(({ service }: { service: string }) => service === "user")?.lag;
    };
    await expect.poll(lagOfUser, { timeout: 30_000 }).toBe(0);
    expect((await console.api("GET", "/manager")).body).toMatchObject({
      running: true,
      managers: 1,
      partition_count: 4,
    });
    expect((await console.call("GET", "/ready")).status).toBe(200);
  });

  it("watches without a manager, and starts and stops one when told to", async () => {
    const place = await kafkaPlace(brokers);
    const watcher = await openKafkaConsole(place, { runManager: false });
    await watcher.publishSamples();
    expect((await watcher.api("GET", "/manager")).body).toMatchObject({ running: false, managers: 0 });
    const worker = await openKafkaConsole(place);
    await runOnboardingServices(place);
    const { body } = await watcher.api("POST", "/journeys?wait=30000", ADA);
    expect(body).toMatchObject({ status: "completed" });
    expect((await watcher.api("GET", "/manager")).body).toMatchObject({ running: false, managers: 1 });
    expect((await watcher.api("POST", "/manager", { running: true })).body).toMatchObject({ running: true });
    expect((await worker.api("POST", "/manager", { running: false })).body).toMatchObject({ running: false });
    expect((await worker.api("POST", "/journeys?wait=30000", ADA)).body).toMatchObject({ status: "completed" });
  });

  it("changes its profile while it runs: same address, same token, and pages are told to read anew", async () => {
    const place = await kafkaPlace(brokers);
    const other = await kafkaPlace(brokers);
    const console = await openKafkaConsole(place);
    await console.publishSamples();
    await runOnboardingServices(place);
    const { uuid } = (await console.api("POST", "/journeys?wait=30000", ADA)).body;
    const add = (kafka: object) => ({ kind: "kafka", kafka: { prefix: other.prefix, ...kafka } });
    expect((await console.api("PUT", "/profiles/other", add({ brokers }))).status).toBe(201);
    // A cluster that isn't there opens too.
    expect((await console.api("PUT", "/profiles/away", add({ brokers: ["127.0.0.1:1"] }))).status).toBe(201);

    const stream = await console.call("GET", "/api/v1/stream");
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    const untilReset = async () => {
      for (let text = ""; !text.includes("event: reset"); ) text += (await reader?.read())?.value ?? "";
    };
    const chosen = await console.api("POST", "/profiles/choose", { name: "other", reason: "to look" });
    expect(chosen).toMatchObject({ status: 200, body: { profile: { name: "other" } } });
    await untilReset();
    expect((await console.api("GET", `/journeys/${uuid}`)).status).toBe(404);
    expect((await console.api("GET", "/flows")).body).toEqual({ flows: [] });

    const away = await console.api("POST", "/profiles/choose", { name: "away" });
    expect(away.body).toMatchObject({ profile: { name: "away" }, connection: { state: "disconnected" } });
    expect((await console.api("GET", "/cluster")).body).toMatchObject({ reachable: false });
    expect((await console.api("GET", "/topics")).body).toMatchObject({ code: "bus_unavailable" });
    expect((await console.call("GET", "/ready")).status).toBe(503);

    expect((await console.api("POST", "/profiles/choose", { name: "embedded" })).status).toBe(200);
    expect((await console.api("GET", "/cluster")).body).toMatchObject({ kind: "embedded", reachable: true });
    expect((await console.api("POST", "/profiles/choose", { name: "nobody" })).body).toMatchObject({
      code: "profile_not_found",
    });
    expect((await console.api("POST", "/profiles/choose", { name: "cluster" })).status).toBe(200);
    expect((await console.api("GET", `/journeys/${uuid}`)).body).toMatchObject({ status: "completed" });
    await reader?.cancel();
  });
});
