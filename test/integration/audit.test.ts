import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "vite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AuditHost, type OpenAuditOptions, openAudit } from "../../engine/audit/open-audit.ts";
import type { JourneyChange } from "../../engine/audit/store.ts";
import type { ObservableBus } from "../../engine/bus/bus.ts";
import { type EmbeddedBusOptions, openEmbeddedBus } from "../../engine/bus/embedded/bus.ts";
import { TOPICS } from "../../engine/core/protocol.ts";
import { makeRecords } from "../support/audit-journeys.ts";
import { CRASHING_ONCE_UUID, CRASHING_UUID, DAMAGING_UUID } from "../support/audit-worker-faults.ts";
import { dump, History, listeningLogger, uuidOf } from "../unit/audit/cache-fixture.ts";

const TOPIC = TOPICS.audit;
const FAULTY_WORKER = new URL("../support/audit-worker-faults.ts", import.meta.url);

let folder: string;
let closing: (() => Promise<void>)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "antigraph-audit-"));
  closing = [];
});

afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  rmSync(folder, { recursive: true, force: true });
});

const cacheFile = (name = "audit.sqlite") => join(folder, name);

function openBus(options: Partial<EmbeddedBusOptions> = {}): ObservableBus {
  const file = join(folder, "bus.sqlite");
  const bus = openEmbeddedBus({ topics: [{ name: TOPIC, partitions: 3 }], file, ...options });
  closing.push(() => bus.close());
  return bus;
}

async function open(bus: ObservableBus, options: Partial<OpenAuditOptions> = {}): Promise<AuditHost> {
  const audit = await openAudit({ file: cacheFile(), bus, topic: TOPIC, ...options });
  closing.push(() => audit.close());
  return audit;
}

const append = (bus: ObservableBus, ...histories: History[]): Promise<unknown> =>
  bus.append(
    histories
      .flatMap((history) => history.events)
      .map((event) => ({ topic: TOPIC, key: event.uuid, value: JSON.stringify(event) })),
  );

async function appendMade(bus: ObservableBus, journeys: number, seed = 1): Promise<void> {
  for (const batch of makeRecords({ journeys, seed }, 500)) {
    await bus.append(batch.map(({ key, value }) => ({ topic: TOPIC, key, value })));
  }
}

/** The content of a cache that read the whole topic. */
async function dumpOf(audit: AuditHost, file: string): Promise<string[]> {
  expect(await audit.caughtUp(20_000)).toBe(true);
  await vi.waitFor(async () => expect((await audit.status()).unindexed).toBe(0), { timeout: 10_000 });
  await audit.close();
  return dump(file);
}

