/**
 * The local checkpoint: a copy of the state changelog of the partitions that this process works on or has worked on, as
 * far as it has followed each of them, so that a restart reads only what came later. Written in the background; what
 * changes several times in between is written once. Only a copy: it is dropped when it can't be trusted, and grows again
 * from the changelog.
 *
 * What is written may be ahead of the noted offset, never behind it: reading the changelog on from there puts the same
 * values again and ends with the same state.
 *
 * Of a partition that is worked on, everything that is committed is in memory, where its owner reads it and keeps it up; so
 * a file is written anew without being read, which cost more than all other writing. Owners are told apart by that memory:
 * two may follow one another while the first is still about to let go.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BusLogger } from "../bus.ts";
import { type Checkpoint, CheckpointFile, Scratch } from "./checkpoint-file.ts";
import type { TextMap } from "./text-map.ts";

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
  /** When that was so. */
  at: number;
  /** All that is committed, and its owner's. */
  entries: TextMap;
  /** Keys of what isn't written yet. */
  changed: Set<string>;
  /** What the file has counts no more. */
  anew: boolean;
  /** Nobody works on it any more: it is forgotten when it is written. */
  left: boolean;
  /** Writing it failed, and isn't tried again. */
  lost: boolean;
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

  /** What is kept of a partition, unless it is too old to be trusted. The caller may change it. */
  async load(partition: number): Promise<Checkpoint | undefined> {
    const known = this.followed.get(partition);
    const found = known
      ? { entries: known.entries.copy(), next: known.next, at: known.at }
      : await this.inTurn(partition, () => this.fileOf(partition).load());
    return found === undefined || this.options.clock() - found.at > MAXIMUM_AGE_MS ? undefined : found;
  }

  /**
   * The changelog was read up to before `next`: all its entries, and the keys of what has changed since the checkpoint
   * that was loaded; undefined if none was of use. From now on their owner keeps them up, and says so by `committed`.
   */
  follow(partition: number, entries: TextMap, next: number, changed: Iterable<string> | undefined): void {
    const known = this.followed.get(partition);
    // It may have been dropped since it was loaded.
    const anew = changed === undefined || (known === undefined ? this.fileOf(partition).isEmpty : known.lost);
    const now = { next, at: this.options.clock(), entries, left: false, lost: false };
    if (known === undefined || anew) this.followed.set(partition, { ...now, changed: new Set(changed), anew });
    else {
      // What is being written of it goes on with what is new.
      for (const key of changed) known.changed.add(key);
      Object.assign(known, now);
    }
    this.changes = [...this.followed.values()].reduce(
      (sum, it) => sum + (it.anew ? it.entries.size : it.changed.size),
      0,
    );
  }

  /** A transaction has written what has these keys to the changelog, from `first` to before `end`; `entries` has it. */
  committed(
    partition: number,
    entries: TextMap,
    changed: readonly { key: unknown }[],
    first: number,
    end: number,
  ): void {
    const known = this.followed.get(partition);
    // Others may have written before it since it was left; the owner that has read on since has seen it.
    if (known === undefined || known.entries !== entries || known.left || first < known.next) return;
    known.next = end;
    known.at = this.options.clock();
    if (known.lost) return;
    for (const { key } of changed) if (typeof key === "string") known.changed.add(key);
    this.changes += changed.length;
    if (this.changes >= MAXIMUM_CHANGES) void this.flush();
  }

  /** Whose entries these are works on it no more. */
  leave(partition: number, entries: TextMap): void {
    const known = this.followed.get(partition);
    if (known?.entries === entries) known.left = true;
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
    const action = async () => {
      // Meanwhile it may have been read anew, or dropped.
      if (this.followed.get(partition) !== known) return;
      const file = this.fileOf(partition);
      const { anew, entries, changed, lost } = known;
      known.anew = false;
      if (anew) await file.clear();
      if (anew || (file.isWasteful && !lost)) {
        for (const key of entries.keys()) changed.add(key);
        await file.rewrite(known);
      } else if (changed.size > 0) await file.append(known);
      if (known.left && this.followed.get(partition) === known) this.followed.delete(partition);
    };
    await this.inTurn(partition, action, known);
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
  private async inTurn<T>(partition: number, action: () => Promise<T>, known?: Followed): Promise<T | undefined> {
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
      if (known !== undefined) {
        known.lost = true;
        known.changed.clear();
      }
      await this.fileOf(partition)
        .clear()
        .catch((cause: unknown) => logger.warn({ err: cause, ...name }, "the local checkpoint can't be removed"));
      return undefined;
    } finally {
      mine.resolve();
    }
  }
}
