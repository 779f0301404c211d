/** One partition of a topic: its offsets, its newest records in memory, and who waits for more. */
import { AntigraphError } from "../../core/errors.ts";
import type { BusRecord, NewRecord } from "../bus.ts";
import { type LogRow, NO_HEADERS, type Storage } from "./storage.ts";

/** The tail in memory: readers that keep up never touch SQLite. It is cut back to half when it outgrows these. */
const MAXIMUM_TAIL_RECORDS = 2_048;
const MAXIMUM_TAIL_CHARS = 524_288;

export class Log {
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  /** First offset still there. */
  start: number;
  /** The offset behind the last committed record; what readers see. */
  end: number;
  /** The offset behind the last record written, committed or not. */
  next: number;
  /** Called after a commit that added records. */
  readonly waiters = new Set<() => void>();

  private readonly storage: Storage;
  /** Without gaps; the first has the offset `tailStart`. */
  private tail: BusRecord[] = [];
  private tailStart: number;
  private tailChars = 0;

  constructor(row: LogRow, storage: Storage) {
    this.id = row.id;
    this.topic = row.topic;
    this.partition = row.partition;
    this.start = row.start;
    this.end = row.next;
    this.next = row.next;
    this.tailStart = row.next;
    this.storage = storage;
  }

  /** Inside a transaction: gives the record its offset and stores it. Visible to readers after `settle`. */
  write(record: NewRecord, timestamp: number): BusRecord {
    const written: BusRecord = {
      topic: this.topic,
      partition: this.partition,
      offset: this.next,
      timestamp,
      key: record.key,
      value: record.value,
      headers: record.headers === undefined ? NO_HEADERS : { ...record.headers },
    };
    this.storage.insertRecord(this.id, written);
    this.next++;
    this.tail.push(written);
    this.tailChars += charsOf(written);
    if (this.tail.length > MAXIMUM_TAIL_RECORDS || this.tailChars > MAXIMUM_TAIL_CHARS) this.cutTail();
    return written;
  }

  /** The transaction was committed. */
  settle(): void {
    this.end = this.next;
  }

  /** The transaction was rolled back. */
  undo(): void {
    this.next = this.end;
    const kept = Math.max(0, this.end - this.tailStart);
    for (const record of this.tail.splice(kept)) this.tailChars -= charsOf(record);
    this.tailStart = Math.min(this.tailStart, this.end);
  }

  /**
   * Records from an offset on, and the offset to go on from. `until` is the committed end, unless a worker reads what
   * its own transaction has just written. Throws `offset_out_of_range` outside of the log.
   */
  fetch(from: number, limit: number, until = this.end): { records: BusRecord[]; next: number } {
    this.check(from, until);
    if (from >= until || limit <= 0) return { records: [], next: from };
    if (from < this.tailStart) return this.storage.readRecords(this, from, until, limit);
    const first = from - this.tailStart;
    const records = this.tail.slice(first, Math.min(first + limit, until - this.tailStart));
    return { records, next: from + records.length };
  }

  /** Throws `offset_out_of_range` when an offset lies outside of the log. */
  check(offset: number, end = this.end): void {
    if (offset >= this.start && offset <= end) return;
    const { topic, partition, start } = this;
    throw new AntigraphError(
      "offset_out_of_range",
      `Offset ${offset} of ${topic}/${partition} is not in the log, which goes from ${start} to ${end}.`,
      { topic, partition, start, end },
    );
  }

  /** The first record written at this time or later, else the end. Times in a log only rise, but for a clock set back. */
  offsetAt(time: number): number {
    let low = this.start;
    let high = this.end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const { records, next } = this.fetch(middle, 1);
      const [record] = records;
      // Compaction leaves gaps: what follows the middle counts for all of the gap.
      if (record === undefined || record.timestamp >= time) high = middle;
      else low = Math.max(next, middle + 1);
    }
    return low;
  }

  private cutTail(): void {
    let dropped = 0;
    while (this.tail.length - dropped > MAXIMUM_TAIL_RECORDS / 2 || this.tailChars > MAXIMUM_TAIL_CHARS / 2) {
      const record = this.tail[dropped];
      if (record === undefined) break;
      this.tailChars -= charsOf(record);
      dropped++;
    }
    this.tail.splice(0, dropped);
    this.tailStart += dropped;
  }
}

function charsOf(record: BusRecord): number {
  return (record.value?.length ?? 0) + (record.key?.length ?? 0);
}