/** The bus with another function in the place of one of its own. */
function withCall<Name extends "offsets">(bus: ObservableBus, name: Name, call: ObservableBus[Name]): ObservableBus {
  return new Proxy(bus, {
    get(target, key) {
      const value: unknown = key === name ? call : Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("the audit cache beside a bus", () => {
  it("shows what was written before it was opened, and what is written while it is open", async () => {
    const bus = openBus();
    await append(bus, new History(1).ran("a", "user.create_user").completed());
    const audit = await open(bus);
    expect(await audit.caughtUp(10_000)).toBe(true);
    expect((await audit.journey(uuidOf(1)))?.status).toBe("completed");
    for (let number = 2; number < 30; number += 1) {
      await append(bus, new History(number));
      expect(await audit.caughtUp(10_000)).toBe(true);
      expect((await audit.list({ q: `C-${number}` })).journeys.map((row) => row.uuid)).toEqual([uuidOf(number)]);
    }
    expect(await audit.counts({})).toMatchObject({ completed: 1, running: 28 });
    expect(await audit.status()).toMatchObject({ journeys: 29, events: 32, behind: 0, missing: 0, malformed: 0 });
  });

  it("tells which journeys changed, until nobody wants to know", async () => {
    const bus = openBus();
    const audit = await open(bus);
    const seen: JourneyChange[] = [];
    const stop = audit.onChange((changes) => seen.push(...changes));
    const logger = audit.onChange(() => {
      throw new Error("a listener's own fault");
    });
    await append(bus, new History(1));
    await audit.caughtUp(10_000);
    expect(seen).toEqual([{ uuid: uuidOf(1), seq: 1, status: "running", name: "onboarding", version: "1" }]);
    stop();
    logger();
    await append(bus, new History(2));
    await audit.caughtUp(10_000);
    expect(seen.length).toBe(1);
  });

  it("goes on from its positions after a restart", async () => {
    const bus = openBus();
    await appendMade(bus, 100, 1);
    const first = await open(bus);
    await first.caughtUp(10_000);
    const positions = await first.positions();
    await first.close();
    await appendMade(bus, 100, 2);
    const audit = await open(bus);
    await audit.caughtUp(10_000);
    expect((await audit.status()).duplicates).toBe(0);
    expect(Object.values(positions).reduce((sum, offset) => sum + offset, 0)).toBeGreaterThan(500);
    expect(await dumpOf(audit, cacheFile())).toEqual(
      await dumpOf(await open(bus, { file: cacheFile("other") }), cacheFile("other")),
    );
  });

  it("has the same content after a rebuild, pruned as before", async () => {
    const bus = openBus();
    await appendMade(bus, 300);
    const audit = await open(bus);
    await audit.caughtUp(10_000);
    const middle = new Date(Date.UTC(2026, 9, 15)).toISOString();
    expect(await audit.prune(middle)).toBeGreaterThan(50);
    const before = await audit.counts({});
    await audit.rebuild();
    expect(await audit.counts({})).toEqual(before);
    const rebuilt = await dumpOf(audit, cacheFile());
    const again = await open(bus);
    expect(await dumpOf(again, cacheFile())).toEqual(rebuilt);
  });

  it("carries over to another cache by export and import", async () => {
    const bus = openBus();
    await appendMade(bus, 200);
    const audit = await open(bus);
    await audit.caughtUp(10_000);
    const lines: string[] = [];
    for await (const line of audit.export()) lines.push(line);
    expect(lines.length).toBe((await audit.status()).events);
    const other = openBus({ file: join(folder, "empty-bus.sqlite") });
    const copy = await open(other, { file: cacheFile("copy") });
    const seen: JourneyChange[] = [];
    copy.onChange((changes) => seen.push(...changes));
    expect(await copy.import(lines)).toEqual({ events: lines.length, duplicates: 0, malformed: 0 });
    expect(await copy.import(lines)).toEqual({ events: 0, duplicates: lines.length, malformed: 0 });
    expect(new Set(seen.map((change) => change.uuid)).size).toBe(200);
    const withoutPositions = (content: string[]) => content.filter((line) => !line.startsWith("position"));
    expect(await dumpOf(copy, cacheFile("copy"))).toEqual(withoutPositions(await dumpOf(audit, cacheFile())));
  });

  it("passes errors on with their codes", async () => {
    const audit = await open(openBus());
    await expect(audit.list({ cursor: "nonsense" })).rejects.toMatchObject({ code: "invalid_request" });
    await expect(
      openAudit({ file: cacheFile(), bus: openBus({ file: join(folder, "b") }), topic: TOPIC }),
    ).rejects.toMatchObject({
      code: "data_folder_locked",
    });
    await audit.close();
    await expect(audit.list({})).rejects.toMatchObject({ code: "internal" });
  });
});

describe("the audit cache mends itself", () => {
  it("is emptied and filled again when it belongs to another log", async () => {
    const bus = openBus();
    await appendMade(bus, 50);
    const first = await open(bus);
    await first.caughtUp(10_000);
    await first.close();
    const logger = listeningLogger();
    const other = openBus({ file: join(folder, "new-bus.sqlite") });
    await append(other, new History(1));
    const audit = await open(other, { logger });
    await audit.caughtUp(10_000);
    expect((await audit.list({})).journeys.map((row) => row.uuid)).toEqual([uuidOf(1)]);
    expect(logger.lines[0]?.message).toMatch(/belongs to another log/);
  });

  it("says so when records left the topic before it read them, and goes on", async () => {
    const bus = openBus();
    const history = new History(1);
    await append(bus, history);
    const first = await open(bus);
    await first.caughtUp(10_000);
    await first.close();
    history.ran("a", "user.create_user").completed();
    await bus.append(
      history.events.slice(1).map((event) => ({ topic: TOPIC, key: event.uuid, value: JSON.stringify(event) })),
    );
    // The topic's beginning is gone, and the first record after the cache's position with it.
    const trimmed = withCall(bus, "offsets", async (topic) =>
      (await bus.offsets(topic)).map((offsets) => ({ ...offsets, start: Math.min(offsets.end, 2) })),
    );
    const logger = listeningLogger();
    const audit = await open(trimmed, { logger });
    expect(await audit.caughtUp(10_000)).toBe(true);
    expect(await audit.status()).toMatchObject({ missing: 1, events: 3 });
    expect((await audit.list({})).journeys).toMatchObject([{ status: "completed", seq: 4 }]);
    expect(logger.lines).toMatchObject([{ level: "warn", details: { lost: 1 } }]);
  });

  it("starts its thread again when that dies, and nothing is lost", async () => {
    const logger = listeningLogger();
    const bus = openBus();
    const audit = await open(bus, { logger, workerUrl: FAULTY_WORKER });
    await append(bus, new History(1));
    await audit.caughtUp(10_000);
    await expect(audit.events(CRASHING_UUID)).rejects.toMatchObject({ code: "internal" });
    await append(bus, new History(2));
    expect(await audit.caughtUp(10_000)).toBe(true);
    expect((await audit.list({})).journeys.length).toBe(2);
    expect(logger.lines.map((line) => line.message)).toContain(
      "The audit cache's thread ended; it is started again.",
    );
  });

  it("answers a question under which its thread died, once the next one runs", async () => {
    const bus = openBus();
    const audit = await open(bus, { workerUrl: FAULTY_WORKER });
    await append(bus, new History(1));
    await audit.caughtUp(10_000);
    expect(await audit.events(CRASHING_ONCE_UUID)).toEqual([]);
    expect((await audit.list({})).journeys.length).toBe(1);
  });

  it("moves a file aside that turns out to be damaged, and reads the topic again", async () => {
    const logger = listeningLogger();
    const bus = openBus();
    const audit = await open(bus, { logger, workerUrl: FAULTY_WORKER });
    await appendMade(bus, 50);
    await audit.caughtUp(10_000);
    const damaging = new History(1);
    const events = damaging.events.map((event) => ({ ...event, uuid: DAMAGING_UUID }));
    await bus.append(events.map((event) => ({ topic: TOPIC, key: uuidOf(1), value: JSON.stringify(event) })));
    expect(await audit.caughtUp(20_000)).toBe(true);
    expect(await audit.status()).toMatchObject({ journeys: 51, missing: 0 });
    expect(existsSync(`${cacheFile()}.unusable`)).toBe(true);
    expect(logger.lines.map((line) => line.message)).toContainEqual(expect.stringMatching(/is damaged.*rebuilt/));
  });

  it("answers with what it has while the topic can't be read, and catches up later", async () => {
    const bus = openBus();
    await append(bus, new History(1));
    const first = await open(bus);
    await first.caughtUp(10_000);
    await first.close();
    await append(bus, new History(2));
    let isDown = true;
    const flaky = withCall(bus, "offsets", (topic) =>
      isDown ? Promise.reject(new Error("the broker is gone")) : bus.offsets(topic),
    );
    const logger = listeningLogger();
    const audit = await open(flaky, { logger });
    expect((await audit.list({})).journeys.length).toBe(1);
    expect(logger.lines.at(-1)?.message).toMatch(/can't be read; it is tried again/);
    isDown = false;
    await vi.waitFor(async () => expect((await audit.list({})).journeys.length).toBe(2), { timeout: 10_000 });
  });
});

describe("the worker of the audit cache", () => {
  it("works from a bundle, with the address of its entry and the migrations beside it", async () => {
    const engine = fileURLToPath(new URL("../../engine/audit/", import.meta.url));
    const dist = join(folder, "dist");
    await build({
      configFile: false,
      logLevel: "silent",
      build: {
        ssr: join(engine, "worker.ts"),
        outDir: dist,
        rollupOptions: { output: { entryFileNames: "audit-worker.js" } },
      },
    });
    cpSync(join(engine, "migrations"), join(dist, "migrations"), { recursive: true });
    symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(folder, "node_modules"));
    const bus = openBus();
    await append(bus, new History(1));
    const audit = await open(bus, { workerUrl: pathToFileURL(join(dist, "audit-worker.js")) });
    expect(await audit.caughtUp(10_000)).toBe(true);
    expect((await audit.list({})).journeys.length).toBe(1);
  });
});
