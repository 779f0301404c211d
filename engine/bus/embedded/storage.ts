/**
 * What the embedded bus keeps in its SQLite file: all SQL but the schema (migrations.ts) and retention (retention.ts).
 * Synchronous; the caller draws the transactions.
 */
import type { Database, Statement } from "better-sqlite3";
import { AntigraphError } from "../../core/errors.ts";
import type { BusRecord, StateEntry } from "../bus.ts";
import { openDatabase } from "./open-database.ts";

/** Entries fetched at a time while a partition's state is read. */
const STATE_PAGE_ENTRIES = 500;
/** A read ends after this much text, so that a batch of large records can't fill the memory. */
const MAXIMUM_FETCH_CHARS = 4_194_304;

export interface TopicSpec {
  name: string;
  partitions: number;
  compacted?: boolean;
}

export interface LogRow {
  id: number;
  topic: string;
  partition: number;
  /** First offset still there. */
  start: number;
  /** Offset of the next record. */
  next: number;
}

export interface PositionRow {
  id: number;
  group: string;
  topic: string;
  partition: number;
  next: number;
  work: 0 | 1;
}

interface RecordRow {
  offset: number;
  timestamp: number;
  key: string | null;
  value: string | null;
  headers: string | null;
}

/** Shared by all records without headers; frozen, since they share it. */
export const NO_HEADERS: Record<string, string> = Object.freeze({});

export class Storage {
  readonly file: string;
  readonly database: Database;
  private readonly beginStatement: Statement<[]>;
  private readonly commitStatement: Statement<[]>;
  private readonly recordInsert: Statement<[number, number, number, string | null, string | null, string | null]>;
  private readonly recordSelect: Statement<[number, number, number, number], RecordRow>;
  private readonly positionUpdate: Statement<[number, number]>;
  private readonly stateUpsert: Statement<[number, string, string]>;
  private readonly stateDelete: Statement<[number, string]>;
  private readonly closedReplace: Statement<[number, string, string, number]>;
  private readonly closedDelete: Statement<[number, string]>;
  private readonly stateGet: Statement<[number, string, number, string], string>;
  private readonly statePage: Statement<[number, string, number], StateEntry>;

  /** Throws as `openDatabase` does. */
  constructor(file: string) {
    this.file = file;
    const database = openDatabase(file);
    this.database = database;
    this.beginStatement = database.prepare("BEGIN IMMEDIATE");
    this.commitStatement = database.prepare("COMMIT");
    this.recordInsert = database.prepare(
      "INSERT INTO records (log, offset, timestamp, key, value, headers) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.recordSelect = database.prepare(
      `SELECT offset, timestamp, key, value, headers FROM records
       WHERE log = ? AND offset >= ? AND offset < ? ORDER BY offset LIMIT ?`,
    );
    this.positionUpdate = database.prepare("UPDATE positions SET next = ? WHERE id = ?");
    this.stateUpsert = database.prepare(
      `INSERT INTO state (owner, key, value) VALUES (?, ?, ?)
       ON CONFLICT (owner, key) DO UPDATE SET value = excluded.value`,
    );
    this.stateDelete = database.prepare("DELETE FROM state WHERE owner = ? AND key = ?");
    this.closedReplace = database.prepare(
      "INSERT OR REPLACE INTO closed_state (owner, key, value, closed_at) VALUES (?, ?, ?, ?)",
    );
    this.closedDelete = database.prepare("DELETE FROM closed_state WHERE owner = ? AND key = ?");
    this.stateGet = database
      .prepare<[number, string, number, string], string>(
        `SELECT value FROM state WHERE owner = ? AND key = ?
         UNION ALL SELECT value FROM closed_state WHERE owner = ? AND key = ? LIMIT 1`,
      )
      .pluck();
    this.statePage = database.prepare(
      "SELECT key, value FROM state WHERE owner = ? AND key > ? ORDER BY key LIMIT ?",
    );
  }

  begin(): void {
    this.beginStatement.run();
  }

  commit(): void {
    this.commitStatement.run();
  }

  /** Safe to call when SQLite has rolled back by itself already (it does on a full disk). */
  rollback(): void {
    if (this.database.inTransaction) this.database.exec("ROLLBACK");
  }

