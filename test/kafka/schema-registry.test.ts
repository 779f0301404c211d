/**
 * Schemas on a real cluster and a real registry, from outside: a manager as a process of its own on a profile, a service
 * over the SDK with the profile's connection, and a reader of bytes that knows nothing of either.
 */
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { readInstallation } from "../../engine/api/cluster-profile.ts";
import { openProfiles } from "../../engine/api/profiles.ts";
import { profileDraftSchema } from "../../engine/api/schemas/profile.ts";
import type { JourneyEvent } from "../../engine/core/events.ts";
import type { FlowRecord } from "../../engine/core/protocol.ts";
import { type Call, defineService } from "../../engine/service/define.ts";
import { createKafkaTransport } from "../../engine/service/kafka-transport.ts";
import { runService } from "../../engine/service/run.ts";
import { openServiceStore } from "../../engine/service/store.ts";
import { type CliProcess, dataFolder, spawnCli } from "../integration/cli-process.ts";
import { Inbox } from "../support/bus-inbox.ts";
import { flowFile } from "../support/journey-spec.ts";
import { openProfile, type Profile } from "../support/kafka-samples.ts";
import { type SchemaRegistry, startSchemaRegistry } from "../support/schema-registry.ts";

const brokers = inject("kafkaBrokers");
const PROFILE = "cluster";

let registry: SchemaRegistry;
beforeAll(async () => {
  registry = await startSchemaRegistry();
}, 300_000);
afterAll(() => registry?.stop());

/** What svc.make answers, and what it and its negation were given. */
interface World {
  profile: Profile;
  dataDir: string;
  made: unknown;
  calls: { name: string; data: unknown }[];
  subject(topic: "fromanager" | "tomanager", called: string): string;
  run(data: unknown): Promise<{ end: string; events: JourneyEvent[] }>;
  startManager(): Promise<CliProcess>;
}

const FLOW: FlowRecord = flowFile({ name: "two", edges: { make: [], use: ["make"] } });
const NEEDS_ID = { type: "object", required: ["id"], properties: { id: { type: "integer" } } };

async function openWorld(options: { wire?: "json" | "confluent"; url?: string } = {}): Promise<World> {
  const profile = await openProfile(brokers);
  const dataDir = dataFolder();
  const used = { url: options.url ?? registry.url, wire_format: options.wire ?? "json" };
  const draft = { kind: "kafka", kafka: { brokers, prefix: profile.prefix, registry: used } };
  await openProfiles(dataDir).put(PROFILE, profileDraftSchema.parse(draft));
  const world: World = {
    ...{ profile, dataDir, made: { id: 1 }, calls: [] },
    subject: (topic, called) => `${profile.prefix}${topic}-svc.${called}`,
    async run(data) {
      const uuid = await profile.start("two", data);
      return { end: await profile.ended(uuid), events: profile.of(uuid) };
    },
    async startManager() {
      const manager = spawnCli(["manager", "--profile", PROFILE, "--data", dataDir, "--verbose"]);
      await manager.printed(/works on/);
      return manager;
    },
  };
  const does = (name: string, answer: () => unknown) => (call: Call) => {
    world.calls.push({ name, data: call.data });
    return answer();
  };
  const store = openServiceStore({ path: join(dataDir, "svc.sqlite") });
  const service = await runService(
    defineService({
      name: "svc",
      functions: {
        make: does("make", () => world.made),
        use: does("use", () => ({ used: true })),
        undo_make: does("undo_make", () => null),
        undo_use: does("undo_use", () => null),
      },
    }),
    createKafkaTransport(await readInstallation(dataDir, PROFILE)),
    { store },
  );
  onTestFinished(async () => {
    await service.stop();
    store.close();
  });
  await profile.publish(FLOW);
  return world;
}

const failureOf = (events: JourneyEvent[], type: JourneyEvent["type"]) =>
  events.find((event) => event.type === type)?.error;
const namesOf = ({ calls }: World) => calls.map(({ name }) => name);

test("a command that breaks its schema isn't sent, and what was done before it is undone", async () => {
  const world = await openWorld();
  await registry.register(world.subject("fromanager", "use"), NEEDS_ID);
  await world.startManager();
  world.made = { id: "seven" };
  const { end, events } = await world.run({});
  expect(end).toBe("rollback.completed");
  expect(failureOf(events, "step.failed")).toMatchObject({
    code: "schema_invalid",
    message: expect.stringMatching(/^data\/id must be integer/),
  });
  expect(namesOf(world)).toEqual(["make", "undo_make"]);
});

