/**
 * Journeys on the embedded profile: 2,000 three-step journeys with 128 in flight, all succeeding and with the third step
 * failing, and end-to-end latency at 20 journeys/s. The bus, the manager and three services (SDK, in process) run in this
 * one process. Beside each figure stands the raw limit of the same run: the very records that the journeys wrote,
 * appended durably to a SQLite file in transactions of the same size, without an engine.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import Database from "better-sqlite3";
import type { Bus } from "../../engine/bus/bus.ts";
import { openEmbeddedBus } from "../../engine/bus/embedded/bus.ts";
import { MANAGER, TOPICS } from "../../engine/core/protocol.ts";
import { createFlowRegistry } from "../../engine/manager/flows.ts";
import { createHealthRegistry } from "../../engine/manager/health.ts";
import { createManager, type Manager } from "../../engine/manager/manager.ts";
import { createBusTransport } from "../../engine/service/bus-transport.ts";
import { defineService, ServiceFailure } from "../../engine/service/define.ts";
import { runService } from "../../engine/service/run.ts";
import { flowFile } from "../support/journey-spec.ts";

const JOURNEYS = 2_000;
const IN_FLIGHT = 128;
const RATE_PER_S = 20;
const RATED_JOURNEYS = 400;

const sketch = {
  edges: { user: [], license: ["user"], member: ["license"] },
  calls: { user: "user.create_user", license: "license.add_license", member: "membership.add_membership" },
  negations: { user: ["delete_user"], license: ["remove_license", "log_removal"], member: ["remove_membership"] },
};

interface Setup {
  bus: Bus;
  folder: string;
  run(uuid: string): Promise<void>;
  close(): Promise<void>;
}

async function setUp(failing: boolean): Promise<Setup> {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-bench-"));
  const bus = openEmbeddedBus({ file: join(folder, "bus.sqlite") });
  const flows = await createFlowRegistry({ bus, topic: TOPICS.edits });
  const health = await createHealthRegistry({ bus, topic: TOPICS.services });
  const manager: Manager = createManager({ bus, flows, health });
  await manager.start();
  await bus.append([{ topic: TOPICS.edits, key: null, value: JSON.stringify(flowFile(sketch)) }]);
  const fail = (): never => {
    throw new ServiceFailure("quota_exceeded", "the quota is used up", { retryable: false });
  };
  const ok = (): unknown => ({ id: "u-7781", plan: "team", seats: 5 });
  const definitions: { name: string; functions: Record<string, () => unknown> }[] = [
    { name: "user", functions: { create_user: ok, delete_user: ok } },
    { name: "license", functions: { add_license: ok, remove_license: ok, log_removal: ok } },
    { name: "membership", functions: { add_membership: failing ? fail : ok, remove_membership: ok } },
  ];
  const services = await Promise.all(
    definitions.map((definition) => runService(defineService(definition), createBusTransport(bus))),
  );
  const waiting = new Map<string, () => void>();
  manager.onEnded((uuid) => waiting.get(uuid)?.());
  return {
    bus,
    folder,
    async run(uuid) {
      const ended = new Promise<void>((resolve) => waiting.set(uuid, resolve));
      const value = { uuid, name: "flow", version: "1", service: MANAGER, function: "start", status: "success" };
      const data = { name: "Ada Lovelace", plan: "team", seats: 5 };
      await bus.append([{ topic: TOPICS.toManager, key: uuid, value: JSON.stringify({ ...value, data }) }]);
      await ended;
      waiting.delete(uuid);
    },
    async close() {
      await Promise.all(services.map((service) => service.stop()));
      await manager.stop();
      await flows.close();
      await health.close();
      await bus.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Journeys per second with a fixed number in flight. */
async function throughput(setup: Setup, journeys: number): Promise<number> {
  let left = journeys;
  const begin = performance.now();
  const lane = async (): Promise<void> => {
    while (left-- > 0) await setup.run(randomUUID());
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return journeys / ((performance.now() - begin) / 1000);
}

/** Milliseconds from the start's append to the durable end, at a steady rate. */
async function latency(setup: Setup): Promise<number[]> {
  const times: number[] = [];
  const running: Promise<void>[] = [];
  for (let index = 0; index < RATED_JOURNEYS; index++) {
    const begin = performance.now();
    running.push(setup.run(randomUUID()).then(() => void times.push(performance.now() - begin)));
    await new Promise((resolve) => setTimeout(resolve, 1000 / RATE_PER_S));
  }
  await Promise.all(running);
  return times.sort((a, b) => a - b);
}

/** The same records, appended to a bare SQLite file by one prepared statement, `perCommit` in a transaction. */
async function rawSecondsFor(setup: Setup, perCommit: number): Promise<{ seconds: number; records: number }> {
  const rows: [string, number, string | null, string | null, string][] = [];
  for (const topic of await setup.bus.topics()) {
    for (const { partition, start, end } of topic.offsets) {
      for (let offset = start; offset < end; ) {
        const page = await setup.bus.read({ topic: topic.name, from: { [partition]: offset }, limit: 5_000 });
        for (const r of page.records) rows.push([r.topic, r.timestamp, r.key, r.value, JSON.stringify(r.headers)]);
        offset = page.next[partition] ?? end;
      }
    }
  }
  rows.sort((a, b) => a[1] - b[1]);
  const database = new Database(join(setup.folder, "raw.sqlite"));
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.exec(
    "CREATE TABLE raw (id INTEGER PRIMARY KEY, topic TEXT, at INTEGER, key TEXT, value TEXT, headers TEXT)",
  );
  const insert = database.prepare("INSERT INTO raw (topic, at, key, value, headers) VALUES (?, ?, ?, ?, ?)");
  const begin = performance.now();
  for (let index = 0; index < rows.length; index += perCommit) {
    database.transaction(() => {
      for (const row of rows.slice(index, index + perCommit)) insert.run(...row);
    })();
  }
  const seconds = (performance.now() - begin) / 1000;
  database.close();
  return { seconds, records: rows.length };
}

const at = (times: number[], share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);

export async function benchJourneys(): Promise<void> {
  console.log(`journeys on the embedded profile: ${JOURNEYS} of three steps, ${IN_FLIGHT} in flight`);
  for (const failing of [false, true]) {
    const setup = await setUp(failing);
    await throughput(setup, 200);
    const perSecond = await throughput(setup, JOURNEYS);
    const raw = await rawSecondsFor(setup, IN_FLIGHT);
    const limit = (JOURNEYS + 200) / raw.seconds;
    const name = failing ? "third step failing" : "all succeeding";
    const ratio = (perSecond / limit).toFixed(2);
    console.log(
      `  ${name}: ${perSecond.toFixed(0)} journeys/s; raw limit ${limit.toFixed(0)} (${raw.records} records, ${IN_FLIGHT} a commit); ratio ${ratio}`,
    );
    await setup.close();
  }
  const setup = await setUp(false);
  await throughput(setup, 200);
  const times = await latency(setup);
  console.log(
    `  at ${RATE_PER_S} journeys/s, start to durable end: p50 ${at(times, 0.5)} ms, p95 ${at(times, 0.95)} ms, p99 ${at(times, 0.99)} ms`,
  );
  await setup.close();
}

if (import.meta.main) await benchJourneys();
