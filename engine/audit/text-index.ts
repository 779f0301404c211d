/**
 * The index behind free text. Journeys are indexed apart from ingestion, in idle moments and in small portions: ended
 * and stuck ones come from a table (so that none is forgotten), running ones from a bounded set in memory and only when
 * there is nothing else to do, since they will change again.
 */
import type Database from "better-sqlite3";
import { isEnded, STATUS_CODE } from "./journey-key.ts";
import type { JourneyState } from "./journey-states.ts";
import { wordsOf } from "./journey-words.ts";

/** Running journeys remembered as changed; more are left until they end. */
const MAX_CHANGED_RUNNING = 20_000;
/** Journeys indexed in one transaction. */
const PORTION_JOURNEYS = 50;

type LoadState = (uuid: string) => JourneyState | undefined;

export class TextIndex {
  readonly #database: Database.Database;
  readonly #running = new Set<number>();
  readonly #markPending: Database.Statement<[number]>;
  readonly #unmarkPending: Database.Statement<[number]>;
  readonly #pending: Database.Statement<[number], number>;
  readonly #uuidOf: Database.Statement<[number], string>;
  readonly #write: Database.Statement;
  readonly #erase: Database.Statement<[number]>;

  constructor(database: Database.Database) {
    this.#database = database;
    this.#markPending = database.prepare("INSERT INTO text_pending (journey_id) VALUES (?) ON CONFLICT DO NOTHING");
    this.#unmarkPending = database.prepare("DELETE FROM text_pending WHERE journey_id = ?");
    this.#pending = database
      .prepare<[number], number>("SELECT journey_id FROM text_pending ORDER BY journey_id DESC LIMIT ?")
      .pluck();
    this.#uuidOf = database.prepare<[number], string>("SELECT uuid FROM journeys WHERE id = ?").pluck();
    this.#write = database.prepare(
      "INSERT OR REPLACE INTO journey_text (rowid, text, errors, marks) VALUES (?, ?, ?, ?)",
    );
    this.#erase = database.prepare("DELETE FROM journey_text WHERE rowid = ?");
    this.reload();
  }

  /** A journey's row was written: its words may have changed. Part of the batch's transaction. */
  changed(state: JourneyState): void {
    if (isSettled(state)) {
      this.#running.delete(state.id);
      this.#markPending.run(state.id);
    } else if (this.#running.size < MAX_CHANGED_RUNNING) {
      this.#running.add(state.id);
    }
  }

  /** Takes a journey out; part of the caller's transaction. */
  deleteOf(id: number): void {
    this.#running.delete(id);
    this.#unmarkPending.run(id);
    this.#erase.run(id);
  }

  /**
   * Indexes ended and stuck journeys, the newest first, then running ones if asked to, until `isOver` says that the time
   * is up (looked at after each portion). True when there was nothing left to do.
   */
  run(load: LoadState, withRunning: boolean, isOver: () => boolean): boolean {
    for (;;) {
      const ids = this.#pending.all(PORTION_JOURNEYS);
      const room = PORTION_JOURNEYS - ids.length;
      if (withRunning) ids.push(...firstOf(this.#running, room));
      if (ids.length === 0) return true;
      this.#index(ids, load);
      if (isOver()) return false;
    }
  }

  /** Journeys whose words aren't up to date. */
  left(): number {
    const pending = this.#database.prepare<[], number>("SELECT count(*) FROM text_pending").pluck().get() ?? 0;
    return pending + this.#running.size;
  }

  #index(ids: number[], load: LoadState): void {
    this.#database.transaction(() => {
      for (const id of ids) {
        const uuid = this.#uuidOf.get(id);
        const state = uuid === undefined ? undefined : load(uuid);
        if (state?.counted) {
          const { text, errors } = wordsOf(state.journey);
          this.#write.run(id, text, errors, marksOf(state.counted.facet.id, state.counted.status));
        }
        this.#unmarkPending.run(id);
      }
    })();
    for (const id of ids) this.#running.delete(id);
  }

  /** After a start or a failed transaction it isn't known which running journeys are up to date: none may be. */
  reload(): void {
    this.#running.clear();
    const codes = Object.values(STATUS_CODE).filter((code) => !isEnded(code));
    const ids = this.#database
      .prepare<number[], number>(
        `SELECT id FROM journeys WHERE status IN (${codes.map(() => "?").join(", ")}) ORDER BY id DESC LIMIT ?`,
      )
      .pluck()
      .all(...codes, MAX_CHANGED_RUNNING);
    for (const id of ids.reverse()) this.#running.add(id);
  }
}

function firstOf(ids: Iterable<number>, count: number): number[] {
  const first: number[] = [];
  for (const id of ids) {
    if (first.length >= count) break;
    first.push(id);
  }
  return first;
}

/** Ended, or waiting for an operator: nothing more will happen soon. */
function isSettled({ journey }: JourneyState): boolean {
  return isEnded(STATUS_CODE[journey.status]) || journey.status === "held" || journey.status === "rollback_failed";
}

/** The marks of a journey under which searches with filters look. */
const marksOf = (facetId: number, status: number): string => `${facetMark(facetId)} ${statusMark(status)}`;

export const facetMark = (facetId: number): string => `f${facetId}`;
export const statusMark = (status: number): string => `s${status}`;
