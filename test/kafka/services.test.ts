import { expect, inject, it } from "vitest";
import { dumpSamples } from "../../examples/services/dump.ts";
import { dataFolder, spawnCli } from "../integration/cli-process.ts";
import { openProfile, type Profile, sampleFlow } from "../support/kafka-samples.ts";

const brokers = inject("kafkaBrokers");

function runServices({ brokers: list, prefix }: Profile, data: string, args: string[] = []) {
  return spawnCli(["services", "--brokers", list, "--prefix", prefix, "--data", data, ...args]);
}

function runManager({ brokers: list, prefix }: Profile) {
  return spawnCli(["manager", "--brokers", list, "--prefix", prefix, "--data", dataFolder()]);
}

it("runs the sample services as consumer groups: what they did is in their tables, and undone again", async () => {
  const profile = await openProfile(brokers);
  await profile.publish(sampleFlow("onboarding"));
  const data = dataFolder();
  const manager = runManager(profile);
  const services = runServices(profile, data);
  await Promise.all([manager.printed(/works on/), services.printed(/run on/)]);
  const good = await profile.start("onboarding", { name: "Ada" });
  const bad = await profile.start("onboarding", { name: "Bob", group: "closed" });
  expect([await profile.ended(good), await profile.ended(bad)]).toEqual(["journey.completed", "rollback.completed"]);
  const { user, membership } = dumpSamples(data);
  expect(user?.users?.map(({ journey }) => journey)).toEqual([good]);
  expect(membership?.memberships?.map(({ journey }) => journey)).toEqual([good]);
  expect((await profile.bus.groups()).map(({ group }) => group)).toContain(`${profile.prefix}service.user`);
  services.child.kill("SIGINT");
  expect(await services.exited).toMatchObject({ code: 0 });
  expect(profile.deadLetters.items).toEqual([]);
});
