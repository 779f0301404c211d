/**
 * What the audit cache answers. The cache is a SQLite file fed from the topic `antigraph.audit`; it can be deleted and
 * rebuilt at any time. The API works against this interface and does not know whether a worker thread stands behind.
 */

import type { JourneyEvent } from "../core/events.ts";
import type { Journey } from "../core/journey.ts";
import type { JourneyStatus } from "../core/view.ts";

export interface JourneyFilter {
  status?: JourneyStatus[];
  name?: string;
  version?: string;
  /** Journeys in which this service was called. */
  service?: string;
  /** `approval`: journeys in which a step waits for a person's approval, whatever else goes on in them. */
  waiting?: "approval";
  /** Error code, or a part of the error's message. */
  error?: string;
  /**
   * Free text over uuids, names, inputs, outputs and errors: all the words, the last one may be a beginning (of three
   * characters or more); or the beginning of a uuid. Sorted by end or duration, it is the newest 5,000 found that are
   * sorted; `counts` counts among these too.
   */
  q?: string;
  /** Started from (inclusive) and to (exclusive), ISO 8601. */
  from?: string;
  to?: string;
}

export interface JourneyQuery extends JourneyFilter {
  /** Newest first by default. Sorted by end or duration, journeys that haven't ended stand last. */
  sort?: "started_at" | "-started_at" | "ended_at" | "-ended_at" | "duration" | "-duration";
  /** Opaque, from a former answer's `next`. */
  cursor?: string;
  /** 1 to 200. */
  limit?: number;
}

/** One row of the journeys table. */
export interface JourneyRow {
  uuid: string;
  name: string;
  version: string;
  status: JourneyStatus;
  started_at: string;
  ended_at?: string;
  updated_at: string;
  seq: number;
  /** The steps in flight, or being undone, or the one that failed: what the column "Where" shows. */
  where: string[];
  error?: { code?: string; message: string };
  replay_of?: string;
  parent?: { uuid: string; step: string };
}

export interface FailureGroup {
  fingerprint: string;
  name: string;
  service: string;
  function: string;
  code?: string;
  /** The message with ids and numbers taken out. */
  message: string;
  count: number;
  first_at: string;
  last_at: string;
  /** The newest journeys of the group, 5 at most. */
  journeys: string[];
}

export interface FunctionStats {
  service: string;
  function: string;
  undo: boolean;
  calls: number;
  succeeded: number;
  failed: number;
  timed_out: number;
  /** Now, whatever the asked time. */
  in_flight: number;
  p50_ms?: number;
  p95_ms?: number;
  p99_ms?: number;
  /** Calls per bucket over the asked time, oldest first, for the sparkline. */
  buckets: { at: string; calls: number; failed: number; p95_ms?: number }[];
}

export interface FunctionStatsQuery {
  service?: string;
  function?: string;
  /** Calls dispatched from (inclusive) and to (exclusive), ISO 8601. */
  from: string;
  to: string;
}

export interface FlowStats {
  name: string;
  version: string;
  /** Not ended yet, whatever they wait for. */
  running: number;
  completed: number;
  rolled_back: number;
  total: number;
  p50_ms?: number;
  p95_ms?: number;
  slowest_step?: { step: string; service: string; function: string; p95_ms: number };
}

/** An operator's action as it stands in the journeys' histories. */
export interface ActivityRow {
  at: string;
  uuid: string;
  name: string;
  version: string;
  seq: number;
  action: string;
  actor: string;
  reason: string;
  /** `done`, or the refusal's code. */
  outcome: string;
}

export interface ActivityQuery {
  actor?: string;
  action?: string;
  /** A part of the uuid, flow, version, actor, reason, action or outcome. */
  q?: string;
  /** Opaque, from a former answer's `next`. */
  cursor?: string;
  /** 1 to 200. */
  limit?: number;
}

/** How the cache stands. */
export interface AuditStatus {
  journeys: number;
  events: number;
  /** Events read a second time; they changed nothing. */
  duplicates: number;
  /** Records of the topic that hold no journey event; they are left out. */
  malformed: number;
  /** Events that have never been seen though later ones of their journeys have: gaps in `seq`. */
  missing: number;
  /** Records of the topic that are not ingested yet. */
  behind: number;
  /** Journeys that free text doesn't find up to date yet. */
  unindexed: number;
  positions: Record<number, number>;
}

export interface AuditStore {
  list(query: JourneyQuery): Promise<{ journeys: JourneyRow[]; next: string | null }>;
  counts(filter: JourneyFilter): Promise<Record<JourneyStatus, number>>;
  /** The folded state now, or as it was at a seq or at a time (ISO 8601); undefined when unknown (then). */
  journey(uuid: string, at?: { seq: number } | { time: string }): Promise<Journey | undefined>;
  events(uuid: string): Promise<JourneyEvent[]>;
  /** The largest groups first, 200 at most. Here `service` is the one that failed. */
  failures(filter: JourneyFilter): Promise<FailureGroup[]>;
  functionStats(query: FunctionStatsQuery): Promise<FunctionStats[]>;
  flowStats(query: { from: string; to: string }): Promise<FlowStats[]>;
  activity(query: ActivityQuery): Promise<{ activity: ActivityRow[]; next: string | null }>;
  /** Positions up to which the topic is ingested: partition -> next offset. */
  positions(): Promise<Record<number, number>>;
  /** Resolves when everything that is in the topic now is ingested, or after `timeoutMs`. */
  caughtUp(timeoutMs: number): Promise<boolean>;
  /** Called after each ingested batch with the journeys that changed. Returns the way to stop. */
  onChange(listener: (changes: JourneyChange[]) => void): () => void;
  close(): Promise<void>;
}

export interface JourneyChange {
  uuid: string;
  seq: number;
  status: JourneyStatus;
  name: string;
  version: string;
}