test("a reply that breaks its schema fails its step, which is undone", async () => {
  const world = await openWorld();
  await registry.register(world.subject("tomanager", "make"), NEEDS_ID);
  await world.startManager();
  world.made = {};
  const { end, events } = await world.run({ n: 1 });
  expect(end).toBe("rollback.completed");
  expect(failureOf(events, "step.failed")?.message).toMatch(/^data must have required property 'id'/);
  expect(world.calls.at(-1)).toEqual({ name: "undo_make", data: { n: 1 } });
});

test("a negation whose command breaks its schema isn't sent; a version that lets it through is taken up", async () => {
  const world = await openWorld();
  await registry.register(world.subject("fromanager", "undo_make"), NEEDS_ID);
  await registry.register(world.subject("fromanager", "use"), { type: "object", required: ["never"] });
  await world.startManager();
  world.made = {};
  const { end, events } = await world.run({});
  expect(end).toBe("rollback.failed");
  expect(failureOf(events, "undo.failed")?.message).toMatch(/required property 'id'/);
  expect(namesOf(world)).toEqual(["make"]);

  await registry.register(world.subject("fromanager", "use"), { type: "object" });
  const isThrough = async () => (await world.run({})).end === "journey.completed";
  // A look at the registry is some seconds apart: so many journeys are refused before.
  while (!(await isThrough())) expect(world.profile.events.items.length).toBeLessThan(5_000);
  expect(world.calls.at(-1)).toMatchObject({ name: "use" });
});

test("while the registry is away a manager goes on by what was known, also a fresh one on the same folder", async () => {
  const own = await startSchemaRegistry();
  onTestFinished(() => own.stop());
  const world = await openWorld({ url: own.url });
  await own.register(world.subject("fromanager", "use"), NEEDS_ID);
  const manager = await world.startManager();
  world.made = {};
  expect((await world.run({})).end).toBe("rollback.completed");
  await own.stop();
  expect((await world.run({})).end).toBe("rollback.completed");
  manager.child.kill("SIGINT");
  await manager.exited;
  await world.startManager();
  expect((await world.run({})).end).toBe("rollback.completed");
  world.made = { id: 1 };
  expect((await world.run({})).end).toBe("journey.completed");
}, 300_000);

test("a manager that has never heard of its registry waits, and says so", async () => {
  const world = await openWorld({ url: "http://127.0.0.1:1/" });
  const manager = spawnCli(["manager", "--profile", PROFILE, "--data", world.dataDir, "--verbose"]);
  await manager.printed(/nothing flows until its schemas are known/);
  expect(manager.out()).not.toMatch(/works on/);
  manager.child.kill("SIGINT");
  expect((await manager.exited).code).toBe(0);
});

test("records bear magic byte and id in both directions, and are read by whoever follows the profile", async () => {
  const world = await openWorld({ wire: "confluent" });
  const bytes = await readBytes(world.profile);
  await world.startManager();
  // The start is written in clear: both forms are read.
  const { end } = await world.run({ n: "\u00e9" });
  expect(end).toBe("journey.completed");
  const { fromManager, toManager } = world.profile.topics;
  await bytes.until((all) => all.filter(({ topic }) => topic === toManager).length >= 3);
  const idOf = async (topic: string) => {
    const response = await fetch(`${registry.url}/subjects/${topic}-value/versions/latest`);
    return ((await response.json()) as { id: number }).id;
  };
  for (const topic of [fromManager, toManager]) {
    const values = bytes.items.filter((it) => it.topic === topic).map(({ value }) => value);
    const framed = values.filter((value) => value[0] === 0);
    expect(framed.length).toBe(topic === fromManager ? values.length : values.length - 1);
    expect(framed.length).toBeGreaterThanOrEqual(2);
    const id = await idOf(topic);
    for (const value of framed) {
      expect(value.readUInt32BE(1)).toBe(id);
      expect(JSON.parse(value.subarray(5).toString())).toMatchObject({ service: "svc" });
    }
  }
  expect(world.calls[0]).toEqual({ name: "make", data: { n: "\u00e9" } });
});

/** All records of commands and replies as they lie in the topics. */
async function readBytes({ topics }: Profile): Promise<Inbox<{ topic: string; value: Buffer }>> {
  const inbox = new Inbox<{ topic: string; value: Buffer }>();
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `bytes-${crypto.randomUUID()}` });
  onTestFinished(() => consumer.disconnect());
  await consumer.connect();
  await consumer.subscribe({ topics: [topics.fromManager, topics.toManager], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, message }) => {
      inbox.add([{ topic, value: message.value ?? Buffer.alloc(0) }]);
    },
  });
  return inbox;
}
