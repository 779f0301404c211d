/**
 * When which journey wants its timer: a binary heap in which each journey has one entry that moves as its time changes. A
 * manager may hold a hundred thousand journeys, and the garbage collector looks at each object of theirs again and again:
 * here a journey is a few numbers in arrays of numbers, and no object at all.
 */
const FIRST_CAPACITY = 16;

export class TimerHeap {
  /** A journey's times and its place in the heap are found by its slot. */
  private readonly slots = new Map<string, number>();
  private readonly uuids: string[] = [];
  private readonly free: number[] = [];
  private times = new Float64Array(FIRST_CAPACITY);
  private places = new Int32Array(FIRST_CAPACITY);
  /** Slots; no entry is later than the two behind it. */
  private heap = new Int32Array(FIRST_CAPACITY);

  get size(): number {
    return this.slots.size;
  }

  /** `at` in milliseconds since 1970; undefined takes the journey's timer away. */
  set(uuid: string, at: number | undefined): void {
    const known = this.slots.get(uuid);
    if (at === undefined) {
      if (known !== undefined) this.remove(known);
      return;
    }
    if (known === undefined) {
      const place = this.slots.size;
      const slot = this.take(uuid);
      this.times[slot] = at;
      this.rise(place, slot);
      return;
    }
    const before = this.timeOf(known);
    this.times[known] = at;
    if (at < before) this.rise(this.placeOf(known), known);
    else if (at > before) this.sink(this.placeOf(known), known);
  }

  /** The earliest time, or null. */
  next(): number | null {
    return this.size === 0 ? null : this.timeOf(this.slotAt(0));
  }

  /** Takes out one journey whose time has come. */
  takeDue(now: number): string | undefined {
    if (this.size === 0) return undefined;
    const first = this.slotAt(0);
    if (this.timeOf(first) > now) return undefined;
    const uuid = this.uuids[first];
    this.remove(first);
    return uuid;
  }

  private take(uuid: string): number {
    const slot = this.free.pop() ?? this.uuids.length;
    if (slot === this.times.length) this.grow();
    this.uuids[slot] = uuid;
    this.slots.set(uuid, slot);
    return slot;
  }

  private remove(slot: number): void {
    const place = this.placeOf(slot);
    this.slots.delete(this.uuids[slot] ?? "");
    this.uuids[slot] = "";
    this.free.push(slot);
    // The last one fills the gap, wherever it belongs from there.
    const last = this.slotAt(this.size);
    if (last === slot) return;
    this.rise(place, last);
    this.sink(this.placeOf(last), last);
  }

  private rise(from: number, slot: number): void {
    const time = this.timeOf(slot);
    let place = from;
    while (place > 0) {
      const above = this.slotAt((place - 1) >> 1);
      if (this.timeOf(above) <= time) break;
      this.put(place, above);
      place = (place - 1) >> 1;
    }
    this.put(place, slot);
  }

  private sink(from: number, slot: number): void {
    const time = this.timeOf(slot);
    const { size } = this;
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      if (below + 1 < size && this.timeOf(this.slotAt(below + 1)) < this.timeOf(this.slotAt(below))) below++;
      if (below >= size || this.timeOf(this.slotAt(below)) >= time) break;
      this.put(place, this.slotAt(below));
      place = below;
    }
    this.put(place, slot);
  }

  private put(place: number, slot: number): void {
    this.heap[place] = slot;
    this.places[slot] = place;
  }

  private timeOf(slot: number): number {
    return this.times[slot] as number;
  }

  private placeOf(slot: number): number {
    return this.places[slot] as number;
  }

  private slotAt(place: number): number {
    return this.heap[place] as number;
  }

  private grow(): void {
    const capacity = 2 * this.times.length;
    const { times, places, heap } = this;
    this.times = new Float64Array(capacity);
    this.times.set(times);
    this.places = new Int32Array(capacity);
    this.places.set(places);
    this.heap = new Int32Array(capacity);
    this.heap.set(heap);
  }
}
