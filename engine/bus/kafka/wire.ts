/** Kafka's wire format, as far as the requests need it that kafkajs doesn't have. */

export class WireWriter {
  private readonly parts: Buffer[] = [];

  int8(value: number): this {
    return this.add(1, (buffer) => buffer.writeInt8(value));
  }

  int16(value: number): this {
    return this.add(2, (buffer) => buffer.writeInt16BE(value));
  }

  int32(value: number): this {
    return this.add(4, (buffer) => buffer.writeInt32BE(value));
  }

  string(text: string): this {
    const bytes = Buffer.from(text);
    this.int16(bytes.length).parts.push(bytes);
    return this;
  }

  strings(texts: readonly string[]): this {
    this.int32(texts.length);
    for (const text of texts) this.string(text);
    return this;
  }

  /** As the newer versions of requests have them. */
  compactStrings(texts: readonly string[]): this {
    this.compactLength(texts.length);
    for (const text of texts) this.compactString(text);
    return this;
  }

  compactString(text: string): this {
    const bytes = Buffer.from(text);
    this.compactLength(bytes.length).parts.push(bytes);
    return this;
  }

  /** Of an array whose items are written next. */
  compactLength(length: number): this {
    return this.varint(length + 1);
  }

  /** Ends a structure of the newer versions. */
  noTags(): this {
    return this.int8(0);
  }

  bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  private varint(value: number): this {
    const bytes: number[] = [];
    let rest = value;
    for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
    bytes.push(rest);
    this.parts.push(Buffer.from(bytes));
    return this;
  }

  private add(size: number, write: (buffer: Buffer) => void): this {
    const buffer = Buffer.alloc(size);
    write(buffer);
    this.parts.push(buffer);
    return this;
  }
}

/** Reads what WireWriter writes, and the brokers. Throws RangeError when the answer is shorter than it should be. */
export class WireReader {
  private readonly buffer: Buffer;
  private at = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  int8(): number {
    return this.buffer.readInt8(this.forward(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.forward(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.forward(4));
  }

  int64(): bigint {
    return this.buffer.readBigInt64BE(this.forward(8));
  }

  /** null is read as an empty text. */
  string(): string {
    const length = Math.max(0, this.int16());
    const start = this.forward(length);
    return this.buffer.toString("utf8", start, start + length);
  }

  skipBytes(): void {
    this.forward(Math.max(0, this.int32()));
  }

  array<T>(read: () => T): T[] {
    const length = this.int32();
    const items: T[] = [];
    for (let index = 0; index < length; index++) items.push(read());
    return items;
  }

  /** null is read as an empty text. */
  compactString(): string {
    const length = Math.max(0, this.varint() - 1);
    const start = this.forward(length);
    return this.buffer.toString("utf8", start, start + length);
  }

  compactArray<T>(read: () => T): T[] {
    const length = this.varint() - 1;
    const items: T[] = [];
    for (let index = 0; index < length; index++) items.push(read());
    return items;
  }

  skipTags(): void {
    const count = this.varint();
    for (let tag = 0; tag < count; tag++) {
      this.varint();
      this.forward(this.varint());
    }
  }

  private varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer.readUInt8(this.forward(1));
      value |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    return value;
  }

  private forward(size: number): number {
    const start = this.at;
    this.at += size;
    if (this.at > this.buffer.length) throw new RangeError("the answer is cut short");
    return start;
  }
}
