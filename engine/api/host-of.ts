/** What the HTTP app stands on, whichever profile is open: each part is asked for anew, for it may be another by then. */
import type { EngineSwitch } from "./engine-switch.ts";
import { type ApiHost, infoOf } from "./host.ts";
import { createMetrics } from "./metrics.ts";

/** What stays when the profile changes. */
export type LastingParts = Pick<
  ApiHost,
  | "actor"
  | "samples"
  | "negations"
  | "profiles"
  | "faults"
  | "changes"
  | "sessions"
  | "logger"
  | "now"
  | "newUuid"
  | "shutdown"
> & { version: string };

export function hostOf(engines: EngineSwitch, { version, ...lasting }: LastingParts): ApiHost {
  const parts = {
    get product() {
      return { version, retentionDays: engines.current().retentionDays() };
    },
    get topics() {
      return engines.current().topics;
    },
    get managersGroup() {
      return engines.current().managersGroup;
    },
    get bus() {
      return engines.current().bus;
    },
    connection: () => engines.current().connection(),
    get outgoing() {
      return engines.current().outgoing;
    },
    get audit() {
      return engines.current().audit;
    },
    get schemas() {
      return engines.current().schemas;
    },
    get flows() {
      return engines.current().flows;
    },
    get health() {
      return engines.current().health;
    },
    get manager() {
      return engines.current().manager;
    },
    get started() {
      return engines.current().started;
    },
    get storage() {
      return engines.current().storage;
    },
    get closing() {
      return engines.current().closing;
    },
    async choose(name: string, reason: string) {
      await engines.choose(name, reason);
      return infoOf(host);
    },
  };
  // Not by spreading: that would ask for each part once and for all.
  const host: ApiHost = Object.assign(parts, lasting, { metrics: createMetrics(parts) });
  return host;
}
