/**
 * What the HTTP app stands on. `openConsole` puts it together from the real parts; tests hand in what they need. The app
 * knows neither files nor processes, only this.
 */
import type { AuditStore } from "../audit/store.ts";
import type { Bus } from "../bus/bus.ts";
import type { NegationList } from "../core/flow.ts";
import type { FlowRegistry } from "../manager/flows.ts";
import type { HealthRegistry } from "../manager/health.ts";
import type { Logger } from "../manager/logger.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { FaultBoard } from "./faults.ts";
import type { Metrics } from "./metrics.ts";
import type { Info } from "./schemas/console.ts";
import type { Profile } from "./schemas/profile.ts";
import type { SessionCodes } from "./session-codes.ts";
import type { StartedJourneys } from "./started-journeys.ts";

/** Topic names with the profile's prefix. */
export interface TopicNames {
  toManager: string;
  fromManager: string;
  edits: string;
  audit: string;
  journeys: string;
  services: string;
  deadLetter: string;
}

/** What the manager of this process does right now. */
export interface ManagerStatus {
  running: boolean;
  partitions: number[];
  inFlight: number;
  processed: number;
  deadLettered: number;
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

/** The connections this console knows. */
export interface ProfileStore {
  current(): Profile;
  list(): Profile[];
}

export interface ApiHost {
  product: { version: string; retentionDays: number };
  /** Under whose name actions are recorded; never taken from a request. */
  actor: string;
  /** Do the sample services run beside this console? */
  samples(): boolean;
  topics: TopicNames;
  bus: Bus;
  audit: AuditStore;
  flows: FlowRegistry;
  health: HealthRegistry;
  manager: ManagerSwitch;
  negations: NegationStore;
  profiles: ProfileStore;
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
  /** Aborted when the console closes: long polls and streams end then. */
  closing: AbortSignal;
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
  };
}
