import { afterAll, beforeAll, expect, it } from "vitest";
import { dumpSamples } from "../../examples/services/dump.ts";
import { ConsoleProcess } from "../support/console-process.ts";
import { type KafkaCluster, startCluster } from "../support/kafka-cluster.ts";
import { folderWithProfile, kafkaPlace, openKafkaConsole, runOnboardingServices } from "../support/kafka-console.ts";

let cluster: KafkaCluster;
beforeAll(async () => {
  cluster = await startCluster({ brokers: 1 });
}, 90_000);
afterAll(() => cluster?.stop());

const STARTS = 40;

it("keeps starts and actions while the brokers are gone, over a kill -9 of its own too, and each takes effect once", async () => {
  const [broker] = cluster.brokers;
  const place = await kafkaPlace(cluster.addresses);
  const dataDir = await folderWithProfile(place);
  const setup = await openKafkaConsole(place, { dataDir });
  await setup.publishSamples();
  const services = await runOnboardingServices(place);
  const ada = { name: "onboarding", data: { name: "Ada", plan: "team" } };
  const { uuid: before } = (await setup.api("POST", "/journeys?wait=30000", ada)).body;
  await setup.host.close();

  const first = await new ConsoleProcess(dataDir).opened();
  await first.becomes("connected");
  broker?.signal("SIGKILL");
  await first.becomes("disconnected");
  const started = await first.start(STARTS, "first");
  // An action on a journey that is known, and one on a journey whose start waits: it stands behind it.
  const rollback = { action: "rollback", reason: "while Kafka is away", id: "r1" };
  expect((await first.api("POST", `/journeys/${before}/actions`, rollback)).body).toMatchObject({ queued: true });
  const pause = { action: "pause", reason: "at once" };
  expect((await first.api("POST", `/journeys/${started[0]}/actions`, pause)).body).toMatchObject({ queued: true });
  // What reads goes on from the cache.
  expect((await first.api("GET", `/journeys/${before}`)).body).toMatchObject({ status: "completed" });
  for (const path of ["/journeys", "/flows", "/services", "/manager", "/failures", "/activity", "/cluster"]) {
    expect([path, (await first.api("GET", path)).status]).toEqual([path, 200]);
  }
  expect((await first.api("POST", "/journeys", { name: "nobody-knows", data: {} })).status).toBe(404);
  await first.kill();

  // Opened while Kafka is away: on its cache, with what the former life has accepted.
  const second = await new ConsoleProcess(dataDir).opened();
  await second.becomes("disconnected");
  expect((await second.info()).outbox.waiting).toBe(STARTS + 2);
  expect((await second.api("GET", `/journeys/${before}`)).body).toMatchObject({ status: "completed" });
  started.push(...(await second.start(STARTS, "second")));
  const repeated = { name: "onboarding", data: {}, uuid: started[1] };
  expect((await second.api("POST", "/journeys", repeated)).body).toMatchObject({ uuid: started[1], queued: true });

  await broker?.restart();
  // Killed in the middle of sending, and opened again.
  await second.until(async () => (await second.info()).outbox.waiting < 2 * STARTS + 2);
  await second.kill();
  const third = await new ConsoleProcess(dataDir).opened();
  await third.until(async () => (await third.info()).outbox.waiting === 0);
  await third.until(async () => {
    const { body } = await third.api("GET", "/journeys/counts");
    return body.completed === 2 * STARTS - 1 && body.rolled_back === 1 && body.paused === 1;
  });
  for (const uuid of started) {
    expect((await third.typesOf(uuid)).filter((type) => type === "journey.started")).toHaveLength(1);
  }
  const paused = started[0] ?? "";
  expect((await third.typesOf(paused)).filter((type) => type === "journey.paused")).toHaveLength(1);
  expect((await third.typesOf(before)).filter((type) => type === "rollback.started")).toHaveLength(1);
  expect((await third.api("POST", `/journeys/${paused}/actions`, { action: "resume", reason: "" })).status).toBe(202);
  await third.until(async () => (await third.api("GET", `/journeys/${paused}`)).body.status === "completed");
  // One user each, and Ada's is gone again.
  expect(dumpSamples(services.dataDir, ["user"]).user?.users).toHaveLength(2 * STARTS);
}, 180_000);
