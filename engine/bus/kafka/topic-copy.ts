/**
 * A copy of a topic of one partition on this disk, as JSON lines: what is kept for ever and read from the beginning (the
 * flows) is there while the cluster is away. A line that a crash cut short is read from the topic again.
 */
import { appendFileSync, mkdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { BusRecord } from "../bus.ts";

const recordSchema = z.object({
  topic: z.string(),
  partition: z.number(),
  offset: z.number(),
  timestamp: z.number(),
  key: z.string().nullable(),
  value: z.string().nullable(),
  headers: z.record(z.string(), z.string()),
});

export class TopicCopy {
  readonly records: BusRecord[] = [];
  private readonly file: string;

  /** @throws Error of the file system, when the file is there and can't be read */
  constructor(file: string) {
    this.file = file;
    mkdirSync(dirname(file), { recursive: true });
    const text = textOf(file);
    let end = 0;
    for (let next = text.indexOf("\n"); next >= 0; next = text.indexOf("\n", end)) {
      const record = parsed(text.slice(end, next));
      if (record === undefined || record.offset < this.next) break;
      this.records.push(record);
      end = next + 1;
    }
    if (end < text.length) truncateSync(file, Buffer.byteLength(text.slice(0, end)));
  }

  /** The offset to read the topic on from. */
  get next(): number {
    const last = this.records.at(-1);
    return last === undefined ? 0 : last.offset + 1;
  }

  /** Those that are there already change nothing. */
  add(records: readonly BusRecord[]): void {
    const fresh = records.filter(({ offset }) => offset >= this.next);
    if (fresh.length === 0) return;
    appendFileSync(this.file, fresh.map((record) => `${JSON.stringify(record)}\n`).join(""), { flush: true });
    this.records.push(...fresh);
  }

  clear(): void {
    rmSync(this.file, { force: true });
    this.records.length = 0;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

function parsed(line: string): BusRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