  /** Creates the topics that are missing. Throws `topics_differ` where one is there with other partitions. */
  ensureTopics(specs: readonly TopicSpec[]): void {
    const find = this.database.prepare<[string], number>("SELECT partitions FROM topics WHERE name = ?").pluck();
    const create = this.database.prepare("INSERT INTO topics (name, partitions, compacted) VALUES (?, ?, ?)");
    const createLog = this.database.prepare("INSERT INTO logs (topic, partition) VALUES (?, ?)");
    this.database.transaction(() => {
      for (const { name, partitions, compacted } of specs) {
        const there = find.get(name);
        if (there === undefined) {
          create.run(name, partitions, compacted ? 1 : 0);
          for (let partition = 0; partition < partitions; partition++) createLog.run(name, partition);
        } else if (there !== partitions) {
          throw new AntigraphError(
            "topics_differ",
            `Topic ${name} in ${this.file} has ${there} partitions, not ${partitions}.`,
            { topic: name, partitions: there },
          );
        }
      }
    })();
  }

  topics(): { name: string; partitions: number; compacted: boolean; logs: LogRow[] }[] {
    const logs = this.database.prepare<[string], LogRow>(
      `SELECT id, topic, partition, start,
              max(next, coalesce((SELECT max(offset) + 1 FROM records WHERE log = logs.id), 0)) AS next
       FROM logs WHERE topic = ? ORDER BY partition`,
    );
    return this.database
      .prepare<[], { name: string; partitions: number; compacted: number }>("SELECT * FROM topics ORDER BY name")
      .all()
      .map((row) => ({ ...row, compacted: row.compacted === 1, logs: logs.all(row.name) }));
  }

  insertRecord(log: number, record: BusRecord): void {
    const headers = record.headers === NO_HEADERS ? null : JSON.stringify(record.headers);
    this.recordInsert.run(log, record.offset, record.timestamp, record.key, record.value, headers);
  }

  /**
   * Records with from <= offset < until, `limit` at most, fewer where they are large; at least one if there is one.
   * `next` is where to read on: offsets are missing where compaction took records out.
   */
  readRecords(
    log: { id: number; topic: string; partition: number },
    from: number,
    until: number,
    limit: number,
  ): { records: BusRecord[]; next: number } {
    const records: BusRecord[] = [];
    let chars = 0;
    for (const { offset, timestamp, key, value, headers } of this.recordSelect.iterate(log.id, from, until, limit)) {
      records.push({
        topic: log.topic,
        partition: log.partition,
        offset,
        timestamp,
        key,
        value,
        headers: headers === null ? NO_HEADERS : JSON.parse(headers),
      });
      chars += value?.length ?? 0;
      if (records.length === limit || chars >= MAXIMUM_FETCH_CHARS) return { records, next: offset + 1 };
    }
    return { records, next: until };
  }

  /**
   * The group's positions on a topic, by partition; where it has none yet, `initial` is stored. Throws
   * `invalid_request` when the group is known as the other kind: the state of workers hangs on their positions.
   */
  ensurePositions(group: string, topic: string, work: boolean, initial: readonly number[]): PositionRow[] {
    const insert = this.database.prepare(
      `INSERT OR IGNORE INTO positions (consumer_group, topic, partition, next, work) VALUES (?, ?, ?, ?, ?)`,
    );
    return this.database.transaction(() => {
      for (const [partition, next] of initial.entries()) insert.run(group, topic, partition, next, work ? 1 : 0);
      const rows = this.positions().filter((row) => row.group === group && row.topic === topic);
      if (rows.every((row) => (row.work === 1) === work)) return rows;
      throw new AntigraphError("invalid_request", `Group ${group} can't both work and consume on ${topic}.`);
    })();
  }

  /** All groups' positions, ordered by group, topic and partition. */
  positions(): PositionRow[] {
    return this.database
      .prepare<[], PositionRow>(
        `SELECT id, consumer_group AS "group", topic, partition, next, work FROM positions
         ORDER BY consumer_group, topic, partition`,
      )
      .all();
  }

  setPosition(id: number, next: number): void {
    this.positionUpdate.run(next, id);
  }

  /** `closedAt` (milliseconds since 1970): the entry is kept for `getState` only. */
  setState(owner: number, key: string, value: string | null, closedAt?: number): void {
    if (value !== null && closedAt === undefined) {
      this.stateUpsert.run(owner, key, value);
      return;
    }
    this.stateDelete.run(owner, key);
    if (value === null || closedAt === undefined) this.closedDelete.run(owner, key);
    else this.closedReplace.run(owner, key, value, closedAt);
  }

  getState(owner: number, key: string): string | undefined {
    return this.stateGet.get(owner, key, owner, key);
  }

  /** An owner's entries that are not closed. Reads page by page: between entries the caller may use the database. */
  *stateOf(owner: number): Generator<StateEntry> {
    let after = "";
    for (;;) {
      const page = this.statePage.all(owner, after, STATE_PAGE_ENTRIES);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < STATE_PAGE_ENTRIES) return;
      after = last.key;
    }
  }

  close(): void {
    this.database.close();
  }
}
