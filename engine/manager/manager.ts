/**
 * The manager: runs the journeys of the partitions it owns. Any number of managers share the partitions of `tomanager`
 * through the bus. Event in, decide, events, evolve, commands out, audit: the way of a record is in partition.ts.
 */
import type { Bus, Output, WorkHandle } from "../bus/bus.ts";
import { AntigraphError } from "../core/errors.ts";
import { TOPICS } from "../core/protocol.ts";
import type { TopicNames } from "../core/topic-names.ts";
import type { FlowRegistry } from "./flows.ts";
import type { HealthRegistry } from "./health.ts";
import { type Logger, silent } from "./logger.ts";
import { type BatchOutput, ManagerPartition, type RecordSchemas } from "./partition.ts";
import type { QueueWatch } from "./queue-watch.ts";

export interface ManagerOptions {
  bus: Bus;
  flows: FlowRegistry;
  health: HealthRegistry;
  /** How the services' queues move; without it a command's clock starts when it is sent. */
  queues?: QueueWatch;
  /** What the schemas of the profile's registry say. `assertKnown` throws while nothing is known of them yet. */
  schemas?: (RecordSchemas & { assertKnown(): void }) | undefined;
  /** Topic names with the profile's prefix. */
  topics?: TopicNames;
  /** The consumer group that managers share. */
  group?: string;
  clock?: () => number;
  /** In [0, 1): the random share of retry intervals. */
  random?: () => number;
  /** For so long after a partition was taken over nothing that was asked before is given up on. Milliseconds, 10,000. */
  takeoverMs?: number;
  logger?: Logger;
}

export interface ManagerStatus {
  running: boolean;
  partitions: number[];
  inFlight: number;
  /** Since this manager was made. */
  processed: number;
  deadLettered: number;
}

export interface Manager {
  /** Resolves when it takes part; throws when the topics don't fit, or nothing is known of the schemas, with what to do. */
  start(): Promise<void>;
  /** Finishes the running batch and hands its partitions over. */
  stop(): Promise<void>;
  status(): ManagerStatus;
  /** Called with the journeys that have ended here, once that is durable. Returns the way to stop. */
  onEnded(listener: (uuid: string) => void): () => void;
  /** Called whenever a partition was taken over or let go of; `status` tells which there are. Returns the way to stop. */
  onPartitions(listener: () => void): () => void;
}

export function createManager(options: ManagerOptions): Manager {
  const { bus, flows, health, topics = TOPICS, group = "antigraph.managers", clock = Date.now } = options;
  const { random = Math.random, logger = silent } = options;
  const listeners = new Set<(uuid: string) => void>();
  const watchers = new Set<() => void>();
  const partitions = new Map<number, ManagerPartition>();
  let handle: WorkHandle | undefined;
  let stopListening: (() => void) | undefined;
  let processed = 0;
  let deadLettered = 0;

  const at = (partition: number): ManagerPartition => {
    const found = partitions.get(partition);
    if (!found) throw new Error(`partition ${partition} was not restored`);
    return found;
  };

  const moved = (): void => {
    for (const watcher of watchers) watcher();
  };

  const begin = async (): Promise<void> => {
    // Nothing flows unchecked: without any knowledge of the schemas it doesn't take part.
    options.schemas?.assertKnown();
    const count = await partitionCount(bus, topics);
    const deps = {
      topics,
      partitions: count,
      flows,
      health,
      queues: options.queues,
      schemas: options.schemas,
      random,
      takeoverMs: options.takeoverMs,
    };
    await flows.upToDate();
    handle = await bus.work({
      topic: topics.toManager,
      group,
      restore(partition, state, lookup) {
        partitions.set(partition, new ManagerPartition(partition, deps, state, lookup));
        moved();
      },
      process: (partition, records, now) => at(partition).process(records, now),
      nextDue: (partition) => partitions.get(partition)?.nextDue() ?? null,
      readAgain: (partition) => partitions.get(partition)?.readAgain(clock()),
      revoke(partition) {
        partitions.delete(partition);
        moved();
      },
      committed(_partition, output: Output) {
        const batch = output as BatchOutput;
        processed += batch.processed;
        deadLettered += batch.deadLettered;
        for (const uuid of batch.ended) for (const listener of listeners) listener(uuid);
      },
    });
    stopListening = health.onChange((service) => {
      for (const [number, partition] of partitions) {
        if (partition.serviceChanged(service, clock())) handle?.wake(number);
      }
    });
    logger.info({ partitions: handle.partitions() }, "manager started");
  };

  return {
    async start() {
      if (!handle) await begin();
    },
    async stop() {
      stopListening?.();
      const stopping = handle;
      handle = undefined;
      await stopping?.stop();
      partitions.clear();
    },
    status: () => ({
      running: handle !== undefined,
      partitions: handle?.partitions() ?? [],
      inFlight: [...partitions.values()].reduce((sum, partition) => sum + partition.inFlight, 0),
      processed,
      deadLettered,
    }),
    onEnded(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onPartitions(listener) {
      watchers.add(listener);
      return () => watchers.delete(listener);
    },
  };
}

/** The topics that share a journey's home must have the same number of partitions. */
async function partitionCount(bus: Bus, topics: TopicNames): Promise<number> {
  const known = new Map((await bus.topics()).map((topic) => [topic.name, topic.partitions]));
  const counts = [topics.toManager, topics.audit, topics.journeys].map((name) => ({ name, count: known.get(name) }));
  const missing = counts.filter(({ count }) => count === undefined);
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(", ");
    throw new AntigraphError(
      "topic_not_found",
      `topics are missing: ${names}; create them with \`antigraph topics create\``,
    );
  }
  const first = counts[0]?.count ?? 0;
  if (counts.some(({ count }) => count !== first)) {
    const said = counts.map(({ name, count }) => `${name} ${count}`).join(", ");
    throw new AntigraphError(
      "topics_differ",
      `these topics need the same number of partitions: ${said}; choose another prefix and create them anew`,
    );
  }
  return first;
}
