/** The bus that a profile names, with what belongs to it: topic names, the way of records to it, where its files lie. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ObservableBus } from "../bus/bus.ts";
import { openEmbeddedBus } from "../bus/embedded/bus.ts";
import { openKafkaBus } from "../bus/kafka/bus.ts";
import { type BusConnection, openPatientBus } from "../bus/kafka/patient-bus.ts";
import { TopicCopy } from "../bus/kafka/topic-copy.ts";
import { AntigraphError } from "../core/errors.ts";
import { TOPICS } from "../core/protocol.ts";
import { type TopicNames, topicNames } from "../core/topic-names.ts";
import type { Logger } from "../manager/logger.ts";
import { lockedBy, writePrivately } from "./data-folder.ts";
import type { ApiHost, ProfileStore } from "./host.ts";
import { directly, type Outgoing, openOutbox } from "./outbox.ts";
import type { Profile } from "./schemas/profile.ts";

const PRIVATE_FOLDER = 0o700;
const MANAGERS = "antigraph.managers";

export interface EngineBus {
  bus: ObservableBus;
  connection(): BusConnection;
  /** Called when the state of the connection has changed. */
  onConnection(listener: () => void): void;
  outgoing: Outgoing;
  topics: TopicNames;
  /** The consumer group of the managers. */
  group: string;
  /** Where the audit cache lies. */
  folder: string;
  storage?: ApiHost["storage"];
}

export interface EngineBusOptions {
  dataDir: string;
  profile: Profile;
  profiles: Pick<ProfileStore, "connection" | "reached">;
  /** What is kept on this disk is of another cluster or log: open anew, and it is put aside. */
  onOtherLog(): void;
  clock: () => number;
  logger: Logger;
}

/** Opens it; `onClose` takes what closes it. A Kafka cluster needs not be there. @throws AntigraphError data_folder_… */
export function openEngineBus(options: EngineBusOptions, onClose: (close: () => Promise<void>) => void): EngineBus {
  return options.profile.kind === "kafka" ? openKafka(options, onClose) : openEmbedded(options, onClose);
}

function openEmbedded(
  { dataDir, clock, logger }: EngineBusOptions,
  onClose: (close: () => Promise<void>) => void,
): EngineBus {
  const file = join(dataDir, "bus.sqlite");
  const bus = saysWhoLocked(dataDir, () => openEmbeddedBus({ file, clock, logger }));
  onClose(() => bus.close());
  const connection: BusConnection = { state: "connected", since: clock() };
  return {
    bus,
    connection: () => connection,
    onConnection: () => {},
    outgoing: directly(bus),
    topics: TOPICS,
    group: MANAGERS,
    folder: dataDir,
    storage: { path: file, sizeBytes: () => sizeOf(file) },
  };
}

function openKafka(options: EngineBusOptions, onClose: (close: () => Promise<void>) => void): EngineBus {
  const { dataDir, profile, profiles, clock, logger } = options;
  const { prefix = "", topics: own } = profile.kafka ?? {};
  const topics = topicNames(prefix, own);
  const folder = join(dataDir, "profiles", profile.name);
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  putAsideOtherCluster(folder);
  putAsideOtherTopics(folder, topics);
  const connect = async (): Promise<ObservableBus> => {
    const bus = await openKafkaBus({
      ...(await profiles.connection(profile.name)),
      dataDir: folder,
      deadLetters: topics.deadLetter,
      changelogOf: () => topics.journeys,
      idPrefix: `${prefix}antigraph.`,
      clock,
      logger,
    });
    try {
      await assertSameCluster(bus, folder, options);
      return bus;
    } catch (error) {
      await bus.close();
      throw error;
    }
  };
  const copied = { topic: topics.edits, copy: new TopicCopy(join(folder, "flows.jsonl")) };
  const bus = openPatientBus({ connect, copied, onOtherLog: options.onOtherLog, clock, logger });
  onClose(() => bus.close());
  const outgoing = saysWhoLocked(dataDir, () =>
    openOutbox({ file: join(folder, "outbox.sqlite"), bus, clock, logger }),
  );
  onClose(() => outgoing.close());
  return {
    bus,
    connection: () => bus.connection(),
    onConnection: (listener) => void bus.onConnection(listener),
    outgoing,
    topics,
    group: `${prefix}${MANAGERS}`,
    folder,
  };
}

/** The id of the cluster that the files of a profile belong to. */
const CLUSTER_FILE = "cluster";
/** The id of the cluster that was found in its place: at the next opening the files are put aside. */
const OTHER_CLUSTER_FILE = "cluster-found";
/** The names of the topics that the files are of. */
const TOPICS_FILE = "topics.json";
/** What is of a cluster: caches, which are filled again, and records that must never go to another one. */
const CLUSTER_FILES = ["audit.sqlite", "outbox.sqlite", "flows.jsonl"];

/** Before anything is read or sent. */
async function assertSameCluster(
  bus: ObservableBus,
  folder: string,
  { profile, profiles, onOtherLog, logger }: EngineBusOptions,
): Promise<void> {
  const { id = "" } = await bus.cluster();
  const known = textOf(join(folder, CLUSTER_FILE));
  if (known === undefined) writePrivately(join(folder, CLUSTER_FILE), id);
  else if (known !== id) {
    logger.warn({ profile: profile.name, known, found: id }, "The profile leads to another cluster than before");
    writePrivately(join(folder, OTHER_CLUSTER_FILE), id);
    onOtherLog();
    throw new AntigraphError(
      "bus_unavailable",
      "the profile leads to another cluster than before; it is opened anew",
    );
  }
  profiles.reached(profile.name, id);
}

/** May be cut short by a crash at any place: then the rest is done the next time, and nothing is put over anything. */
function putAsideOtherCluster(folder: string): void {
  const found = textOf(join(folder, OTHER_CLUSTER_FILE));
  if (found === undefined) return;
  const known = textOf(join(folder, CLUSTER_FILE));
  if (found !== known) {
    const name = `of-${known?.replaceAll(/[^\w-]/g, "") ?? "another"}`;
    putAside(folder, name);
    writePrivately(join(folder, CLUSTER_FILE), found);
  }
  rmSync(join(folder, OTHER_CLUSTER_FILE));
}

/** Under another prefix, or other names, there are other journeys, and nobody reads what the outbox would send. */
function putAsideOtherTopics(folder: string, topics: TopicNames): void {
  const names = JSON.stringify(topics);
  const known = textOf(join(folder, TOPICS_FILE));
  if (known === names) return;
  if (known !== undefined) putAside(folder, "of-other-topics");
  writePrivately(join(folder, TOPICS_FILE), names);
}

function putAside(folder: string, name: string): void {
  let aside = join(folder, name);
  for (let number = 2; existsSync(aside); number++) aside = join(folder, `${name}-${number}`);
  mkdirSync(aside, { mode: PRIVATE_FOLDER });
  for (const file of CLUSTER_FILES.flatMap((each) => [each, `${each}-wal`, `${each}-shm`])) {
    if (existsSync(join(folder, file))) renameSync(join(folder, file), join(aside, file));
  }
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function saysWhoLocked<T>(dataDir: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof AntigraphError && error.code === "data_folder_locked") throw lockedBy(error, dataDir);
    throw error;
  }
}

/** The file with its write-ahead log. */
function sizeOf(file: string): number {
  return [file, `${file}-wal`].reduce((size, each) => size + (existsSync(each) ? statSync(each).size : 0), 0);
}
