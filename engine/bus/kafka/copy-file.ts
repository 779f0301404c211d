/**
 * A SQLite file that is only a copy of what lies in Kafka: it is written without waiting for the disk, which is several
 * times as fast and holds nobody up for a fifth of a second now and then. A process that is killed loses nothing by that;
 * a machine that loses its power may leave the file broken. So a file that wasn't closed before the machine was started
 * again is dropped, as is one that can't be read, and is read anew from Kafka by its owner.
 */
import { mkdirSync, rmSync } from "node:fs";
import { uptime } from "node:os";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import type { BusLogger } from "../bus.ts";

/** Pages between two moves from the write-ahead log into the file. */
const LOG_PAGES = 8_192;
/** Clocks are set: starts of the machine are told apart when they lie further apart than this. */
const SAME_START_MS = 60_000;

export interface CopyFile {
  database: Database.Database;
  close(): void;
}

export interface CopyFileOptions {
  /** Another number means another schema: what is there is dropped. */
  version: number;
  schema: string;
  /** When the machine was started; milliseconds since 1970. */
  startedAt?: number;
  logger: BusLogger;
}

/** @throws Error when the file can't be made */
export function openCopyFile(path: string, options: CopyFileOptions): CopyFile {
  mkdirSync(dirname(path), { recursive: true });
  const { startedAt = Date.now() - uptime() * 1_000, logger } = options;
  let database = openUsable(path, options.version, startedAt, logger);
  if (database === undefined) {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
    database = openDatabase(path);
    database.exec(`${options.schema}; CREATE TABLE opened (at INTEGER NOT NULL)`);
    database.pragma(`user_version = ${options.version}`);
  }
  database.prepare("DELETE FROM opened").run();
  database.prepare("INSERT INTO opened (at) VALUES (?)").run(Math.round(startedAt));
  return { database, close: () => close(database) };
}

function openDatabase(path: string): Database.Database {
  const database = new Database(path);
  try {
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = OFF");
    database.pragma(`wal_autocheckpoint = ${LOG_PAGES}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The file as it is; undefined when it has to be made. */
function openUsable(
  path: string,
  version: number,
  startedAt: number,
  logger: BusLogger,
): Database.Database | undefined {
  let database: Database.Database | undefined;
  try {
    database = openDatabase(path);
    if (database.pragma("user_version", { simple: true }) === version) {
      const opened = database.prepare<[], { at: number }>("SELECT at FROM opened").get();
      if (opened === undefined || Math.abs(opened.at - startedAt) < SAME_START_MS) return database;
      logger.warn({ path }, "the machine went down while this copy was in use; it is read again");
    }
  } catch (error) {
    if (!isBroken(error)) throw error;
    logger.warn({ err: error, path }, "this copy is broken; it is read again");
  }
  database?.close();
  return undefined;
}

const isBroken = (error: unknown): boolean =>
  error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);

/** From now on the machine may go down. */
function close(database: Database.Database): void {
  if (!database.open) return;
  database.pragma("synchronous = FULL");
  database.pragma("wal_checkpoint(TRUNCATE)");
  database.prepare("DELETE FROM opened").run();
  database.close();
}
