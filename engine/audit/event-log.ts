/** The stored events of journeys, and how far the topic is ingested. */
import type Database from "better-sqlite3";
import { type ParsedEvent, parseAuditRecord } from "./audit-record.ts";

export class EventLog {
  readonly #insert: Database.Statement;
  readonly #has: Database.Statement<[number, number], number>;
  readonly #valuesOf: Database.Statement<[number], string>;
  readonly #delete: Database.Statement<[number]>;
  readonly #positions: Database.Statement<[], [number, number]>;
  readonly #setPosition: Database.Statement;

  constructor(database: Database.Database) {
    this.#insert = database.prepare("INSERT INTO events (journey_id, seq, value) VALUES (?, ?, ?)");
    this.#has = database
      .prepare<[number, number], number>("SELECT 1 FROM events WHERE journey_id = ? AND seq = ?")
      .pluck();
    this.#valuesOf = database
      .prepare<[number], string>("SELECT value FROM events WHERE journey_id = ? ORDER BY seq")
      .pluck();
    this.#delete = database.prepare("DELETE FROM events WHERE journey_id = ?");
    this.#positions = database
      .prepare<[], [number, number]>("SELECT partition, next_offset FROM positions ORDER BY partition")
      .raw();
    this.#setPosition = database.prepare(
      `INSERT INTO positions (partition, next_offset) VALUES (?, ?)
       ON CONFLICT DO UPDATE SET next_offset = max(next_offset, excluded.next_offset)`,
    );
  }

  insert(journeyId: number, { event, value }: ParsedEvent): void {
    this.#insert.run(journeyId, event.seq, value);
  }

  has(journeyId: number, seq: number): boolean {
    return this.#has.get(journeyId, seq) !== undefined;
  }

  /** Word for word, in the order of seq. */
  valuesOf(journeyId: number): string[] {
    return this.#valuesOf.all(journeyId);
  }

  eventsOf(journeyId: number): ParsedEvent[] {
    return this.valuesOf(journeyId).flatMap((value) => {
      const parsed = parseAuditRecord(value);
      return typeof parsed === "string" ? [] : [parsed];
    });
  }

  deleteOf(journeyId: number): void {
    this.#delete.run(journeyId);
  }

  /** Partition -> the offset to read on from. */
  positions(): Record<number, number> {
    return Object.fromEntries(this.#positions.all());
  }

  /** Moves the positions behind these records; they never move back. */
  advance(records: Iterable<{ partition: number; offset: number }>): void {
    const next = new Map<number, number>();
    for (const { partition, offset } of records) {
      next.set(partition, Math.max(next.get(partition) ?? 0, offset + 1));
    }
    for (const [partition, offset] of next) this.#setPosition.run(partition, offset);
  }
}
