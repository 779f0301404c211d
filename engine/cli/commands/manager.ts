import { join, resolve } from "node:path";
import type { ConsoleHost } from "../../api/console.ts";
import type { FixedCluster } from "../../api/fixed-profile.ts";
import { AntigraphError } from "../../core/errors.ts";
import type { Logger } from "../../manager/logger.ts";
import type { ManagerStatus } from "../../manager/manager.ts";
import {
  type ClusterGiven,
  clusterArgs,
  clusterGiven,
  profilesFolder,
  repeatableClusterArgs,
} from "../cluster-access.ts";
import { command, integer } from "../command.ts";
import { defaultDataDir } from "../data-dir.ts";
import { Failure } from "../failure.ts";
import { type Io, printJson } from "../io.ts";
import { lineLogger } from "../line-logger.ts";
import { localTime } from "../table.ts";
import { untilStopped } from "../until-stopped.ts";

const HIGHEST_PORT = 65_535;
/** Managers on one machine that can have folders beside each other without being told where. */
const MAXIMUM_FOLDERS = 16;
/** Partitions come one after the other. */
const MOVES_SETTLE_MS = 500;

export const managerCommand = command({
  name: "manager",
  description: "Run a manager without a console, beside others on a Kafka cluster",
  args: {
    ...clusterArgs,
    data: {
      type: "string",
      description: "The data folder; each manager takes a folder of its own in it",
      valueHint: "DIR",
    },
    "api-port": { type: "string", description: "Serve /health, /ready, /metrics and the API here", valueHint: "N" },
    verbose: { type: "boolean", description: "Log more than warnings and errors" },
    json: { type: "boolean", description: "Answer as JSON" },
  },
  repeatable: repeatableClusterArgs,
  async run({ args, all, io }) {
    const port = integer(args["api-port"], "--api-port", 0, HIGHEST_PORT);
    const dataDir = resolve(args.data ?? defaultDataDir(io.environment));
    const cluster = await clusterOf(args, all("topic"), io);
    const logger = lineLogger(io, args.verbose === true);
    const stopped = untilStopped();
    const running = await inFolderOfItsOwn(join(dataDir, "manager"), (folder) =>
      port === undefined ? managerAlone(cluster, folder, logger) : managerWithApi(cluster, folder, port, logger),
    );
    let tellMoves = () => {};
    try {
      const { folder, url } = running;
      await Promise.race([running.started, stopped]);
      const { partitions } = running.status();
      if (args.json) printJson(io, { partitions, data: folder, ...(url !== undefined && { url }) });
      else {
        const at = url === undefined ? "" : ` Its API is at ${url}; the token is in ${join(folder, "token")}.`;
        io.out(`The manager works on ${partitions.length} partitions of ${cluster.name}.${at} Ctrl-C stops it.`);
        tellMoves = followMoves(running, partitions.length, io);
      }
      await stopped;
    } finally {
      tellMoves();
      await running.stop();
    }
  },
});

/** Says how many partitions it has when others have come, gone or died. Returns the way to stop. */
function followMoves(running: Running, first: number, io: Io): () => void {
  let told = first;
  let timer: NodeJS.Timeout | undefined;
  const tell = () => {
    const { partitions } = running.status();
    if (partitions.length === told) return;
    told = partitions.length;
    io.out(`${localTime(io.now())} It has ${told} partitions now.`);
  };
  const stop = running.onPartitions(() => {
    clearTimeout(timer);
    timer = setTimeout(tell, MOVES_SETTLE_MS);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}

interface Running {
  folder: string;
  url?: string;
  /** Resolves when it takes part. */
  started: Promise<void>;
  status(): Pick<ManagerStatus, "partitions">;
  onPartitions(listener: () => void): () => void;
  stop(): Promise<void>;
}

async function managerAlone(cluster: FixedCluster, folder: string, logger: Logger): Promise<Running> {
  const [{ runManager }, { lockDataFolder, prepareDataFolder }] = await Promise.all([
    import("../../manager/run-on-kafka.ts"),
    import("../../api/data-folder.ts"),
  ]);
  prepareDataFolder(folder);
  const unlock = lockDataFolder(folder);
  try {
    const running = await runManager({ ...cluster.connection, dataDir: folder, logger });
    const started = running.started.catch((error: unknown) => {
      throw plainly(error);
    });
    started.catch(() => {});
    const { status, onPartitions } = running;
    return { folder, started, status, onPartitions, stop: () => running.stop().finally(unlock) };
  } catch (error) {
    unlock();
    throw plainly(error);
  }
}

function plainly(error: unknown): unknown {
  if (!(error instanceof AntigraphError)) return error;
  const isAway = error.code === "bus_unavailable";
  const fix = isAway ? "`antigraph doctor` finds out what is in the way." : undefined;
  return new Failure(error.code, error.message, fix);
}

/** As a console without pages: beside the manager it keeps an audit cache, from which the API answers. */
async function managerWithApi(cluster: FixedCluster, folder: string, port: number, logger: Logger): Promise<Running> {
  const { openConsole } = await import("../../api/console.ts");
  const host = await openConsole({ dataDir: folder, cluster, listen: { port }, pages: false, logger });
  return {
    folder,
    ...(host.url !== undefined && { url: host.url }),
    started: isRunning(host),
    status: () => host.manager().status(),
    onPartitions: (listener) => host.manager().onChange(listener),
    stop: () => host.close(),
  };
}

function isRunning(host: ConsoleHost): Promise<void> {
  return new Promise((resolve) => {
    const manager = host.manager();
    const look = () => {
      if (!manager.status().running) return;
      stop();
      resolve();
    };
    const stop = manager.onChange(look);
    look();
  });
}

/** Beside each other on one machine each takes the first folder that is free: `manager`, `manager-2`, … */
async function inFolderOfItsOwn(base: string, open: (folder: string) => Promise<Running>): Promise<Running> {
  for (let number = 1; ; number++) {
    try {
      return await open(number === 1 ? base : `${base}-${number}`);
    } catch (error) {
      const isLocked = error instanceof AntigraphError && error.code === "data_folder_locked";
      if (!isLocked || number === MAXIMUM_FOLDERS) throw error;
    }
  }
}

async function clusterOf(given: ClusterGiven, topics: readonly string[], io: Io): Promise<FixedCluster> {
  const { profile, connection } = clusterGiven(given, topics);
  if (connection !== undefined) {
    return { name: connection.brokers.join(","), environment: "dev", read_only: false, connection };
  }
  const { readClusterProfile } = await import("../../api/cluster-profile.ts");
  return readClusterProfile(profilesFolder(given.data, io), profile, io.environment);
}
