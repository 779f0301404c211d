import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openProfiles, UNLOCKED_MS } from "../../../engine/api/profiles.ts";
import { NOW, openTestApi } from "../../support/api-host.ts";
import { openStub } from "../../support/schema-store.ts";
import { secretsInMemory } from "../../support/secrets-in-memory.ts";

const SECRET = "s3cret-that-nobody-may-see";
const ENV_PASSWORD = `\${KAFKA_PASSWORD}`;
const cluster = {
  kafka: {
    brokers: ["one:9092", "two:9092"],
    prefix: "shop.",
    sasl: { mechanism: "scram-sha-512", username: "olga", password: ENV_PASSWORD },
    tls: { ca: "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----" },
  },
};
const withPassword = (password: unknown) => ({
  ...cluster,
  kafka: { ...cluster.kafka, sasl: { ...cluster.kafka.sasl, password } },
});

const fileOf = (dataDir: string) => readFileSync(join(dataDir, "profiles.json"), "utf8");

describe("/profiles", () => {
  test("the first start has the embedded one, open", async () => {
    const t = await openTestApi();
    const { body } = await t.api("GET", "/profiles");
    expect(body).toEqual({
      current: "embedded",
      key_store: { available: false, why: expect.stringContaining("no key store") },
      profiles: [{ name: "embedded", kind: "embedded", environment: "dev", read_only: false, run_manager: true }],
    });
  });

  test("a cluster is added, changed, listed without its secrets, and forgotten", async () => {
    const t = await openTestApi();
    const added = await t.api("PUT", "/profiles/shop", { ...cluster, environment: "staging" });
    expect(added.status).toBe(201);
    expect(added.body).toEqual({
      name: "shop",
      kind: "kafka",
      environment: "staging",
      read_only: false,
      run_manager: true,
      kafka: {
        ...cluster.kafka,
        sasl: { mechanism: "scram-sha-512", username: "olga", password: { set: true, env: "KAFKA_PASSWORD" } },
      },
    });
    const changed = await t.api("PUT", "/profiles/shop", { ...cluster, run_manager: false });
    expect([changed.status, changed.body.environment, changed.body.run_manager]).toEqual([200, "dev", false]);
    const again = openProfiles(t.dataDir);
    expect(again.list().map(({ name }) => name)).toEqual(["embedded", "shop"]);
    expect((await t.call("DELETE", "/api/v1/profiles/shop")).status).toBe(204);
    expect((await t.api("DELETE", "/profiles/shop")).body.code).toBe("profile_not_found");
  });

  test("topics may have names of their own; unknown ones and doubled names are refused", async () => {
    const t = await openTestApi();
    const withTopics = (topics?: object) => ({ kafka: { ...cluster.kafka, topics } });
    const topics = { tomanager: "orders.to-manager", journeys: "orders.state" };
    const { body } = await t.api("PUT", "/profiles/shop", withTopics(topics));
    expect(body.kafka.topics).toEqual(topics);
    expect(
      await openProfiles(t.dataDir)
        .connection("shop")
        .catch((error) => error.code),
    ).toBe("secret_missing");
    const refused = async (given: object) => {
      const answer = await t.api("PUT", "/profiles/shop", withTopics(given));
      return [answer.status, answer.body.code, answer.body.errors[0]];
    };
    expect(await refused({ commands: "a" })).toEqual([
      400,
      "invalid_request",
      {
        path: "kafka.topics.commands",
        message: expect.stringContaining("there is no topic commands; there are tomanager, fromanager,"),
      },
    ]);
    expect(await refused({ audit: "shop.tomanager" })).toEqual([
      400,
      "invalid_request",
      { path: "kafka.topics.audit", message: "shop.tomanager is the name of tomanager already" },
    ]);
    expect((await t.api("PUT", "/profiles/shop", withTopics({}))).body.kafka).not.toHaveProperty("topics");
    const file = JSON.parse(fileOf(t.dataDir));
    file.profiles[1].kafka.topics = { commands: "a" };
    writeFileSync(join(t.dataDir, "profiles.json"), JSON.stringify(file));
    expect(() => openProfiles(t.dataDir)).toThrow(/there is no topic commands; there are tomanager/);
  });

  test("the open one and the embedded one can't be forgotten", async () => {
    const t = await openTestApi();
    await t.api("PUT", "/profiles/shop", cluster);
    t.host.profiles.setCurrent("shop");
    expect((await t.api("DELETE", "/profiles/shop")).body.code).toBe("profile_in_use");
    expect((await t.api("DELETE", "/profiles/embedded")).body.code).toBe("profile_in_use");
  });

  test.each([
    ["no brokers", { kafka: { brokers: [] } }, "kafka.brokers"],
    ["a broker without a port", { kafka: { brokers: ["one"] } }, "kafka.brokers.0"],
    ["an unknown mechanism", { kafka: { brokers: ["a:1"], sasl: { mechanism: "gssapi" } } }, "kafka.sasl.mechanism"],
    ["no user", { kafka: { brokers: ["a:1"], sasl: { mechanism: "plain" } } }, "kafka.sasl.username"],
    [
      "no password",
      { kafka: { brokers: ["a:1"], sasl: { mechanism: "plain", username: "u" } } },
      "kafka.sasl.password",
    ],
    ["no token_url", { kafka: { brokers: ["a:1"], sasl: { mechanism: "oauthbearer" } } }, "kafka.sasl.token_url"],
    ["a certificate without key", { kafka: { brokers: ["a:1"], tls: { cert: "/c.pem" } } }, "kafka.tls.key"],
    ["a key without certificate", { kafka: { brokers: ["a:1"], tls: { key: "/k.pem" } } }, "kafka.tls.cert"],
    ["a prefix with a slash", { kafka: { brokers: ["a:1"], prefix: "a/b" } }, "kafka.prefix"],
  ])("%s: refused, and the field is named", async (_title, draft, field) => {
    const t = await openTestApi();
    const { status, body } = await t.api("PUT", "/profiles/x", draft);
    expect([status, body.errors?.[0]?.path]).toEqual([400, field]);
  });

  test.each(["../up", "con", "a b", "-x"])("%j is no name for a profile", async (name) => {
    const t = await openTestApi();
    expect((await t.api("PUT", `/profiles/${encodeURIComponent(name)}`, cluster)).status).toBe(400);
  });

  test("two names that differ in case only would share a folder: refused", async () => {
    const t = await openTestApi();
    await t.api("PUT", "/profiles/shop", cluster);
    expect((await t.api("PUT", "/profiles/Shop", cluster)).body.detail).toContain("There is a profile shop already");
  });
});

