/** Opens the bus file: lock, durability, migrations; and says plainly why when it can't. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { AntigraphError } from "../../core/errors.ts";
import { APPLICATION_ID, MIGRATIONS } from "./migrations.ts";

/** How long to wait for a predecessor that is just closing the file. */
const LOCK_WAIT_MS = 250;
const CACHE_KIB = 32_768;
/** The write-ahead log shrinks back to this after a burst. */
const WAL_LIMIT_BYTES = 67_108_864;

/**
 * Opens the file and takes it for this process alone: in exclusive locking mode SQLite holds a lock of the operating
 * system from the first access to the close, and the system lets go of it when the process dies, however it dies.
 * Throws AntigraphError `data_folder_locked`, `data_folder_unwritable`, `data_folder_corrupt` or `data_folder_newer`.
 */
export function openDatabase(file: string): Database.Database {
  let database: Database.Database | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true });
    database = new Database(file, { timeout: LOCK_WAIT_MS });
    database.pragma("locking_mode = EXCLUSIVE");
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = FULL");
    database.pragma(`cache_size = -${CACHE_KIB}`);
    database.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    migrate(database, file);
    return database;
  } catch (error) {
    database?.close();
    throw explainOpenError(error, file);
  }
}

function migrate(database: Database.Database, file: string): void {
  const version = Number(database.pragma("user_version", { simple: true }));
  const tables = Number(database.prepare("SELECT count(*) FROM sqlite_schema").pluck().get());
  const applicationId = Number(database.pragma("application_id", { simple: true }));
  if (tables > 0 && applicationId !== APPLICATION_ID) {
    throw new AntigraphError("data_folder_corrupt", `${file} is a SQLite file of something else, not a bus file.`);
  }
  if (version > MIGRATIONS.length) {
    throw new AntigraphError("data_folder_newer", `${file} was written by a newer Antigraph (schema ${version}).`);
  }
  // Also taken when there is nothing to migrate: a write proves the folder writable now and not at the first append.
  database.transaction(() => {
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
    database.pragma(`application_id = ${APPLICATION_ID}`);
    database.pragma(`user_version = ${MIGRATIONS.length}`);
  })();
}

/** What an error at the opening means to the user. */
export function explainOpenError(error: unknown, file: string): AntigraphError {
  if (error instanceof AntigraphError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const message = error instanceof Error ? error.message : String(error);
  if (code.startsWith("SQLITE_BUSY")) {
    return new AntigraphError("data_folder_locked", `${file} is in use by another Antigraph.`, { file });
  }
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT")) {
    return new AntigraphError("data_folder_corrupt", `${file} is damaged or not a bus file: ${message}.`, { file });
  }
  return new AntigraphError("data_folder_unwritable", `${file} can't be opened for writing: ${message}.`, { file });
}
