/** Metrics for Prometheus. Gauges are read when they are asked for, so that nothing counts twice. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { AuditStore } from "../audit/store.ts";
import type { ObservableBus } from "../bus/bus.ts";
import type { BusConnection } from "../bus/kafka/cluster-watch.ts";
import type { TopicNames } from "../core/topic-names.ts";
import type { HealthRegistry } from "../manager/health.ts";
import { auditBehind } from "./audit-lag.ts";
import type { ManagerSwitch } from "./host.ts";
import { orUnavailable } from "./or-unavailable.ts";
import type { Outgoing } from "./outbox.ts";

/** From a lookup in memory to the longest long poll. */
const DURATION_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export interface Metrics {
  contentType: string;
  render(): Promise<string>;
  /** @param route the pattern, for instance /api/v1/journeys/:uuid, never the address itself */
  called(method: string, route: string, status: number, durationMs: number): void;
}

export interface MetricsSources {
  audit: AuditStore;
  bus: ObservableBus;
  connection(): BusConnection;
  outgoing: Outgoing;
  manager: ManagerSwitch;
  health: HealthRegistry;
  topics: TopicNames;
}

/** @param sources asked anew at each reading: they change with the profile */
export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  // Memory, handles, garbage collection and the event loop's delay (nodejs_eventloop_lag_seconds).
  collectDefaultMetrics({ register: registry });

  new Gauge({
    name: "antigraph_journeys",
    help: "Journeys by status, as the audit cache has them",
    labelNames: ["status"],
    registers,
    async collect() {
      for (const [status, count] of Object.entries(await sources.audit.counts({}))) this.set({ status }, count);
    },
  });
  gauge("antigraph_manager_running", "1 while a manager runs in this process", () =>
    sources.manager.status().running ? 1 : 0,
  );
  gauge(
    "antigraph_manager_partitions",
    "Partitions this manager owns",
    () => sources.manager.status().partitions.length,
  );
  gauge(
    "antigraph_journeys_in_flight",
    "Journeys this manager holds in memory",
    () => sources.manager.status().inFlight,
  );
  counter(
    "antigraph_inputs_processed_total",
    "Records and timers this manager has decided on",
    () => sources.manager.status().processed,
  );
  counter(
    "antigraph_dead_letters_total",
    "Records this manager has put to the dead letters",
    () => sources.manager.status().deadLettered,
  );
  gauge("antigraph_audit_behind_records", "Records of the audit topic not yet in the cache", async () => {
    const [offsets, positions] = await Promise.all([
      sources.bus.offsets(sources.topics.audit),
      sources.audit.positions(),
    ]);
    return auditBehind(offsets, positions);
  });
  gauge("antigraph_connected", "1 while the bus can be reached", () =>
    sources.connection().state === "connected" ? 1 : 0,
  );
  gauge("antigraph_outbox_waiting", "Starts and actions that wait on this disk for the bus", () =>
    sources.outgoing.waiting(),
  );
  new Gauge({
    name: "antigraph_service_up",
    help: "1 for a service that is up, 0 for one that is down; missing while unknown",
    labelNames: ["service"],
    registers,
    collect() {
      this.reset();
      for (const { service, status } of sources.health.services()) {
        if (status !== "unknown") this.set({ service }, status === "up" ? 1 : 0);
      }
    },
  });
  const durations = new Histogram({
    name: "antigraph_http_request_duration_seconds",
    help: "HTTP calls, long polls with their wait",
    labelNames: ["method", "route", "status"],
    buckets: DURATION_BUCKETS_S,
    registers,
  });

  function gauge(name: string, help: string, read: () => number | Promise<number>): void {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const value = await orUnavailable(read, "topic_not_found");
        if (value === undefined) this.reset();
        else this.set(value);
      },
    });
  }

  function counter(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    called: (method, route, status, durationMs) =>
      durations.observe({ method, route, status: String(status) }, durationMs / 1000),
  };
}
