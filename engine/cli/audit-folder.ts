/** The audit cache of a data folder, opened without its console: one process owns the folder at a time. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { AuditHost } from "../audit/open-audit.ts";
import type { ObservableBus } from "../bus/bus.ts";
import type { BusConnection } from "../bus/kafka/cluster-watch.ts";
import { AntigraphError } from "../core/errors.ts";
import { TOPICS } from "../core/protocol.ts";
import { topicNames } from "../core/topic-names.ts";
import type { Logger } from "../manager/logger.ts";
import { accessCluster, type ClusterGiven, clusterArgs } from "./cluster-access.ts";
import { defaultDataDir } from "./data-dir.ts";
import { Failure } from "./failure.ts";
import type { Io } from "./io.ts";
import { lineLogger } from "./line-logger.ts";

/** The options of every command on the audit cache. */
export const auditArgs = {
  data: { type: "string", description: "The data folder (default: ANTIGRAPH_DATA, else yours)", valueHint: "DIR" },
  profile: {
    type: "string",
    description: "The cache of this Kafka profile (default: the embedded one's)",
    valueHint: "NAME",
  },
  brokers: { ...clusterArgs.brokers, description: "Or that of a manager on this cluster, in clear" },
  prefix: clusterArgs.prefix,
  topic: clusterArgs.topic,
  json: { type: "boolean", description: "Answer as JSON" },
} as const;

interface Log {
  bus: ObservableBus;
  topic: string;
  /** Where the cache lies. */
  folder: string;
  /** Why its topic can't be read now. */
  away(): BusConnection | undefined;
  close(): Promise<void>;
}

/**
 * Opens cache and bus, runs, and closes them. The cache of a Kafka profile can be looked after while its cluster is away.
 * Throws Failure when a console has the folder, when it is none, or when `needsTopic` and the topic can't be read.
 * @param topics the values of `--topic`
 */
export async function withAudit<Result>(
  args: ClusterGiven,
  topics: readonly string[],
  io: Io,
  run: (audit: AuditHost) => Promise<Result>,
  needsTopic = false,
): Promise<Result> {
  const dataDir = resolve(args.data ?? defaultDataDir(io.environment));
  const { lockedBy } = await import("../api/data-folder.ts");
  const { openAudit } = await import("../audit/open-audit.ts");
  const logger = lineLogger(io, false);
  const isOnKafka = [args.profile, args.brokers, args.prefix, topics[0]].some((each) => each !== undefined);
  try {
    const log = isOnKafka
      ? await openKafkaLog(args, topics, dataDir, io, logger)
      : await openEmbedded(dataDir, logger);
    try {
      const audit = await openAudit({
        ...{ bus: log.bus, topic: log.topic, logger },
        file: join(log.folder, "audit.sqlite"),
      });
      try {
        const away = needsTopic ? log.away() : undefined;
        if (away !== undefined) {
          const why = `The audit topic can't be read: ${away.message ?? "the cluster has not answered"}`;
          throw new Failure("bus_unavailable", why, "See what `antigraph doctor` says; the cache is as it was.");
        }
        return await run(audit);
      } finally {
        await audit.close();
      }
    } finally {
      await log.close();
    }
  } catch (error) {
    if (!(error instanceof AntigraphError) || error.code !== "data_folder_locked") throw error;
    throw new Failure(error.code, lockedBy(error, dataDir).message, "Stop that console first.");
  }
}

async function openEmbedded(dataDir: string, logger: Logger): Promise<Log> {
  const file = join(dataDir, "bus.sqlite");
  if (!existsSync(file)) {
    throw new Failure("data_folder_missing", `${dataDir} is no data folder of a console`);
  }
  const { openEmbeddedBus } = await import("../bus/embedded/bus.ts");
  const bus = openEmbeddedBus({ file, logger });
  return { bus, topic: TOPICS.audit, folder: dataDir, away: () => undefined, close: () => bus.close() };
}

async function openKafkaLog(
  args: ClusterGiven,
  own: readonly string[],
  dataDir: string,
  io: Io,
  logger: Logger,
): Promise<Log> {
  const { connection } = await accessCluster(args, own, io);
  const { prefix, topics, brokers } = connection;
  const [{ lockDataFolder }, { openKafkaProfile }] = await Promise.all([
    import("../api/data-folder.ts"),
    import("../api/kafka-profile.ts"),
  ]);
  if (!existsSync(dataDir)) {
    throw new Failure("data_folder_missing", `${dataDir} is no data folder of a console or a manager`);
  }
  const unlock = lockDataFolder(dataDir);
  try {
    const { bus, folder, ...opened } = openKafkaProfile({
      // A manager that was started with --brokers calls its profile after them.
      ...{ dataDir, name: args.profile ?? brokers.join(","), prefix, topics: topicNames(prefix, topics) },
      connection: async () => connection,
      reached: () => {},
      onOtherLog: () => {},
      ...{ clock: io.now, logger },
    });
    const away = () => (bus.connection().state === "connected" ? undefined : bus.connection());
    return { bus, topic: opened.topics.audit, folder, away, close: () => bus.close().finally(unlock) };
  } catch (error) {
    unlock();
    throw error;
  }
}
