/** Counters of the cache as a whole, written with the batches they count. */
import type Database from "better-sqlite3";

const NAMES = ["events", "duplicates", "malformed"] as const;
type Counts = Record<(typeof NAMES)[number], number>;

export class Totals {
  readonly #database: Database.Database;
  readonly #counts: Counts = { events: 0, duplicates: 0, malformed: 0 };
  #changed = false;

  constructor(database: Database.Database) {
    this.#database = database;
    this.reload();
  }

  get(): Readonly<Counts> {
    return { ...this.#counts };
  }

  add(counts: Counts): void {
    for (const name of NAMES) {
      if (counts[name] === 0) continue;
      this.#counts[name] += counts[name];
      this.#changed = true;
    }
  }

  flush(): void {
    if (!this.#changed) return;
    for (const name of NAMES) writeMeta(this.#database, name, String(this.#counts[name]));
    this.#changed = false;
  }

  reload(): void {
    for (const name of NAMES) this.#counts[name] = Number(readMeta(this.#database, name) ?? 0);
    this.#changed = false;
  }
}

export function readMeta(database: Database.Database, key: string): string | undefined {
  return database.prepare<[string], string>("SELECT value FROM meta WHERE key = ?").pluck().get(key);
}

export function writeMeta(database: Database.Database, key: string, value: string): void {
  database
    .prepare("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
    .run(key, value);
}
