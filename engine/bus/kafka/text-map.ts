/**
 * A map of texts whose contents lie outside of the heap that V8 collects: in chunks of bytes, of which it sees a few numbers.
 * The state of 100,000 journeys in flight as strings made each collection several times as long, and each of their
 * changes left one more hole among old objects.
 *
 * Blocks are whole units, and a freed block is used again by the next text of as many units (segregated fits: Wilson et
 * al., "Dynamic Storage Allocation", 1995). When most of it is freed blocks, all is moved together: from half on where room
 * is needed, from three quarters on in any case.
 */

const UNIT_BYTES = 64;
const UNIT_WORDS = UNIT_BYTES / Uint32Array.BYTES_PER_ELEMENT;
const CHUNK_UNITS = 4_096;
/** In front of each text: its length in bytes, and whether each byte is a character. */
const HEADER_BYTES = Uint32Array.BYTES_PER_ELEMENT;
/** Larger texts are few, and stay strings. */
const MAXIMUM_UNITS = 128;
/** With fewer chunks than this it isn't worth the moving. */
const SPARE_CHUNKS = 4;

class Chunk {
  readonly bytes = Buffer.allocUnsafeSlow(CHUNK_UNITS * UNIT_BYTES);
  readonly words = new Uint32Array(this.bytes.buffer);

  copy(): Chunk {
    const copy = new Chunk();
    this.bytes.copy(copy.bytes);
    return copy;
  }
}

const unitsFor = (bytes: number): number => Math.ceil((HEADER_BYTES + bytes) / UNIT_BYTES);

/** Like `Map<string, string>`. A lone surrogate, which UTF-8 doesn't have, becomes U+FFFD. */
export class TextMap implements Iterable<[string, string]> {
  /** By key: the number of the text's first unit, counted through all chunks; or the text. */
  private places = new Map<string, number | string>();
  private chunks: Chunk[] = [];
  /** The first unit that was never used. */
  private end = 0;
  private usedUnits = 0;
  /** By length in units: the first units of freed blocks. */
  private freed: (number[] | undefined)[] = [];

  constructor(entries: Iterable<readonly [string, string]> = []) {
    for (const [key, text] of entries) this.set(key, text);
  }

  get size(): number {
    return this.places.size;
  }

  /** What the chunks take, in bytes. */
  get capacity(): number {
    return this.chunks.length * CHUNK_UNITS * UNIT_BYTES;
  }

  has(key: string): boolean {
    return this.places.has(key);
  }

  get(key: string): string | undefined {
    const place = this.places.get(key);
    return typeof place === "number" ? this.textAt(place) : place;
  }

  set(key: string, text: string): this {
    const bytes = Buffer.byteLength(text);
    const units = unitsFor(bytes);
    const known = this.places.get(key);
    if (units > MAXIMUM_UNITS) {
      if (known !== undefined) this.free(known);
      this.places.set(key, text);
      return this;
    }
    let place: number;
    if (typeof known === "number" && unitsFor(this.bytesAt(known)) === units) place = known;
    else {
      if (known !== undefined) this.delete(key);
      place = this.allocate(units);
      this.places.set(key, place);
    }
    this.write(place, text, bytes);
    return this;
  }

  delete(key: string): boolean {
    const known = this.places.get(key);
    if (known === undefined) return false;
    this.free(known);
    this.places.delete(key);
    if (this.chunks.length > SPARE_CHUNKS && this.usedUnits * 4 < this.end) this.compact();
    return true;
  }

  /** The same, apart. */
  copy(): TextMap {
    const copy = new TextMap();
    copy.places = new Map(this.places);
    copy.chunks = this.chunks.map((chunk) => chunk.copy());
    copy.end = this.end;
    copy.usedUnits = this.usedUnits;
    copy.freed = this.freed.map((places) => places && [...places]);
    return copy;
  }

  keys(): IterableIterator<string> {
    return this.places.keys();
  }

