/** The engine's parts on a profile: bus, registries, audit cache and manager, wired to the feed of changes. */
import { join } from "node:path";
import { openAudit } from "../audit/open-audit.ts";
import type { ObservableBus } from "../bus/bus.ts";
import { createFlowRegistry } from "../manager/flows.ts";
import type { Logger } from "../manager/logger.ts";
import { createManager } from "../manager/manager.ts";
import { watchServices } from "../manager/service-watch.ts";
import { keepAuditSmall } from "./audit-retention.ts";
import type { ChangeFeed } from "./change-feed.ts";
import { closeOnce } from "./close-once.ts";
import { openEngineBus } from "./engine-bus.ts";
import type { ApiHost, ProfileStore } from "./host.ts";
import { createManagerSwitch } from "./manager-switch.ts";
import { createStartedJourneys } from "./started-journeys.ts";

/** How long ended journeys stay in the audit cache of the embedded profile. */
const RETENTION_DAYS = 30;
const DAY_MS = 86_400_000;
/** What is kept for ever is kept for so long in the cache. */
const FOR_EVER_DAYS = 36_500;

/** What of a console belongs to the profile that is open. */
export type Engine = Pick<
  ApiHost,
  | "bus"
  | "topics"
  | "managersGroup"
  | "connection"
  | "outgoing"
  | "audit"
  | "schemas"
  | "flows"
  | "health"
  | "manager"
  | "started"
  | "storage"
  | "closing"
> & {
  retentionDays(): number;
  /** Ends everything in order: calls that wait, manager, caches, bus. */
  close(): Promise<void>;
};

export interface EngineOptions {
  dataDir: string;
  profiles: ProfileStore & { negations: ApiHost["negations"] };
  changes: ChangeFeed;
  /** What is kept on this disk belongs to another log than the bus has: the engine should be opened anew. */
  onOtherLog(): void;
  /** Aborted when the console closes. */
  shutdown: AbortSignal;
  clock: () => number;
  logger: Logger;
}

/**
 * Opens the parts on the current profile; starts the manager where the profile says so. A Kafka cluster that is away is
 * waited for in the background. What had been opened is closed again when it fails.
 * @throws AntigraphError data_folder_unwritable, data_folder_locked, data_folder_corrupt, data_folder_newer
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { profiles, changes, clock, logger } = options;
  const closers: (() => void | Promise<void>)[] = [];
  const onClose = (closer: () => void | Promise<void>) => void closers.push(closer);
  const close = closeOnce(closers);
  const profile = profiles.current();
  try {
    const { bus, connection, onConnection, outgoing, topics, group, folder, storage, schemas } = openEngineBus(
      { ...options, profile },
      onClose,
    );
    const flows = await createFlowRegistry({ bus, topic: topics.edits, negations: profiles.negations.get, logger });
    onClose(() => flows.close());
    const prefix = profile.kafka?.prefix;
    const services = await watchServices({ bus, topics, prefix, flows, clock, logger });
    const { health, queues } = services;
    onClose(() => services.close());
    const audit = await openAudit({ bus, topic: topics.audit, file: join(folder, "audit.sqlite"), logger });
    onClose(() => audit.close());
    let days = profile.kind === "kafka" ? undefined : RETENTION_DAYS;
    const askRetention = async () => {
      if (connection().state === "connected") days ??= await retentionDays(bus, topics.audit);
    };
    void askRetention().catch(() => {});
    onClose(keepAuditSmall({ audit, days: () => days, now: clock, logger }));
    const made = createManager({ bus, flows, health, queues, schemas, topics, group, clock, logger });
    const manager = createManagerSwitch(made, logger);
    onClose(() => manager.close());
    if (profile.kind === "kafka" && profile.run_manager) {
      // How strict the profile is depends on the cluster that it leads to: that is known once it has been reached.
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const look = () => connection().state === "connected" && resolve(profiles.current().run_manager);
      onConnection(look);
      look();
      manager.keepRunning(promise);
    } else if (profile.run_manager) await manager.setRunning(true);
    const started = createStartedJourneys();

    audit.onChange((list) => changes.journeys(list));
    flows.onChange(() => changes.flows([...new Set(flows.list().map(({ record }) => record.name))]));
    health.onChange(() => changes.services());
    manager.onChange(() => changes.manager());
    onConnection(() => {
      changes.connection();
      void askRetention().catch(() => {});
    });
    outgoing.onChange(() => changes.connection());
    const closing = new AbortController();
    onClose(() => closing.abort());
    return {
      bus,
      topics,
      managersGroup: group,
      connection,
      outgoing,
      audit,
      schemas,
      flows,
      health,
      manager,
      started,
      storage,
      closing: AbortSignal.any([closing.signal, options.shutdown]),
      retentionDays: () => days ?? RETENTION_DAYS,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The days that the topic keeps its records; undefined where it doesn't say. */
async function retentionDays(bus: ObservableBus, name: string): Promise<number | undefined> {
  const ms = (await bus.topics()).find((topic) => topic.name === name)?.retentionMs;
  if (ms === undefined) return undefined;
  return ms < 0 ? FOR_EVER_DAYS : Math.max(1, Math.round(ms / DAY_MS));
}