describe("a secret", () => {
  test("is refused where there is no key store, with the way out", async () => {
    const t = await openTestApi();
    const { status, body } = await t.api("PUT", "/profiles/shop", withPassword(SECRET));
    expect([status, body.code, body.errors[0].path]).toEqual([409, "no_key_store", "kafka.sasl.password"]);
    expect(body.detail).toContain(`\${NAME}`);
    expect(JSON.stringify(body)).not.toContain(SECRET);
    expect((await t.api("GET", "/profiles")).body.profiles).toHaveLength(1);
  });

  test("goes to the key store, and neither to the file, nor to the log, nor into an answer", async () => {
    const secrets = secretsInMemory();
    const t = await openTestApi({ profiles: { secrets } });
    const { body } = await t.api("PUT", "/profiles/shop", withPassword(SECRET));
    expect(body.kafka.sasl.password).toEqual({ set: true });
    expect([...secrets.entries]).toEqual([["profiles/shop/sasl.password", SECRET]]);
    const listed = await t.api("GET", "/profiles");
    expect(listed.body.key_store).toEqual({ available: true });
    const log = readFileSync(join(t.dataDir, "profile-log.jsonl"), "utf8");
    for (const text of [fileOf(t.dataDir), log, JSON.stringify(listed.body)]) expect(text).not.toContain(SECRET);
    const { sasl } = await t.host.profiles.connection("shop");
    expect(sasl).toMatchObject({ mechanism: "scram-sha-512", username: "olga", password: SECRET });
  });

  test("stays when it is left out or comes as it was answered; null forgets it", async () => {
    const secrets = secretsInMemory();
    const t = await openTestApi({ profiles: { secrets } });
    await t.api("PUT", "/profiles/shop", withPassword(SECRET));
    for (const password of [undefined, { set: true }]) {
      expect((await t.api("PUT", "/profiles/shop", withPassword(password))).status).toBe(200);
      expect(secrets.entries.get("profiles/shop/sasl.password")).toBe(SECRET);
    }
    expect((await t.api("PUT", "/profiles/shop", withPassword(null))).body.errors[0].path).toBe(
      "kafka.sasl.password",
    );
    await t.api("PUT", "/profiles/shop", { kafka: { brokers: ["one:9092"] } });
    expect(secrets.entries.size).toBe(0);
  });

  test("that gives way to a variable, or whose profile is forgotten, leaves the key store", async () => {
    const secrets = secretsInMemory();
    const t = await openTestApi({ profiles: { secrets } });
    await t.api("PUT", "/profiles/shop", withPassword(SECRET));
    await t.api("PUT", "/profiles/shop", withPassword(ENV_PASSWORD));
    expect(secrets.entries.size).toBe(0);
    await t.api("PUT", "/profiles/shop", withPassword(SECRET));
    await t.call("DELETE", "/api/v1/profiles/shop");
    expect(secrets.entries.size).toBe(0);
  });

  test("comes from the environment when the connection is made; a variable that isn't set is named", async () => {
    const environment: Record<string, string | undefined> = {};
    const t = await openTestApi({ profiles: { environment } });
    await t.api("PUT", "/profiles/shop", cluster);
    await expect(t.host.profiles.connection("shop")).rejects.toMatchObject({
      code: "secret_missing",
      message: expect.stringContaining("KAFKA_PASSWORD"),
    });
    environment.KAFKA_PASSWORD = SECRET;
    expect((await t.host.profiles.connection("shop")).sasl).toMatchObject({ password: SECRET });
  });

  test("in clear in a file that was written by hand is refused, and not repeated in the error", async () => {
    const t = await openTestApi();
    await t.api("PUT", "/profiles/shop", cluster);
    writeFileSync(join(t.dataDir, "profiles.json"), fileOf(t.dataDir).replace(ENV_PASSWORD, SECRET));
    const open = () => openProfiles(t.dataDir);
    expect(open).toThrow(/a secret never stands in this file/);
    expect(open).not.toThrow(SECRET);
  });

  test("that is meant as a key's path but is no such file isn't told", async () => {
    const secrets = secretsInMemory();
    const t = await openTestApi({ profiles: { secrets, environment: { KEY: SECRET } } });
    await t.api("PUT", "/profiles/shop", {
      kafka: { brokers: ["a:1"], tls: { cert: "-----BEGIN CERTIFICATE-----", key: `\${KEY}` } },
    });
    const error = await t.host.profiles.connection("shop").catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: "file_unusable" });
    expect(JSON.stringify([error, String(error)])).not.toContain(SECRET);
  });
});

