/**
 * A real Apache Kafka cluster for tests and development: the jars come from Maven Central once, the brokers run in KRaft
 * mode on temporary ports and in a temporary folder, and die with this process.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { TcpProxy } from "./tcp-proxy.ts";

const KAFKA_VERSION = "4.1.0";
const START_TIMEOUT_MS = 60_000;
const SUPPORT = join(import.meta.dirname, "kafka");

/**
 * Starts the command, tells its process id, and kills it when its own standard input closes: a broker never outlives the
 * process that started it, however that one dies.
 */
export const LEASH = '"$@" </dev/null & pid=$!; echo "pid $pid"; cat >/dev/null; kill -9 $pid 2>/dev/null';

export interface ClusterOptions {
  brokers: 1 | 3;
  /** Where clients find the first broker; left out: any free port. */
  port?: number;
  /** Lines added to every broker's server.properties. */
  properties?: string[];
  heapMb?: number;
  /** Clients reach each broker through a proxy that can cut their connections; the brokers reach each other directly. */
  proxied?: boolean;
  security?: ClusterSecurity;
}

/** Listeners beside the one in clear, and who may come in by them. Not together with `proxied`. */
export interface ClusterSecurity {
  /** Their names; each gets a port on every broker. */
  listeners: string[];
  /** Lines of server.properties that make them what they are. @param ports by listener, of one broker */
  properties(ports: Record<string, number>): string[];
  /** Credentials as StorageTool takes them: `SCRAM-SHA-256=[name=olga,password=...]`. */
  scram?: string[];
  /** System properties of the brokers: `name=value`. */
  system?: string[];
}

export interface Broker {
  id: number;
  address: string;
  /** Where the cluster is `proxied`: the way of clients that use `addresses`. */
  proxy?: TcpProxy | undefined;
  /** Sends a signal to the broker's process. */
  signal(name: NodeJS.Signals): void;
  /** Starts it again on its old data; resolves when it serves. */
  restart(): Promise<void>;
}

export interface KafkaCluster {
  /** For `brokers` of a client. */
  addresses: string[];
  /** The same, past the proxies. */
  directAddresses: string[];
  /** Those of a listener of `security`. */
  addressesOf(listener: string): string[];
  brokers: Broker[];
  folder: string;
  stop(): Promise<void>;
}

/** Downloads Kafka where it isn't there yet. Answers the folder of its jars. */
async function kafkaJars(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "antigraph-kafka", KAFKA_VERSION);
  const jars = join(cache, "libs");
  if (existsSync(jars)) return jars;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, "fresh-"));
  const goal = "dependency:copy-dependencies";
  await run("mvn", ["-q", "-B", "-f", join(SUPPORT, "pom.xml"), goal, `-DoutputDirectory=${fresh}`]);
  // Whoever comes second finds the folder there already.
  if (existsSync(jars)) rmSync(fresh, { recursive: true });
  else renameSync(fresh, jars);
  return jars;
}

