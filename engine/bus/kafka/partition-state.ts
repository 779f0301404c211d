/**
 * The state of one partition that this process works on: what is open lies in memory, once for the bus, its worker and the
 * checkpoint, with what isn't committed yet on top of it; what is closed lies in the store of ended state, which reads it
 * from its own changelog a little later.
 */
import type { StateEntry } from "../bus.ts";
import { CLAIM_KEY, POSITION_KEY } from "./changelog.ts";
import type { ClosedStore } from "./closed-store.ts";
import type { TextMap } from "./text-map.ts";

/** Keys that were found in the store of ended state; when one of them gets open state again, it must leave the store. */
const MAXIMUM_LOOKED_UP_KEYS = 10_000;

/** Ended state that the store may not have read yet; `end`: behind its record, once that is known. */
export interface Closing {
  value: string | null;
  end: number;
}

/** A change that goes to one of the two changelogs. */
export interface Change {
  key: string;
  value: string | null;
  /** For the changelog of ended state: to be told the record's end. */
  closing?: Closing;
}

export class PartitionState {
  private readonly partition: number;
  /** What the changelog says: what was read of it, and what this process has committed since. */
  readonly written: TextMap;
  /** What is to become of it with the transactions under way, and how many changes that takes. */
  private readonly pending = new Map<string, { value: string | null; changes: number }>();
  private readonly closed: ClosedStore;
  private readonly closing = new Map<string, Closing>();
  private readonly lookedUp = new Set<string>();

  constructor(partition: number, written: TextMap, closed: ClosedStore) {
    this.partition = partition;
    this.written = written;
    this.closed = closed;
  }

  /** What is open. */
  *entries(): Generator<StateEntry> {
    for (const [key, { value }] of this.pending) if (value !== null) yield { key, value };
    for (const [key, value] of this.written) {
      if (key !== CLAIM_KEY && key !== POSITION_KEY && !this.pending.has(key)) yield { key, value };
    }
  }

  lookup(key: string): string | undefined {
    const open = this.openAt(key);
    if (open !== undefined) return open;
    const closing = this.closing.get(key);
    const value = closing === undefined ? this.closed.get(this.partition, key) : (closing.value ?? undefined);
    if (value !== undefined && this.lookedUp.size < MAXIMUM_LOOKED_UP_KEYS) this.lookedUp.add(key);
    return value;
  }

  /** The store has read its topic up to here. */
  storeHasRead(next: number): void {
    for (const [key, { end }] of this.closing) {
      // In the order of writing.
      if (end > next) break;
      this.closing.delete(key);
    }
  }

  change(changes: Change[], key: string, value: string | null, closed: boolean): void {
    const wasClosed = this.lookedUp.has(key) || typeof this.closing.get(key)?.value === "string";
    if (closed && value !== null) {
      this.setOpen(changes, key, null);
      this.close(changes, key, value);
      return;
    }
    if (wasClosed) this.close(changes, key, null);
    this.lookedUp.delete(key);
    this.setOpen(changes, key, value);
  }

  /** These stand in the changelog now: changes in the order they were made in, and its own keys. */
  committed(entries: readonly { key: unknown; value: unknown }[]): void {
    for (const { key, value } of entries) {
      if (typeof key !== "string") continue;
      if (typeof value === "string") this.written.set(key, value);
      else this.written.delete(key);
      const pending = this.pending.get(key);
      if (pending !== undefined && --pending.changes === 0) this.pending.delete(key);
    }
  }

  private openAt(key: string): string | undefined {
    const pending = this.pending.get(key);
    return pending === undefined ? this.written.get(key) : (pending.value ?? undefined);
  }

  private setOpen(changes: Change[], key: string, value: string | null): void {
    const pending = this.pending.get(key);
    const isOpen = pending === undefined ? this.written.has(key) : pending.value !== null;
    if (value === null && !isOpen) return;
    if (pending === undefined) this.pending.set(key, { value, changes: 1 });
    else {
      pending.value = value;
      pending.changes++;
    }
    changes.push({ key, value });
  }

  private close(changes: Change[], key: string, value: string | null): void {
    const closing = { value, end: Number.POSITIVE_INFINITY };
    // Behind all that was closed before.
    this.closing.delete(key);
    this.closing.set(key, closing);
    changes.push({ key, value, closing });
  }
}