describe("an environment", () => {
  test("is the strictest of all profiles of the same cluster", async () => {
    const t = await openTestApi();
    await t.api("PUT", "/profiles/a", { ...cluster, environment: "dev" });
    await t.api("PUT", "/profiles/b", { ...cluster, environment: "prod" });
    t.host.profiles.reached("a", "cluster-1");
    t.host.profiles.reached("b", "cluster-1");
    const [, a] = (await t.api("GET", "/profiles")).body.profiles;
    expect(a).toMatchObject({
      environment: "prod",
      declared_environment: "dev",
      stricter_profile: "b",
      read_only: true,
      run_manager: false,
      cluster_id: "cluster-1",
    });
    t.host.profiles.reached("b", "cluster-2");
    expect(t.host.profiles.list()[1]).toMatchObject({ environment: "dev", read_only: false, run_manager: true });
  });

  test("other brokers may be another cluster: it is unknown until it is reached", async () => {
    const t = await openTestApi();
    await t.api("PUT", "/profiles/a", cluster);
    t.host.profiles.reached("a", "cluster-1");
    expect((await t.api("PUT", "/profiles/a", cluster)).body.cluster_id).toBe("cluster-1");
    const moved = { kafka: { ...cluster.kafka, brokers: ["three:9092"] } };
    expect((await t.api("PUT", "/profiles/a", moved)).body.cluster_id).toBeUndefined();
  });
});

