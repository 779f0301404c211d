/** Collects what a bus delivers, and lets a test wait for it. */
import type { BusRecord } from "../../engine/bus/bus.ts";

export class Inbox<T = BusRecord> {
  readonly items: T[] = [];
  private readonly waiting = new Set<() => void>();

  /** Bound, so that it can be handed over as a callback. */
  readonly add = (items: readonly T[]): void => {
    this.items.push(...items);
    for (const check of this.waiting) check();
  };

  /** Resolves with all items as soon as they fulfil the condition. */
  until(condition: (items: readonly T[]) => boolean): Promise<T[]> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition(this.items)) return;
        this.waiting.delete(check);
        resolve([...this.items]);
      };
      this.waiting.add(check);
      check();
    });
  }

  atLeast(count: number): Promise<T[]> {
    return this.until((items) => items.length >= count);
  }
}

export function valuesOf(records: readonly BusRecord[]): (string | null)[] {
  return records.map((record) => record.value);
}
