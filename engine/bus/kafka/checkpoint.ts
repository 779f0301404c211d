/**
 * The local checkpoint: a copy of the state changelog of the partitions that this process works on or has worked on, as
 * far as it has followed each of them, so that a restart reads only what came later. Written in the background; what
 * changes several times in between is written once. Only a copy: it is dropped when it can't be trusted, and grows again
 * from the changelog.
 *
 * What is written may be ahead of the noted offset, never behind it: reading the changelog on from there puts the same
 * values again and ends with the same state.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BusLogger } from "../bus.ts";
import { type Checkpoint, CheckpointFile, Scratch } from "./checkpoint-file.ts";

const FOLDER = "kafka-checkpoint";
const FLUSH_EVERY_MS = 10_000;
/** More changes than this wait for no timer. */
const MAXIMUM_CHANGES = 25_000;
/** Deletions stay in a compacted log for a day: what is older may hold what was deleted since. */
const MAXIMUM_AGE_MS = 12 * 3_600_000;

export interface CheckpointOptions {
  dataDir: string;
  /** The state changelog. */
  topic: string;
  clock: () => number;
  logger: BusLogger;
}

interface Followed {
  next: number;
  /** Not written yet; null is deleted. */
  changes: Map<string, string | null>;
  /** What the file has counts no more. */
  anew: boolean;
}

export class Checkpoints {
  private readonly options: CheckpointOptions;
  private readonly folder: string;
  private readonly files = new Map<number, CheckpointFile>();
  private readonly followed = new Map<number, Followed>();
  private changes = 0;
  private flushing: Promise<void> | undefined;
  /** One file is read or written at a time: a partition's content is in memory meanwhile. */
  private turn: Promise<void> = Promise.resolve();
  private readonly scratch = new Scratch();
  private readonly timer: NodeJS.Timeout;

  constructor(options: CheckpointOptions) {
    this.options = options;
    this.folder = join(options.dataDir, FOLDER, options.topic);
    mkdirSync(this.folder, { recursive: true });
    this.timer = setInterval(() => void this.flush(), FLUSH_EVERY_MS);
    this.timer.unref();
  }

  /** What is kept of a partition, unless it is too old to be trusted. */
  async load(partition: number): Promise<Checkpoint | undefined> {
    const known = this.followed.get(partition);
    if (known !== undefined) await this.write(partition, known);
    const found = await this.inTurn(partition, () => this.fileOf(partition).load());
    // A file that is in use is as new as what it holds.
    if (found === undefined || known !== undefined) return found;
    return this.options.clock() - found.at > MAXIMUM_AGE_MS ? undefined : found;
  }

  /**
   * The changelog was read: `changes` since the checkpoint that was loaded, or, if none was of use, all there is. They
   * are taken over.
   */
  follow(partition: number, changes: Map<string, string | null>, next: number, anew: boolean): void {
    const known = this.followed.get(partition);
    // What they are to be added to was dropped since it was loaded.
    if (!anew && known === undefined && this.fileOf(partition).isEmpty) return;
    const all = !anew && known ? known.changes : changes;
    if (all !== changes) for (const [key, value] of changes) all.set(key, value);
    this.followed.set(partition, { next, changes: all, anew: anew || known?.anew === true });
    this.changes = [...this.followed.values()].reduce((sum, it) => sum + it.changes.size, 0);
  }

  /** A transaction has written these to the changelog, from `first` to before `end`. */
  committed(
    partition: number,
    entries: readonly { key: unknown; value: unknown }[],
    first: number,
    end: number,
  ): void {
    const known = this.followed.get(partition);
    // Of an owner before the one that has read on since: that has seen it.
    if (known === undefined || first < known.next) return;
    known.next = end;
    for (const { key, value } of entries) {
      if (typeof key === "string") known.changes.set(key, typeof value === "string" ? value : null);
    }
    this.changes += entries.length;
    if (this.changes >= MAXIMUM_CHANGES) void this.flush();
  }

  /** Writes what has changed so far. */
  flush(): Promise<void> {
    this.flushing ??= this.writeAll().finally(() => {
      this.flushing = undefined;
    });
    return this.flushing;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.flushing;
    await this.flush();
    await this.turn;
  }

  private async writeAll(): Promise<void> {
    this.changes = 0;
    for (const [partition, known] of this.followed) await this.write(partition, known);
  }

  private async write(partition: number, known: Followed): Promise<void> {
    await this.inTurn(partition, async () => {
      // Meanwhile it may have been read anew, or dropped.
      if (this.followed.get(partition) !== known) return;
      const file = this.fileOf(partition);
      const { anew } = known;
      known.anew = false;
      if (anew) await file.clear();
      const { clock } = this.options;
      if (known.changes.size > 0) await file.append(known.changes, () => ({ next: known.next, at: clock() }));
    });
  }

  private fileOf(partition: number): CheckpointFile {
    let file = this.files.get(partition);
    if (file === undefined) {
      file = new CheckpointFile(join(this.folder, `${partition}.log`), this.scratch);
      this.files.set(partition, file);
    }
    return file;
  }

  /** Whatever is wrong with the file, work goes on without it. */
  private async inTurn<T>(partition: number, action: () => Promise<T>): Promise<T | undefined> {
    const before = this.turn;
    const mine = Promise.withResolvers<void>();
    this.turn = mine.promise;
    await before;
    try {
      return await action();
    } catch (error) {
      const { logger, topic } = this.options;
      const name = { topic, partition };
      logger.warn({ err: error, ...name }, "the local checkpoint was dropped; it is built anew from the changelog");
      this.followed.delete(partition);
      await this.fileOf(partition)
        .clear()
        .catch((cause: unknown) => logger.warn({ err: cause, ...name }, "the local checkpoint can't be removed"));
      return undefined;
    } finally {
      mine.resolve();
    }
  }
}
