/**
 * When which journey wants its timer: a binary heap with one live entry a journey. Setting a new time leaves the old
 * entry behind, to be dropped when it comes up, or all of them together when they are more than the live ones.
 */
interface Entry {
  at: number;
  uuid: string;
}

/** So many entries that were left behind are borne. */
const MINIMUM_STALE_ENTRIES = 1_000;

export class TimerHeap {
  private heap: Entry[] = [];
  private readonly times = new Map<string, number>();

  get size(): number {
    return this.times.size;
  }

  /** With those that were left behind. */
  get entries(): number {
    return this.heap.length;
  }

  /** `at` in milliseconds since 1970; undefined takes the journey's timer away. */
  set(uuid: string, at: number | undefined): void {
    if (at === undefined) {
      this.times.delete(uuid);
      return;
    }
    if (this.times.get(uuid) === at) return;
    this.times.set(uuid, at);
    this.push({ at, uuid });
    if (this.heap.length > 2 * this.times.size + MINIMUM_STALE_ENTRIES) this.rebuild();
  }

  /** The earliest time, or null. */
  next(): number | null {
    this.dropStale();
    return this.heap[0]?.at ?? null;
  }

  /** Takes out one journey whose time has come. */
  takeDue(now: number): string | undefined {
    this.dropStale();
    const first = this.heap[0];
    if (!first || first.at > now) return undefined;
    this.pop();
    this.times.delete(first.uuid);
    return first.uuid;
  }

  private rebuild(): void {
    // In order, an array is a heap.
    this.heap = Array.from(this.times, ([uuid, at]) => ({ at, uuid })).sort((a, b) => a.at - b.at);
  }

  private dropStale(): void {
    for (let first = this.heap[0]; first && this.times.get(first.uuid) !== first.at; first = this.heap[0]) this.pop();
  }

  private push(entry: Entry): void {
    const { heap } = this;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (!above || above.at <= entry.at) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const smaller = right < heap.length && at(heap, right) < at(heap, left) ? right : left;
      if (smaller >= heap.length || at(heap, smaller) >= last.at) break;
      heap[index] = heap[smaller] ?? last;
      index = smaller;
    }
    heap[index] = last;
  }
}

const at = (heap: Entry[], index: number): number => heap[index]?.at ?? Number.POSITIVE_INFINITY;
