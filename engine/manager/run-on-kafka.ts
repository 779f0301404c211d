/** A manager of its own on a Kafka cluster: its bus, flows, health and the manager itself, opened and closed together. */
import { join } from "node:path";
import type { ObservableBus } from "../bus/bus.ts";
import { openKafkaBus } from "../bus/kafka/bus.ts";
import type { KafkaConnection } from "../bus/kafka/client.ts";
import { ClusterWatch } from "../bus/kafka/cluster-watch.ts";
import { type TopicSettings, topicNames } from "../core/topic-names.ts";
import type { RegistryAccess } from "../registry/access.ts";
import { createRegistryClient } from "../registry/client.ts";
import { openSchemaStore } from "../registry/store.ts";
import { createFlowRegistry } from "./flows.ts";
import { boundHeap } from "./heap.ts";
import { type Logger, silent } from "./logger.ts";
import { createManager, type Manager, type ManagerStatus } from "./manager.ts";
import { watchServices } from "./service-watch.ts";

export interface RunManagerOptions extends KafkaConnection {
  /** In front of all topic names, the group's and the transactional ids. */
  prefix?: string;
  /** Topics that have names of their own. */
  topics?: TopicSettings;
  /** What this manager keeps beside the cluster; one for each. */
  dataDir: string;
  /** Where the profile has a schema registry. */
  registry?: RegistryAccess;
  logger?: Logger;
}

export interface RunningManager {
  status(): ManagerStatus;
  onEnded: Manager["onEnded"];
  onPartitions: Manager["onPartitions"];
  /** Resolves when it takes part: at once, or when the schemas of its registry are known. */
  started: Promise<void>;
  /** Hands its partitions over; resolves when the others have them free. */
  stop(): Promise<void>;
}

/**
 * Throws `bus_unavailable`, or an error that says which topics are missing or don't fit; with a registry it is `started`
 * that does.
 */
export async function runManager(options: RunManagerOptions): Promise<RunningManager> {
  const { prefix = "", logger = silent, registry, dataDir } = options;
  boundHeap();
  const topics = topicNames(prefix, options.topics);
  const closing: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    const schemas =
      registry &&
      openSchemaStore({
        registry,
        client: async () => createRegistryClient(registry),
        topics,
        file: join(dataDir, "schemas.json"),
        logger,
      });
    if (schemas) closing.push(() => schemas.close());
    const bus = await openKafkaBus({
      ...options,
      wire: schemas,
      logger,
      deadLetters: topics.deadLetter,
      changelogOf: () => topics.journeys,
      idPrefix: `${prefix}antigraph.`,
    });
    closing.push(() => bus.close());
    closing.push(watchCluster(bus, logger));
    const flows = await createFlowRegistry({ bus, topic: topics.edits, logger });
    closing.push(() => flows.close());
    const { health, queues, close } = await watchServices({ bus, topics, prefix, flows, logger });
    closing.push(close);
    const manager = createManager({
      bus,
      flows,
      health,
      queues,
      schemas,
      topics,
      group: `${prefix}antigraph.managers`,
      logger,
    });
    closing.push(() => manager.stop());
    const started = Promise.resolve(schemas?.known).then(() => manager.start());
    if (schemas === undefined) await started;
    started.catch(() => {});
    const { status, onEnded, onPartitions } = manager;
    return { status, onEnded, onPartitions, started, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A manager waits for its cluster without an end; its log says that it does. Returns the way to stop. */
function watchCluster(bus: ObservableBus, logger: Logger): () => Promise<void> {
  const closing = new AbortController();
  const watch = new ClusterWatch({ reach: async () => bus, signal: closing.signal, logger });
  void watch.run();
  return async () => closing.abort();
}
