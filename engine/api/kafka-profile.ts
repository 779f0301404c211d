/**
 * A Kafka profile's bus, with the folder of what is kept of its cluster beside it. That is bound to the cluster's id and
 * to the topics' names: what is of another cluster, or of other topics, is put aside and never shown or sent.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ObservableBus } from "../bus/bus.ts";
import { openKafkaBus } from "../bus/kafka/bus.ts";
import type { KafkaInstallation } from "../bus/kafka/client.ts";
import { openPatientBus, type PatientBus } from "../bus/kafka/patient-bus.ts";
import { TopicCopy } from "../bus/kafka/topic-copy.ts";
import type { WireFormat } from "../bus/kafka/wire-format.ts";
import { AntigraphError } from "../core/errors.ts";
import type { TopicNames } from "../core/topic-names.ts";
import type { Logger } from "../manager/logger.ts";
import { writePrivately } from "./data-folder.ts";

const PRIVATE_FOLDER = 0o700;

export interface KafkaProfileOptions {
  dataDir: string;
  /** The profile's name; its files lie in `profiles/NAME` in the data folder. */
  name: string;
  /** Of the transactional ids. */
  prefix: string;
  topics: TopicNames;
  /** Where the profile has a schema registry. */
  wire?: WireFormat | undefined;
  /** Asked anew for each try to reach the cluster. */
  connection(): Promise<KafkaInstallation>;
  /** This cluster has been reached. */
  reached(clusterId: string): void;
  /** What is kept on this disk is of another cluster or log: open anew, and it is put aside. */
  onOtherLog(): void;
  clock: () => number;
  logger: Logger;
}

export interface KafkaProfile {
  bus: PatientBus;
  topics: TopicNames;
  /** Where its files lie. */
  folder: string;
}

/** Opens it, also when the cluster is away. The data folder is this process's own. */
export function openKafkaProfile(options: KafkaProfileOptions): KafkaProfile {
  const { dataDir, name, prefix, topics, onOtherLog, clock, logger } = options;
  const folder = join(dataDir, "profiles", name);
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  putAsideOtherCluster(folder);
  putAsideOtherTopics(folder, topics);
  const connect = async (): Promise<ObservableBus> => {
    const bus = await openKafkaBus({
      ...(await options.connection()),
      dataDir: folder,
      deadLetters: topics.deadLetter,
      changelogOf: () => topics.journeys,
      idPrefix: `${prefix}antigraph.`,
      wire: options.wire,
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
  return { bus: openPatientBus({ connect, copied, onOtherLog, clock, logger }), topics, folder };
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
  { name, reached, onOtherLog, logger }: KafkaProfileOptions,
): Promise<void> {
  const { id = "" } = await bus.cluster();
  const known = textOf(join(folder, CLUSTER_FILE));
  if (known === undefined) writePrivately(join(folder, CLUSTER_FILE), id);
  else if (known !== id) {
    logger.warn({ profile: name, known, found: id }, "The profile leads to another cluster than before");
    writePrivately(join(folder, OTHER_CLUSTER_FILE), id);
    onOtherLog();
    throw new AntigraphError(
      "bus_unavailable",
      "the profile leads to another cluster than before; it is opened anew",
    );
  }
  reached(id);
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
