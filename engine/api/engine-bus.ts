/** The bus that a profile names, with what belongs to it: topic names, the way of records to it, where its files lie. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ObservableBus } from "../bus/bus.ts";
import { openEmbeddedBus } from "../bus/embedded/bus.ts";
import type { BusConnection } from "../bus/kafka/cluster-watch.ts";
import { AntigraphError } from "../core/errors.ts";
import { TOPICS } from "../core/protocol.ts";
import { type TopicNames, topicNames } from "../core/topic-names.ts";
import type { Logger } from "../manager/logger.ts";
import { createRegistryClient } from "../registry/client.ts";
import { openSchemaStore, type SchemaStore } from "../registry/store.ts";
import { lockedBy } from "./data-folder.ts";
import type { ApiHost, ProfileStore } from "./host.ts";
import { openKafkaProfile } from "./kafka-profile.ts";
import { directly, type Outgoing, openOutbox } from "./outbox.ts";
import type { Profile } from "./schemas/profile.ts";

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
  /** Where the profile has a schema registry. */
  schemas?: SchemaStore;
  /** Where the audit cache lies. */
  folder: string;
  storage?: ApiHost["storage"];
}

export interface EngineBusOptions {
  dataDir: string;
  profile: Profile;
  profiles: Pick<ProfileStore, "connection" | "current" | "reached">;
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
  const { dataDir, profile, profiles, onOtherLog, clock, logger } = options;
  const { prefix = "", topics: own } = profile.kafka ?? {};
  const topics = topicNames(prefix, own);
  const schemas = schemasOf(options, topics);
  if (schemas) onClose(() => schemas.close());
  const { bus, folder } = openKafkaProfile({
    ...{ dataDir, name: profile.name, prefix, topics, wire: schemas, onOtherLog, clock, logger },
    connection: () => profiles.connection(profile.name),
    reached: (id) => profiles.reached(profile.name, id),
  });
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
    ...(schemas && { schemas }),
    folder,
  };
}

function schemasOf(
  { dataDir, profile, profiles, logger }: EngineBusOptions,
  topics: TopicNames,
): SchemaStore | undefined {
  const registry = profile.kafka?.registry;
  if (!registry) return undefined;
  const { url, wire_format: wireFormat, validate } = registry;
  return openSchemaStore({
    registry: { url, wireFormat, validate },
    async client() {
      const access = (await profiles.connection(profile.name)).registry;
      if (access) return createRegistryClient(access);
      throw new AntigraphError("no_registry", `The profile ${profile.name} has no schema registry any more.`);
    },
    topics,
    file: join(dataDir, "profiles", profile.name, "schemas.json"),
    // Managers write whatever the profile forbids to people.
    mayRegister: () => !profiles.current().read_only || profile.run_manager,
    logger,
  });
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
