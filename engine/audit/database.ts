/**
 * Opens the cache's file. The cache is disposable: a file that is damaged, written by a newer Antigraph or not a cache
 * at all is moved aside (one copy is kept) and a new one begun.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { AntigraphError } from "../core/errors.ts";

/** Marks the file as an audit cache ("AGAC"). */
const APPLICATION_ID = 0x41474143;
/** How long to wait for a predecessor that is just closing the file. */
const LOCK_WAIT_MS = 500;
const CACHE_KIB = 131_072;
/** Pages of the write-ahead log before it is copied into the file: larger than SQLite's default, since rows are hot. */
const CHECKPOINT_PAGES = 8_000;
const WAL_LIMIT_BYTES = 67_108_864;
const PARTS = ["", "-wal", "-shm"];

export interface OpenedDatabase {
  database: Database.Database;
  /** Set when there was a file that couldn't be used. */
  movedAside?: { to: string; why: string };
}

/** The migrations' folder when nothing else is said: beside this file. A bundle has to carry the folder along. */
export const defaultMigrations = (): URL => new URL("./migrations/", import.meta.url);

/**
 * Opens or makes the file and brings its schema up to date. Throws AntigraphError `data_folder_locked` when another
 * process has it open and `data_folder_unwritable` when it can't be written.
 */
export function openCacheFile(file: string, migrations: URL = defaultMigrations()): OpenedDatabase {
  const steps = readMigrations(migrations);
  try {
    return { database: openAndMigrate(file, steps) };
  } catch (error) {
    const why = unusable(error);
    if (why === undefined) throw explain(error, file);
    const to = moveAside(file);
    try {
      return { database: openAndMigrate(file, steps), movedAside: { to, why } };
    } catch (again) {
      throw explain(again, file);
    }
  }
}

/** Deletes the file and what belongs to it. */
export function deleteCacheFile(file: string): void {
  for (const part of PARTS) rmSync(file + part, { force: true });
}

/** Whether an error means that the file is damaged, not that the disk is full or the file locked. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return code.startsWith("SQLITE_CORRUPT") || code.startsWith("SQLITE_NOTADB");
}

class NewerSchema extends Error {}
class ForeignFile extends Error {}

function openAndMigrate(file: string, migrations: string[]): Database.Database {
  mkdirSync(dirname(file), { recursive: true });
  const database = new Database(file, { timeout: LOCK_WAIT_MS });
  try {
    // One process has the file; the system drops the lock when that process dies.
    database.pragma("locking_mode = EXCLUSIVE");
    database.pragma("journal_mode = WAL");
    // A power cut may lose the newest batches, never the order: the positions go with them, they are read again.
    database.pragma("synchronous = NORMAL");
    database.pragma("temp_store = MEMORY");
    database.pragma(`cache_size = -${CACHE_KIB}`);
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    database.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    migrate(database, migrations);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: Database.Database, migrations: string[]): void {
  const version = Number(database.pragma("user_version", { simple: true }));
  const tables = Number(database.prepare("SELECT count(*) FROM sqlite_schema").pluck().get());
  const applicationId = Number(database.pragma("application_id", { simple: true }));
  if (tables > 0 && applicationId !== APPLICATION_ID) throw new ForeignFile("it is not an audit cache");
  if (version > migrations.length) {
    throw new NewerSchema(`a newer Antigraph wrote it (schema ${version}, this one knows ${migrations.length})`);
  }
  database.transaction(() => {
    for (const migration of migrations.slice(version)) database.exec(migration);
    database.pragma(`application_id = ${APPLICATION_ID}`);
    database.pragma(`user_version = ${migrations.length}`);
  })();
}

function readMigrations(folder: URL): string[] {
  const names = readdirSync(folder)
    .filter((name) => /^\d{4}-.+\.sql$/.test(name))
    .sort();
  return names.map((name, index) => {
    if (Number(name.slice(0, 4)) !== index + 1)
      throw new Error(`migrations are numbered without gaps; found ${name}`);
    return readFileSync(new URL(name, folder), "utf8");
  });
}

/** Why the file can't be used though the disk is fine; undefined when that isn't so. */
function unusable(error: unknown): string | undefined {
  if (error instanceof NewerSchema || error instanceof ForeignFile) return error.message;
  return isDamage(error) ? `it is damaged (${messageOf(error)})` : undefined;
}

export function moveAside(file: string): string {
  const to = `${file}.unusable`;
  for (const part of PARTS) {
    rmSync(to + part, { force: true });
    if (existsSync(file + part)) renameSync(file + part, to + part);
  }
  return to;
}

function explain(error: unknown, file: string): Error {
  const code = sqliteCode(error);
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
    return new AntigraphError("data_folder_locked", `${file} is in use by another Antigraph.`, { file });
  }
  if (code === "" && !(error instanceof Error && "errno" in error)) {
    return error instanceof Error ? error : new Error(String(error));
  }
  return new AntigraphError("data_folder_unwritable", `${file} can't be opened for writing: ${messageOf(error)}.`, {
    file,
  });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const sqliteCode = (error: unknown): string =>
  error instanceof Database.SqliteError && typeof error.code === "string" ? error.code : "";
