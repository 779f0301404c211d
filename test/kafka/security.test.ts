/** Real brokers with SASL_SSL, client certificates, tokens and ACLs: what works, and each way in which it doesn't. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Admin, Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openKafkaBus } from "../../engine/bus/kafka/bus.ts";
import { type Stage, type StageName, testConnection } from "../../engine/bus/kafka/connection-test.ts";
import { provisionTopics } from "../../engine/bus/kafka/provision.ts";
import { type ClusterAccess, type Credentials, connectionTo } from "../../engine/bus/kafka/security.ts";
import { topicNames } from "../../engine/core/topic-names.ts";
import { runManager } from "../../engine/manager/run-on-kafka.ts";
import { OAUTH_CLIENT, PASSWORD, type SecureCluster, startSecureCluster } from "../support/kafka-secure-cluster.ts";
import { createAuthority } from "../support/test-certificates.ts";

const START_TIMEOUT_MS = 120_000;
const POLL_TIMEOUT_MS = 10_000;
const PREFIX = "shop.";
const topics = topicNames(PREFIX);

let secure: SecureCluster;
let folder: string;
let admin: Admin;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "antigraph-security-"));
  secure = await startSecureCluster();
  const brokers = secure.brokers("PLAINTEXT");
  await provisionTopics({ brokers, topics, partitions: 2 });
  admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
}, START_TIMEOUT_MS);

afterAll(async () => {
  await admin?.disconnect();
  await secure?.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Mechanism = "plain" | "scram-sha-256" | "scram-sha-512";
const login = (mechanism: Mechanism, username = "admin", password = PASSWORD): Credentials => ({
  mechanism,
  username,
  password,
});
const token = (clientSecret = OAUTH_CLIENT.secret): Credentials => ({
  mechanism: "oauthbearer",
  tokenUrl: secure.tokens.tokenUrl,
  clientId: OAUTH_CLIENT.id,
  clientSecret,
});
const sasl = (credentials: Credentials): ClusterAccess => ({
  brokers: secure.brokers("SASL"),
  tls: { ca: secure.authority.ca },
  credentials,
});
const mutual = (): ClusterAccess => ({
  brokers: secure.brokers("MUTUAL"),
  tls: { ca: secure.authority.ca, cert: secure.client.cert, key: secure.client.key },
});

/** Something that listens, gone after the test. */
async function listener(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => onConnection(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

/** All stages, in their order. */
async function tested(access: ClusterAccess, prefix = PREFIX, manager = true): Promise<Stage[]> {
  const stages: Stage[] = [];
  for await (const stage of testConnection(connectionTo(access), { prefix, manager })) stages.push(stage);
  return stages;
}

const statuses = (stages: readonly Stage[]) => Object.fromEntries(stages.map(({ stage, status }) => [stage, status]));

/** The one stage that failed: everything before it is well, everything after it skipped. */
function failureIn(stages: readonly Stage[], name: StageName): Stage {
  expect(stages.map(({ stage }) => stage)).toEqual(["dns", "tcp", "tls", "sasl", "acls", "topics", "transactions"]);
  const at = stages.findIndex(({ stage }) => stage === name);
  const shown = stages.map(({ stage, status, message }) => `${stage} ${status}: ${message}`).join("\n");
  expect(stages.map(({ status }) => status === "failed").indexOf(true), shown).toBe(at);
  for (const { status } of stages.slice(at + 1)) expect(status).toBe("skipped");
  const stage = stages[at];
  if (stage === undefined) throw new Error(`there is no stage ${name}`);
  expect(stage.help, `a failure says what to do: ${shown}`).toBeTruthy();
  return stage;
}

const ALL_WELL = {
  dns: "ok",
  tcp: "ok",
  tls: "ok",
  sasl: "ok",
  acls: "ok",
  topics: "ok",
  transactions: "ok",
};

describe("a login by", () => {
  test.each([
    ["PLAIN", () => sasl(login("plain"))],
    ["SCRAM-SHA-256", () => sasl(login("scram-sha-256"))],
    ["SCRAM-SHA-512", () => sasl(login("scram-sha-512"))],
    ["OAUTHBEARER", () => sasl(token())],
    ["client certificate", mutual],
  ])("%s writes, reads, consumes and works; doctor finds all well", async (_title, access) => {
    const dataDir = mkdtempSync(join(folder, "bus-"));
    const bus = await openKafkaBus({
      ...connectionTo(access()),
      dataDir,
      deadLetters: topics.deadLetter,
      changelogOf: () => topics.journeys,
      idPrefix: `${PREFIX}antigraph.`,
    });
    onTestFinished(() => bus.close());
    const key = crypto.randomUUID();
    const written = await bus.append([
      { topic: topics.services, key, value: "one" },
      { topic: topics.deadLetter, key, value: "two" },
    ]);
    expect(written).toHaveLength(2);
    const { records } = await bus.read({
      topic: topics.services,
      from: { 0: written[0]?.offset ?? 0 },
      limit: 10,
    });
    expect(records.map(({ key: read, value }) => [read, value])).toContainEqual([key, "one"]);
    const consumed = Promise.withResolvers<string | null>();
    const consumption = await bus.consume({
      group: `${PREFIX}group-${key}`,
      topic: topics.deadLetter,
      fromBeginning: true,
      onRecords(batch) {
        for (const record of batch) if (record.key === key) consumed.resolve(record.value);
      },
    });
    expect(await consumed.promise).toBe("two");
    await consumption.close();
    expect(statuses(await tested(access()))).toEqual(ALL_WELL);
  });
});

describe("a token", () => {
  test("is fetched again before it expires, and only then", async () => {
    const { sasl: options } = connectionTo(sasl(token()));
    if (options === undefined || !("oauthBearerProvider" in options)) throw new Error("no provider of tokens");
    const before = secure.tokens.asked;
    const [first, same] = [await options.oauthBearerProvider(), await options.oauthBearerProvider()];
    expect([same.value === first.value, secure.tokens.asked - before]).toEqual([true, 1]);
  });

  test("that its server doesn't give out: says why, without the secret", async () => {
    const stage = failureIn(await tested(sasl(token("a-wrong-secret"))), "sasl");
    expect(stage.message).toContain("it doesn't take client_id and client_secret (status 401: invalid_client)");
    expect(JSON.stringify(stage)).not.toContain("a-wrong-secret");
  });

  test("whose server can't be reached", async () => {
    const credentials = { ...token(), tokenUrl: "http://127.0.0.1:1/token" };
    expect(failureIn(await tested(sasl(credentials)), "sasl").message).toMatch(
      /127.0.0.1:1\/token: it can't be reached/,
    );
  });
});

describe("dns", () => {
  test("a host that nobody knows", async () => {
    const stage = failureIn(await tested({ brokers: ["kafka.invalid:9092"] }), "dns");
    expect(stage.message).toContain("No name service knows the host kafka.invalid.");
  });

  test("one of two that is unknown is a warning, and the other goes on", async () => {
    const [broker = ""] = secure.brokers("PLAINTEXT");
    const stages = await tested({ brokers: ["kafka.invalid:9092", broker] });
    expect(statuses(stages)).toEqual({ ...ALL_WELL, dns: "warning" });
    expect(stages[0]?.details).toEqual([expect.stringContaining("kafka.invalid"), expect.stringContaining(broker)]);
  });
});

describe("tcp", () => {
  test("a port where nothing listens", async () => {
    const stage = failureIn(await tested({ brokers: ["127.0.0.1:1"] }), "tcp");
    expect(stage.message).toContain("Nothing listens on port 1 of 127.0.0.1.");
  });
});

describe("tls", () => {
  test("a certificate that has expired", async () => {
    const access = { brokers: secure.brokers("EXPIRED"), tls: { ca: secure.authority.ca } };
    expect(failureIn(await tested(access), "tls").message).toContain("has expired");
  });

  test("an authority that isn't known: the system's, or another", async () => {
    const stranger = createAuthority(mkdtempSync(join(folder, "authority-")), "stranger");
    for (const tls of [{}, { ca: stranger.ca }]) {
      const stage = failureIn(await tested({ ...sasl(login("plain")), tls }), "tls");
      expect([stage.message, stage.help]).toEqual([
        expect.stringContaining("signed by an authority that isn't known here"),
        expect.stringContaining("tls.ca"),
      ]);
    }
  });

  test("a certificate of another host; its name in the profile helps", async () => {
    const access = { brokers: secure.brokers("MISNAMED"), tls: { ca: secure.authority.ca } };
    const stage = failureIn(await tested(access), "tls");
    expect(stage.message).toContain("good for other names, not for 127.0.0.1");
    const named = await tested({ ...access, tls: { ...access.tls, serverName: "kafka.example.com" } });
    expect(statuses(named)).toMatchObject({ tls: "warning", sasl: "ok" });
    expect(named[2]?.message).toMatch(/expires in [01] days/);
  });

  test("TLS spoken to a port in clear, and in clear to a port with TLS", async () => {
    const inClear = { brokers: secure.brokers("PLAINTEXT"), tls: { ca: secure.authority.ca } };
    expect(failureIn(await tested(inClear), "tls").message).toContain("speaks Kafka in clear");
    const withTls = { brokers: secure.brokers("SASL") };
    expect(failureIn(await tested(withTls), "tls").message).toContain("speaks TLS, and the profile is in clear");
  });

  test("a client certificate that is missing, or of an authority that the brokers don't trust", async () => {
    const { ca } = secure.authority;
    const without = failureIn(await tested({ ...mutual(), tls: { ca } }), "tls");
    expect(without.message).toContain("asks for a client certificate, and the profile has none");
    const { cert, key } = createAuthority(mkdtempSync(join(folder, "authority-")), "stranger").issue("x", ["DNS:x"]);
    const foreign = failureIn(await tested({ ...mutual(), tls: { ca, cert, key } }), "tls");
    expect(foreign.message).toContain("doesn't accept the client's certificate");
  });

  test("a key of another certificate, and text that is no certificate", async () => {
    const { ca } = secure.authority;
    const other = secure.authority.issue("other", ["DNS:other"]);
    const mixed = failureIn(
      await tested({ ...mutual(), tls: { ca, cert: secure.client.cert, key: other.key } }),
      "tls",
    );
    expect(mixed.message).toContain("key doesn't belong to its certificate");
    const broken = failureIn(
      await tested({ ...mutual(), tls: { ca, cert: "-----BEGIN nothing", key: other.key } }),
      "tls",
    );
    expect(broken.message).toContain("can't be used");
    expect(JSON.stringify([mixed, broken])).not.toContain(other.key);
  });

  test("something that isn't Kafka, and something that never says a word", async () => {
    const web = await listener((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    expect(failureIn(await tested({ brokers: [web] }), "tls").message).toContain(
      "doesn't answer like a Kafka broker",
    );
    const mute = { brokers: [await listener(() => {})], tls: { ca: secure.authority.ca } };
    expect(failureIn(await tested(mute), "tls").message).toContain("accepts connections and never answers");
  });
});

describe("sasl", () => {
  test.each(["plain", "scram-sha-256", "scram-sha-512"] as const)("%s with a wrong password", async (mechanism) => {
    const stage = failureIn(await tested(sasl(login(mechanism, "olga", "a-wrong-one"))), "sasl");
    expect(stage.message).toContain("doesn't let olga in with this password");
    expect(JSON.stringify(stage)).not.toContain("a-wrong-one");
  });

  test("a mechanism that the port doesn't take: it says which it takes", async () => {
    const stage = failureIn(await tested({ ...sasl(login("plain")), brokers: secure.brokers("SCRAM") }), "sasl");
    expect(stage.message).toContain("doesn't take PLAIN; it takes SCRAM-SHA-512.");
  });

  test("a port that asks for a login, and a profile that has none; and the other way round", async () => {
    const { brokers, tls } = sasl(login("plain"));
    const without = failureIn(await tested({ brokers, tls }), "sasl");
    expect(without.message).toMatch(/asks for a login \(.*SCRAM-SHA-512.*\), and the profile has none/);
    const surplus = { brokers: secure.brokers("PLAINTEXT"), credentials: login("plain") };
    expect(failureIn(await tested(surplus), "sasl").message).toContain("asks for no login, and the profile has one");
  });

  test("a broker that is advertised under a name that leads nowhere", async () => {
    const stage = failureIn(await tested({ brokers: secure.brokers("ASTRAY") }), "sasl");
    expect(stage.message).toContain("broker.invalid");
    expect(stage.help).toContain("advertised.listeners");
  });
});

describe("acls", () => {
  test("a user who may do nothing: each right is named, with the command that grants it", async () => {
    const stage = failureIn(await tested(sasl(login("plain", "nobody"))), "acls");
    expect(stage.details).toContain(`Read, Write, Describe, DescribeConfigs on topic ${topics.toManager}`);
    expect(stage.details).toContain(`Read on group ${PREFIX}antigraph.managers`);
    expect(stage.details).toContain(`Write, Describe on transactional ids that begin with ${PREFIX}antigraph.`);
    expect(stage.help).toContain(
      `--add --allow-principal User:nobody --operation Read --group ${PREFIX}antigraph.managers`,
    );
  });

  test("a manager whose user may not join the group ends and names doctor, instead of trying for ever", async () => {
    await allow("lena", 2, [...Object.values(topics), `${topics.journeys}.closed`], ["READ", "WRITE"]);
    const connection = connectionTo(sasl(login("plain", "lena")));
    const start = () => runManager({ ...connection, prefix: PREFIX, dataDir: mkdtempSync(join(folder, "manager-")) });
    // A broker hears of new rights a moment after they are given.
    await expect
      .poll(() => start().catch(String), { timeout: POLL_TIMEOUT_MS })
      .toMatch(/Group authorization failed/);
    await expect(start()).rejects.toMatchObject({
      code: "bus_unavailable",
      message: expect.stringContaining("`antigraph doctor` names it"),
    });
  });

  test("right by right: what is granted is missed no longer, until all is well", async () => {
    const commands = () => tested(sasl(login("scram-sha-512", "olga")));
    const missing = async () => failureIn(await commands(), "acls").details;
    const names = [...Object.values(topics), `${topics.journeys}.closed`];
    await allow("olga", 2, names, ["DESCRIBE", "DESCRIBE_CONFIGS", "READ"]);
    const afterReading = await missing();
    expect(afterReading).toContain(`Write on topic ${topics.toManager}`);
    expect(afterReading).not.toContainEqual(expect.stringContaining(topics.services));
    await allow("olga", 2, names, ["WRITE"]);
    expect(await missing()).toEqual([
      `Read on group ${PREFIX}antigraph.managers`,
      `Write, Describe on transactional ids that begin with ${PREFIX}antigraph.`,
    ]);
    const watching = failureIn(await tested(sasl(login("scram-sha-512", "olga")), PREFIX, false), "acls");
    expect(watching.details).toHaveLength(1);
    await allow("olga", 3, [`${PREFIX}antigraph.managers`], ["READ"]);
    await allow("olga", 5, [`${PREFIX}antigraph.`], ["WRITE", "DESCRIBE"], 4);
    const stages = await commands();
    expect(statuses(stages)).toEqual({ ...ALL_WELL, acls: "warning" });
    expect(stages[4]?.message).toContain("but not see other clients' groups");
    expect(stages[4]?.help).toContain("--operation Describe --cluster");
    await allow("olga", 4, ["kafka-cluster"], ["DESCRIBE"]);
    await allow("olga", 3, ["*"], ["DESCRIBE"]);
    expect(statuses(await commands())).toEqual(ALL_WELL);
  });
});

/** Kafka's numbers: of resources 2 topic, 3 group, 4 cluster, 5 transactional id; of patterns 3 literal, 4 prefixed. */
async function allow(user: string, resourceType: number, names: string[], operations: Allowed[], pattern = 3) {
  await admin.createAcls({
    acl: names.flatMap((resourceName) =>
      operations.map((operation) => ({
        resourceType,
        resourceName,
        resourcePatternType: pattern,
        principal: `User:${user}`,
        host: "*",
        operation: OPERATIONS[operation],
        permissionType: 3,
      })),
    ),
  });
}
const OPERATIONS = { READ: 3, WRITE: 4, DESCRIBE: 8, DESCRIBE_CONFIGS: 10 };
type Allowed = keyof typeof OPERATIONS;

describe("topics", () => {
  const everything = () => sasl(login("plain"));

  test("that are missing: the command that creates them", async () => {
    const stage = failureIn(await tested(everything(), "new."), "topics");
    expect(stage.message).toBe("None of the topics is there.");
    expect(stage.help).toMatch(/antigraph topics create --brokers .* --prefix new\./);
  });

  test("that differ in partitions, in compaction, in how long they are kept, in copies", async () => {
    const names = topicNames("odd.");
    await provisionTopics({ brokers: secure.brokers("PLAINTEXT"), topics: names, partitions: 2 });
    await admin.createPartitions({ topicPartitions: [{ topic: names.audit, count: 3 }] });
    const alter = (topic: string, name: string, value: string) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: 2, name: topic, configEntries: [{ name, value }] }],
      });
    await alter(names.journeys, "cleanup.policy", "delete");
    await alter(names.edits, "retention.ms", "1000");
    await alter(names.deadLetter, "min.insync.replicas", "2");
    // A broker hears of such changes a moment after they are made.
    const details = async () => (await tested(everything(), "odd.")).find(({ stage }) => stage === "topics")?.details;
    await expect.poll(details, { timeout: POLL_TIMEOUT_MS }).toHaveLength(4);
    const stage = failureIn(await tested(everything(), "odd."), "topics");
    expect(stage.details).toEqual([
      "odd.antigraph.audit has 3 partitions, odd.tomanager has 2: they must have the same number.",
      expect.stringMatching(/odd.antigraph.deadletter asks for 2 copies in sync and has 1/),
      expect.stringMatching(/odd.tomanageredits keeps flows for 1000 ms only/),
      expect.stringMatching(/odd.antigraph.journeys has cleanup.policy delete and needs compact/),
    ]);
  });
});

describe("transactions", () => {
  test("leave nothing behind that a reader could see", async () => {
    const before = await admin.fetchTopicOffsets(topics.deadLetter);
    expect(statuses(await tested(sasl(login("plain"))))).toEqual(ALL_WELL);
    const bus = await openKafkaBus({
      brokers: secure.brokers("PLAINTEXT"),
      dataDir: mkdtempSync(join(folder, "bus-")),
    });
    onTestFinished(() => bus.close());
    const from = { 0: Number(before[0]?.high ?? 0) };
    const { records, next } = await bus.read({ topic: topics.deadLetter, from, limit: 10 });
    expect(records).toEqual([]);
    expect(next[0]).toBeGreaterThan(from[0]);
  });
});
