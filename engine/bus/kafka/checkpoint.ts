/**
 * The local checkpoint: a copy of the state changelog of the partitions that this process works on or has worked on, as
 * far as it has followed each of them, so that a restart reads only what came later. Written in the background, in slices
 * between turns of the event loop; what changes several times in between is written once. Only a copy: it is dropped when
 * it can't be trusted, and grows again from the changelog.
 *
 * What is written may be ahead of the noted offset, never behind it: reading the changelog on from there puts the same
 * values again and ends with the same state.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { BusLogger } from "../bus.ts";

const FILE = "kafka-checkpoint.sqlite";
const FLUSH_EVERY_MS = 10_000;
/** More changes than this wait for no timer. */
const MAXIMUM_CHANGES = 25_000;
/** Of one SQLite transaction: a few milliseconds. */
const SLICE_CHANGES = 500;
/** Deletions stay in a compacted log for a day: what is older may hold what was deleted since. */
const MAXIMUM_AGE_MS = 12 * 3_600_000;
const BUSY_TIMEOUT_MS = 1_000;
const CACHE_KIB = 16_384;
/** Pages between two moves from the write-ahead log into the file, which wait for the disk. */
const LOG_PAGES = 8_192;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS followed (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, partition INTEGER NOT NULL,
    next INTEGER NOT NULL, at INTEGER NOT NULL, UNIQUE (topic, partition));
  CREATE TABLE IF NOT EXISTS entry (followed INTEGER, key TEXT, value TEXT NOT NULL, PRIMARY KEY (followed, key))
    WITHOUT ROWID;
