import type { JourneyQuery, JourneyRow } from "../../engine/audit/store.ts";
import { api } from "../api.ts";
import type { CsvColumn } from "../parts/csv.ts";
import { ExportButton } from "../parts/export-button.tsx";
import { WINDOW_ROWS } from "./windows.ts";

const COLUMNS: readonly CsvColumn<JourneyRow>[] = [
  { head: "uuid", value: (row) => row.uuid },
  { head: "flow", value: (row) => row.name },
  { head: "version", value: (row) => row.version },
  { head: "status", value: (row) => row.status },
  { head: "started_at", value: (row) => row.started_at },
  { head: "ended_at", value: (row) => row.ended_at },
  {
    head: "duration_ms",
    value: (row) => (row.ended_at === undefined ? undefined : Date.parse(row.ended_at) - Date.parse(row.started_at)),
  },
  { head: "where", value: (row) => row.where.join(" ") },
  { head: "error_code", value: (row) => row.error?.code },
  { head: "error", value: (row) => row.error?.message },
  { head: "replay_of", value: (row) => row.replay_of },
];

/** Exports the journeys that the filter shows. */
export function ExportMenu({ query }: { query: JourneyQuery }) {
  return (
    <ExportButton
      fileName="journeys"
      columns={COLUMNS}
      readPage={async (cursor, signal) => {
        const { journeys, next } = await api.journeys({ ...query, cursor, limit: WINDOW_ROWS }, signal);
        return { rows: journeys, next };
      }}
    />
  );
}
