/** One read of a topic, with a long poll where nothing is there yet. */
import { AntigraphError } from "../../core/errors.ts";
import type { ReadQuery, ReadResult } from "../bus.ts";
import { type Cursor, gather } from "./gather.ts";
import type { Topics } from "./topics.ts";

/**
 * Throws `topic_not_found`, `invalid_request` or `offset_out_of_range`. A wait ends early, with what is there by then,
 * when the query's signal or `closing` aborts.
 */
export async function read(topics: Topics, query: ReadQuery, closing: AbortSignal): Promise<ReadResult> {
  const { topic, from, limit, waitMs = 0, signal } = query;
  if (!Number.isInteger(limit) || limit < 1) {
    throw new AntigraphError("invalid_request", `The limit of a read must be a positive integer, not ${limit}.`);
  }
  const cursors = Object.entries(from).map(([partition, offset]) => {
    const log = topics.log(topic, Number(partition));
    log.check(offset);
    return { log, position: offset };
  });
  let batch = gather(cursors, limit);
  if (batch.records.length === 0 && waitMs > 0) {
    await appended(cursors, waitMs, signal === undefined ? [closing] : [closing, signal]);
    batch = gather(cursors, limit);
  }
  const next: Record<number, number> = {};
  for (const [index, { log, position }] of cursors.entries())
    next[log.partition] = batch.positions[index] ?? position;
  return { records: batch.records, next };
}

/** Resolves at the next commit to one of the logs, after `waitMs`, or when a signal aborts. */
function appended(cursors: readonly Cursor[], waitMs: number, signals: readonly AbortSignal[]): Promise<void> {
  if (signals.some((signal) => signal.aborted)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      for (const { log } of cursors) log.waiters.delete(done);
      for (const signal of signals) signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    for (const { log } of cursors) log.waiters.add(done);
    for (const signal of signals) signal.addEventListener("abort", done);
  });
}
