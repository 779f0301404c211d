/** The rows of the table `journeys`: writing them from folded states, and reading them back for lists. */
import type Database from "better-sqlite3";
import type { Dimensions } from "./dimensions.ts";
import { isEnded, STATUS_CODE, statusOf } from "./journey-key.ts";
import type { JourneyState } from "./journey-states.ts";
import { summarize } from "./journey-summary.ts";
import type { JourneyRow } from "./store.ts";

const MAX_ERROR_CHARS = 2_000;

interface StoredRow {
  id: number;
  uuid: string;
  facet_id: number;
  status: number;
  started_ms: number;
  updated_ms: number;
  ended_ms: number | null;
  seq: number;
  places: string;
  error_code: string | null;
  error_message: string | null;
  replay_of: string | null;
  parent_uuid: string | null;
  parent_step: string | null;
}

export class JourneyRows {
  readonly #dimensions: Dimensions;
  readonly #upsert: Database.Statement;
  readonly #delete: Database.Statement<[number]>;
  readonly #idOf: Database.Statement<[string], number>;
  readonly #isTaken: Database.Statement<[number], number>;
  readonly #read: Database.Statement<[number], StoredRow>;

  constructor(database: Database.Database, dimensions: Dimensions) {
    this.#dimensions = dimensions;
    this.#upsert = database.prepare(UPSERT);
    this.#delete = database.prepare("DELETE FROM journeys WHERE id = ?");
    this.#idOf = database.prepare<[string], number>("SELECT id FROM journeys WHERE uuid = ?").pluck();
    this.#isTaken = database.prepare<[number], number>("SELECT 1 FROM journeys WHERE id = ?").pluck();
    this.#read = database.prepare("SELECT * FROM journeys WHERE id = ?");
  }

  idOf(uuid: string): number | undefined {
    return this.#idOf.get(uuid);
  }

  isTaken(id: number): boolean {
    return this.#isTaken.get(id) !== undefined;
  }

  /** Where a stored journey is counted, and what its row says of gaps and its last event. */
  stored(id: number): Pick<JourneyState, "counted" | "missing" | "updatedMs"> | undefined {
    const row = this.#read.get(id) as (StoredRow & { missing: number }) | undefined;
    const facet = row && this.#dimensions.facets.get(row.facet_id);
    if (!row || !facet) return undefined;
    return { counted: { facet, status: row.status }, missing: row.missing, updatedMs: row.updated_ms };
  }

  /** Writes the row and moves the journey's count to where it stands now. */
  write(state: JourneyState): void {
    const { journey } = state;
    const { places, error, failure, services } = summarize(journey);
    const flow = this.#dimensions.flow(journey.name, journey.version);
    const counted = { facet: this.#dimensions.facet(flow, services), status: STATUS_CODE[journey.status] };
    const endedMs = isEnded(counted.status) ? (journey.endedAt ?? state.updatedMs) : null;
    this.#upsert.run(
      state.id,
      journey.uuid,
      counted.facet.id,
      counted.status,
      journey.startedAt,
      state.updatedMs,
      endedMs,
      endedMs === null ? null : Math.max(0, endedMs - journey.startedAt),
      journey.seq,
      state.missing,
      JSON.stringify(places),
      failure ? this.#dimensions.failure(flow, failure).id : null,
      error?.code ?? null,
      error?.message.slice(0, MAX_ERROR_CHARS) ?? null,
      journey.replayOf ?? null,
      journey.parent?.uuid ?? null,
      journey.parent?.step ?? null,
    );
    this.#dimensions.count(state.counted, counted);
    state.counted = counted;
  }

  delete(id: number): void {
    this.#dimensions.count(this.stored(id)?.counted, undefined);
    this.#delete.run(id);
  }

  /** For lists; a journey that went away in between is left out. */
  read(ids: readonly number[]): JourneyRow[] {
    return ids.flatMap((id) => {
      const row = this.#read.get(id);
      return row ? [this.#toRow(row)] : [];
    });
  }

  #toRow(row: StoredRow): JourneyRow {
    const flow = this.#dimensions.facets.get(row.facet_id)?.flow;
    const shown: JourneyRow = {
      uuid: row.uuid,
      name: flow?.name ?? "",
      version: flow?.version ?? "",
      status: statusOf(row.status),
      started_at: iso(row.started_ms),
      updated_at: iso(row.updated_ms),
      seq: row.seq,
      where: JSON.parse(row.places) as string[],
    };
    if (row.ended_ms !== null) shown.ended_at = iso(row.ended_ms);
    if (row.error_message !== null) {
      shown.error = { ...(row.error_code === null ? {} : { code: row.error_code }), message: row.error_message };
    }
    if (row.replay_of !== null) shown.replay_of = row.replay_of;
    if (row.parent_uuid !== null) shown.parent = { uuid: row.parent_uuid, step: row.parent_step ?? "" };
    return shown;
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();

const COLUMNS = [
  "id",
  "uuid",
  "facet_id",
  "status",
  "started_ms",
  "updated_ms",
  "ended_ms",
  "duration_ms",
  "seq",
  "missing",
  "places",
  "failure_id",
  "error_code",
  "error_message",
  "replay_of",
  "parent_uuid",
  "parent_step",
];

const UPSERT = `INSERT INTO journeys (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map(() => "?").join(", ")})
  ON CONFLICT (id) DO UPDATE SET ${COLUMNS.slice(2)
    .map((column) => `${column} = excluded.${column}`)
    .join(", ")}`;