describe("production", () => {
  async function openProduction() {
    const t = await openTestApi();
    await t.api("PUT", "/profiles/embedded", { kind: "embedded", environment: "prod" });
    return t;
  }
  const negations = { negations: {} };

  test("opens read-only and without a manager of its own; unlocking needs a reason", async () => {
    const t = await openProduction();
    expect(t.host.profiles.current()).toMatchObject({ read_only: true, run_manager: false });
    expect((await t.api("PUT", "/negations", negations)).body.code).toBe("forbidden_profile");
    expect((await t.api("POST", "/profiles/unlock", { reason: " " })).status).toBe(400);
  });

  test("is open for 30 minutes after it was unlocked, then read-only again", async () => {
    const t = await openProduction();
    const { body } = await t.api("POST", "/profiles/unlock", { reason: "ticket 7" });
    expect(body).toMatchObject({ read_only: false, unlocked_until: new Date(NOW + UNLOCKED_MS).toISOString() });
    expect((await t.api("PUT", "/negations", negations)).status).toBe(200);
    t.clock.now += UNLOCKED_MS;
    expect((await t.api("PUT", "/negations", negations)).body.code).toBe("forbidden_profile");
  });

  test("is locked by hand, by a restart, and by opening another profile", async () => {
    const t = await openProduction();
    await t.api("POST", "/profiles/unlock", { reason: "ticket 7" });
    expect(openProfiles(t.dataDir, undefined, { clock: () => NOW }).current().read_only).toBe(true);
    expect((await t.api("POST", "/profiles/lock")).body.read_only).toBe(true);
    await t.api("POST", "/profiles/unlock", { reason: "ticket 7" });
    await t.api("PUT", "/profiles/shop", { ...cluster, environment: "prod" });
    t.host.profiles.setCurrent("shop");
    expect(t.host.profiles.current().read_only).toBe(true);
  });

  test("has no faults and takes no records by hand, unlocked or not", async () => {
    const t = await openProduction();
    await t.api("POST", "/profiles/unlock", { reason: "ticket 7" });
    expect((await t.api("PUT", "/faults", { faults: [] })).body.code).toBe("forbidden_profile");
    const produced = await t.api("POST", "/topics/tomanager/records", { key: "k", value: "v" });
    expect(produced.body.code).toBe("forbidden_profile");
  });

  test("other profiles have no lock to open", async () => {
    const t = await openTestApi();
    expect((await t.api("POST", "/profiles/unlock", { reason: "x" })).body.code).toBe("forbidden_profile");
    expect((await t.api("POST", "/profiles/lock")).status).toBe(200);
  });
});

