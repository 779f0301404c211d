/**
 * The audit cache at scale: `node test/bench/audit.ts --journeys 1000000 [--worker-journeys 50000] [--rounds 200]
 * [--file FILE] [--keep] [--reuse]`. Prints events ingested a second (by the clock and by CPU time, so that a busy
 * machine shows), the cost of free text, and the latency of every kind of query; the target is 50 ms at the 95th
 * percentile over a million journeys, and 20,000 events/s through the worker.
 *
 * About free text (200,000 documents of 20 words, Node 24, SQLite 3.54; time and space to index a document, then the
 * newest 51 finds): unicode61 13 us, 225 B; unicode61 with lists of beginnings of 3 to 8 characters 41 us, 645 B; trigram
 * 62 us, 875 B. An id: 0.3 ms by words, 5.6 ms by trigrams. A beginning: 0.1 ms with lists, 5 to 60 ms without, 0.1 ms by
 * trigrams. Hence words with lists of beginnings.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { AuditCache } from "../../engine/audit/cache.ts";
import { openAudit } from "../../engine/audit/open-audit.ts";
import type { BusRecord, ObservableBus } from "../../engine/bus/bus.ts";
import { JOURNEY_STATUSES } from "../../engine/core/view.ts";
import { makeRecords, randomNumbers } from "../support/audit-journeys.ts";

const { values: options } = parseArgs({
  options: {
    journeys: { type: "string", default: "100000" },
    "worker-journeys": { type: "string", default: "30000" },
    rounds: { type: "string", default: "100" },
    file: { type: "string" },
    keep: { type: "boolean", default: false },
    reuse: { type: "boolean", default: false },
  },
});
const JOURNEYS = Number(options.journeys);
const ROUNDS = Number(options.rounds);
const FROM_MS = Date.UTC(2026, 9, 1);
const TO_MS = Date.UTC(2026, 9, 31);
const BATCH_RECORDS = 1_000;

const folder = mkdtempSync(join(tmpdir(), "antigraph-bench-"));
const file = options.file ?? join(folder, "audit.sqlite");
try {
  const cache = new AuditCache({ file });
  if (!options.reuse) {
    ingest(cache);
    indexText(cache);
  }
  queries(cache);
  cache.close();
  await throughWorker(Number(options["worker-journeys"]));
} finally {
  if (!options.keep) for (const part of ["", "-wal", "-shm"]) rmSync(file + part, { force: true });
  rmSync(folder, { recursive: true });
}

function ingest(cache: AuditCache): void {
  let events = 0;
  let wallMs = 0;
  let cpuMs = 0;
  let slowest = 0;
  for (const batch of makeRecords({ journeys: JOURNEYS, fromMs: FROM_MS, toMs: TO_MS }, BATCH_RECORDS)) {
    const cpu = process.cpuUsage();
    const start = performance.now();
    cache.ingest(batch);
    const took = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    events += batch.length;
    wallMs += took;
    cpuMs += (user + system) / 1_000;
    slowest = Math.max(slowest, took);
  }
  line(
    "ingest",
    `${JOURNEYS} journeys, ${events} events: ${rate(events, wallMs)} events/s (${rate(events, cpuMs)} by CPU time)`,
  );
  line("", `slowest batch of ${BATCH_RECORDS}: ${slowest.toFixed(0)} ms; file ${megabytes(file)} MB`);
}

function indexText(cache: AuditCache): void {
  const cpu = process.cpuUsage();
  const start = performance.now();
  while (!cache.indexText(1_000, true));
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - start;
  line(
    "index free text",
    `${rate(JOURNEYS, wallMs)} journeys/s (${rate(JOURNEYS, (user + system) / 1_000)} by CPU time)`,
  );
  line("", `file ${megabytes(file)} MB`);
}

function queries(cache: AuditCache): void {
  const random = randomNumbers(99);
  const number = (below: number): number => Math.floor(random() * below);
  const one = <T>(values: readonly T[]): T => values[number(values.length)] as T;
  const name = () => one(["onboarding", "order", "offboarding", "shipping", "invoice"]);
  const service = () =>
    one(["user", "license", "membership", "order", "card", "ticket", "warehouse", "carrier", "mail", "billing"]);
  const status = () => JOURNEY_STATUSES.filter(() => random() < 0.4);
  const at = () => new Date(FROM_MS + random() * (TO_MS - FROM_MS)).toISOString();
  const error = () => one(["CARD_DECLINED", "license pool", "UPSTREAM_503", "is blocked", "GONE"]);
  const sort = () => one(["started_at", "-started_at", "ended_at", "-ended_at", "duration", "-duration"] as const);
  const anyOrder = () => ({ sort: sort(), limit: one([50, 200]) });
  const id = () => number(JOURNEYS);
  const all: number[] = [];
  const allCpu: number[] = [];
  const list = (title: string, query: () => Parameters<AuditCache["list"]>[0]): void => {
    const { latencies, cpu } = measure(`list ${title}`, () => cache.list(query()));
    all.push(...latencies);
    allCpu.push(...cpu);
  };
  list("newest", () => ({ limit: 200 }));
  list("any order", anyOrder);
  list("status", () => ({ status: status(), ...anyOrder() }));
  list("name", () => ({ name: name(), ...anyOrder() }));
  list("name, version, status", () => ({
    name: name(),
    version: String(1 + number(4)),
    status: status(),
    ...anyOrder(),
  }));
  list("service", () => ({ service: service(), ...anyOrder() }));
  list("service, status", () => ({ service: service(), status: status(), ...anyOrder() }));
  list("error", () => ({ error: error(), ...anyOrder() }));
  list("error, name, service", () => ({ error: error(), name: name(), service: service(), ...anyOrder() }));
  list("from", () => ({ from: at(), ...anyOrder() }));
  list("to, service", () => ({ to: at(), service: service(), ...anyOrder() }));
  list("from, to, name, status", () => ({ from: at(), to: at(), name: name(), status: status(), ...anyOrder() }));
  let cursor: string | undefined;
  list("page after page", () => {
    cursor = cache.list({ name: "order", limit: 200, cursor }).next ?? undefined;
    return { name: "order", limit: 200, cursor };
  });
  list("q: an id", () => ({ q: `C-${100_000 + id()}` }));
  list("q: an address", () => ({ q: `alice.${id()}@example.com`, ...anyOrder() }));
  list("q: a common word", () => ({ q: one(["alice", "example", "pro", "order", "declined"]), limit: 200 }));
  list("q: two common words", () => ({ q: one(["alice pro", "bob example", "mallory order"]) }));
  list("q: a beginning", () => ({ q: one(["ali", "exam", "licen", "C-10", "onboa", "user-12"]) }));
  list("q: a common word, status", () => ({ q: one(["alice", "example", "pro"]), status: status() }));
  list("q: a common word, name, status, time", () => ({
    q: one(["alice", "example"]),
    name: name(),
    status: ["rollback_failed"],
    from: at(),
  }));
  list("q: a common word, by duration", () => ({ q: one(["alice", "example", "pro"]), sort: "-duration" }));
  list("q: a uuid's beginning", () => ({
    q: number(2 ** 32)
      .toString(16)
      .padStart(8, "0"),
  }));
  report("ALL LISTS", all, allCpu);
  measure("counts", () => cache.counts({}));
  measure("counts name, service", () => cache.counts({ name: name(), service: service() }));
  measure("counts from", () => cache.counts({ from: at() }));
  measure("counts from, to, service", () => cache.counts({ from: at(), to: at(), service: service() }));
  measure("counts error", () => cache.counts({ error: error() }));
  measure("counts q", () => cache.counts({ q: one(["alice", "example"]) }));
  const uuids = cache.list({ limit: 200, sort: "started_at" }).journeys.map((row) => row.uuid);
  measure("journey", () => cache.journey(one(uuids)));
  measure("events", () => cache.events(one(uuids)));
  measure("failures", () => cache.failures({}));
  const last = (ms: number) => ({ from: new Date(TO_MS - ms).toISOString(), to: new Date(TO_MS).toISOString() });
  measure("function stats of an hour", () => cache.functionStats(last(3_600_000)));
  measure("function stats of a day", () => cache.functionStats(last(86_400_000)));
  measure("flow stats of a day", () => cache.flowStats(last(86_400_000)));
  measure("flow stats of the month", () => cache.flowStats(last(31 * 86_400_000)));
  measure("activity", () => cache.activity({ actor: one([undefined, "alice", "bob"]) }));
}

/** A topic in memory, delivered as fast as it is taken. */
async function throughWorker(journeys: number): Promise<void> {
  const batches = [...makeRecords({ journeys, fromMs: FROM_MS, toMs: TO_MS, seed: 7 }, BATCH_RECORDS)];
  const events = batches.reduce((sum, batch) => sum + batch.length, 0);
  const ends = new Map<number, number>();
  for (const { partition, offset } of batches.flat()) ends.set(partition, offset + 1);
  const offsets = [...ends].map(([partition, end]) => ({ partition, start: 0, end }));
  const bus: Pick<ObservableBus, "offsets" | "subscribe"> = {
    offsets: async () => offsets,
    async subscribe(_, onRecords) {
      const caughtUp = (async () => {
        for (const batch of batches)
          await onRecords(batch.map((record): BusRecord => ({ ...record, topic: "audit", headers: {} })));
      })();
      return { caughtUp, upToDate: () => caughtUp, close: async () => {} };
    },
  };
  const start = performance.now();
  const audit = await openAudit({ file: join(folder, "worker.sqlite"), bus, topic: "audit" });
  const latencies: number[] = [];
  let isDone = false;
  const asking = (async () => {
    while (!isDone) {
      const asked = performance.now();
      await audit.list({ name: "order", limit: 50 });
      latencies.push(performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  await audit.caughtUp(600_000);
  const wallMs = performance.now() - start;
  isDone = true;
  await asking;
  line(
    "through the worker",
    `${events} events: ${rate(events, wallMs)} events/s, its start and a query every 20 ms included`,
  );
  report("list meanwhile", latencies);
  await audit.close();
}

function measure(title: string, run: () => unknown): { latencies: number[]; cpu: number[] } {
  const latencies: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    const start = performance.now();
    run();
    latencies.push(performance.now() - start);
    const { user, system } = process.cpuUsage(before);
    cpu.push((user + system) / 1_000);
  }
  report(title, latencies, cpu);
  return { latencies, cpu };
}

function report(title: string, latencies: number[], cpu?: number[]): void {
  const byCpu = cpu ? `  by CPU time p95 ${percentile(cpu, 0.95)}` : "";
  const [p50, p95, max] = [0.5, 0.95, 1].map((share) => percentile(latencies, share));
  line(title, `p50 ${p50}  p95 ${p95}  max ${max} ms${byCpu}  (${latencies.length})`);
}

function percentile(values: number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(2).padStart(7);
}

function line(title: string, text: string): void {
  console.log(`${title.padEnd(40)} ${text}`);
}

function rate(count: number, ms: number): string {
  return Math.round((count / ms) * 1_000).toLocaleString("en");
}

function megabytes(path: string): string {
  return (statSync(path).size / 1_000_000).toFixed(0);
}
