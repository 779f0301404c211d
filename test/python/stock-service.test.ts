/** A service that knows nothing but the protocol's promised fields (examples/python), on a real cluster with a manager. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeAll, expect, inject, it, onTestFinished } from "vitest";
import type { BusRecord } from "../../engine/bus/bus.ts";
import { openKafkaBus } from "../../engine/bus/kafka/bus.ts";
import { provisionTopics } from "../../engine/bus/kafka/provision.ts";
import { topicNames } from "../../engine/core/topic-names.ts";
import { dataFolder, spawnCli } from "../integration/cli-process.ts";
import { Inbox } from "../support/bus-inbox.ts";
import { openProfile, type Profile } from "../support/kafka-samples.ts";
import { PASSWORD, startSecureCluster } from "../support/kafka-secure-cluster.ts";
import { pythonFor } from "../support/python.ts";

const EXAMPLE = join(import.meta.dirname, "../../examples/python");
const brokers = inject("kafkaBrokers");
let python: string;
beforeAll(async () => {
  python = await pythonFor(join(EXAMPLE, "requirements.txt"));
}, 180_000);

const stockOf = ({ brokers: list, prefix }: Profile, database: string): Promise<ChildProcess> =>
  runStock(["--brokers", list, "--prefix", prefix, "--data", database]);

async function runStock(args: string[], environment: Record<string, string> = {}): Promise<ChildProcess> {
  const child = spawn(python, [join(EXAMPLE, "stock_service.py"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  // Read to its end: a service whose output nobody takes any more is broken by its next word.
  await new Promise<void>((resolve, reject) => {
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
      if (said.includes("runs on")) resolve();
    });
    child.once("exit", (code) => reject(new Error(`the service ended with ${code}: ${said}`)));
  });
  return child;
}

function effectsIn(database: string): { journey: string; function: string }[] {
  const db = new Database(database, { readonly: true });
  try {
    return db
      .prepare<[], { journey: string; function: string }>("SELECT journey, function FROM effects ORDER BY n")
      .all();
  } finally {
    db.close();
  }
}

it("does its steps, undoes them when one fails, and does a repeated command once", async () => {
  const profile = await openProfile(brokers);
  await profile.publish(JSON.parse(readFileSync(join(EXAMPLE, "stock.flow.json"), "utf8")));
  const manager = spawnCli([
    "manager",
    "--brokers",
    profile.brokers,
    "--prefix",
    profile.prefix,
    "--data",
    dataFolder(),
  ]);
  const database = join(dataFolder(), "stock.sqlite");
  const [stock] = await Promise.all([stockOf(profile, database), manager.printed(/works on/)]);
  const commands = new Inbox<BusRecord>();
  await profile.bus.subscribe(`${profile.prefix}fromanager`, commands.add);
  const replies = new Inbox<BusRecord>();
  await profile.bus.subscribe(`${profile.prefix}tomanager`, replies.add);

  const good = await profile.start("stock", { quantity: 2 });
  expect(await profile.ended(good)).toBe("journey.completed");
  const bad = await profile.start("stock", { quantity: 12 });
  expect(await profile.ended(bad)).toBe("rollback.completed");
  const expected = [
    { journey: good, function: "reserve_items" },
    { journey: good, function: "ship_items" },
    { journey: bad, function: "reserve_items" },
    { journey: bad, function: "release_items" },
  ];
  expect(effectsIn(database)).toEqual(expected);

  // As after a fault: the same commands once more, under the same ids. Each is answered again, with what it got before.
  const again = [...commands.items];
  const before = replies.items.length;
  await profile.bus.append(again.map(({ topic, key, value, headers }) => ({ topic, key, value, headers })));
  await replies.atLeast(before + again.length);
  expect(effectsIn(database)).toEqual(expected);
  expect(profile.deadLetters.items).toEqual([]);

  stock.kill("SIGTERM");
  expect(await once(stock, "exit")).toEqual([0, null]);
});

it("gets in where TLS and a login are asked for, and finds topics that have names of their own", async () => {
  const secure = await startSecureCluster();
  onTestFinished(() => secure.stop());
  const cluster = { brokers: secure.brokers("PLAINTEXT") };
  const topics = topicNames("shop.", { fromanager: "orders.commands", tomanager: "orders.to-manager" });
  await provisionTopics({ ...cluster, topics, partitions: 1, replication: 1 });
  const bus = await openKafkaBus({ ...cluster, dataDir: dataFolder() });
  onTestFinished(() => bus.close());
  const access = ["--ca", secure.authority.caFile, "--sasl", "SCRAM-SHA-512", "--username", "admin"];
  const names = ["--prefix", "shop.", "--fromanager", topics.fromManager, "--tomanager", topics.toManager];
  const brokersAndData = [
    "--brokers",
    secure.brokers("SASL").join(","),
    "--data",
    join(dataFolder(), "stock.sqlite"),
  ];
  await runStock([...access, ...names, ...brokersAndData], { STOCK_PASSWORD: PASSWORD });

  const replies = new Inbox<BusRecord>();
  await bus.subscribe(topics.toManager, replies.add);
  const uuid = crypto.randomUUID();
  const command = { uuid, name: "stock", version: "1", service: "stock", function: "reserve_items" };
  const value = JSON.stringify({ ...command, schema_version: "1", data: { quantity: 2 } });
  await bus.append([{ topic: topics.fromManager, key: uuid, value, headers: { id: `${uuid}:1` } }]);
  const [reply] = await replies.atLeast(1);
  expect(JSON.parse(reply?.value ?? "null")).toMatchObject({ ...command, status: "success" });
});
