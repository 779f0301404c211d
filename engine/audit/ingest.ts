/**
 * The way in: batches of audit records become rows, in one transaction with the positions behind them. An event is known
 * by uuid and seq: seen again it changes nothing. Events of a journey come in the order of their seq; one that comes
 * late all the same makes the journey be derived again from all its events, so that the order never matters in the end.
 */
import type Database from "better-sqlite3";
import type { Journey } from "../core/journey.ts";
import type { Activity } from "./activity.ts";
import { type AuditRecord, type ParsedEvent, parseAuditRecord } from "./audit-record.ts";
import type { Calls } from "./calls.ts";
import type { Dimensions } from "./dimensions.ts";
import type { EventLog } from "./event-log.ts";
import { type Evolve, fold } from "./fold.ts";
import { newJourneyId } from "./journey-key.ts";
import type { JourneyRows } from "./journey-rows.ts";
import type { JourneyState, JourneyStates } from "./journey-states.ts";
import type { JourneyChange } from "./store.ts";
import type { TextIndex } from "./text-index.ts";
import type { Totals } from "./totals.ts";

export interface IngestResult {
  /** The journeys that changed, with where they stand now. */
  changes: JourneyChange[];
  events: number;
  duplicates: number;
  malformed: number;
}

export interface IngestParts {
  database: Database.Database;
  evolve: Evolve;
  dimensions: Dimensions;
  states: JourneyStates;
  rows: JourneyRows;
  calls: Calls;
  activity: Activity;
  text: TextIndex;
  totals: Totals;
  log: EventLog;
  warn(details: Record<string, unknown>, message: string): void;
}

export class Ingest {
  readonly #parts: IngestParts;
  /** Ids given out in the batch at hand whose rows aren't written yet. */
  readonly #beginning = new Set<number>();

  constructor(parts: IngestParts) {
    this.#parts = parts;
  }