describe("choosing a profile", () => {
  test("is the host's business, with the reason", async () => {
    const chosen: string[][] = [];
    const t = await openTestApi();
    t.host.choose = async (name, reason) => {
      chosen.push([name, reason]);
      return (await t.api("GET", "/info")).body;
    };
    await t.api("PUT", "/profiles/shop", cluster);
    const { status, body } = await t.api("POST", "/profiles/choose", { name: "shop", reason: "a look" });
    expect([status, body.product]).toEqual([200, "antigraph"]);
    expect(chosen).toEqual([["shop", "a look"]]);
    expect((await t.api("POST", "/profiles/choose", { name: "nobody" })).body.code).toBe("profile_not_found");
  });

  test("a host that can't stays with the one it has", async () => {
    const t = await openTestApi();
    await t.api("PUT", "/profiles/shop", cluster);
    expect((await t.api("POST", "/profiles/choose", { name: "embedded" })).body.profile.name).toBe("embedded");
    expect((await t.api("POST", "/profiles/choose", { name: "shop" })).body.code).toBe("not_supported");
  });
});

describe("testing a connection", () => {
  const nowhere = { name: "new", kafka: { brokers: ["127.0.0.1:1"] } };
  const STAGES = ["dns", "tcp", "tls", "sasl", "acls", "topics", "transactions"];

  test("answers all stages, those after a failure skipped", async () => {
    const t = await openTestApi();
    const { status, body } = await t.api("POST", "/profiles/test", { profile: nowhere });
    expect([status, body.stages.map(({ stage }: { stage: string }) => stage)]).toEqual([200, STAGES]);
    expect(body.stages[1]).toMatchObject({ status: "failed", message: expect.stringContaining("Nothing listens") });
    expect(body.stages[2]).toMatchObject({ status: "skipped", ms: 0 });
  });

  test("asks the schema registry too, where there is one, whatever the cluster says", async () => {
    const stub = await openStub();
    stub.login = "olga:right";
    const t = await openTestApi();
    const test = async (registry: object) => {
      const profile = { name: "new", kafka: { ...nowhere.kafka, registry: { url: stub.url, ...registry } } };
      return (await t.api("POST", "/profiles/test", { profile })).body.stages.at(-1);
    };
    const right = { username: "olga", password: "right" };
    expect(await test(right)).toMatchObject({ stage: "registry", status: "ok" });
    const wrong = { status: "failed", help: expect.stringContaining("password") };
    expect(await test({ username: "olga", password: "wrong" })).toMatchObject(wrong);
    expect(await test({ ...right, url: `${stub.url}/elsewhere` })).toMatchObject({
      status: "failed",
      help: expect.stringContaining("/apis/ccompat/v7"),
    });
  });

  test("answers line by line where that is asked for", async () => {
    const t = await openTestApi();
    const response = await t.call(
      "POST",
      "/api/v1/profiles/test",
      { profile: nowhere },
      { accept: "application/x-ndjson" },
    );
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = (await response.text()).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).stage)).toEqual(STAGES);
  });

  test("takes secrets from the draft, that are stored nowhere, or those that are kept", async () => {
    const t = await openTestApi();
    const sasl = { mechanism: "plain", username: "olga", password: SECRET };
    const draft = { profile: { ...nowhere, kafka: { ...nowhere.kafka, sasl } } };
    const answered = await t.api("POST", "/profiles/test", draft);
    expect(answered.status).toBe(200);
    expect(JSON.stringify(answered.body) + fileOf(t.dataDir)).not.toContain(SECRET);
    const without = { profile: { ...nowhere, kafka: { ...nowhere.kafka, sasl: { ...sasl, password: undefined } } } };
    expect((await t.api("POST", "/profiles/test", without)).body.errors[0].path).toBe("kafka.sasl.password");
    await t.api("PUT", "/profiles/new", { kafka: { ...nowhere.kafka, sasl: { ...sasl, password: ENV_PASSWORD } } });
    expect((await t.api("POST", "/profiles/test", without)).body.code).toBe("secret_missing");
  });

  test("the embedded profile has no connection to test", async () => {
    const t = await openTestApi();
    const { body } = await t.api("POST", "/profiles/test", { profile: { name: "embedded", kind: "embedded" } });
    expect(body.code).toBe("not_supported");
  });
});
