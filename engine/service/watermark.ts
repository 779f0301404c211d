import type { Positions } from "./transport.ts";

interface Partition {
  /** The offset behind the last record read. */
  next: number;
  /** Offsets read and not settled, ascending, as a set keeps the order in which offsets are read. */
  open: Set<number>;
}

/** Up to where everything read is settled, per partition: commands settle in any order, positions move in one. */
export class Watermark {
  readonly #partitions = new Map<number, Partition>();

  constructor(positions: Positions) {
    this.reset(positions);
  }

  reset(positions: Positions): void {
    this.#partitions.clear();
    this.advance(positions);
  }

  /** A command was read. */
  open(partition: number, offset: number): void {
    const entry = this.#entry(partition);
    if (offset < entry.next && !entry.open.has(offset)) return; // read again: settled before
    entry.open.add(offset);
    entry.next = Math.max(entry.next, offset + 1);
  }

  /** Everything before these offsets was read. */
  advance(next: Positions): void {
    for (const [partition, offset] of Object.entries(next)) {
      const entry = this.#entry(Number(partition));
      entry.next = Math.max(entry.next, offset);
    }
  }

  settle(partition: number, offset: number): void {
    this.#partitions.get(partition)?.open.delete(offset);
  }

  /** Somebody else reads these now; or they are read again, from where the group stands. */
  forget(partitions: number[]): void {
    for (const partition of partitions) this.#partitions.delete(partition);
  }

  /** The first offset that isn't settled, of partitions that have one. */
  unsettled(): Positions {
    const positions: Positions = {};
    for (const [partition, { open }] of this.#partitions) {
      const first = open.values().next();
      if (!first.done) positions[partition] = first.value;
    }
    return positions;
  }

  /** The position of this partition as it will be once this command is settled too. */
  after(partition: number, offset: number): Positions {
    const { next, open } = this.#entry(partition);
    for (const other of open) {
      if (other !== offset) return { [partition]: other };
    }
    return { [partition]: next };
  }

  positions(): Positions {
    const positions: Positions = {};
    for (const [partition, { next, open }] of this.#partitions) {
      const first = open.values().next();
      positions[partition] = first.done ? next : first.value;
    }
    return positions;
  }

  #entry(partition: number): Partition {
    let entry = this.#partitions.get(partition);
    if (!entry) {
      entry = { next: 0, open: new Set() };
      this.#partitions.set(partition, entry);
    }
    return entry;
  }
}
