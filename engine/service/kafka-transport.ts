/**
 * A service on a Kafka cluster: a member of the consumer group `service.NAME`. A cluster that isn't there yet is waited
 * for; replies given meanwhile wait in the service's store. One transport may carry several services of a process: they
 * share its connections.
 */
import { tmpdir } from "node:os";
import type { Bus, BusLogger } from "../bus/bus.ts";
import { openKafkaBus } from "../bus/kafka/bus.ts";
import type { KafkaConnection } from "../bus/kafka/client.ts";
import type { WireFormat } from "../bus/kafka/wire-format.ts";
import { type TopicSettings, topicNames, topicProblem } from "../core/topic-names.ts";
import type { RegistryAccess } from "../registry/access.ts";
import { createRegistryClient } from "../registry/client.ts";
import { openSchemaStore, type SchemaStore } from "../registry/store.ts";
import type { CheckedTopics } from "../registry/subjects.ts";
import { consumeFrom, toTransportError } from "./bus-transport.ts";
import { backoffMs, pause } from "./clock.ts";
import { type Connection, type ConnectOptions, type Transport, TransportError } from "./transport.ts";

/** How long an end waits for what is being sent to a cluster that doesn't answer. */
const CLOSE_TIMEOUT_MS = 3_000;

export interface KafkaTransportOptions extends KafkaConnection {
  /** In front of all topic names and of the groups'. */
  prefix?: string;
  /** Topics that have names of their own: `{ fromanager: "orders.commands" }`. */
  topics?: TopicSettings;
  /** Commands handed to the service at once. 500 records */
  maximumBatch?: number;
  /** Where there is a schema registry: replies are written in its wire format, if so, and commands are read in it. */
  registry?: RegistryAccess;
  logger?: BusLogger;
}

/**
 * The transport over Kafka. Its connections are closed with the last service that uses them.
 * @throws RangeError for topics that can't be called so
 */
export function createKafkaTransport(options: KafkaTransportOptions): Transport {
  const problem = topicProblem(options.prefix ?? "", options.topics ?? {});
  if (problem !== undefined) throw new RangeError(`topics.${problem.setting}: ${problem.message}`);
  let opening: Promise<Bus> | undefined;
  let users = 0;
  const wire = options.registry && wireOf(options.registry, topicNames(options.prefix, options.topics));

  /** Rejects when no broker can be reached now. */
  const open = (): Promise<Bus> => {
    opening ??= openBus(options, wire).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };

  const release = async (): Promise<void> => {
    users -= 1;
    const last = users === 0 ? opening : undefined;
    if (last === undefined) return;
    opening = undefined;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    });
    await Promise.race([last.then((bus) => bus.close()).catch(() => {}), timeout]);
    clearTimeout(timer);
    await wire?.close();
  };

  return {
    remembers: true,
    // The bus makes batches of what goes to one partition; one without a leader holds up no other.
    laneOf: ({ key }) => key ?? "",
    async connect(connect) {
      users += 1;
      return createConnection(connect, options, open, release);
    },
  };
}

/** The wire format of a registry; its schemas are looked for while it is used. */
interface Wire extends WireFormat {
  /** Rejects while the ids that replies bear can't be known. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

function wireOf(registry: RegistryAccess, topics: CheckedTopics): Wire {
  if (registry.wireFormat === "json") return { idOf: () => undefined, ready: async () => {}, close: async () => {} };
  let store: SchemaStore | undefined;
  return {
    idOf: (topic) => store?.idOf(topic),
    async ready() {
      // A service checks nothing: that is done by managers, for services in any language.
      const client = async () => createRegistryClient(registry);
      store ??= openSchemaStore({ registry, client, topics, onlyTopics: true });
      await store.refresh();
      store.assertKnown();
    },
    async close() {
      await store?.close();
      store = undefined;
    },
  };
}

async function openBus(options: KafkaTransportOptions, wire: Wire | undefined): Promise<Bus> {
  await wire?.ready();
  // Services keep nothing of the bus's own on disk: only managers do.
  return openKafkaBus({ ...options, wire, dataDir: tmpdir() });
}

function createConnection(
  connect: ConnectOptions,
  options: KafkaTransportOptions,
  open: () => Promise<Bus>,
  release: () => Promise<void>,
): Connection {
  const { clock, random, onConnection } = connect;
  const stopping = new AbortController();
  let consuming: Connection | undefined;

  const join = async (): Promise<void> => {
    for (let failures = 1; !stopping.signal.aborted; failures += 1) {
      try {
        consuming = await consumeFrom(await open(), connect, options);
        onConnection(true);
        return;
      } catch (error) {
        if (stopping.signal.aborted) return;
        onConnection(false, toTransportError(error).message);
        await pause(clock, backoffMs(failures, random), stopping.signal);
      }
    }
  };
  const joining = join();

  let reading: Promise<void> | undefined;
  const stopReading = () => {
    stopping.abort();
    reading ??= joining.then(() => consuming?.stopReading());
    return reading;
  };
  let closing: Promise<void> | undefined;
  return {
    async append(records) {
      if (consuming === undefined) throw new TransportError("unavailable", "the cluster has not been reached yet");
      try {
        await consuming.append(records);
        onConnection(true);
      } catch (error) {
        const failure = toTransportError(error);
        if (failure.kind === "unavailable") onConnection(false, failure.message);
        throw failure;
      }
    },
    stopReading,
    close() {
      closing ??= stopReading()
        .then(() => consuming?.close())
        .finally(release);
      return closing;
    },
  };
}
