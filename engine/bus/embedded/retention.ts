/**
 * Retention (of records and of closed state) and compaction, in small steps beside the work: a few at the opening, then one after the other while there
 * is more to do, then hourly. Offsets never change. What a worker has not read yet is never taken.
 */
import type { Database, Statement } from "better-sqlite3";
import type { BusLogger } from "../bus.ts";
import type { Log } from "./log.ts";
import type { Storage } from "./storage.ts";
import type { Topics } from "./topics.ts";

const STEP_RECORDS = 2_000;
const STEPS_AT_OPENING = 10;
const PAUSE_MS = 1_000;
const INTERVAL_MS = 3_600_000;
/** Readers that fell behind by less than this still see that a key was deleted. */
const TOMBSTONE_RETENTION_MS = 86_400_000;

export interface RetentionOptions {
  retentionMs: number;
  /** Topics of which nothing is ever taken. */
  keptForEver: readonly string[];
  clock: () => number;
  logger: BusLogger;
}

export class Retention {
  private readonly storage: Storage;
  private readonly topics: Topics;
  private readonly options: RetentionOptions;
  private timer: NodeJS.Timeout | undefined;
  private readonly oldest: Statement<[number, number, number], { offset: number; timestamp: number }>;
  private readonly deleteBefore: Statement<[number, number]>;
  private readonly deleteSuperseded: Statement<[number, number, number]>;
  private readonly updateLog: Statement<[number, number, number]>;
  private readonly deleteClosed: Statement<[number, number]>;

  constructor(storage: Storage, topics: Topics, options: RetentionOptions) {
    this.storage = storage;
    this.topics = topics;
    this.options = options;
    const database: Database = storage.database;
    this.oldest = database.prepare(
      "SELECT offset, timestamp FROM records WHERE log = ? AND offset < ? ORDER BY offset LIMIT ?",
    );
    this.deleteBefore = database.prepare("DELETE FROM records WHERE log = ? AND offset < ?");
    this.deleteSuperseded = database.prepare(
      `DELETE FROM records WHERE id IN (
         SELECT id FROM (
           SELECT id, value IS NULL AND timestamp < ? AS expired,
                  row_number() OVER (PARTITION BY key ORDER BY offset DESC) AS age
           FROM records WHERE log = ?
         ) WHERE age > 1 OR expired LIMIT ?
       )`,
    );
    this.deleteClosed = database.prepare(
      `DELETE FROM closed_state WHERE closed_at < ? AND id IN (SELECT id FROM closed_state ORDER BY id LIMIT ?)`,
    );
    this.updateLog = database.prepare("UPDATE logs SET start = ?, next = ? WHERE id = ?");
  }

  start(): void {
    let more = true;
    for (let step = 0; more && step < STEPS_AT_OPENING; step++) more = this.step();
    this.sleep(more);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private sleep(more: boolean): void {
    this.timer = setTimeout(
      () => {
        try {
          this.sleep(this.step());
        } catch (error) {
          this.options.logger.error(
            { err: error, file: this.storage.file },
            "retention failed; it is tried again later",
          );
          this.sleep(false);
        }
      },
      more ? PAUSE_MS : INTERVAL_MS,
    );
    this.timer.unref();
  }

  /** Takes out STEP_RECORDS at most. Answers whether there may be more. */
  private step(): boolean {
    let budget = STEP_RECORDS;
    for (const { name, compacted, logs } of this.topics.all()) {
      if (this.options.keptForEver.includes(name)) continue;
      for (const log of logs) {
        if (budget <= 0) return true;
        budget -= compacted ? this.compact(log, budget) : this.expire(log, budget);
      }
    }
    const before = this.options.clock() - this.options.retentionMs;
    if (budget > 0) budget -= this.deleteClosed.run(before, budget).changes;
    return budget <= 0;
  }

  private compact(log: Log, limit: number): number {
    const tombstonesBefore = this.options.clock() - TOMBSTONE_RETENTION_MS;
    return this.storage.database.transaction(() => {
      const { changes } = this.deleteSuperseded.run(tombstonesBefore, log.id, limit);
      if (changes > 0) this.updateLog.run(log.start, log.end, log.id);
      return changes;
    })();
  }

  private expire(log: Log, limit: number): number {
    const before = this.options.clock() - this.options.retentionMs;
    let start = log.start;
    for (const { offset, timestamp } of this.oldest.iterate(log.id, this.unreadFrom(log), limit)) {
      if (timestamp >= before) break;
      start = offset + 1;
    }
    if (start === log.start) return 0;
    const removed = this.storage.database.transaction(() => {
      this.updateLog.run(start, log.end, log.id);
      return this.deleteBefore.run(log.id, start).changes;
    })();
    log.start = start;
    return removed;
  }

  /** Before this offset every group of workers has read everything. */
  private unreadFrom(log: Log): number {
    const positions = this.storage
      .positions()
      .filter(({ work, topic, partition }) => work === 1 && topic === log.topic && partition === log.partition);
    return Math.min(log.end, ...positions.map(({ next }) => next));
  }
}
