import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { BusRecord, ObservableBus } from "../../../engine/bus/bus.ts";
import { openEmbeddedBus } from "../../../engine/bus/embedded/bus.ts";
import { openPatientBus, type PatientBus } from "../../../engine/bus/kafka/patient-bus.ts";
import { TopicCopy } from "../../../engine/bus/kafka/topic-copy.ts";
import { AntigraphError } from "../../../engine/core/errors.ts";
import { TOPICS } from "../../../engine/core/protocol.ts";

const SILENT = { warn: () => {}, error: () => {} };

function folderOf(): string {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-patient-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A cluster that is there or not; what is in it stays. */
function clusterIn(folder: string) {
  const inner = openEmbeddedBus({ file: join(folder, "bus.sqlite") });
  const place = { isThere: true, inner };
  const bus: ObservableBus = new Proxy(inner, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name === "close") return async () => {};
      if (place.isThere) return value.bind(target);
      return () => Promise.reject(new AntigraphError("bus_unavailable", "it is gone"));
    },
  });
  onTestFinished(() => inner.close());
  const connect = async (): Promise<ObservableBus> => {
    if (!place.isThere) throw new AntigraphError("bus_unavailable", "nobody answers");
    return bus;
  };
  return { place, connect };
}

function opened(options: Omit<Parameters<typeof openPatientBus>[0], "logger">): PatientBus {
  const bus = openPatientBus({ ...options, logger: SILENT });
  onTestFinished(() => bus.close());
  return bus;
}

const becomes = (bus: PatientBus, state: string): Promise<void> =>
  vi.waitFor(() => expect(bus.connection().state).toBe(state), { timeout: 8_000 });

const flow = (value: string) => ({ topic: TOPICS.edits, key: "k", value });

describe("a Kafka bus that waits for its cluster", () => {
  it("opens while the cluster is away, says why, refuses at once, and is there when the cluster is", async () => {
    const { place, connect } = clusterIn(folderOf());
    place.isThere = false;
    const bus = opened({ connect });
    await becomes(bus, "disconnected");
    expect(bus.connection().message).toBe("nobody answers");
    await expect(bus.topics()).rejects.toMatchObject({ code: "bus_unavailable" });
    await expect(bus.append([flow("a")])).rejects.toMatchObject({ code: "bus_unavailable" });
    place.isThere = true;
    await becomes(bus, "connected");
    await bus.append([flow("a")]);
    place.isThere = false;
    await becomes(bus, "disconnected");
    place.isThere = true;
    await becomes(bus, "connected");
  });

  it("begins a subscription when the cluster is there; whoever opens meanwhile isn't kept waiting", async () => {
    const { place, connect } = clusterIn(folderOf());
    await place.inner.append([flow("a")]);
    place.isThere = false;
    const bus = opened({ connect });
    const seen: (string | null)[] = [];
    const subscription = await bus.subscribe(TOPICS.edits, (records) => {
      seen.push(...records.map(({ value }) => value));
    });
    await subscription.caughtUp;
    expect(seen).toEqual([]);
    const upToDate = subscription.upToDate();
    place.isThere = true;
    await upToDate;
    expect(seen).toEqual(["a"]);
    await subscription.close();
  });

  it("waits for a topic that isn't there, and refuses an offset that can't be", async () => {
    const { connect } = clusterIn(folderOf());
    const bus = opened({ connect });
    await becomes(bus, "connected");
    const waiting = await bus.subscribe("not-yet", () => {});
    await waiting.caughtUp;
    await waiting.close();
    await expect(bus.subscribe(TOPICS.edits, () => {}, { 0: 7 })).rejects.toMatchObject({
      code: "offset_out_of_range",
    });
  });

  it("delivers the copied topic from the disk while the cluster is away, and copies what comes after", async () => {
    const folder = folderOf();
    const { place, connect } = clusterIn(folder);
    const file = join(folder, "flows.jsonl");
    const read = async (expected: string[]) => {
      const seen: (string | null)[] = [];
      const bus = opened({ connect, copied: { topic: TOPICS.edits, copy: new TopicCopy(file) } });
      const subscription = await bus.subscribe(TOPICS.edits, (records) => {
        seen.push(...records.map(({ value }) => value));
      });
      await subscription.caughtUp;
      if (place.isThere) await subscription.upToDate();
      expect(seen).toEqual(expected);
      await subscription.close();
      await bus.close();
    };
    await place.inner.append([flow("a"), flow("b")]);
    await read(["a", "b"]);
    place.isThere = false;
    await read(["a", "b"]);
    place.isThere = true;
    await place.inner.append([flow("c")]);
    await read(["a", "b", "c"]);
    place.isThere = false;
    await read(["a", "b", "c"]);
  });

  it("notices that the copy is of another log, empties it, and says so", async () => {
    const folder = folderOf();
    const copy = new TopicCopy(join(folder, "flows.jsonl"));
    const old: BusRecord = {
      topic: TOPICS.edits,
      partition: 0,
      offset: 0,
      timestamp: 1,
      key: "k",
      value: "old",
      headers: {},
    };
    copy.add([old]);
    const { place, connect } = clusterIn(folder);
    await place.inner.append([flow("new")]);
    let told = 0;
    const bus = opened({
      connect,
      copied: { topic: TOPICS.edits, copy },
      onOtherLog: () => {
        told++;
      },
    });
    const seen: (string | null)[] = [];
    const subscription = await bus.subscribe(TOPICS.edits, (records) => {
      seen.push(...records.map(({ value }) => value));
    });
    await subscription.upToDate();
    expect([told, seen, copy.records.map(({ value }) => value)]).toEqual([1, ["old", "new"], ["new"]]);
  });
});
