/**
 * The state of one partition that this process works on: what is open lies in memory, once for the bus and its worker;
 * what is closed lies in the store of ended state, which reads it from its own changelog a little later.
 */
import type { StateEntry } from "../bus.ts";
import type { ClosedStore } from "./closed-store.ts";

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
  private readonly open: Map<string, string>;
  private readonly closed: ClosedStore;
  private readonly closing = new Map<string, Closing>();
  private readonly lookedUp = new Set<string>();

  constructor(partition: number, open: Map<string, string>, closed: ClosedStore) {
    this.partition = partition;
    this.open = open;
    this.closed = closed;
  }

  /** What is open. */
  *entries(): Generator<StateEntry> {
    for (const [key, value] of this.open) yield { key, value };
  }

  lookup(key: string): string | undefined {
    const open = this.open.get(key);
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
      if (this.open.delete(key)) changes.push({ key, value: null });
      this.close(changes, key, value);
      return;
    }
    if (wasClosed) this.close(changes, key, null);
    this.lookedUp.delete(key);
    if (value !== null) {
      this.open.set(key, value);
      changes.push({ key, value });
    } else if (this.open.delete(key)) changes.push({ key, value });
  }

  private close(changes: Change[], key: string, value: string | null): void {
    const closing = { value, end: Number.POSITIVE_INFINITY };
    // Behind all that was closed before.
    this.closing.delete(key);
    this.closing.set(key, closing);
    changes.push({ key, value, closing });
  }
}
