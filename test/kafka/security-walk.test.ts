/** An operator's walk on a production cluster with SASL_SSL: from an empty console to an undone journey. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { runCli, spawnCli } from "../integration/cli-process.ts";
import { PASSWORD, type SecureCluster, startSecureCluster } from "../support/kafka-secure-cluster.ts";
import { openTestConsole, temporaryFolder } from "../support/running-console.ts";

const START_TIMEOUT_MS = 120_000;
const EXAMPLES = join(import.meta.dirname, "../../examples");
const ENVIRONMENT = { SHOP_PASSWORD: PASSWORD };
const example = (file: string) => JSON.parse(readFileSync(join(EXAMPLES, file), "utf8"));

let secure: SecureCluster;
beforeAll(async () => {
  secure = await startSecureCluster();
}, START_TIMEOUT_MS);
afterAll(() => secure?.stop());

/** The texts of all files below a folder. */
function textsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => join(folder, file))
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file, "latin1"));
}

test("profile, test, topics, doctor, unlock, publish, two managers, one killed, a journey undone, the cache rebuilt", async () => {
  vi.stubEnv("SHOP_PASSWORD", PASSWORD);
  const { api, untilStatus, dataDir, host } = await openTestConsole();
  const cli = (...args: string[]) => runCli([...args, "--profile", "shop", "--data", dataDir], ENVIRONMENT);
  const kafka = {
    brokers: secure.brokers("SASL"),
    prefix: "shop.",
    topics: { tomanager: "orders.to-manager", journeys: "orders.state" },
    sasl: { mechanism: "scram-sha-512", username: "admin", password: `\${SHOP_PASSWORD}` },
    tls: { ca: secure.authority.caFile },
  };
  const profile = { kind: "kafka", environment: "prod", kafka };

  const tested = await api("POST", "/profiles/test", { profile: { name: "shop", ...profile } });
  const failed = tested.body.stages.find(({ status }: { status: string }) => status === "failed");
  expect(failed).toMatchObject({ stage: "topics", help: "Create them: antigraph topics create --profile shop" });
  expect((await api("PUT", "/profiles/shop", profile)).status).toBe(201);
  const created = await cli("topics", "create", "--partitions", "2");
  expect([created.err, created.code]).toEqual(["", 0]);
  const doctor = await cli("doctor");
  expect([doctor.code, doctor.err, doctor.out.match(/^\w+ +ok /gm)?.length]).toEqual([0, "", 7]);

  const chosen = await api("POST", "/profiles/choose", { name: "shop", reason: "a walk" });
  expect(chosen.body).toMatchObject({
    profile: {
      name: "shop",
      environment: "prod",
      read_only: true,
      run_manager: false,
      cluster_id: expect.any(String),
    },
    connection: { state: "connected" },
  });
  const flow = example("flows/onboarding.flow.json");
  expect((await api("POST", "/flows", flow)).body.code).toBe("forbidden_profile");
  expect((await api("POST", "/profiles/unlock", { reason: "ticket 7" })).body.read_only).toBe(false);
  await api("PUT", "/negations", { negations: example("negations.json") });
  expect((await api("POST", "/flows", flow)).status).toBe(201);

  const manager = () => spawnCli(["manager", "--profile", "shop", "--data", dataDir], ENVIRONMENT);
  const managers = [manager()];
  await managers[0]?.printed(/works on 2 partitions/);
  managers.push(manager());
  await managers[1]?.printed(/works on/);
  const own = temporaryFolder();
  const only = ["--only", "user,license,membership"];
  // Their profile is that of the usual data folder.
  const services = spawnCli(["services", "--profile", "shop", "--data", own, ...only], {
    ...ENVIRONMENT,
    ANTIGRAPH_DATA: dataDir,
  });
  await services.printed(/run on the profile shop/);

  const started = await api("POST", "/journeys?wait=30000", {
    name: "onboarding",
    data: { name: "Ada", plan: "team" },
  });
  expect(started.body).toMatchObject({ status: "completed" });
  const { uuid } = started.body;
  managers[0]?.child.kill("SIGKILL");
  const rolled = await api("POST", `/journeys/${uuid}/actions`, { action: "rollback", reason: "by mistake" });
  expect(rolled.status).toBe(202);
  await untilStatus(uuid, "rolled_back");

  const { activity } = (await api("GET", "/activity")).body;
  const done = activity.map(({ action, reason }: { action: string; reason: string }) => `${action}: ${reason}`);
  expect(done.slice(0, 3)).toEqual(["rollback: by mistake", "profile.unlocked: ticket 7", "profile.chosen: a walk"]);
  await api("PUT", "/profiles/again", { ...profile, environment: "dev" });
  const again = await api("POST", "/profiles/choose", { name: "again" });
  expect(again.body.profile).toMatchObject({
    environment: "prod",
    declared_environment: "dev",
    stricter_profile: "shop",
    read_only: true,
  });

  const locked = await cli("audit", "rebuild");
  expect([locked.code, locked.err]).toEqual([1, expect.stringContaining("is open already by process")]);
  const events = (await api("GET", `/journeys/${uuid}/events`)).body.events.length;
  const profiles = JSON.stringify((await api("GET", "/profiles")).body);
  await host.close();
  const rebuilt = await cli("audit", "rebuild", "--json");
  expect([rebuilt.code, JSON.parse(rebuilt.out)]).toMatchObject([0, { journeys: 1, events, missing: 0 }]);
  const exported = join(own, "events.jsonl");
  expect((await cli("audit", "export", exported)).out).toContain(`${events} events`);
  expect(readFileSync(exported, "utf8").trim().split("\n")).toHaveLength(events);
  expect((await cli("audit", "import", exported)).out).toContain(`there before: ${events}`);
  expect((await cli("audit", "prune", "--days", "0")).out).toContain("Taken out: 1 journey.");

  const said = [profiles, ...[tested, chosen].map((answer) => JSON.stringify(answer.body))];
  const printed = [created, doctor, rebuilt].flatMap(({ out, err }) => [out, err]);
  const running = [...managers, services].flatMap(({ out, err }) => [out(), err()]);
  for (const text of [...said, ...printed, ...running, ...textsIn(dataDir)]) expect(text).not.toContain(PASSWORD);
});
