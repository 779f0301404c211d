/**
 * What the HTTP app stands on. `openConsole` puts it together from the real parts; tests hand in what they need. The app
 * knows neither files nor processes, only this.
 */
import type { AuditStore } from "../audit/store.ts";
import type { ObservableBus } from "../bus/bus.ts";
import type { KafkaInstallation } from "../bus/kafka/client.ts";
import type { BusConnection } from "../bus/kafka/cluster-watch.ts";
import type { NegationList } from "../core/flow.ts";
import { type TopicNames, topicsBySetting } from "../core/topic-names.ts";
import type { FlowRegistry } from "../manager/flows.ts";
import type { HealthRegistry } from "../manager/health.ts";
import type { Logger } from "../manager/logger.ts";
import type { SchemaStore } from "../registry/store.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { FaultBoard } from "./faults.ts";
import type { Metrics } from "./metrics.ts";
import type { Outgoing } from "./outbox.ts";
import type { ProfileEvent } from "./profile-log.ts";
import type { Info } from "./schemas/console.ts";
import type { Profile, ProfileDraft } from "./schemas/profile.ts";
import type { SessionCodes } from "./session-codes.ts";
import type { StartedJourneys } from "./started-journeys.ts";

/** What the manager of this process does right now. */
export interface ManagerStatus {
  running: boolean;
  partitions: number[];
  inFlight: number;
  processed: number;
  deadLettered: number;
  /** Why it doesn't run though it is to. */
  why?: string;
}

/** The manager of this process, to be switched on and off by an operator. */
export interface ManagerSwitch {
  status(): ManagerStatus;
  setRunning(running: boolean): Promise<void>;
  onChange(listener: () => void): () => void;
}

/** The profile's list of negations, kept in the data folder. */
export interface NegationStore {
  get(): NegationList;
  set(list: NegationList): void;
}

/** The connections this console knows, and the rules that bind them. */
export interface ProfileStore {
  /** The one that is open. */
  current(): Profile;
  list(): Profile[];
  /** What operators did to the profiles, newest first. */
  events(): readonly ProfileEvent[];
  /** Can this host keep secrets, and if not, why? */
  keyStore(): Promise<{ available: boolean; why?: string }>;
  /** A Kafka profile's connection. Rejects with profile_not_found, not_supported, secret_missing, file_unusable. */
  connection(name: string): Promise<KafkaInstallation>;
  /** The same of a draft that isn't stored, with the kept secrets where it has none. Beside these: invalid_request. */
  draftConnection(name: string, draft: ProfileDraft): Promise<KafkaInstallation>;
  /** Creates or changes a profile; what is open goes on as it was opened. Rejects with invalid_request, no_key_store. */
  put(name: string, draft: ProfileDraft): Promise<{ profile: Profile; created: boolean }>;
  /** Rejects with profile_not_found, profile_in_use. */
  remove(name: string): Promise<void>;
  /** Unlocks the open profile, which is production, for 30 minutes. @throws AntigraphError forbidden_profile */
  unlock(reason: string): Profile;
  lock(): Profile;
  /** Makes it the one that is open, locked again. @throws AntigraphError profile_not_found */
  setCurrent(name: string, reason?: string): void;
  /** Puts into the log of events what an operator did on the open profile by hand. */
  note(action: ProfileEvent["action"], reason: string): void;
  /** A connection of this profile has reached this cluster. */
  reached(name: string, clusterId: string): void;
}

export interface ApiHost {
  product: { version: string; retentionDays: number };
  /** Under whose name actions are recorded; never taken from a request. */
  actor: string;
  /** Do the sample services run beside this console? */
  samples(): boolean;
  topics: TopicNames;
  /** The consumer group of the managers. */
  managersGroup: string;
  bus: ObservableBus;
  /** Can the bus be reached now? */
  connection(): BusConnection;
  /** The way of starts and actions to the bus; it keeps them while the bus is away. */
  outgoing: Outgoing;
  audit: AuditStore;
  /** What is known of the profile's schema registry; undefined where it has none. */
  schemas?: SchemaStore | undefined;
  flows: FlowRegistry;
  health: HealthRegistry;
  manager: ManagerSwitch;
  negations: NegationStore;
  profiles: ProfileStore;
  /**
   * Closes what is open and opens another profile behind the same app, port and token; one that can't be reached opens
   * too, disconnected. Left out: this host can't change its profile. Rejects with profile_not_found, secret_missing.
   */
  choose?(name: string, reason: string): Promise<Info>;
  faults: FaultBoard;
  changes: ChangeFeed;
  started: StartedJourneys;
  sessions: SessionCodes;
  metrics: Metrics;
  logger: Logger;
  /** Where the embedded bus keeps its records, for GET /cluster. */
  storage?: { path: string; sizeBytes(): number };
  /** Milliseconds since 1970. */
  now(): number;
  newUuid(): string;
  /** Aborted when the console closes, or changes its profile: calls that wait end then. */
  closing: AbortSignal;
  /** Aborted when the console closes: streams end then. */
  shutdown: AbortSignal;
}

/** What GET /info answers. */
export function infoOf(host: ApiHost): Info {
  return {
    product: "antigraph",
    version: host.product.version,
    profile: host.profiles.current(),
    actor: host.actor,
    samples: host.samples(),
    retention_days: host.product.retentionDays,
    topics: topicsBySetting(host.topics),
    connection: connectionOf(host),
    outbox: outboxOf(host),
  };
}

function connectionOf(host: ApiHost): Info["connection"] {
  const { state, since, message } = host.connection();
  return { state, since: new Date(since).toISOString(), ...(message !== undefined && { message }) };
}

function outboxOf({ outgoing }: ApiHost): Info["outbox"] {
  const refused = outgoing.refused();
  return { waiting: outgoing.waiting(), ...(refused > 0 && { refused }) };
}
