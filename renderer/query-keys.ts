/** The names under which answers of the API are kept. Prefixes invalidate everything below them. */
import type { JourneyFilter } from "../engine/audit/store.ts";

export const keys = {
  info: ["info"],
  profiles: ["profiles"],
  manager: ["manager"],
  flows: ["flows"],
  flow: (name: string, version: string) => ["flow", name, version],
  compiledFlow: (name: string, version: string) => ["flow", name, version, "compiled"],
  negations: ["negations"],
  /** Prefix of everything about one journey. */
  journey: (uuid: string) => ["journey", uuid],
  /** Its state now (`now`), or at a seq or time. The past never changes: give it `staleTime: Infinity`. */
  journeyAt: (uuid: string, at: string | number) => ["journey", uuid, "at", at],
  events: (uuid: string) => ["journey", uuid, "events"],
  allCounts: ["counts"],
  counts: (filter: JourneyFilter) => ["counts", filter],
  allFailures: ["failures"],
  failures: (filter: JourneyFilter) => ["failures", filter],
  services: ["services"],
  serviceStats: (service: string, range: string) => ["services", service, "stats", range],
  schemas: ["schemas"],
  faults: ["faults"],
  allActivity: ["activity"],
  activity: (filter: object) => ["activity", filter],
  cluster: ["cluster"],
  topics: ["cluster", "topics"],
  groups: ["cluster", "groups"],
  records: (topic: string, from: string) => ["records", topic, from],
} as const;
