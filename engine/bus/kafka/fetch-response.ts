/**
 * A fetch response (versions 4 to 11) taken apart into partitions. Their record batches stay as they came, for
 * record-batches.ts: kafkajs makes a decoder, several buffers and a dozen objects of each record, which was most of what
 * reading cost.
 */

/** Written in the same way but for what is left out below. */
export const FETCH_VERSIONS = { first: 4, last: 11 };
/** From these versions on there is ... */
const WITH_LOG_START = 5;
const WITH_SESSION = 7;
const WITH_CLIENT_THROTTLE = 8;
const WITH_READ_REPLICA = 11;

const MAGIC = 2;
const MAGIC_AT = 16;

/** A transaction that was aborted, by the producer's id and its first record's offset. */
export interface AbortedTransaction {
  producerId: bigint;
  firstOffset: number;
}

export interface PartitionAnswer {
  partition: number;
  errorCode: number;
  highWatermark: number;
  lastStableOffset: number;
  abortedTransactions: AbortedTransaction[];
  /** Record batches of magic 2; the last one may be cut off. Part of the response's memory. */
  batches: Buffer;
}

/** With the names that kafkajs looks at. */
export interface FetchAnswer {
  /** Milliseconds that this client is to keep still, which kafkajs sees to. */
  clientSideThrottleTime?: number;
  responses: { topicName: string; partitions: PartitionAnswer[] }[];
}

/** Undefined when there are records in it as they were written before Kafka 0.11: kafkajs reads those. */
export function decodeFetchResponse(payload: Buffer, version: number): FetchAnswer | undefined {
  const reader = new Reader(payload);
  const throttleMs = reader.int32();
  // An error code and a session id: sessions aren't used.
  if (version >= WITH_SESSION) reader.skip(6);
  let isKnown = true;
  const responses = reader.array(() => ({
    topicName: reader.string(),
    partitions: reader.array(() => {
      const answer = readPartition(reader, version);
      isKnown &&= answer.batches.length <= MAGIC_AT || answer.batches[MAGIC_AT] === MAGIC;
      return answer;
    }),
  }));
  if (!isKnown) return undefined;
  return version >= WITH_CLIENT_THROTTLE ? { clientSideThrottleTime: throttleMs, responses } : { responses };
}

function readPartition(reader: Reader, version: number): PartitionAnswer {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  if (version >= WITH_LOG_START) reader.skip(8);
  const abortedTransactions = reader.array(() => ({
    producerId: reader.bigInt64(),
    firstOffset: reader.int64(),
  }));
  if (version >= WITH_READ_REPLICA) reader.skip(4);
  return { partition, errorCode, highWatermark, lastStableOffset, abortedTransactions, batches: reader.bytes() };
}

const TWO_TO_32 = 4_294_967_296;

/** Throws ERR_OUT_OF_RANGE behind the end. */
class Reader {
  private readonly buffer: Buffer;
  private offset = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  skip(bytes: number): void {
    this.offset += bytes;
  }

  int16(): number {
    this.offset += 2;
    return this.buffer.readInt16BE(this.offset - 2);
  }

  int32(): number {
    this.offset += 4;
    return this.buffer.readInt32BE(this.offset - 4);
  }

  /** Up to 2^53. */
  int64(): number {
    return this.int32() * TWO_TO_32 + (this.int32() >>> 0);
  }

  bigInt64(): bigint {
    this.offset += 8;
    return this.buffer.readBigInt64BE(this.offset - 8);
  }

  string(): string {
    const bytes = this.int16();
    this.offset += bytes;
    return this.buffer.toString("utf8", this.offset - bytes, this.offset);
  }

  /** -1 is null, which stands for none. */
  array<T>(read: () => T): T[] {
    const found: T[] = [];
    for (let left = this.int32(); left > 0; left--) found.push(read());
    return found;
  }

  bytes(): Buffer {
    const bytes = Math.max(0, this.int32());
    this.offset += bytes;
    if (this.offset > this.buffer.length) throw new RangeError("a fetch response is cut off");
    return this.buffer.subarray(this.offset - bytes, this.offset);
  }
}
