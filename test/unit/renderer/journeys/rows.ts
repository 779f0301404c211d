import type { JourneyPage } from "../../../../engine/api/schemas/journey.ts";
import type { JourneyRow } from "../../../../engine/audit/store.ts";

/** Row number `n` of a list: higher numbers are newer. */
export function row(n: number, change: Partial<JourneyRow> = {}): JourneyRow {
  const at = new Date(Date.UTC(2026, 10, 22) + n * 1_000).toISOString();
  return {
    uuid: `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
    name: "order",
    version: "1",
    status: "running",
    started_at: at,
    updated_at: at,
    seq: 2,
    where: [],
    ...change,
  };
}

/** Rows from `newest` down to `oldest`, with the cursor of what comes behind. */
export function page(newest: number, oldest: number, next: string | null = null): JourneyPage {
  return { journeys: Array.from({ length: newest - oldest + 1 }, (_, step) => row(newest - step)), next };
}
