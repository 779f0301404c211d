/** Topics as an installation names them: a prefix, or a name for each. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it, vi } from "vitest";
import { TOPIC_SETTINGS, type TopicSettings } from "../../engine/core/topic-names.ts";
import { dataFolder, runCli, spawnCli } from "../integration/cli-process.ts";
import { folderWithProfile, kafkaPlace, openKafkaConsole, PROFILE } from "../support/kafka-console.ts";

const brokers = inject("kafkaBrokers");

function ownNames() {
  const prefix = `n${crypto.randomUUID().slice(0, 8)}.`;
  const topics: TopicSettings = Object.fromEntries(TOPIC_SETTINGS.map((each) => [each, `our-${each}.${prefix}v1`]));
  const named = Object.entries(topics).flatMap(([topic, name]) => ["--topic", `${topic}=${name}`]);
  return { prefix, topics, flags: ["--brokers", brokers.join(","), "--prefix", prefix, ...named] };
}

it("runs journeys on topics of any names: manager, services, console, doctor, dead letters", async () => {
  const { prefix, topics, flags } = ownNames();
  const created = await runCli(["topics", "create", ...flags, "--partitions", "2", "--json"]);
  const all = [...Object.values(topics), `${topics.journeys}.closed`].sort();
  expect([created.code, JSON.parse(created.out).created.sort()]).toEqual([0, all]);
  const doctor = await runCli(["doctor", ...flags]);
  expect([doctor.code, doctor.out]).toEqual([0, expect.stringContaining("All 8 topics are there as they should be")]);
  const manager = spawnCli(["manager", ...flags, "--data", dataFolder()]);
  const only = ["--only", "user,license,membership"];
  const services = spawnCli(["services", ...flags, "--data", dataFolder(), ...only]);
  await Promise.all([manager.printed(/works on 2 partitions/), services.printed(/run on/)]);

  const console = await openKafkaConsole({ brokers, prefix, topics }, { runManager: false });
  expect((await console.publishSamples()).status).toBe(201);
  const start = (data: object) => console.api("POST", "/journeys?wait=30000", { name: "onboarding", data });
  expect((await start({ name: "Ada" })).body).toMatchObject({ status: "completed" });
  expect((await start({ name: "Bob", group: "closed" })).body).toMatchObject({ status: "rolled_back" });
  expect((await console.api("GET", "/info")).body.topics).toEqual(topics);
  const listed = (await console.api("GET", "/topics")).body.topics;
  expect(Object.fromEntries(listed.flatMap(({ role, name }: never) => (role ? [[role, name]] : [])))).toEqual(topics);
  expect(listed.filter(({ name }: { name: string }) => name.startsWith(prefix))).toEqual([]);
  const { services: seen } = (await console.api("GET", "/services")).body;
  const user = seen.find(({ service }: { service: string }) => service === "user");
  expect(user).toMatchObject({ status: "up", instances: [expect.anything()] });

  await console.api("POST", `/topics/${topics.tomanager}/records`, { key: "k", value: "no JSON" });
  await vi.waitFor(async () => expect((await console.api("GET", "/cluster")).body.dead_letters).toBe(1), 20_000);
  const { records } = (await console.api("GET", `/topics/${topics.deadletter}/records`)).body;
  expect(records).toMatchObject([{ key: "k", value: "no JSON", headers: { topic: topics.tomanager } }]);
  const closed = await console.api("POST", `/topics/${topics.journeys}.closed/records`, { value: 1 });
  expect(closed.body.code).toBe("forbidden_topic");
});

it("topics create asks for nothing that wasn't asked of it, and makes what is missing fit", async () => {
  const { prefix, flags } = ownNames();
  const create = (...args: string[]) => runCli(["topics", "create", ...flags, ...args]);
  const own = ["--partitions", "3", "--retention", "30d"];
  expect((await create(...own)).code).toBe(0);
  expect([await create(), await create(...own)].map(({ code, out }) => [code, out])).toEqual(
    Array(2).fill([0, "All topics are there.\n"]),
  );
  const other = await create("--retention", "1d", "--partitions", "4");
  expect([other.code, other.err]).toEqual([1, expect.stringContaining("settings differ from what was asked for")]);
  expect(other.out).toMatch(/our-audit\S+ +retention.ms +2592000000 +86400000/);
  expect(other.out).toMatch(/our-tomanager\S+ +partitions +3 +4/);
  // A topic that is new to this installation.
  const renamed = [...flags.slice(0, -2), "--topic", `deadletter=${prefix}graves`, "--topic", `audit=${prefix}log`];
  const kept = renamed.filter((each, at) => !/^audit=our/.test(each) && !/^audit=our/.test(renamed[at + 1] ?? ""));
  const added = await runCli(["topics", "create", ...kept, "--json"]);
  expect(JSON.parse(added.out)).toEqual({
    created: expect.arrayContaining([`${prefix}log`, `${prefix}graves`]),
    differences: [],
  });
  expect((await runCli(["doctor", ...kept])).out).toMatch(/^topics +ok .*3 partitions/m);
});

it("a profile whose topics are others now shows and sends nothing of the former ones", async () => {
  const [former, other] = [await kafkaPlace(brokers), await kafkaPlace(brokers)];
  const dataDir = await folderWithProfile(former);
  const first = await openKafkaConsole(former, { dataDir });
  await first.publishSamples();
  await first.api("POST", "/journeys", { name: "onboarding", data: {} });
  await vi.waitFor(async () => expect((await first.api("GET", "/journeys")).body.journeys).toHaveLength(1), 20_000);
  await first.host.close();

  await folderWithProfile(other, { dataDir });
  const second = await openKafkaConsole(other, { dataDir });
  expect((await second.api("GET", "/journeys")).body.journeys).toEqual([]);
  await vi.waitFor(async () => expect((await second.api("GET", "/flows")).body).toEqual({ flows: [] }), 20_000);
  const folder = join(dataDir, "profiles", PROFILE);
  expect(readdirSync(folder)).toContain("of-other-topics");
  expect(existsSync(join(folder, "of-other-topics", "audit.sqlite"))).toBe(true);
});
