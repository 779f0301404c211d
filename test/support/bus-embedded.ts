/** Embedded buses in folders of their own, with a disk that can be made to fail. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BusRecord } from "../../engine/bus/bus.ts";
import { EmbeddedBus, type EmbeddedBusOptions } from "../../engine/bus/embedded/bus.ts";
import { Storage } from "../../engine/bus/embedded/storage.ts";

/** Counts its commits, and lets the next `failures` of them, or `stateFailures` writes before them, fail as a full disk does. */
export class FailingStorage extends Storage {
  commits = 0;
  failures = 0;
  stateFailures = 0;

  override commit(): void {
    if (this.failures > 0) {
      this.failures--;
      throw new Error("database or disk is full");
    }
    this.commits++;
    super.commit();
  }

  override setState(...change: Parameters<Storage["setState"]>): void {
    if (this.stateFailures > 0) {
      this.stateFailures--;
      throw new Error("database or disk is full");
    }
    super.setState(...change);
  }
}

export class EmbeddedBusFolder {
  readonly folder = mkdtempSync(join(tmpdir(), "antigraph-bus-"));
  readonly file = join(this.folder, "bus.sqlite");
  private readonly opened: EmbeddedBus[] = [];

  open(options: Omit<EmbeddedBusOptions, "file">): { bus: EmbeddedBus; storage: FailingStorage } {
    const storage = new FailingStorage(this.file);
    const bus = new EmbeddedBus(storage, options);
    this.opened.push(bus);
    return { bus, storage };
  }

  async dispose(): Promise<void> {
    for (const bus of this.opened) await bus.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** Everything that is in a topic now. */
export async function recordsOf(bus: EmbeddedBus, name: string): Promise<BusRecord[]> {
  const topic = (await bus.topics()).find((candidate) => candidate.name === name);
  const from = Object.fromEntries((topic?.offsets ?? []).map(({ partition, start }) => [partition, start]));
  const records: BusRecord[] = [];
  let { records: batch, next } = await bus.read({ topic: name, from, limit: 1_000 });
  while (batch.length > 0) {
    records.push(...batch);
    ({ records: batch, next } = await bus.read({ topic: name, from: next, limit: 1_000 }));
  }
  return records;
}