`;

export interface CheckpointOptions {
  dataDir: string;
  /** The state changelog. */
  topic: string;
  clock: () => number;
  logger: BusLogger;
}

/** The changelog of one partition up to an offset. */
export interface Checkpoint {
  entries: Map<string, string>;
  /** Where to read on. */
  next: number;
  /** When that was noted, in milliseconds since 1970. */
  at: number;
}

interface Followed {
  id: number;
  next: number;
  /** Not written yet; null is deleted. */
  changes: Map<string, string | null>;
}

export class Checkpoints {
  private readonly options: CheckpointOptions;
  private readonly file: string;
  private store: Store | undefined;
  private readonly followed = new Map<number, Followed>();
  private changes = 0;
  private flushing: Promise<void> | undefined;
  private readonly timer: NodeJS.Timeout;

  constructor(options: CheckpointOptions) {
    this.options = options;
    mkdirSync(options.dataDir, { recursive: true });
    this.file = join(options.dataDir, FILE);
    this.timer = setInterval(() => void this.flush(), FLUSH_EVERY_MS);
    this.timer.unref();
    try {
      this.store = openStore(this.file);
    } catch (error) {
      this.rebuild(error);
    }
  }

  /** What is kept of a partition, unless it is too old to be trusted. */
  load(partition: number): Checkpoint | undefined {
    return this.guard(() => {
      const known = this.followed.get(partition);
      if (known !== undefined) this.write(known, Number.POSITIVE_INFINITY);
      const { topic, clock } = this.options;
      const found = this.store?.find.get(topic, partition);
      if (found === undefined || this.store === undefined) return undefined;
      const { id, next, at } = found;
      // A store that is in use is as new as what it holds.
      if (known === undefined && clock() - at > MAXIMUM_AGE_MS) return undefined;
      const rows = this.store.entries.all(id);
      return { entries: new Map(rows.map(({ key, value }) => [key, value])), next: known?.next ?? next, at };
    });
  }

  /** The changelog was read: `changes` since the checkpoint that was loaded, or, if none was of use, all there is. */
  follow(partition: number, changes: ReadonlyMap<string, string | null>, next: number, anew: boolean): void {
    this.guard(() => {
      if (this.store === undefined) return;
      const { topic, clock } = this.options;
      let id = this.store.find.get(topic, partition)?.id;
      if (id !== undefined && anew) this.store.clear.run(id);
      if (id === undefined || anew) {
        // An offset of 0 stands for nothing until all is written.
        this.store.note.run(topic, partition, 0, clock());
        id = this.store.find.get(topic, partition)?.id ?? 0;
      }
      const known = this.followed.get(partition);
      const all = new Map([...((!anew && known?.changes) || []), ...changes]);
      this.changes += all.size - (known?.changes.size ?? 0);
      this.followed.set(partition, { id, next, changes: all });
    });
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
      if (typeof key !== "string") continue;
      if (!known.changes.has(key)) this.changes++;
      known.changes.set(key, typeof value === "string" ? value : null);
    }
    if (this.changes >= MAXIMUM_CHANGES) void this.flush();
  }

  /** Writes what has changed so far, slice by slice. */
  flush(): Promise<void> {
    this.flushing ??= this.writeAll().finally(() => {
      this.flushing = undefined;
    });
    return this.flushing;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
    this.guard(() => this.store?.database.close());
    this.store = undefined;
  }

  private async writeAll(): Promise<void> {
    for (const known of this.followed.values()) {
      while (known.changes.size > 0 && this.store !== undefined) {
        this.guard(() => this.write(known, SLICE_CHANGES));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  /** Notes the offset when nothing is left to be written. */
  private write(known: Followed, limit: number): void {
    const { store } = this;
    if (store === undefined || known.changes.size === 0) return;
    const { clock } = this.options;
    store.slice(() => {
      let written = 0;
      for (const [key, value] of known.changes) {
        if (written++ >= limit) break;
        if (value === null) store.remove.run(known.id, key);
        else store.put.run(known.id, key, value);
        known.changes.delete(key);
        this.changes--;
      }
      if (known.changes.size === 0) store.move.run(known.next, clock(), known.id);
    });
  }

  /** Whatever is wrong with the file, work goes on without it. */
  private guard<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      this.rebuild(error);
      return undefined;
    }
  }

  private rebuild(error: unknown): void {
    const { logger, topic } = this.options;
    logger.warn({ err: error, topic }, "the local checkpoint was dropped; it is built anew from the changelog");
    this.followed.clear();
    this.changes = 0;
    try {
      this.store?.database.close();
      for (const suffix of ["", "-wal", "-shm"]) rmSync(this.file + suffix, { force: true });
      this.store = openStore(this.file);
    } catch (cause) {
      this.store = undefined;
      logger.warn({ err: cause, topic }, "there is no local checkpoint; a restart will read the whole changelog");
    }
  }
}

type Store = ReturnType<typeof openStore>;

function openStore(file: string) {
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  database.pragma(`cache_size = -${CACHE_KIB}`);
  database.pragma(`wal_autocheckpoint = ${LOG_PAGES}`);
  // After a crash of the machine it may be a little behind, and reads that again.
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = NORMAL");
  database.exec(SCHEMA);
  const transaction = database.transaction((writes: () => void) => writes());
  return {
    database,
    slice: (writes: () => void): void => transaction(writes),
    find: database.prepare<[string, number], { id: number; next: number; at: number }>(
      "SELECT id, next, at FROM followed WHERE topic = ? AND partition = ? AND next >= 0",
    ),
    entries: database.prepare<[number], { key: string; value: string }>(
      "SELECT key, value FROM entry WHERE followed = ?",
    ),
    note: database.prepare(
      "INSERT INTO followed (topic, partition, next, at) VALUES (?, ?, ?, ?) " +
        "ON CONFLICT DO UPDATE SET next = excluded.next, at = excluded.at",
    ),
    move: database.prepare("UPDATE followed SET next = ?, at = ? WHERE id = ?"),
    clear: database.prepare("DELETE FROM entry WHERE followed = ?"),
    put: database.prepare(
      "INSERT INTO entry (followed, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    ),
    remove: database.prepare("DELETE FROM entry WHERE followed = ? AND key = ?"),
  };
}
