/**
 * The state of ended journeys, in a SQLite file of this process: fed in the background from its changelog topic, from all
 * partitions, so that a partition that moves here finds its past at once. Only a copy: it can be deleted and is read
 * again. Entries are forgotten after the retention time.
 */
import { join } from "node:path";
import type Database from "better-sqlite3";
import type { BusLogger, BusRecord } from "../bus.ts";
import type { Client, Connection } from "./client.ts";
import { type CopyFile, openCopyFile } from "./copy-file.ts";
import { Delivery } from "./delivery.ts";
import { delay } from "./errors.ts";

const FILE = "kafka-closed.sqlite";
const BATCH_RECORDS = 2_000;
/** Of one partition: it has time. */
const FETCH_BYTES = 131_072;
const RETENTION_MS = 7 * 86_400_000;
const PRUNE_EVERY_MS = 600_000;
/** At a time; the event loop has its turn in between. */
const PRUNE_ENTRIES = 2_000;

/** Another number means another schema: what is there is dropped and read again. */
const SCHEMA_VERSION = 3;
/** Keys are looked up at random, one for each journey that begins. */
const CACHE_KIB = 16_384;

/** Values lie in the order of their coming, apart from their keys, so that a lookup finds a key among keys only. */
const SCHEMA = `
  CREATE TABLE position (topic TEXT, partition INTEGER, next INTEGER NOT NULL, PRIMARY KEY (topic, partition))
    WITHOUT ROWID;
  CREATE TABLE closed (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, partition INTEGER NOT NULL, key TEXT NOT NULL,
    topic TEXT NOT NULL, value TEXT NOT NULL);
  CREATE UNIQUE INDEX closed_key ON closed (key, partition, topic);
`;

export class ClosedStore {
  private readonly file: CopyFile;
  private readonly database: Database.Database;
  private readonly topic: string;
  private readonly connection: Connection;
  private readonly clock: () => number;
  private delivery: Delivery | undefined;
  private readonly waiting = new Set<() => void>();
  private readonly selectValue: Database.Statement<[string, number, string], { value: string }>;
  private readonly write: (records: BusRecord[]) => void;
  private readonly timer: NodeJS.Timeout;
  /** Called for each partition when the store has read up to an offset. */
  readonly listeners = new Set<(partition: number, next: number) => void>();

  constructor(client: Client, options: { dataDir: string; topic: string; clock: () => number; logger: BusLogger }) {
    const { dataDir, topic, clock, logger } = options;
    this.topic = topic;
    this.clock = clock;
    this.connection = client.connection();
    this.file = openCopyFile(join(dataDir, FILE), { version: SCHEMA_VERSION, schema: SCHEMA, logger });
    this.database = this.file.database;
    this.database.pragma(`cache_size = -${CACHE_KIB}`);
    this.selectValue = this.database.prepare(
      "SELECT value FROM closed WHERE topic = ? AND partition = ? AND key = ?",
    );
    this.write = this.writer();
    this.delivery = new Delivery({
      name: `the store of ended state from ${topic}`,
      connection: this.connection,
      topic,
      limit: BATCH_RECORDS,
      partitionBytes: FETCH_BYTES,
      onRecords: (records) => this.write(records),
      onTaken: async (positions) => this.taken(positions),
      logger,
    });
    this.timer = setInterval(() => void this.prune(), PRUNE_EVERY_MS);
    this.timer.unref();
  }

  /** Begins to read; resolves when everything that was there is in the store, but for partitions without a leader. */
  async start(): Promise<void> {
    const { topic, connection } = this;
    const { starts, ends, later } = await connection.logs(topic);
    const stored = this.database
      .prepare<[string], { partition: number; next: number }>("SELECT partition, next FROM position WHERE topic = ?")
      .all(topic);
    const known = new Map(stored.map(({ partition, next }) => [partition, next]));
    // Compaction and retention have passed by what isn't stored yet; a topic that was made anew begins again.
    const from = (partition: number, start: number, end: number): number => {
      const position = known.get(partition) ?? start;
      return position < start || position > end ? start : position;
    };
    for (const [partition, end] of ends)
      this.delivery?.add(partition, from(partition, starts.get(partition) ?? 0, end));
    void this.delivery?.addLater(later, from);
    this.delivery?.aim(ends);
    await this.delivery?.caughtUp;
  }

  get(partition: number, key: string): string | undefined {
    return this.selectValue.get(this.topic, partition, key)?.value;
  }

  /** Resolves when everything that is committed now in this partition is in the store. */
  async upToDate(partition: number, signal: AbortSignal): Promise<void> {
    const end = (await this.connection.offsets(this.topic, [partition], "end")).get(partition) ?? 0;
    const position = (): number => (this.delivery === undefined ? end : (this.delivery.position(partition) ?? -1));
    while (!signal.aborted && position() < end) {
      await Promise.race([
        new Promise<void>((resolve) => {
          this.waiting.add(resolve);
        }),
        // Markers move the position without records.
        delay(20, signal),
      ]);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.delivery?.close();
    this.delivery = undefined;
    this.connection.close();
    this.file.close();
  }

  private writer(): (records: BusRecord[]) => void {
    const put = this.database.prepare(
      "INSERT INTO closed (topic, partition, key, value, at) VALUES (?, ?, ?, ?, ?) " +
        "ON CONFLICT (key, partition, topic) DO UPDATE SET value = excluded.value, at = excluded.at",
    );
    const remove = this.database.prepare("DELETE FROM closed WHERE topic = ? AND partition = ? AND key = ?");
    const move = this.database.prepare(
      "INSERT INTO position (topic, partition, next) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next = excluded.next",
    );
    return this.database.transaction((records: BusRecord[]) => {
      const nexts = new Map<number, number>();
      for (const { partition, offset, key, value, timestamp } of records) {
        nexts.set(partition, offset + 1);
        if (key === null) continue;
        if (value === null) remove.run(this.topic, partition, key);
        else put.run(this.topic, partition, key, value, timestamp);
      }
      for (const [partition, next] of nexts) move.run(this.topic, partition, next);
    });
  }

  private taken(positions: ReadonlyMap<number, number>): void {
    for (const [partition, next] of positions) for (const listener of this.listeners) listener(partition, next);
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }

  private async prune(): Promise<void> {
    // The oldest lie first.
    const oldest = this.database.prepare<[number, number]>(
      "DELETE FROM closed WHERE id IN (SELECT id FROM closed ORDER BY id LIMIT ?) AND at < ?",
    );
    const before = this.clock() - RETENTION_MS;
    while (this.database.open && oldest.run(PRUNE_ENTRIES, before).changes === PRUNE_ENTRIES) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
