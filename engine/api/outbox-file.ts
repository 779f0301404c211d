/** The file of the outbox: records in the order in which they were given, until they are on the bus. */
import Database from "better-sqlite3";
import type { NewRecord } from "../bus/bus.ts";
import { explainOpenError } from "../bus/embedded/open-database.ts";
import { AntigraphError } from "../core/errors.ts";

/** Marks the file ("AGOB"), so that another SQLite file is never taken for one. */
const APPLICATION_ID = 0x41474f42;
const LOCK_WAIT_MS = 250;

/** Numbered steps that are only added to; `user_version` counts those applied. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE records (
    seq INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    headers TEXT NOT NULL,
    -- Milliseconds since 1970.
    queued_at INTEGER NOT NULL,
    -- Why the bus will never take it; such records are kept to be looked at, and not sent.
    refused TEXT
  ) STRICT;
  `,
];

/** What the outbox takes: a record of a journey. */
export interface OutboxRecord extends NewRecord {
  key: string;
  value: string;
}

export interface OutboxRow {
  seq: number;
  record: OutboxRecord;
  queuedAt: number;
}

export class OutboxFile {
  private readonly database: Database.Database;
  private readonly insert: Database.Statement<[number, string, string, string, string, number]>;
  private readonly remove: Database.Statement<[number]>;
  private readonly mark: Database.Statement<[string, number]>;

  /**
   * Opens the file for this process alone.
   * @throws AntigraphError data_folder_locked, data_folder_unwritable, data_folder_corrupt, data_folder_newer
   */
  constructor(file: string) {
    let database: Database.Database | undefined;
    try {
      database = new Database(file, { timeout: LOCK_WAIT_MS });
      database.pragma("locking_mode = EXCLUSIVE");
      database.pragma("journal_mode = WAL");
      // What was promised to be sent is on the disk, also when the power goes.
      database.pragma("synchronous = FULL");
      migrate(database, file);
      this.database = database;
      this.insert = database.prepare(
        "INSERT INTO records (seq, topic, key, value, headers, queued_at) VALUES (?, ?, ?, ?, ?, ?)",
      );
      this.remove = database.prepare("DELETE FROM records WHERE seq = ?");
      this.mark = database.prepare("UPDATE records SET refused = ? WHERE seq = ?");
    } catch (error) {
      database?.close();
      throw explainOpenError(error, file);
    }
  }

  /** What waits, in order. */
  waiting(): OutboxRow[] {
    interface Row {
      seq: number;
      topic: string;
      key: string;
      value: string;
      headers: string;
      queued_at: number;
    }
    return this.database
      .prepare<[], Row>("SELECT * FROM records WHERE refused IS NULL ORDER BY seq")
      .all()
      .map(({ seq, topic, key, value, headers, queued_at }) => ({
        seq,
        record: { topic, key, value, headers: JSON.parse(headers) },
        queuedAt: queued_at,
      }));
  }

  /** How many records the bus will never take. */
  refused(): number {
    const count = this.database.prepare<[], number>("SELECT count(*) FROM records WHERE refused IS NOT NULL");
    return count.pluck().get() ?? 0;
  }

  /** The highest number that was ever given to a record that is still here. */
  lastSeq(): number {
    return this.database.prepare<[], number>("SELECT coalesce(max(seq), 0) FROM records").pluck().get() ?? 0;
  }

  /** All of it or nothing. When it returns, what was added is durable. */
  write(changes: { added: readonly OutboxRow[]; removed: readonly number[] }): void {
    this.database.transaction(() => {
      for (const { seq, record, queuedAt } of changes.added) {
        const { topic, key, value, headers = {} } = record;
        this.insert.run(seq, topic, key, value, JSON.stringify(headers), queuedAt);
      }
      for (const seq of changes.removed) this.remove.run(seq);
    })();
  }

  markRefused(seq: number, why: string): void {
    this.mark.run(why, seq);
  }

  close(): void {
    this.database.close();
  }
}

function migrate(database: Database.Database, file: string): void {
  const version = Number(database.pragma("user_version", { simple: true }));
  const tables = Number(database.prepare("SELECT count(*) FROM sqlite_schema").pluck().get());
  if (tables > 0 && Number(database.pragma("application_id", { simple: true })) !== APPLICATION_ID) {
    throw new AntigraphError("data_folder_corrupt", `${file} is a SQLite file of something else, not an outbox.`);
  }
  if (version > MIGRATIONS.length) {
    throw new AntigraphError("data_folder_newer", `${file} was written by a newer Antigraph (schema ${version}).`);
  }
  database.transaction(() => {
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
    database.pragma(`application_id = ${APPLICATION_ID}`);
    database.pragma(`user_version = ${MIGRATIONS.length}`);
  })();
}
