/**
 * What the embedded bus costs beside raw SQLite: `node test/bench/bus-embedded.ts`. Each line of raw SQLite writes the
 * same rows in the same transactions as the line of the bus after it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Output, Worker } from "../../engine/bus/bus.ts";
import { openEmbeddedBus } from "../../engine/bus/embedded/bus.ts";
import { NO_HEADERS, Storage } from "../../engine/bus/embedded/storage.ts";

const VALUE = JSON.stringify({ text: "x".repeat(280) });
const STATE = JSON.stringify({ text: "x".repeat(1_150) });
const TOPICS = [
  { name: "in", partitions: 12 },
  { name: "out", partitions: 12 },
  { name: "log", partitions: 12 },
];

const folder = mkdtempSync(join(tmpdir(), "antigraph-bench-"));
try {
  for (const [transactions, records] of [
    [3_000, 1],
    [1_000, 20],
    [300, 200],
  ] as const) {
    raw(transactions, records);
    await appends(transactions, records);
  }
  await roundTrips(3_000);
  await pipeline(40_000, 128);
} finally {
  rmSync(folder, { recursive: true });
}

function raw(transactions: number, records: number): void {
  const storage = new Storage(join(folder, `raw-${records}.sqlite`));
  storage.ensureTopics(TOPICS);
  let offset = 0;
  report(`raw SQLite, ${records} records a transaction`, transactions, records, () => {
    storage.begin();
    for (let i = 0; i < records; i++) {
      const record = { topic: "in", partition: 0, key: `key-${offset % 1_000}`, value: VALUE, headers: NO_HEADERS };
      storage.insertRecord(1 + (offset % 12), { ...record, offset: offset++, timestamp: Date.now() });
    }
    storage.commit();
  });
  storage.close();
}

async function appends(transactions: number, records: number): Promise<void> {
  const bus = openEmbeddedBus({ file: join(folder, `appends-${records}.sqlite`), topics: TOPICS });
  const batch = Array.from({ length: records }, (_, i) => ({ topic: "in", key: `key-${i}`, value: VALUE }));
  await reportAsync(`bus append, ${records} records an append`, transactions, records, () => bus.append(batch));
  await bus.close();
}

/** One record at a time: append -> worker -> output -> subscriber. */
async function roundTrips(count: number): Promise<void> {
  const bus = openEmbeddedBus({ file: join(folder, "trips.sqlite"), topics: TOPICS });
  await bus.work(worker());
  let arrived: () => void = () => {};
  await bus.subscribe("out", () => arrived());
  await reportAsync("bus append -> worker -> subscriber", count, 1, async () => {
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    void bus.append([{ topic: "in", key: crypto.randomUUID(), value: VALUE }]);
    await arrival;
  });
  let from: Record<number, number> = Object.fromEntries([...Array(12).keys()].map((partition) => [partition, 0]));
  for (const { name, offsets } of await bus.topics()) {
    if (name === "out") from = Object.fromEntries(offsets.map(({ partition, end }) => [partition, end]));
  }
  await reportAsync("bus append -> worker -> long poll", count, 1, async () => {
    const poll = bus.read({ topic: "out", from, limit: 100, waitMs: 1_000 });
    void bus.append([{ topic: "in", key: crypto.randomUUID(), value: VALUE }]);
    from = (await poll).next;
  });
  await bus.close();
}

/**
 * Many at a time, in the manager's shape: an input makes a command, two audit records and a state entry. Four
 * inputs make a journey. */
async function pipeline(count: number, inFlight: number): Promise<void> {
  const bus = openEmbeddedBus({ file: join(folder, "pipeline.sqlite"), topics: TOPICS });
  await bus.work(worker());
  let left = count;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      let key = crypto.randomUUID();
      for (let n = 1; left-- > 0; n++) {
        await bus.append([{ topic: "in", key, value: n % 4 === 0 ? "last" : VALUE }]);
        if (n % 4 === 0) key = crypto.randomUUID();
      }
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  const perSecond = Math.round(count / seconds);
  console.log(`bus, the manager's shape, ${inFlight} in flight: ${perSecond} inputs/s = ${perSecond * 4} records/s`);
  await bus.close();
}

function worker(): Worker {
  return {
    topic: "in",
    group: "bench",
    restore() {},
    revoke() {},
    nextDue: () => null,
    process(_partition, records): Output {
      const output: Output = { records: [], state: [] };
      for (const { key, value } of records) {
        output.records.push(
          { topic: "out", key, value: VALUE, headers: { id: `${key}/n1/1` } },
          { topic: "log", key, value: VALUE },
          { topic: "log", key, value: VALUE },
        );
        output.state.push({ key: key ?? "", value: STATE, closed: value === "last" });
      }
      return output;
    },
  };
}

function report(name: string, calls: number, records: number, call: () => void): void {
  const times: number[] = [];
  for (let i = 0; i < calls; i++) {
    const start = performance.now();
    call();
    times.push(performance.now() - start);
  }
  print(name, times, records);
}

async function reportAsync(
  name: string,
  calls: number,
  records: number,
  call: () => Promise<unknown>,
): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < calls; i++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  print(name, times, records);
}

function print(name: string, times: number[], records: number): void {
  const sum = times.reduce((total, time) => total + time, 0);
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(3);
  const perSecond = Math.round((times.length * records * 1_000) / sum);
  console.log(`${name}: ${perSecond} records/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
}
