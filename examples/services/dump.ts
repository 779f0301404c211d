import { existsSync } from "node:fs";
import Database from "better-sqlite3";
import { SAMPLE_NAMES } from "./names.ts";
import { samplePath } from "./samples.ts";

/** Service -> table -> rows. */
export type Dump = Record<string, Record<string, Record<string, unknown>[]>>;

/**
 * What the sample services have in their tables right now, read beside them. A service that never ran has none; the
 * tables of the service SDK itself (antigraph_...) are left out.
 */
export function dumpSamples(dataDir: string, only: string[] = SAMPLE_NAMES): Dump {
  return Object.fromEntries(only.map((name) => [name, dumpFile(samplePath(dataDir, name))]));
}

function dumpFile(path: string): Dump[string] {
  if (!existsSync(path)) return {};
  const db = new Database(path, { readonly: true, fileMustExist: true });
  try {
    return db.transaction(() => {
      const names = db
        .prepare<[], string>(
          `SELECT name FROM sqlite_schema WHERE type = 'table'
           AND name NOT LIKE 'antigraph\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
        )
        .pluck()
        .all();
      return Object.fromEntries(names.map((name) => [name, readAll(db, name)]));
    })();
  } finally {
    db.close();
  }
}

function readAll(db: Database.Database, table: string): Record<string, unknown>[] {
  return db.prepare<[], Record<string, unknown>>(`SELECT * FROM "${table}" ORDER BY rowid`).all();
}
