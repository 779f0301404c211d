import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Outgoing, openOutbox } from "../../../engine/api/outbox.ts";
import type { OutboxRecord } from "../../../engine/api/outbox-file.ts";
import type { NewRecord } from "../../../engine/bus/bus.ts";
import type { BusConnection } from "../../../engine/bus/kafka/cluster-watch.ts";
import { AntigraphError } from "../../../engine/core/errors.ts";
import { silent } from "../../../engine/manager/logger.ts";

/** A bus that is there or not, and takes records when the test says so. */
class Gate {
  state: BusConnection["state"] = "connected";
  readonly taken: string[] = [];
  /** Appends that wait to be let through, where `holds`. */
  readonly held: { value: string; resolve(): void; reject(error: Error): void }[] = [];
  holds = false;
  private readonly listeners = new Set<() => void>();
  private readonly waiting: { count: number; resolve(): void }[] = [];

  connection = (): BusConnection => ({ state: this.state, since: 0 });

  onConnection = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  become(state: BusConnection["state"]): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }

  append = async ([record]: NewRecord[]) => {
    const value = record?.value ?? "";
    if (this.holds) {
      await new Promise<void>((resolve, reject) => {
        this.held.push({ value, resolve, reject });
        this.look();
      });
    }
    this.taken.push(value);
    this.look();
    return [];
  };

  /** Resolves when so many records were taken, or wait to be let through. */
  reached(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ count, resolve });
      this.look();
    });
  }

  private look(): void {
    for (const it of this.waiting) if (this.taken.length + this.held.length >= it.count) it.resolve();
  }
}

const record = (key: string, value: string): OutboxRecord => ({
  topic: "tomanager",
  key,
  value,
  headers: { a: "b" },
});

function fixture(limits: { maximumRecords?: number; maximumBytes?: number } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-outbox-"));
  const gate = new Gate();
  const open = (bus = gate): Outgoing => {
    const outbox = openOutbox({ file: join(folder, "outbox.sqlite"), bus, logger: silent, ...limits });
    onTestFinished(() => outbox.close());
    return outbox;
  };
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { gate, open };
}

/** Resolves when nothing waits any more. */
async function emptied(outbox: Outgoing): Promise<void> {
  while (outbox.waiting() > 0) {
    await new Promise<void>((resolve) => {
      const stop = outbox.onChange(() => {
        stop();
        resolve();
      });
    });
  }
}