export async function startCluster(options: ClusterOptions): Promise<KafkaCluster> {
  const jars = await kafkaJars();
  const folder = mkdtempSync(join(tmpdir(), "antigraph-kafka-"));
  const ids = Array.from({ length: options.brokers }, (_, index) => index + 1);
  const { security } = options;
  const secured = security?.listeners ?? [];
  const ports = await freePorts(ids.length * (3 + secured.length));
  if (options.port !== undefined) ports[0] = options.port;
  const proxies = options.proxied
    ? await Promise.all(ids.map((id) => TcpProxy.open(ports[2 * ids.length + id - 1] ?? 0)))
    : [];
  const port = (id: number) => ports[id - 1] ?? 0;
  const portOf = (id: number, name: string) => ports[(3 + secured.indexOf(name)) * ids.length + id - 1] ?? 0;
  const voters = ids.map((id) => `${id}@127.0.0.1:${ports[ids.length + id - 1]}`);
  const copies = Math.min(3, ids.length);
  // Kafka's own form of a uuid; one that begins with a dash would be taken for an option.
  const clusterId = `A${Buffer.from(crypto.randomUUID()).toString("base64url").slice(0, 20)}A`;
  const processes = new Set<ChildProcess>();

  const start = async (id: number): Promise<BrokerProcess> => {
    const started = await startBroker(id, join(folder, `broker-${id}`), jars, options);
    processes.add(started.child);
    return started;
  };
  const stop = async (): Promise<void> => {
    for (const child of processes) child.stdin?.destroy();
    await Promise.all([...processes].map((child) => (child.exitCode === null ? once(child, "exit") : undefined)));
    await Promise.all(proxies.map((proxy) => proxy.close()));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };

  try {
    await Promise.all(
      ids.map(async (id) => {
        const home = join(folder, `broker-${id}`);
        mkdirSync(home);
        const lines = [
          "process.roles=broker,controller",
          `node.id=${id}`,
          `controller.quorum.voters=${voters.join(",")}`,
          ...listenersOf(
            port(id),
            voters[id - 1]?.split("@")[1] ?? "",
            ports[2 * ids.length + id - 1],
            proxies[id - 1],
            secured.map((name) => `${name}://127.0.0.1:${portOf(id, name)}`),
          ),
          "controller.listener.names=CONTROLLER",
          `log.dirs=${join(home, "data")}`,
          "group.initial.rebalance.delay.ms=0",
          "offsets.topic.num.partitions=4",
          "transaction.state.log.num.partitions=4",
          `offsets.topic.replication.factor=${copies}`,
          `transaction.state.log.replication.factor=${copies}`,
          `transaction.state.log.min.isr=${Math.max(1, copies - 1)}`,
          `default.replication.factor=${copies}`,
          `min.insync.replicas=${Math.max(1, copies - 1)}`,
          ...(security?.properties({
            PLAINTEXT: port(id),
            ...Object.fromEntries(secured.map((name) => [name, portOf(id, name)])),
          }) ?? []),
          ...(options.properties ?? []),
        ];
        writeFileSync(join(home, "server.properties"), `${lines.join("\n")}\n`);
        const format = ["format", "-t", clusterId, "-c", join(home, "server.properties")];
        const scram = (security?.scram ?? []).flatMap((credential) => ["--add-scram", credential]);
        await run("java", ["-cp", `${jars}/*`, "kafka.tools.StorageTool", ...format, ...scram]);
      }),
    );
    const running = new Map<number, BrokerProcess>();
    await Promise.all(ids.map(async (id) => running.set(id, await start(id))));
    const directAddresses = ids.map((id) => `127.0.0.1:${port(id)}`);
    return {
      addresses: proxies.length > 0 ? proxies.map((proxy) => `127.0.0.1:${proxy.port}`) : directAddresses,
      directAddresses,
      addressesOf: (listener) => ids.map((id) => `127.0.0.1:${portOf(id, listener)}`),
      folder,
      brokers: ids.map((id) => ({
        id,
        address: `127.0.0.1:${port(id)}`,
        proxy: proxies[id - 1],
        signal: (name) => process.kill(running.get(id)?.pid ?? 0, name),
        async restart() {
          running.set(id, await start(id));
        },
      })),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function listenersOf(
  port: number,
  controller: string,
  behindProxy = 0,
  proxy?: TcpProxy,
  secured: string[] = [],
): string[] {
  const direct = `PLAINTEXT://127.0.0.1:${port}`;
  if (proxy === undefined) return [`listeners=${[direct, `CONTROLLER://${controller}`, ...secured].join(",")}`];
  return [
    `listeners=${direct},PROXIED://127.0.0.1:${behindProxy},CONTROLLER://${controller}`,
    `advertised.listeners=${direct},PROXIED://127.0.0.1:${proxy.port}`,
    "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name=PLAINTEXT",
  ];
}

interface BrokerProcess {
  /** The shell that holds the leash. */
  child: ChildProcess;
  /** The broker itself. */
  pid: number;
}

/** Resolves when the broker serves. */
async function startBroker(
  id: number,
  home: string,
  jars: string,
  { heapMb = 512, security }: ClusterOptions,
): Promise<BrokerProcess> {
  const java = [
    "java",
    `-Xmx${heapMb}m`,
    `-Xms${Math.min(256, heapMb)}m`,
    ...(security?.system ?? []).map((property) => `-D${property}`),
    `-Dlog4j2.configurationFile=${join(SUPPORT, "log4j2.properties")}`,
    "-cp",
    `${jars}/*`,
    "kafka.Kafka",
    join(home, "server.properties"),
  ];
  const child = spawn("sh", ["-c", LEASH, "sh", ...java], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => {});
  const log = createWriteStream(join(home, "broker.log"), { flags: "a" });
  return new Promise((resolve, reject) => {
    let pid = 0;
    let said = "";
    const timer = setTimeout(() => fail("it took too long"), START_TIMEOUT_MS);
    const fail = (why: string) => {
      clearTimeout(timer);
      child.stdin.destroy();
      reject(new Error(`Kafka broker ${id} didn't start: ${why}\n${said.slice(-4_000)}`));
    };
    const watch = (chunk: Buffer) => {
      // A broker that has much to restore says more at once than is kept.
      const all = said + chunk.toString();
      said = all.slice(-16_000);
      if (pid === 0) pid = Number(/^pid (\d+)/.exec(all)?.[1] ?? 0);
      if (!all.includes("Kafka Server started")) return;
      clearTimeout(timer);
      child.stdout.off("data", watch);
      resolve({ child, pid });
    };
    child.stdout.on("data", watch);
    child.stdout.pipe(log);
    child.once("error", (error) => fail(error.message));
    child.once("exit", () => fail("it ended"));
  });
}

/** Runs a command to its end. @throws Error with what it said */
export async function run(command: string, args: string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      said = (said + chunk).slice(-4_000);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", () =>
      reject(new Error(`${command} is missing: Kafka needs Java 17 and Maven, or KAFKA_BROKERS`)),
    );
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${said}`);
}

/** Held open together until all are known, so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
