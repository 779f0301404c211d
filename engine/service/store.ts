/**
 * A service's memory in its own SQLite file, beside its own tables: the inbox (which commands were dealt with), the
 * outbox (their replies, until accepted) and the read positions. All three change in the transaction of the effect, so
 * a crash at any moment leaves either all of a command or nothing of it.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import type { NewRecord } from "../bus/bus.ts";
import type { Ledger, LedgerEntry, Settlement } from "./ledger.ts";
import type { Positions } from "./transport.ts";

/** Numbered: only add to it. */
const MIGRATIONS = [
  `CREATE TABLE antigraph_inbox (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE,
     reply TEXT NOT NULL,
     handled_at INTEGER NOT NULL,
     sent_at INTEGER
   );
   CREATE INDEX antigraph_inbox_unsent ON antigraph_inbox (seq) WHERE sent_at IS NULL;
   CREATE INDEX antigraph_inbox_handled ON antigraph_inbox (handled_at);
   CREATE TABLE antigraph_position (partition INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL);`,
];

const BUSY_TIMEOUT_MS = 10_000;
const DEFAULT_RETENTION_MS = 30 * 24 * 3_600_000;
const PRUNE_ROWS = 1_000;

export interface ServiceStoreOptions {
  /** The SQLite file; its folder is made if it isn't there. */
  path: string;
  /** The service's own schema: numbered SQL scripts, each run once, in order. Only add to the end. */
  migrations?: string[];
  /** How long repeats of a command are recognised after its reply was accepted. 30 days */
  retentionMs?: number;
}

export interface ServiceStore extends Ledger {
  readonly path: string;
  /** The service's own tables lie here too. Write them in `call.commit` only. */
  readonly db: Database.Database;
  /** The same after a restart, so that a service's heartbeats have one key. */
  readonly instance: string;
}

/** Opens or makes the file. Throws what SQLite throws (no such folder, not a database, a full disk). */
export function openServiceStore(options: ServiceStoreOptions): ServiceStore {
  mkdirSync(dirname(options.path), { recursive: true });
  const db = new Database(options.path, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.pragma("journal_mode = WAL");
    // A reply that was sent must not be forgotten by a power cut, or its effect could happen twice.
    db.pragma("synchronous = FULL");
    db.exec("CREATE TABLE IF NOT EXISTS antigraph_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)");
    migrate(db, "schema", MIGRATIONS);
    migrate(db, "service_schema", options.migrations ?? []);
    return createStore(db, options);
  } catch (error) {
    db.close();
    throw error;
  }
}

function createStore(db: Database.Database, options: ServiceStoreOptions): ServiceStore {
  const retentionMs = options.retentionMs ?? DEFAULT_RETENTION_MS;
  const find = db.prepare<[string], { id: string; reply: string }>(
    "SELECT id, reply FROM antigraph_inbox WHERE id = ?",
  );
  const unsent = db.prepare<[number], { id: string; reply: string }>(
    "SELECT id, reply FROM antigraph_inbox WHERE sent_at IS NULL ORDER BY seq LIMIT ?",
  );
  const insert = db.prepare<[string, string, number]>(
    "INSERT INTO antigraph_inbox (id, reply, handled_at) VALUES (?, ?, ?)",
  );
  const replace = db.prepare<[string, string]>("UPDATE antigraph_inbox SET reply = ?, sent_at = NULL WHERE id = ?");
  const markSent = db.prepare<[number, string]>(
    "UPDATE antigraph_inbox SET sent_at = ? WHERE id = ? AND sent_at IS NULL",
  );
  const prune = db.prepare<[number, number]>(
    `DELETE FROM antigraph_inbox WHERE seq IN
       (SELECT seq FROM antigraph_inbox WHERE handled_at < ? AND sent_at IS NOT NULL LIMIT ?)`,
  );
  const setPosition = db.prepare<[number, number]>(
    `INSERT INTO antigraph_position (partition, next_offset) VALUES (?, ?)
     ON CONFLICT (partition) DO UPDATE SET next_offset = excluded.next_offset`,
  );
  const readPositions = db.prepare<[], { partition: number; next_offset: number }>(
    "SELECT * FROM antigraph_position",
  );

  const savePositions = (positions: Positions) => {
    for (const [partition, offset] of Object.entries(positions)) setPosition.run(Number(partition), offset);
  };

  return {
    path: options.path,
    db,
    durable: true,
    instance: instanceOf(db),
    find(id) {
      const row = find.get(id);
      return row && toEntry(row);
    },
    settle(settlement, effect) {
      return db
        .transaction((): Settlement => {
          // Another process on the same file may have been faster: then its reply stands, and nothing happens here.
          const known = find.get(settlement.id);
          if (known) return { reply: toEntry(known).reply, repeated: true };
          const reply = settlement.reply(effect ? effect(db) : undefined);
          insert.run(settlement.id, JSON.stringify(reply), settlement.at);
          savePositions(settlement.positions);
          return { reply, repeated: false };
        })
        .immediate();
    },
    replaceReply: (id, reply) => void replace.run(JSON.stringify(reply), id),
    unsent: (limit) => unsent.all(limit).map(toEntry),
    sent(ids, at) {
      db.transaction(() => {
        for (const id of ids) markSent.run(at, id);
      }).immediate();
    },
    positions: () =>
      Object.fromEntries(readPositions.all().map(({ partition, next_offset }) => [partition, next_offset])),
    savePositions: (positions) => db.transaction(savePositions).immediate(positions),
    prune: (now) => prune.run(now - retentionMs, PRUNE_ROWS).changes,
    close: () => void db.close(),
  };
}

function toEntry(row: { id: string; reply: string }): LedgerEntry {
  const reply: NewRecord = JSON.parse(row.reply);
  return { id: row.id, reply };
}

function migrate(db: Database.Database, name: string, scripts: string[]): void {
  const read = db.prepare<[string], { value: string }>("SELECT value FROM antigraph_meta WHERE name = ?");
  const write = db.prepare<[string, string]>("INSERT OR REPLACE INTO antigraph_meta (name, value) VALUES (?, ?)");
  db.transaction(() => {
    const done = Number(read.get(name)?.value ?? 0);
    for (const script of scripts.slice(done)) db.exec(script);
    if (scripts.length > done) write.run(name, String(scripts.length));
  }).immediate();
}

function instanceOf(db: Database.Database): string {
  db.prepare("INSERT OR IGNORE INTO antigraph_meta (name, value) VALUES ('instance', ?)").run(
    randomUUID().slice(0, 8),
  );
  const row = db.prepare<[], { value: string }>("SELECT value FROM antigraph_meta WHERE name = 'instance'").get();
  return row?.value ?? "";
}
