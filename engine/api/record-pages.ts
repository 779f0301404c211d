/** What a page of records looks like: bounded in its size, and readable whatever bytes a record has. */
import type { BusRecord } from "../bus/bus.ts";
import type { TopicRecord } from "./schemas/record.ts";

/** A page ends after this much text; one record at least is on it, however large. */
const MAXIMUM_PAGE_CHARS = 4_194_304;

interface Page {
  records: BusRecord[];
  /** Partition -> where to read on. */
  next: Record<number, number>;
}

/** What doesn't fit on the page is left for the next one. */
export function boundedPage<P extends Page>(page: P): P {
  let chars = 0;
  const cut = page.records.findIndex((record, index) => {
    chars += (record.value?.length ?? 0) + (record.key?.length ?? 0);
    return index > 0 && chars > MAXIMUM_PAGE_CHARS;
  });
  if (cut < 0) return page;
  const next = { ...page.next };
  for (const { partition, offset } of page.records.slice(cut).toReversed()) next[partition] = offset;
  return { ...page, records: page.records.slice(0, cut), next };
}

/** A record as the API shows it; bytes that are no UTF-8 as base64, and it says so. */
export function shownRecord(record: BusRecord): TopicRecord {
  const { partition, offset, timestamp, headers, bytes, schemaId } = record;
  return {
    ...{ partition, offset, timestamp: new Date(timestamp).toISOString() },
    key: bytes?.key?.toString("base64") ?? record.key,
    headers,
    value: bytes?.value?.toString("base64") ?? record.value,
    ...(schemaId !== undefined && { schema_id: schemaId }),
    ...(bytes && {
      encoding: { ...(bytes.key && { key: "base64" as const }), ...(bytes.value && { value: "base64" as const }) },
    }),
  };
}