  /** All of the batch or, when it throws, nothing of it. */
  ingest(records: readonly AuditRecord[]): IngestResult {
    return this.#inTransaction(() => {
      const result = this.#apply(records);
      this.#parts.log.advance(records);
      return result;
    });
  }

  /** Events from elsewhere (an export): no positions go with them. */
  import(values: readonly string[]): IngestResult {
    return this.#inTransaction(() => this.#apply(values.map((value) => ({ partition: -1, offset: -1, value }))));
  }

  /** Takes journeys out, with everything that belongs to them. */
  delete(journeys: readonly { id: number; uuid: string }[]): void {
    this.#inTransaction(() => {
      for (const { id, uuid } of journeys) this.#delete(id, uuid);
    });
  }

  /** A journey's state for a look at it: what is kept in memory for the next events stays as it is. */
  peek(uuid: string): JourneyState | undefined {
    return this.#parts.states.peek(uuid) ?? this.#load(uuid);
  }

  /** The state of a journey that is stored, folded from its events unless it is in memory. */
  #stateOf(uuid: string): JourneyState | undefined {
    const known = this.#parts.states.use(uuid);
    if (known) return known;
    const state = this.#load(uuid);
    if (state) this.#parts.states.add(state);
    return state;
  }

  #inTransaction<T>(work: () => T): T {
    const { database, dimensions, states, calls, totals, text } = this.#parts;
    try {
      return database.transaction(() => {
        const result = work();
        calls.flush();
        dimensions.flushCounts();
        totals.flush();
        return result;
      })();
    } catch (error) {
      // The memory is ahead of the file now.
      this.#beginning.clear();
      calls.discard();
      states.clear();
      dimensions.reload();
      totals.reload();
      text.reload();
      throw error;
    } finally {
      states.trim();
    }
  }

  #apply(records: readonly AuditRecord[]): IngestResult {
    const result: IngestResult = { changes: [], events: 0, duplicates: 0, malformed: 0 };
    const touched = new Set<JourneyState>();
    const disordered = new Set<string>();
    for (const record of records) {
      const parsed = parseAuditRecord(record.value);
      if (typeof parsed === "string") {
        result.malformed += 1;
        this.#parts.warn(
          { partition: record.partition, offset: record.offset },
          `An audit record is left out: ${parsed}`,
        );
        continue;
      }
      const state = this.#stateOf(parsed.event.uuid);
      if (state && parsed.event.seq <= state.journey.seq) {
        if (this.#parts.log.has(state.id, parsed.event.seq)) {
          result.duplicates += 1;
          continue;
        }
        this.#parts.log.insert(state.id, parsed);
        disordered.add(parsed.event.uuid);
      } else {
        touched.add(this.#append(state, parsed));
      }
      result.events += 1;
    }
    for (const uuid of disordered) this.#deriveAgain(uuid, touched);
    for (const state of touched) {
      this.#write(state);
      const { uuid, seq, status, name, version } = state.journey;
      result.changes.push({ uuid, seq, status, name, version });
    }
    this.#parts.totals.add(result);
    return result;
  }

  /** The next event of a journey (or the first one seen of it). */
  #append(known: JourneyState | undefined, parsed: ParsedEvent): JourneyState {
    const { states, rows, log } = this.#parts;
    if (known) {
      log.insert(known.id, parsed);
      this.#fold(known, parsed);
      states.grow(known, parsed.value.length);
      return known;
    }
    const state = this.#begin(parsed, (id) => rows.isTaken(id) || this.#beginning.has(id));
    this.#beginning.add(state.id);
    log.insert(state.id, parsed);
    states.add(state);
    return state;
  }

  #begin(parsed: ParsedEvent, isTaken: (id: number) => boolean): JourneyState {
    const { event, atMs, value } = parsed;
    const journey = fold(undefined, event, this.#parts.evolve);
    const id = newJourneyId(journey.startedAt, event.uuid, isTaken);
    const missing = event.seq - 1;
    const state = { id, journey, updatedMs: atMs, missing, size: value.length, counted: undefined };
    this.#track(state, parsed);
    return state;
  }

  #fold(state: JourneyState, parsed: ParsedEvent): void {
    state.missing += parsed.event.seq - state.journey.seq - 1;
    state.journey = fold(state.journey, parsed.event, this.#parts.evolve);
    state.updatedMs = parsed.atMs;
    this.#track(state, parsed);
  }

  #track(state: JourneyState, { event, atMs }: ParsedEvent): void {
    this.#parts.calls.track(state.id, event, atMs);
    this.#parts.activity.track(state.id, event, atMs);
  }

  #write(state: JourneyState): void {
    const { rows, text } = this.#parts;
    const before = state.counted;
    rows.write(state);
    text.changed(state);
    if (!before) this.#beginning.delete(state.id);
  }

  #load(uuid: string): JourneyState | undefined {
    const { rows, log, evolve } = this.#parts;
    const id = rows.idOf(uuid);
    const stored = id === undefined ? undefined : rows.stored(id);
    if (id === undefined || !stored) return undefined;
    let journey: Journey | undefined;
    let size = 0;
    for (const { event, value } of log.eventsOf(id)) {
      journey = fold(journey, event, evolve);
      size += value.length;
    }
    return journey && { id, journey, size, ...stored };
  }

  /** An event came after later ones: everything derived from the journey's events is made again, in order. */
  #deriveAgain(uuid: string, touched: Set<JourneyState>): void {
    const { states, rows, log } = this.#parts;
    const old = this.#stateOf(uuid);
    if (!old) return;
    const events = log.eventsOf(old.id);
    touched.delete(old);
    this.#delete(old.id, uuid);
    this.#beginning.delete(old.id);
    let state: JourneyState | undefined;
    for (const parsed of events) {
      if (state) {
        this.#fold(state, parsed);
        state.size += parsed.value.length;
      } else {
        state = this.#begin(parsed, (id) => rows.isTaken(id) || this.#beginning.has(id));
      }
      log.insert(state.id, parsed);
    }
    if (!state) return;
    this.#beginning.add(state.id);
    states.add(state);
    touched.add(state);
  }

  #delete(id: number, uuid: string): void {
    const { states, rows, calls, activity, text, log } = this.#parts;
    calls.deleteOf(id);
    activity.deleteOf(id);
    text.deleteOf(id);
    log.deleteOf(id);
    rows.delete(id);
    states.remove(uuid);
  }
}
