/**
 * What is known of the services: up while heartbeats come or their consumer group has members, down once a service had
 * been seen and was then silent for 30 s, else unknown. Silence counts only while this process listens: after a start,
 * and after the bus was away, nobody is down before they have had their 30 s to be heard.
 */
import type { Bus, BusRecord, ObservableBus } from "../bus/bus.ts";
import { type Heartbeat, heartbeatSchema } from "../core/protocol.ts";
import type { Health } from "../core/turn.ts";
import { createGroupMembers, type GroupMembers } from "./group-members.ts";
import { coveredMs, HeldSpans } from "./held-spans.ts";
import { groupsOf } from "./service-groups.ts";

export const SILENCE_MS = 30_000;
/** How often silence is looked for. */
const CHECK_EVERY_MS = 1_000;
/** An instance that was killed is forgotten after so long; of each service the last one is kept. */
const FORGET_MS = 3_600_000;
/** A check that comes so late means that this process stood still, and heard nobody. */
const STOOD_STILL_MS = 5_000;

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

/** The registry of a bus, which knows under which groups services may read. */
export interface BusHealth extends HealthRegistry {
  groupsOf(service: string): string[];
}

interface Known {
  instances: Map<string, { beat: Heartbeat; heardAt: number }>;
  /** By instance; also of those that have said goodbye. */
  held: Map<string, HeldSpans>;
  /** When it was last heard of. */
  lastAt: number;
  status: Health;
  isHolding: boolean;
  /** Of its consumer group. */
  members: number;
}

export interface HealthOptions {
  bus: Bus;
  /** The topic of the heartbeats. */
  topic: string;
  clock?: () => number;
  /** Consumer groups count, too: of these services, and of those whose heartbeats have come. */
  groups?: {
    bus: Pick<ObservableBus, "progress">;
    /** The topic of the commands. */
    topic: string;
    /** In front of the groups' names. */
    prefix: string;
    services(): Iterable<string>;
  };
}

export async function createHealthRegistry(options: HealthOptions): Promise<BusHealth> {
  const { bus, topic, groups, clock = Date.now } = options;
  let listeningSince = clock();
  let isCaughtUp = false;
  let members: GroupMembers | undefined;
  const known = new Map<string, Known>();
  const listeners = new Set<(service: string) => void>();
  const tell = (service: string): void => {
    for (const listener of listeners) listener(service);
  };
  const at = (name: string): Known => {
    const found = known.get(name);
    if (found) return found;
    const fresh: Known = {
      ...{ instances: new Map(), held: new Map(), lastAt: Number.NEGATIVE_INFINITY },
      ...{ status: "unknown", isHolding: false, members: 0 },
    };
    known.set(name, fresh);
    return fresh;
  };

  const hear = (record: BusRecord): void => {
    if (record.value === null) {
      forgetInstance(known, record.key ?? "");
      return;
    }
    const parsed = heartbeatSchema.safeParse(parseJson(record.value));
    if (!parsed.success) return;
    const beat = parsed.data;
    const service = at(beat.service);
    // What comes while we listen is of now, whatever the clock of the service says.
    const heardAt = isCaughtUp ? clock() : Math.min(record.timestamp, clock());
    service.instances.set(beat.instance, { beat, heardAt });
    const held = service.held.get(beat.instance) ?? new HeldSpans(SILENCE_MS);
    service.held.set(beat.instance, held);
    held.hear(beat, heardAt);
    service.lastAt = Math.max(service.lastAt, heardAt);
    assess(beat.service, service, clock());
  };

  const assess = (name: string, service: Known, now: number): void => {
    if (members?.isAway) listeningSince = now;
    const fresh = [...service.instances.values()].filter((i) => now - i.heardAt < SILENCE_MS);
    const isSilent = now - Math.max(service.lastAt, listeningSince) >= SILENCE_MS;
    const isSeen = service.lastAt > Number.NEGATIVE_INFINITY;
    const status: Health =
      fresh.length > 0 || service.members > 0 ? "up" : isSeen && isSilent ? "down" : keepDown(service);
    const isHolding = fresh.some((i) => i.beat.holding === true);
    const changed = status !== service.status || isHolding !== service.isHolding;
    service.status = status;
    service.isHolding = isHolding;
    if (changed) tell(name);
  };

  const assessAll = (): void => {
    for (const [name, service] of known) {
      forgetDead(service, clock());
      assess(name, service, clock());
    }
  };

  const subscription = await bus.subscribe(topic, (records) => {
    for (const record of records) hear(record);
  });
  await subscription.caughtUp;
  isCaughtUp = true;

  const namesOf = (name: string): string[] => {
    const beats = [...(known.get(name)?.instances.values() ?? [])].map(({ beat }) => beat.group);
    return groupsOf(
      name,
      groups?.prefix ?? "",
      beats.flatMap((group) => group ?? []),
    );
  };
  members =
    groups &&
    createGroupMembers({
      ...groups,
      services: () => new Set([...groups.services(), ...known.keys()]),
      groupsOf: namesOf,
      onMembers(name, count) {
        if (count === 0 && !known.has(name)) return;
        const service = at(name);
        service.members = count;
        if (count > 0) service.lastAt = clock();
        assess(name, service, clock());
      },
    });

  let checkedAt = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - checkedAt > STOOD_STILL_MS) listeningSince = clock();
    checkedAt = now;
    assessAll();
  }, CHECK_EVERY_MS);
  timer.unref();

  return {
    services: () => [...known].map(([name, service]) => toHealth(name, service, clock())),
    of: (name) => known.get(name)?.status ?? "unknown",
    heldMs(name, since, now) {
      const held = [...(known.get(name)?.held.values() ?? [])];
      return coveredMs(
        held.flatMap((it) => it.until(now)),
        since,
        now,
      );
    },
    groupsOf: namesOf,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      clearInterval(timer);
      members?.close();
      await subscription.close();
    },
  };
}

/** Who is down stays down until something is heard: that this process didn't listen for a while is no sign of life. */
const keepDown = ({ status }: Known): Health => (status === "down" ? "down" : "unknown");

function forgetDead({ instances, held, lastAt }: Known, now: number): void {
  for (const [instance, { heardAt }] of instances) {
    if (now - heardAt < FORGET_MS || heardAt === lastAt) continue;
    instances.delete(instance);
    held.delete(instance);
  }
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
  const functions = [...new Set(instances.flatMap((instance) => instance.functions))].sort();
  return { service: name, status: service.status, why: reasonOf(service, now), instances, functions };
}

function reasonOf({ status, isHolding, members, instances, lastAt }: Known, now: number): string {
  const silentS = Math.max(0, Math.round((now - lastAt) / 1000));
  if (status !== "up") return `silent for ${silentS} s`;
  if (isHolding) return "heartbeats come; it is holding its records until its database is back";
  const isHeard = [...instances.values()].some(({ heardAt }) => now - heardAt < SILENCE_MS);
  return isHeard ? "heartbeats come" : `its consumer group has ${members} ${members === 1 ? "member" : "members"}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
