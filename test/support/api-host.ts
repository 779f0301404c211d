/**
 * The HTTP app on a host of its own: a real embedded bus with the real flow and health registries, the audit store and
 * the manager as doubles. Cleans up after itself.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createApp } from "../../engine/api/app.ts";
import { createChangeFeed } from "../../engine/api/change-feed.ts";
import { createFaultBoard } from "../../engine/api/faults.ts";
import type { GuardOptions } from "../../engine/api/guard.ts";
import type { ApiHost, ManagerStatus, ProfileStore } from "../../engine/api/host.ts";
import { createMetrics } from "../../engine/api/metrics.ts";
import { directly } from "../../engine/api/outbox.ts";
import { openProfiles, type ProfilesOptions } from "../../engine/api/profiles.ts";
import type { Profile } from "../../engine/api/schemas/profile.ts";
import { createSessionCodes } from "../../engine/api/session-codes.ts";
import { createStartedJourneys } from "../../engine/api/started-journeys.ts";
import { openEmbeddedBus } from "../../engine/bus/embedded/bus.ts";
import type { NegationList } from "../../engine/core/flow.ts";
import { type FlowRecord, TOPICS } from "../../engine/core/protocol.ts";
import { createFlowRegistry } from "../../engine/manager/flows.ts";
import { createHealthRegistry } from "../../engine/manager/health.ts";
import { silent } from "../../engine/manager/logger.ts";
import { createAuditDouble } from "./audit-double.ts";

export const TOKEN = "a-token-for-tests";
export const PORT = 4600;
/** 2026-11-22T10:00:00Z */
export const NOW = Date.UTC(2026, 10, 22, 10);

export interface TestApiOptions {
  guard?: GuardOptions | { trusted: true };
  /** Left out: the real store of profiles. */
  profile?: Partial<Profile>;
  profiles?: ProfilesOptions;
  pagesDir?: string;
  host?: Partial<ApiHost>;
}

/** Opens a host with its app, closed when the running test has finished. */
export async function openTestApi(options: TestApiOptions = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), "antigraph-api-"));
  const clock = { now: NOW };
  const closing = new AbortController();
  const bus = openEmbeddedBus({ file: join(dataDir, "bus.sqlite"), clock: () => clock.now });
  const audit = createAuditDouble();
  const flows = await createFlowRegistry({ bus, topic: TOPICS.edits });
  const health = await createHealthRegistry({ bus, topic: TOPICS.services, clock: () => clock.now });
  const manager: ManagerStatus = {
    running: true,
    partitions: [0, 1, 2],
    inFlight: 3,
    processed: 40,
    deadLettered: 5,
  };
  const changes = createChangeFeed({ firstId: 1000, mergeMs: 1 });
  audit.onChange((list) => changes.journeys(list));
  const kept = openProfiles(dataDir, undefined, { actor: "olga", clock: () => clock.now, ...options.profiles });
  const profiles: ProfileStore = options.profile === undefined ? kept : fixedProfile(kept, options.profile);
  let negations: NegationList = {};
  let uuids = 0;
  const managerSwitch: ApiHost["manager"] = {
    status: () => manager,
    async setRunning(running) {
      manager.running = running;
    },
    onChange: () => () => {},
  };
  const connection = () => ({ state: "connected" as const, since: NOW });
  const outgoing = directly(bus);
  const host: ApiHost = {
    product: { version: "0.0.0-test", retentionDays: 30 },
    actor: "olga",
    samples: () => false,
    topics: TOPICS,
    managersGroup: "antigraph.managers",
    bus,
    connection,
    outgoing,
    audit,
    flows,
    health,
    manager: managerSwitch,
    negations: {
      get: () => negations,
      set(list) {
        negations = list;
      },
    },
    profiles,
    faults: createFaultBoard(1),
    changes,
    started: createStartedJourneys(),
    sessions: createSessionCodes(() => clock.now),
    metrics: createMetrics({ audit, bus, connection, outgoing, manager: managerSwitch, health, topics: TOPICS }),
    logger: silent,
    now: () => clock.now,
    newUuid: () => `00000000-0000-4000-8000-${String(++uuids).padStart(12, "0")}`,
    closing: closing.signal,
    shutdown: closing.signal,
    ...options.host,
  };
  const guard = options.guard ?? { token: TOKEN, port: PORT };
  const app = createApp(host, { guard, pagesDir: options.pagesDir });
  onTestFinished(async () => {
    closing.abort();
    changes.close();
    await Promise.all([flows.close(), health.close()]);
    await bus.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** A call with the token and the right Host; `body` is sent as JSON. */
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    app.request(path, {
      method,
      headers: {
        host: `127.0.0.1:${PORT}`,
        authorization: `Bearer ${TOKEN}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  /** The same below /api/v1, with the answer read. */
  const api = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
    const response = await call(method, `/api/v1${path}`, body, headers);
    return { status: response.status, body: await response.json() };
  };
  const publish = async (record: FlowRecord) => {
    await bus.append([{ topic: TOPICS.edits, key: record.name, value: JSON.stringify(record) }]);
    await flows.upToDate();
  };
  /** The records of a topic as JSON, with their keys and headers. */
  const recordsOf = async (topic: string) => {
    const info = (await bus.topics()).find(({ name }) => name === topic);
    const from = Object.fromEntries((info?.offsets ?? []).map(({ partition, start }) => [partition, start]));
    const { records } = await bus.read({ topic, from, limit: 1000 });
    return records.map(({ key, headers, value }) => ({
      key,
      headers,
      value: value === null ? null : JSON.parse(value),
    }));
  };
  return { app, host, dataDir, audit, bus, clock, manager, closing, call, api, publish, recordsOf };
}

/** A store in which one profile is open that is just so. */
function fixedProfile(store: ProfileStore, wanted: Partial<Profile>): ProfileStore {
  const profile = { ...store.current(), ...wanted };
  const { events, keyStore } = { events: () => store.events(), keyStore: () => store.keyStore() };
  const refuse = () => Promise.reject(new Error("this profile is fixed"));
  return {
    current: () => profile,
    list: () => [profile],
    events,
    keyStore,
    connection: refuse,
    draftConnection: refuse,
    put: refuse,
    remove: refuse,
    unlock: () => profile,
    lock: () => profile,
    setCurrent: () => {},
    note: () => {},
    reached: () => {},
  };
}
