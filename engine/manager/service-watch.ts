/** What a manager knows of the services: their health and their queues, on one bus and under one prefix. */
import type { ObservableBus } from "../bus/bus.ts";
import { MANAGER } from "../core/protocol.ts";
import type { TopicNames } from "../core/topic-names.ts";
import type { FlowRegistry } from "./flows.ts";
import { type BusHealth, createHealthRegistry } from "./health.ts";
import type { Logger } from "./logger.ts";
import { createQueueWatch, type QueueWatch } from "./queue-watch.ts";

export interface ServiceWatchOptions {
  bus: ObservableBus;
  topics: TopicNames;
  /** In front of the services' group names. */
  prefix?: string | undefined;
  /** Whose services have groups, though they may send no heartbeats. */
  flows: FlowRegistry;
  clock?: () => number;
  logger?: Logger;
}

export interface ServiceWatch {
  health: BusHealth;
  queues: QueueWatch;
  close(): Promise<void>;
}

/** Resolves when the heartbeats that are there have been read. */
export async function watchServices(options: ServiceWatchOptions): Promise<ServiceWatch> {
  const { bus, topics, prefix = "", flows, clock, logger } = options;
  const groups = { bus, topic: topics.fromManager, prefix, services: () => servicesOf(flows) };
  const health = await createHealthRegistry({ bus, topic: topics.services, groups, ...(clock && { clock }) });
  const queues = createQueueWatch({
    ...{ bus, topic: topics.fromManager, groupsOf: health.groupsOf },
    ...(clock && { clock }),
    ...(logger && { logger }),
  });
  return {
    health,
    queues,
    async close() {
      queues.close();
      await health.close();
    },
  };
}

/** The services that any published flow calls. */
function servicesOf(flows: FlowRegistry): Set<string> {
  const called = flows.list().flatMap(({ flow }) => Object.values(flow?.steps ?? {}).map(({ service }) => service));
  return new Set(called.filter((service) => service !== MANAGER));
}