  *[Symbol.iterator](): Generator<[string, string]> {
    for (const [key, place] of this.places) yield [key, typeof place === "number" ? this.textAt(place) : place];
  }

  /** The length of a text in UTF-8; undefined where there is none. */
  byteLength(key: string): number | undefined {
    const place = this.places.get(key);
    if (place === undefined) return undefined;
    return typeof place === "number" ? this.bytesAt(place) : Buffer.byteLength(place);
  }

  /** Writes a text in UTF-8. Answers how many bytes that were: none where there is no text. */
  copyTo(key: string, target: Buffer, offset: number): number {
    const place = this.places.get(key);
    if (typeof place === "string") return target.write(place, offset);
    if (place === undefined) return 0;
    const from = (place % CHUNK_UNITS) * UNIT_BYTES + HEADER_BYTES;
    return this.chunkOf(place).bytes.copy(target, offset, from, from + this.bytesAt(place));
  }

  private chunkOf(place: number): Chunk {
    return this.chunks[Math.floor(place / CHUNK_UNITS)] as Chunk;
  }

  private headerAt(place: number): number {
    return this.chunkOf(place).words[(place % CHUNK_UNITS) * UNIT_WORDS] as number;
  }

  private bytesAt(place: number): number {
    return this.headerAt(place) >>> 1;
  }

  private textAt(place: number): string {
    const header = this.headerAt(place);
    const from = (place % CHUNK_UNITS) * UNIT_BYTES + HEADER_BYTES;
    return this.chunkOf(place).bytes.toString(header & 1 ? "latin1" : "utf8", from, from + (header >>> 1));
  }

  private write(place: number, text: string, bytes: number): void {
    const chunk = this.chunkOf(place);
    const unit = place % CHUNK_UNITS;
    const isAscii = bytes === text.length;
    chunk.words[unit * UNIT_WORDS] = bytes * 2 + (isAscii ? 1 : 0);
    // Without a look at what the characters are, which is known.
    chunk.bytes.write(text, unit * UNIT_BYTES + HEADER_BYTES, isAscii ? "latin1" : "utf8");
  }

  private free(place: number | string): void {
    if (typeof place === "string") return;
    const units = unitsFor(this.bytesAt(place));
    this.usedUnits -= units;
    this.recycle(place, units);
  }

  private recycle(place: number, units: number): void {
    const known = this.freed[units];
    if (known === undefined) this.freed[units] = [place];
    else known.push(place);
  }

  private allocate(units: number): number {
    const known = this.freed[units]?.pop();
    if (known === undefined) return this.append(units);
    this.usedUnits += units;
    return known;
  }

  private append(units: number): number {
    if (this.end + units > this.chunks.length * CHUNK_UNITS) {
      if (this.chunks.length > SPARE_CHUNKS && this.usedUnits * 2 < this.end) this.compact();
      else this.grow();
      return this.append(units);
    }
    const place = this.end;
    this.end += units;
    this.usedUnits += units;
    return place;
  }

  /** No block lies in two chunks. */
  private grow(): void {
    const next = this.chunks.length * CHUNK_UNITS;
    if (next > this.end) this.recycle(this.end, next - this.end);
    this.end = next;
    this.chunks.push(new Chunk());
  }

  private compact(): void {
    const before = this.chunks;
    this.chunks = [];
    this.freed = [];
    this.end = 0;
    this.usedUnits = 0;
    for (const [key, place] of this.places) {
      if (typeof place === "string") continue;
      const { bytes, words } = before[Math.floor(place / CHUNK_UNITS)] as Chunk;
      const unit = place % CHUNK_UNITS;
      const units = unitsFor((words[unit * UNIT_WORDS] as number) >>> 1);
      const moved = this.append(units);
      const to = (moved % CHUNK_UNITS) * UNIT_BYTES;
      bytes.copy(this.chunkOf(moved).bytes, to, unit * UNIT_BYTES, (unit + units) * UNIT_BYTES);
      this.places.set(key, moved);
    }
  }
}
