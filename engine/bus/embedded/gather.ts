/** Reads several partitions at once, oldest record first. */
import type { BusRecord } from "../bus.ts";
import type { Log } from "./log.ts";

/** A batch ends after this much text, so that large records can't fill the memory. */
const MAXIMUM_BATCH_CHARS = 4_194_304;
/** Records fetched at a time from each of several partitions: most of what is fetched is also taken. */
const MINIMUM_CHUNK_RECORDS = 16;

/** Where a reader stands in a partition. */
export interface Cursor {
  readonly log: Log;
  position: number;
}

/**
 * The next records behind the cursors, by timestamp across partitions and by offset within one, `limit` at most; and
 * the cursors' positions behind them, in the cursors' order. Throws `offset_out_of_range`.
 */
export function gather(cursors: readonly Cursor[], limit: number): { records: BusRecord[]; positions: number[] } {
  const chunk = cursors.length === 1 ? limit : Math.max(MINIMUM_CHUNK_RECORDS, Math.ceil(limit / cursors.length));
  const heads = cursors.map((cursor) => new Head(cursor, chunk));
  const records: BusRecord[] = [];
  let chars = 0;
  while (records.length < limit && chars < MAXIMUM_BATCH_CHARS) {
    let oldest: Head | undefined;
    for (const head of heads) {
      if (
        head.record !== undefined &&
        (oldest?.record === undefined || head.record.timestamp < oldest.record.timestamp)
      ) {
        oldest = head;
      }
    }
    if (oldest?.record === undefined) break;
    records.push(oldest.record);
    chars += oldest.record.value?.length ?? 0;
    oldest.advance();
  }
  return { records, positions: heads.map((head) => head.position()) };
}

/** The first record of a partition that is not taken yet. */
class Head {
  record: BusRecord | undefined;
  private readonly log: Log;
  private readonly limit: number;
  private chunk: BusRecord[] = [];
  private index = 0;
  /** Behind the chunk. */
  private next: number;

  constructor(cursor: Cursor, limit: number) {
    this.log = cursor.log;
    this.next = cursor.position;
    this.limit = limit;
    this.fetch();
  }

  advance(): void {
    this.index++;
    if (this.index < this.chunk.length) this.record = this.chunk[this.index];
    else this.fetch();
  }

  position(): number {
    return this.record?.offset ?? this.next;
  }

  private fetch(): void {
    const { records, next } = this.log.fetch(this.next, this.limit);
    this.chunk = records;
    this.next = next;
    this.index = 0;
    this.record = records[0];
  }
}
