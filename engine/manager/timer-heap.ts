/**
 * When which journey wants its timer: a binary heap with one live entry a journey. Setting a new time leaves the old
 * entry behind, to be dropped when it comes up.
 */
interface Entry {
  at: number;
  uuid: string;
}

export class TimerHeap {
  private readonly heap: Entry[] = [];
  private readonly times = new Map<string, number>();

  get size(): number {
    return this.times.size;
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
