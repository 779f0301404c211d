import { expect, inject, it } from "vitest";
import { spawnCli } from "../integration/cli-process.ts";
import {
  folderWithProfile,
  kafkaPlace,
  openKafkaConsole,
  PROFILE,
  runOnboardingServices,
} from "../support/kafka-console.ts";

const brokers = inject("kafkaBrokers");
const JOURNEYS = 60;
const TOKEN = "a-token-for-the-managers";

it("shares its partitions with two managers without a console, and its audit has no gaps", async () => {
  const place = await kafkaPlace(brokers, 6);
  const dataDir = await folderWithProfile(place);
  const console = await openKafkaConsole(place, { dataDir });
  await console.publishSamples();
  await runOnboardingServices(place);
  const start = async (count: number): Promise<string[]> => {
    const bodies = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        console.api("POST", "/journeys", { name: "onboarding", data: { name: `Ada ${index}`, plan: "team" } }),
      ),
    );
    return bodies.map(({ body }) => body.uuid);
  };
  const uuids = await start(JOURNEYS / 3);
  const args = ["manager", "--profile", PROFILE, "--data", dataDir];
  const first = spawnCli([...args, "--api-port", "0"], { ANTIGRAPH_TOKEN: TOKEN });
  const second = spawnCli(args);
  const [, url] = await first.printed(/API is at (\S+);/);
  await second.printed(/works on/);
  uuids.push(...(await start(JOURNEYS / 3)));

  const headers = { authorization: `Bearer ${TOKEN}` };
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect((await fetch(`${url}/ready`)).status).toBe(200);
  expect(await (await fetch(`${url}/metrics`, { headers })).text()).toContain("antigraph_manager_running 1");
  const shared = await (await fetch(`${url}/api/v1/manager`, { headers })).json();
  expect(shared).toMatchObject({ running: true, managers: 3, partition_count: 6 });
  expect((await console.api("GET", "/manager")).body).toMatchObject({ running: true, managers: 3 });

  // The one without an API ends hard, the other one by request: the console takes over what they had.
  second.child.kill("SIGKILL");
  uuids.push(...(await start(JOURNEYS / 3)));
  first.child.kill("SIGINT");
  expect(await first.exited).toMatchObject({ code: 0 });
  await Promise.all(uuids.map((uuid) => console.untilStatus(uuid, "completed")));
  for (const uuid of uuids) {
    const { events } = (await console.api("GET", `/journeys/${uuid}/events`)).body;
    expect(events.map(({ seq }: { seq: number }) => seq)).toEqual(
      events.map((_: unknown, index: number) => index + 1),
    );
  }
  expect((await console.api("GET", "/journeys/counts")).body).toMatchObject({ completed: JOURNEYS, running: 0 });
}, 150_000);
