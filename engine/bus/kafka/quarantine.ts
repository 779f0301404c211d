/**
 * Partitions whose transactions fail. One that took part in a failed transaction works alone in its next ones, so that
 * it shows who it was. Alone and failing, it is left alone for longer each time; or, if the cluster refuses what was sent
 * because of its content, its input is halved until the one record is found, which goes to the dead letters.
 */
import type { BusRecord } from "../bus.ts";
import { isRefusedForContent } from "./errors.ts";

/** A partition that makes transactions fail is left alone for so long, and for longer each time. */
const BLOCK_FIRST_MS = 1_000;
const BLOCK_MAXIMUM_MS = 60_000;

/** What the next owner of a partition's memory has to know. */
export interface Suspicion {
  /** What lies before this offset is processed in ever smaller batches. */
  suspectUntil?: number;
  /** This one record can't be processed. */
  condemned?: { offset: number; error: unknown; withoutValue: boolean };
  /** No call without records before this time, in milliseconds since 1970. */
  callAt?: number;
}

/** The part of a transaction that came from one partition. */
export interface Part {
  partition: number;
  /** Of all its calls in this transaction. */
  records: readonly BusRecord[];
  /** The record that went to the dead letters. */
  buried?: BusRecord;
}

interface Case extends Suspicion {
  until: number;
  waitMs: number;
}

export class Quarantine {
  private readonly cases = new Map<number, Case>();

  /** It takes part in no transaction with others. */
  isIsolated(partition: number): boolean {
    return this.cases.has(partition);
  }

  /** Until when it is left alone; 0 if it isn't. */
  blockedUntil(partition: number): number {
    return this.cases.get(partition)?.until ?? 0;
  }

  suspicionOf(partition: number): Suspicion | undefined {
    return this.cases.get(partition);
  }

  /** A transaction has failed with these in it. */
  failed(parts: readonly Part[], error: unknown, now: number): void {
    const [only, ...others] = parts;
    for (const { partition } of others.length > 0 ? parts : []) {
      this.cases.set(partition, this.cases.get(partition) ?? { until: now, waitMs: 0 });
    }
    if (only === undefined || others.length > 0) return;
    if (isRefusedForContent(error)) this.cases.set(only.partition, this.narrowed(only, error, now));
    else this.block(only.partition, now);
  }

  /** What it has to write can't be written now. */
  block(partition: number, now: number): void {
    const known = this.cases.get(partition);
    const waitMs = Math.min(BLOCK_MAXIMUM_MS, Math.max(BLOCK_FIRST_MS, (known?.waitMs ?? 0) * 2));
    this.cases.set(partition, { ...known, until: now + waitMs, waitMs });
  }

  /** A transaction of this one alone was committed; `position` is what it processes next. */
  succeeded(partition: number, position: number): void {
    const { suspectUntil } = this.cases.get(partition) ?? {};
    if (suspectUntil === undefined || position >= suspectUntil) this.cases.delete(partition);
    else this.cases.set(partition, { until: 0, waitMs: 0, suspectUntil });
  }

  forget(partition: number): void {
    this.cases.delete(partition);
  }

  private narrowed({ partition, records, buried }: Part, error: unknown, now: number): Case {
    const [first] = records;
    const known = this.cases.get(partition);
    const atOnce = { until: now, waitMs: 0, suspectUntil: known?.suspectUntil };
    if (buried !== undefined) {
      // Not even the place where it lies can be told.
      if (known?.condemned?.withoutValue) return { ...known, until: now + BLOCK_MAXIMUM_MS };
      return { ...atOnce, condemned: { offset: buried.offset, error, withoutValue: true } };
    }
    if (first === undefined) return { ...atOnce, callAt: now + BLOCK_MAXIMUM_MS };
    if (records.length === 1) return { ...atOnce, condemned: { offset: first.offset, error, withoutValue: false } };
    return { ...atOnce, suspectUntil: (records.at(-1) ?? first).offset + 1 };
  }
}
