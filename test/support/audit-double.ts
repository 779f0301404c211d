/** An audit store in memory, filled by hand: what the API's routes need to be tried without an engine. */
import type { AuditStore, JourneyChange, JourneyRow } from "../../engine/audit/store.ts";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { evolve } from "../../engine/core/evolve.ts";
import type { Journey } from "../../engine/core/journey.ts";
import { JOURNEY_STATUSES, type JourneyStatus } from "../../engine/core/view.ts";

export interface AuditDouble extends AuditStore {
  /** Adds events of a journey, as if they had just been ingested. */
  ingest(events: readonly JourneyEvent[]): void;
  /** The arguments of the calls so far, by method. */
  readonly calls: { [Method in "list" | "counts" | "failures" | "functionStats" | "activity"]: unknown[] };
  answers: {
    failures: Awaited<ReturnType<AuditStore["failures"]>>;
    functionStats: Awaited<ReturnType<AuditStore["functionStats"]>>;
    flowStats: Awaited<ReturnType<AuditStore["flowStats"]>>;
    activity: Awaited<ReturnType<AuditStore["activity"]>>;
  };
}

export function createAuditDouble(): AuditDouble {
  const histories = new Map<string, JourneyEvent[]>();
  const listeners = new Set<(changes: JourneyChange[]) => void>();
  const fold = (events: JourneyEvent[]) =>
    events.reduce<Journey | undefined>((journey, event) => evolve(journey, event), undefined);
  const calls: AuditDouble["calls"] = { list: [], counts: [], failures: [], functionStats: [], activity: [] };
  const answers: AuditDouble["answers"] = {
    failures: [],
    functionStats: [],
    flowStats: [],
    activity: { activity: [], next: null },
  };
  return {
    calls,
    answers,
    ingest(events) {
      const changed = new Map<string, Journey>();
      for (const event of events) {
        const history = [...(histories.get(event.uuid) ?? []), event];
        histories.set(event.uuid, history);
        const journey = fold(history);
        if (journey) changed.set(event.uuid, journey);
      }
      const changes = [...changed.values()].map(({ uuid, seq, status, name, version }) => ({
        uuid,
        seq,
        status,
        name,
        version,
      }));
      for (const listener of [...listeners]) listener(changes);
    },
    async list(query) {
      calls.list.push(query);
      return { journeys: [...histories.values()].flatMap((events) => rowOf(fold(events), events)), next: null };
    },
    async counts(filter) {
      calls.counts.push(filter);
      const counts = Object.fromEntries(JOURNEY_STATUSES.map((status) => [status, 0])) as Record<
        JourneyStatus,
        number
      >;
      for (const events of histories.values()) {
        const journey = fold(events);
        if (journey) counts[journey.status] += 1;
      }
      return counts;
    },
    async journey(uuid, at) {
      const events = histories.get(uuid) ?? [];
      if (at === undefined) return fold(events);
      return fold(events.filter((event) => ("seq" in at ? event.seq <= at.seq : event.at <= at.time)));
    },
    events: async (uuid) => histories.get(uuid) ?? [],
    async failures(filter) {
      calls.failures.push(filter);
      return answers.failures;
    },
    async functionStats(query) {
      calls.functionStats.push(query);
      return answers.functionStats;
    },
    flowStats: async () => answers.flowStats,
    async activity(query) {
      calls.activity.push(query);
      return answers.activity;
    },
    positions: async () => ({}),
    caughtUp: async () => true,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {},
  };
}

function rowOf(journey: Journey | undefined, events: JourneyEvent[]): JourneyRow[] {
  if (!journey) return [];
  const { uuid, name, version, status, seq } = journey;
  const at = (index: number) => events.at(index)?.at ?? "";
  return [{ uuid, name, version, status, seq, started_at: at(0), updated_at: at(-1), where: [] }];
}
