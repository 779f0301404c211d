/**
 * What is known of the services, from their heartbeats: up while they come, down once a service had been seen and was
 * then silent for 30 s, else unknown. Silence counts only while this process listens: after a restart nobody is down
 * before they have had their 30 s to be heard.
 */
import type { Bus, BusRecord } from "../bus/bus.ts";
import { type Heartbeat, heartbeatSchema } from "../core/protocol.ts";
import type { Health } from "../core/turn.ts";

export const SILENCE_MS = 30_000;
/** How often silence is looked for. */
const CHECK_EVERY_MS = 1_000;
/** Spans of holding that are remembered per service; older ones are forgotten. */
const MAXIMUM_SPANS = 100;

export interface ServiceHealth {
  service: string;
  status: Health;
  why: string;
  instances: { instance: string; at: string; version?: string; functions: string[]; holding: boolean }[];
  functions: string[];
}

export interface HealthRegistry {
  services(): ServiceHealth[];
  of(service: string): Health;
  /** For how long since `since` the service said it was holding its records. Milliseconds. */
  heldMs(service: string, since: number, now: number): number;
  /** Called when a service's status (or that it is holding) has changed. Returns the way to stop. */
  onChange(listener: (service: string) => void): () => void;
  close(): Promise<void>;
}

interface Known {
  instances: Map<string, { beat: Heartbeat; heardAt: number }>;
  /** When it was last heard; never before this process began to listen. */
  lastAt: number;
  status: Health;
  /** Since when it is holding, and the ended spans of holding. */
  holdingSince?: number;
  spans: { from: number; to: number }[];
}

export interface HealthOptions {
  bus: Bus;
  topic: string;
  clock?: () => number;
}

export async function createHealthRegistry(options: HealthOptions): Promise<HealthRegistry> {
  const { bus, topic, clock = Date.now } = options;
  const startedAt = clock();
  const known = new Map<string, Known>();
  const listeners = new Set<(service: string) => void>();
  const tell = (service: string): void => {
    for (const listener of listeners) listener(service);
  };

  const hear = (record: BusRecord): void => {
    if (record.value === null) {
      forgetInstance(known, record.key ?? "");
      return;
    }
    const parsed = heartbeatSchema.safeParse(parseJson(record.value));
    if (!parsed.success) return;
    const beat = parsed.data;
    const service = known.get(beat.service) ?? {
      instances: new Map(),
      lastAt: startedAt,
      status: "unknown" as const,
      spans: [],
    };
    known.set(beat.service, service);
    service.instances.set(beat.instance, { beat, heardAt: record.timestamp });
    service.lastAt = Math.max(service.lastAt, record.timestamp);
    assess(beat.service, service, clock());
  };

  const assess = (name: string, service: Known, now: number): void => {
    const fresh = [...service.instances.values()].filter((i) => now - i.heardAt < SILENCE_MS);
    const status: Health = fresh.length > 0 ? "up" : now - service.lastAt >= SILENCE_MS ? "down" : "unknown";
    const holding = fresh.length > 0 && fresh.every((i) => i.beat.holding === true);
    const changed = status !== service.status || holding !== (service.holdingSince !== undefined);
    service.status = status;
    if (holding) service.holdingSince ??= now;
    else if (service.holdingSince !== undefined) {
      service.spans = [...service.spans, { from: service.holdingSince, to: now }].slice(-MAXIMUM_SPANS);
      service.holdingSince = undefined;
    }
    if (changed) tell(name);
  };

  const subscription = await bus.subscribe(topic, (records) => {
    for (const record of records) hear(record);
  });
  await subscription.caughtUp;
  const timer = setInterval(() => {
    for (const [name, service] of known) assess(name, service, clock());
  }, CHECK_EVERY_MS);
  timer.unref();

  return {
    services: () => [...known].map(([name, service]) => toHealth(name, service, clock())),
    of: (name) => known.get(name)?.status ?? "unknown",
    heldMs: (name, since, now) => heldMs(known.get(name), since, now),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      clearInterval(timer);
      await subscription.close();
    },
  };
}

function heldMs(service: Known | undefined, since: number, now: number): number {
  if (!service) return 0;
  const current = service.holdingSince === undefined ? [] : [{ from: service.holdingSince, to: now }];
  return [...service.spans, ...current].reduce((sum, span) => {
    return sum + Math.max(0, Math.min(span.to, now) - Math.max(span.from, since));
  }, 0);
}

/** A clean goodbye: the instance is gone, the service counts as silent from now on. */
function forgetInstance(known: Map<string, Known>, key: string): void {
  const slash = key.indexOf("/");
  known.get(key.slice(0, slash))?.instances.delete(key.slice(slash + 1));
}

function toHealth(name: string, service: Known, now: number): ServiceHealth {
  const instances = [...service.instances.values()].map(({ beat }) => ({
    instance: beat.instance,
    at: beat.at,
    version: beat.version ?? undefined,
    functions: beat.functions,
    holding: beat.holding === true,
  }));
  const silentS = Math.round((now - service.lastAt) / 1000);
  const why =
    service.status === "up"
      ? service.holdingSince === undefined
        ? "heartbeats come"
        : "heartbeats come; it is holding its records until its database is back"
      : `silent for ${silentS} s`;
  const functions = [...new Set(instances.flatMap((instance) => instance.functions))].sort();
  return { service: name, status: service.status, why, instances, functions };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