describe("the outbox", () => {
  it("sends at once while the bus is there, and leaves nothing on the disk", async () => {
    const { gate, open } = fixture();
    const outbox = open();
    expect(await outbox.send([record("a", "1"), record("b", "2")])).toEqual([{ queued: false }, { queued: false }]);
    expect(gate.taken).toEqual(["1", "2"]);
    expect(outbox.waiting()).toBe(0);
  });

  it("keeps records while the bus is away, says so, and sends each journey's in order when it is back", async () => {
    const { gate, open } = fixture();
    gate.state = "disconnected";
    const outbox = open();
    const outcomes = await Promise.all(
      ["a1", "b1", "a2", "a3", "b2"].map((value) => outbox.send([record(value.charAt(0), value)])),
    );
    expect(outcomes.flat()).toEqual(Array(5).fill({ queued: true }));
    expect(outbox.waiting()).toBe(5);
    expect(outbox.waitingOf("a").map(({ value }) => value)).toEqual(["a1", "a2", "a3"]);
    gate.become("connected");
    await gate.reached(5);
    expect(gate.taken.filter((value) => value.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
    expect(gate.taken.filter((value) => value.startsWith("b"))).toEqual(["b1", "b2"]);
  });

  it("puts a new call behind those of the same journey that wait", async () => {
    const { gate, open } = fixture();
    gate.state = "disconnected";
    const outbox = open();
    await outbox.send([record("a", "1")]);
    gate.holds = true;
    gate.become("connected");
    await gate.reached(1);
    expect(await outbox.send([record("a", "2")])).toEqual([{ queued: true }]);
    expect(gate.held.map(({ value }) => value)).toEqual(["1"]);
    gate.holds = false;
    for (const { resolve } of gate.held.splice(0)) resolve();
    await gate.reached(2);
    expect(gate.taken).toEqual(["1", "2"]);
  });

  it("answers from the disk when the bus goes away under a record, which is sent once", async () => {
    const { gate, open } = fixture();
    gate.holds = true;
    const outbox = open();
    const sending = outbox.send([record("a", "1")]);
    await gate.reached(1);
    gate.become("disconnected");
    expect(await sending).toEqual([{ queued: true }]);
    gate.become("connected");
    const changed = new Promise<void>((resolve) => outbox.onChange(resolve));
    for (const { resolve } of gate.held.splice(0)) resolve();
    await changed;
    expect(gate.taken).toEqual(["1"]);
    expect(outbox.waiting()).toBe(0);
  });

  it("tries again what could not be sent, before what follows it", async () => {
    const { gate, open } = fixture();
    gate.holds = true;
    const outbox = open();
    const first = outbox.send([record("a", "1")]);
    const second = outbox.send([record("a", "2")]);
    await gate.reached(1);
    gate.holds = false;
    for (const { reject } of gate.held.splice(0)) reject(new AntigraphError("bus_unavailable", "no leader"));
    expect(await first).toEqual([{ queued: true }]);
    await second;
    await gate.reached(2);
    expect(gate.taken).toEqual(["1", "2"]);
  });

  it("sends what a former life has left, in order, and what was marked as sent not again", async () => {
    const { gate, open } = fixture();
    gate.state = "disconnected";
    const former = open();
    await former.send([record("a", "1")]);
    await former.send([record("a", "2")]);
    await former.close();
    const other = new Gate();
    const outbox = open(other);
    await other.reached(2);
    expect(other.taken).toEqual(["1", "2"]);
    await emptied(outbox);
    await outbox.close();
    const third = new Gate();
    expect(open(third).waiting()).toBe(0);
    expect(third.taken).toEqual([]);
  });

  it("keeps what is under way when it closes: the next life sends it again", async () => {
    const { gate, open } = fixture();
    gate.holds = true;
    const former = open();
    const sending = former.send([record("a", "1")]);
    await gate.reached(1);
    await former.close();
    expect(await sending).toEqual([{ queued: true }]);
    const other = new Gate();
    open(other);
    await other.reached(1);
    expect(other.taken).toEqual(["1"]);
  });

  it("is bounded, and says so when it is full", async () => {
    const { gate, open } = fixture({ maximumRecords: 2, maximumBytes: 10 });
    gate.state = "disconnected";
    const outbox = open();
    await expect(outbox.send([record("a", "x".repeat(20))])).rejects.toMatchObject({ code: "outbox_full" });
    await outbox.send([record("a", "1"), record("b", "2")]);
    await expect(outbox.send([record("c", "3")])).rejects.toMatchObject({ code: "outbox_full" });
    gate.become("connected");
    await gate.reached(2);
    expect(await outbox.send([record("c", "3")])).toEqual([{ queued: false }]);
  });

  it("tells the caller what the bus will never take, and keeps it apart where he is gone", async () => {
    const { gate, open } = fixture();
    gate.holds = true;
    const outbox = open();
    const refused = outbox.send([record("a", "1")]);
    await gate.reached(1);
    for (const { reject } of gate.held.splice(0)) reject(new AntigraphError("payload_too_large", "too large"));
    await expect(refused).rejects.toMatchObject({ code: "payload_too_large" });
    gate.become("disconnected");
    await outbox.send([record("a", "2"), record("a", "3")]);
    gate.become("connected");
    await gate.reached(1);
    gate.holds = false;
    for (const { reject } of gate.held.splice(0)) reject(new AntigraphError("invalid_request", "no"));
    await gate.reached(1);
    expect(gate.taken).toEqual(["3"]);
    await emptied(outbox);
    expect(outbox.refused()).toBe(1);
  });

  it("opens its file for one process alone", () => {
    const { open } = fixture();
    open();
    expect(() => open()).toThrow(expect.objectContaining({ code: "data_folder_locked" }));
  });
});
